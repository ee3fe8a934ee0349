"""Some records of a delivery, as conditions see them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from databroker.rules.bulk import ages
from databroker.rules.leads import Leads
from databroker.rules.rows import AGE, Rows, all_but

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from databroker.dataset import Column, Dataset, Field
    from databroker.records import Records
    from databroker.rules.bulk import Memory
    from databroker.rules.context import Context
    from databroker.rules.rows import Readers
    from databroker.rules.vectors import Vector
    from databroker.texts import Array, Texts


NUMBER = "interv_nr"
"""The column by which a hospital knows a record."""

_EVERY_ROW = slice(None)


class Part(Rows):
    """Some records of a delivery; their leads are rows of their own."""

    def __init__(
        self,
        records: Records,
        dataset: Dataset,
        context: Context,
        readers: Readers,
        memory: Memory,
        *,
        like: Part | None = None,
    ) -> None:
        """Take the records; as they were delivered, when they are `like` those of a part."""
        super().__init__(len(records), readers, memory, None if like is None else like.read)
        self.records = records
        self.columns = {name: c for name, c in dataset.columns.items() if name in records.columns}
        delivered = {column.field.name for column in self.columns.values()}
        self.fields = [field for field in dataset.fields if field.name in delivered]
        self.context = context
        self._dataset = dataset
        self._fields = {field.name for field in dataset.fields if field.slots == 1}
        self._stems = [field.stem for field in dataset.fields if field.slots > 1]
        self._like = like
        self._numbers: dict[int, str | None] = {}

    there = None
    """All of them exist."""

    @cached_property
    def leads(self) -> Leads:
        """Give the leads of the records."""
        delivered = None if self._like is None else self._like.leads.read
        return Leads(self, self._stems, self._readers, delivered)

    def rows(self, field: Field) -> Rows:
        """Give the rows that have a field: the records, or their leads."""
        return self if field.slots == 1 else self.leads

    def canonical(self, field: Field, ignored: Array | None = None) -> Mapping[str, Texts]:
        """Give the canonical text of the columns of a field, without what cannot be read.

        `ignored` is a mask of what else is left out.
        """
        rows = self.rows(field)
        texts = rows.cells(field.stem).canonical()
        if ignored is not None:
            texts = texts.patched(dict.fromkeys(np.flatnonzero(ignored).tolist()))
        return {column.name: rows.column(texts, here) for column, here in rows.columns_of(field)}

    def as_delivered(self) -> Part:
        """Give the same records; of a cell that cannot be read conditions see what it says."""
        return Part(
            self.records, self._dataset, self.context, self._readers, self.memory, like=self
        )

    def number(self, index: int) -> str | None:
        """Give the intervention number of a record; its many findings share it."""
        if index not in self._numbers:
            number = self.cells(NUMBER).text(index) if NUMBER in self.columns else None
            self._numbers[index] = number
        return self._numbers[index]

    def has(self, stem: str) -> bool:
        """Tell whether a field was delivered."""
        return stem in self.columns

    def of_records(self, mask: Array) -> Array:
        """Give the same mask: the rows are the records."""
        return mask

    def forget(self) -> None:
        """Forget what the leads have of the records."""
        if "leads" in self.__dict__:
            self.leads.forget()

    def readable(self, stems: Iterable[str]) -> Array | None:
        """Give a mask of the records in which all of these fields can be read; None for all.

        A field of leads has to be readable for each of them.
        """
        found: set[int] = set()
        for stem in stems:
            if stem in self._stems:
                if self.leads.has(stem):
                    found.update(self.leads.unreadable_records(stem))
            elif self.has(stem):
                found.update(self.cells(stem).problems)
        return all_but(found, self.size)

    def columns_of(self, field: Field) -> Iterable[tuple[Column, slice]]:
        """Give the one column of a field, if it was delivered."""
        if field.name in self.columns:
            yield self.columns[field.name], _EVERY_ROW

    def places(self, name: str, indexes: Array) -> Iterable[tuple[str, Array, Array]]:
        """Give the one column of a field; the rows are the records."""
        yield name, indexes, indexes

    def column(self, texts: Texts, here: slice) -> Texts:
        """Give the same cells: there is one for each record."""
        return texts.take(here)

    def _texts(self, stem: str) -> Texts:
        return self.records.columns[stem]

    def _named(self, name: str) -> Vector:
        if name in self._fields:
            return self.value(name)
        return _FURTHER[name](self)

    def age(self) -> Vector:
        """Give the age at the intervention: as derived by the privacy step, or from the dates."""
        if AGE.name not in self._values:
            self._values[AGE.name] = self._read_age()
        return self._values[AGE.name]

    def _read_age(self) -> Vector:
        if AGE.name in self.records.columns:
            return self._readers[AGE.name].read(self.records.columns[AGE.name]).numbers
        born, day = self.value("geb_datum"), self.value("interv_datum")
        return None if born is None or day is None else ages(born, day)


_FURTHER: Mapping[str, Callable[[Part], Vector]] = {
    "vandaag": lambda part: float(part.context.today.toordinal()),
    "centrum_acroniem": lambda part: part.context.centre,
    "bsn_kolom_aanwezig": lambda part: "bsn" in part.columns,
    "leeftijd": Part.age,
    "leadgat": lambda part: part.leads.has_gap(),
    "leads": lambda part: part.leads.in_loop(),
    "db_impl_device": lambda _part: None,  # the registry is not asked before the conflicts
}
"""Names besides the fields that a condition may use."""

CONTEXT_NAMES = tuple(_FURTHER)
