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
    """What is left of it: how long ago the delivery came, the shortest and the longest wait."""

    waited: dt.timedelta
    first: dt.timedelta
    longest: dt.timedelta = LONGEST

    @classmethod
    def with_(
        cls, delivery: Delivery, first_seconds: int, until: dt.datetime | None = None
    ) -> Self:
        """Tell it of a delivery, at this moment; `until` is when the session of a person ends."""
        longest = LONGEST if until is None else until - delivery.received_at
        waited = now() - delivery.received_at
        return cls(waited, dt.timedelta(seconds=first_seconds), min(longest, LONGEST))

    @property
    def lasts(self) -> bool:
        """Tell whether there is time for another try."""
        return self.waited + self._wait <= self.longest

    @property
    def seconds(self) -> int:
        """Give how long to wait for it: about as long as it took so far, and never very long."""
        return round(self._wait.total_seconds())

    @property
    def _wait(self) -> dt.timedelta:
        return max(self.first, min(self.waited, _SELDOM))
