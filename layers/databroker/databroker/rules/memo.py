"""Meeting the same again: what was found out about a value once, looked up for whole columns."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from databroker.texts import Array

T = TypeVar("T")

_SLOT_BITS = 11
_FIRST_FEW, _MANY_MISSED = 256, 2048
_MANY = 100_000
"""Entries after which all is forgotten: a column of nothing but different values stays bounded."""

_FACTORS = tuple(np.uint64(secrets.randbits(64) | 1) for _ in range(2))
"""Secret, so that nobody can write two texts that are taken for one another."""


class Memo(Generic[T]):
    """Gives every key (uint64) its entry, made when the key is met for the first time.

    Key 0 is that of an empty cell. The entries are numbered as they come; `entries` holds them.
    """

    def __init__(self, empty: T, *, grown: Callable[[], None] | None = None) -> None:
        """Start with the entry of an empty cell; `grown` is called when there are others."""
        self.entries: list[T] = [empty]
        self._table: Array | None = None
        self._grown = grown
        self._numbers: dict[int, int] = {0: 0}
        self._slot_keys = np.zeros(1 << _SLOT_BITS, np.uint64)
        self._slot_numbers = np.zeros(1 << _SLOT_BITS, np.int32)

    def numbers(self, keys: Array, make: Callable[[int], T]) -> Array:
        """Give the number of the entry of every key; `make` makes it for the key at an index."""
        if len(self.entries) > _MANY:
            self.__init__(self.entries[0], grown=self._grown)  # type: ignore[misc]  # begin again
        slots = spread(keys, _SLOT_BITS)
        missed = np.flatnonzero(self._slot_keys.take(slots) != keys)
        if missed.size > _MANY_MISSED:
            # At first all are new: what the first few teach, most others need no look for.
            self._look_up(keys, slots, missed[:_FIRST_FEW], make)
            missed = np.flatnonzero(self._slot_keys.take(slots) != keys)
        found: Array = self._slot_numbers.take(slots)
        if missed.size:
            found[missed] = self._look_up(keys, slots, missed, make)
        return found

    def values(self, keys: Array, make: Callable[[int], T]) -> Array:
        """Give the entries themselves, numbers or truths, of every key."""
        numbers = self.numbers(keys, make)
        if self._table is None:
            self._table = np.array(self.entries)
        return self._table.take(numbers)

    def _look_up(self, keys: Array, slots: Array, missed: Array, make: Callable[[int], T]) -> Array:
        different, first, which = np.unique(keys[missed], return_index=True, return_inverse=True)
        before = len(self.entries)
        for key, index in zip(different.tolist(), missed[first].tolist(), strict=True):
            if key not in self._numbers:
                self._numbers[key] = len(self.entries)
                self.entries.append(make(index))
        if len(self.entries) > before:
            self._table = None
            if self._grown:
                self._grown()
        numbers = np.array([self._numbers[key] for key in different.tolist()], np.int32)
        found: Array = numbers[which]
        self._slot_keys[slots[missed]] = keys[missed]
        self._slot_numbers[slots[missed]] = found
        return found


def spread(keys: Array, bits: int) -> Array:
    """Give every key (uint64) a place in a table of 2 ** bits."""
    places: Array = (keys * _FACTORS[0] >> np.uint64(64 - bits)).view(np.int64)
    return places


def mixed(words: Sequence[Array]) -> Array:
    """Make one key of the words of every text; zeros behind a text do not matter.

    Equal texts have equal keys; others have them once in 2 ** 64.
    """
    key = words[-1]
    for word in words[-2::-1]:
        key = (key ^ (key >> np.uint64(29))) * _FACTORS[1] + word
    return key
