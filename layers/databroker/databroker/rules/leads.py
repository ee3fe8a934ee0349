"""The leads of some records: rows of their own, so that a rule is asked once of all of them."""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from databroker.rules.rows import Rows, all_but
from databroker.rules.vectors import EMPTY, Names, OfLeads, Owners
from databroker.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Column, Field
    from databroker.rules.cells import Cells
    from databroker.rules.part import Part
    from databroker.rules.rows import Readers
    from databroker.rules.vectors import Vector
    from databroker.texts import Array


class Leads(Rows):
    """A row for each lead that a record has something of: first all leads 1, then all leads 2.

    `slots` tells which rows have each number, `owners` of which records they are.
    """

    def __init__(
        self, part: Part, stems: Iterable[str], readers: Readers, delivered: dict[str, Cells] | None
    ) -> None:
        """Find the leads of some records; `stems` are the fields that a lead can have."""
        self._columns: dict[str, dict[int, Column]] = {stem: {} for stem in stems}
        written: dict[int, Array] = {}
        for name, column in part.columns.items():
            if slot := column.slot:
                self._columns[column.field.stem][slot] = column
                own = part.records.columns[name].lengths != 0
                written[slot] = own | written[slot] if slot in written else own
        found = {slot: np.flatnonzero(written[slot]) for slot in sorted(written)}
        self.slots: dict[int, slice] = {}
        size = 0
        for slot, records in found.items():
            if records.size:
                self.slots[slot] = slice(size, size + records.size)
                size += records.size
        records = np.concatenate([np.zeros(0, np.int64), *found.values()])
        self.owners = Owners(records, part.size)
        self._part = weakref.proxy(part)  # or they would keep each other in memory
        self._record_values: dict[str, Vector] = {}
        super().__init__(size, readers, part.memory, delivered)

    @cached_property
    def there(self) -> Array | None:
        """Give a mask of the leads of which a record has more than spaces; None for all of them."""
        nothing = np.ones(self.size, bool)
        for stem in filter(self.has, self._columns):
            nothing &= self.cells(stem).empty
        return ~nothing if nothing.any() else None

    @cached_property
    def filled(self) -> Array:
        """Give a mask of the leads that something was done to."""
        done = self.value(next(iter(self._columns)))
        return np.zeros(self.size, bool) if done is None else done != EMPTY

    @cached_property
    def first(self) -> Array:
        """Give the number of the first lead of every record, 1 when there is none."""
        first = np.ones(self._part.size, np.int8)
        for slot, here in reversed(self._present().items()):
            first[here] = slot
        return first

    def has_gap(self) -> Array:
        """Tell in which records the numbers of the leads do not follow each other."""
        last, count = np.zeros((2, self._part.size), np.int8)
        for slot, here in self._present().items():
            last[here] = slot
            count[here] += 1
        gap: Array = last > count
        return gap

    def in_loop(self) -> OfLeads:
        """Give the leads that something was done to, as a loop in a condition meets them."""
        return OfLeads(self.owners, self.filled, Names(self.value))

    def has(self, stem: str) -> bool:
        """Tell whether a field was delivered."""
        return bool(self._columns.get(stem))

    def of_records(self, mask: Array) -> Array:
        """Give a mask of the leads of some records (mask)."""
        own: Array = mask[self.owners.records]
        return own if self.there is None else own & self.there

    def readable(self, stems: Iterable[str]) -> Array | None:
        """Give a mask of the leads of which all of these fields can be read; None for all."""
        own = {stem for stem in stems if stem in self._columns}
        problems: set[int] = set()
        for stem in filter(self.has, own):
            problems.update(self.cells(stem).problems)
        mask = all_but(problems, self.size)
        records = self._part.readable(set(stems) - own)
        if records is None:
            return mask
        theirs: Array = records[self.owners.records]
        return theirs if mask is None else mask & theirs

    def unreadable_records(self, stem: str) -> list[int]:
        """Give the records with a lead of which a field cannot be read."""
        found: list[int] = self.owners.records[list(self.cells(stem).problems)].tolist()
        return found

    def columns_of(self, field: Field) -> Iterable[tuple[Column, slice]]:
        """Give the delivered columns of a field, and which of the leads have their cell in each."""
        nowhere = slice(0, 0)
        for slot, column in self._columns[field.stem].items():
            yield column, self.slots.get(slot, nowhere)

    def places(self, name: str, indexes: Array) -> Iterable[tuple[str, Array, Array]]:
        """Give the columns of a field in which some leads have their cell, with those and theirs."""
        for slot, here in self.slots.items():
            first, last = np.searchsorted(indexes, (here.start, here.stop))
            if first < last:
                own = indexes[first:last]
                yield name.replace("{n}", str(slot)), own, self.owners.records[own]

    def column(self, texts: Texts, here: slice) -> Texts:
        """Give a column, a cell for each record, of the cells of a field; `here` are its leads."""
        starts, lengths = np.zeros((2, self._part.size), np.int32)
        records = self.owners.records[here]
        starts[records], lengths[records] = texts.starts[here], texts.lengths[here]
        return Texts(texts.data, starts, lengths, texts.strange)

    def _present(self) -> dict[int, Array]:
        """Give, by number, the records that have such a lead (indexes)."""
        records, there = self.owners.records, self.there
        return {
            slot: records[here] if there is None else records[here][there[here]]
            for slot, here in self.slots.items()
        }

    def _texts(self, stem: str) -> Texts:
        columns, records = self._columns[stem], self._part.records
        parts = [Texts.empty(0)] if not self.slots else []
        for slot, here in self.slots.items():
            if slot in columns:
                texts = records.columns[columns[slot].name]
                parts.append(texts.take(self.owners.records[here]))
            else:
                parts.append(Texts.empty(here.stop - here.start))
        return Texts.stacked(parts)

    def forget(self) -> None:
        """Forget what the records have that was given to their leads."""
        self._record_values.clear()

    def _named(self, name: str) -> Vector:
        if name in self._columns:
            return self.value(name)
        if name not in self._record_values:
            self._record_values[name] = self.owners.given(self._part.names[name])
        return self._record_values[name]
