"""How long a delivery waits for ZorgTTP when that cannot be reached."""

from __future__ import annotations

import datetime as dt
import math
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
    def of(cls, delivery: Delivery, first_seconds: int, until: dt.datetime | None = None) -> Self:
        """Tell it of a delivery, at this moment; `until` is when the session of a person ends."""
        longest = LONGEST if until is None else until - delivery.received_at
        waited = now() - delivery.received_at
        return cls(waited, dt.timedelta(seconds=first_seconds), min(longest, LONGEST))

    def wait_seconds(self, asked: float = 0.0) -> int | None:
        """Give how long to wait for the next try, None when the time will be over by then.

        About as long as was waited so far and never very long, unless ZorgTTP `asked` for more.
        """
        own = max(self.first, min(self.waited, _SELDOM))
        wait = max(own, dt.timedelta(seconds=math.ceil(asked)))
        return round(wait.total_seconds()) if self.waited + wait <= self.longest else None
