"""How long a delivery waits for ZorgTTP when that cannot be reached."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

LONGEST = dt.timedelta(hours=24)
"""An EPD delivery waits this long: the inbox keeps the file no longer."""

_SELDOM = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Patience:
    """What is left of it: `first` is the shortest wait; after `until` no try is made."""

    now: dt.datetime
    since: dt.datetime
    until: dt.datetime
    first: dt.timedelta

    @property
    def lasts(self) -> bool:
        """Tell whether there is time for another try."""
        return self.now + self._wait <= self.until

    @property
    def seconds(self) -> int:
        """Give how long to wait for it: about as long as it took so far, and never very long."""
        return max(1, round(self._wait.total_seconds()))

    @property
    def _wait(self) -> dt.timedelta:
        return max(self.first, min(self.now - self.since, _SELDOM))
