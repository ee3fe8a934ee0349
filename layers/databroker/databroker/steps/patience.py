"""How long a delivery waits for ZorgTTP when that cannot be reached."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from databroker.delivery import Delivery

LONGEST = dt.timedelta(hours=24)
"""A delivery waits this long: the inbox keeps the file no longer."""

_SELDOM = dt.timedelta(minutes=15)


def now() -> dt.datetime:
    """Give the time."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Patience:
    """What is left of it: how long ago the delivery came, and the shortest wait."""

    waited: dt.timedelta
    first: dt.timedelta

    @classmethod
    def with_(cls, delivery: Delivery, first_seconds: int) -> Self:
        """Tell it of a delivery, at this moment."""
        return cls(now() - delivery.received_at, dt.timedelta(seconds=first_seconds))

    @property
    def lasts(self) -> bool:
        """Tell whether there is time for another try."""
        return self.waited + self._wait <= LONGEST

    @property
    def seconds(self) -> int:
        """Give how long to wait for it: about as long as it took so far, and never very long."""
        return round(self._wait.total_seconds())

    @property
    def _wait(self) -> dt.timedelta:
        return max(self.first, min(self.waited, _SELDOM))
