"""How often the simulator was asked what: numbers by name, and never a value."""

from __future__ import annotations

from collections import Counter
from threading import Lock

ALWAYS = ("sessions", "calls", "persons", "exchanges", "tokens", "rekeyed", "reversed")
"""The numbers that are told also when they are nought."""


class Counts:
    """Numbers since the start; safe to share between threads."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter(dict.fromkeys(ALWAYS, 0))
        self._lock = Lock()

    def add(self, **numbers: int) -> None:
        """Add to the numbers of the service as a whole."""
        with self._lock:
            self._numbers.update(numbers)

    def add_to(self, part: str, **numbers: int) -> None:
        """Add to the numbers of one part: a call, an account, the faults."""
        with self._lock:
            self._numbers.update({f"{part}.{name}": each for name, each in numbers.items()})

    def as_json(self) -> dict[str, int]:
        """Give the numbers by name."""
        with self._lock:
            return dict(self._numbers)
