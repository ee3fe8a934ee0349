"""Some records of a delivery, as conditions see them: every column read when first looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import Field, FieldType, IdClass
from databroker.rules.bulk import ages
from databroker.rules.cells import ColumnReader
from databroker.rules.vectors import EMPTY, Names, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from databroker.dataset import Column, Dataset
    from databroker.records import Records
    from databroker.rules.bulk import Memory
    from databroker.rules.cells import Cells
    from databroker.rules.context import Context
    from databroker.rules.vectors import Vector
    from databroker.texts import Array


NUMBER = "interv_nr"
"""The column by which a hospital knows a record."""

_AGE = Field(
    name="leeftijd",
    number="-",
    label="Leeftijd bij de interventie",
    label_en="Age at the intervention",
    type=FieldType.INTEGER,
    id_class=IdClass.NONE,
    column_required=False,
    required=False,
)
"""What the privacy step leaves of a birth date."""


class Readers(dict[str, ColumnReader]):
    """A reader for each column of a dataset, made when the column is first met."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        """Read these columns."""
        super().__init__()
        self._columns = columns

    def __missing__(self, name: str) -> ColumnReader:
        """Make the reader of a column."""
        field = self._columns[name].field if name in self._columns else _AGE
        reader = self[name] = ColumnReader(field)
        return reader


class Part:
    """Some records of a delivery."""

    def __init__(
        self,
        records: Records,
        dataset: Dataset,
        context: Context,
        readers: Readers,
        memory: Memory,
        *,
        delivered: dict[str, Cells] | None = None,
    ) -> None:
        """Take the records; nothing is read yet, but for what is `delivered` as it stands."""
        self._dataset = dataset
        self.records = records
        self.size = len(records)
        self.memory = memory
        self.columns = {name: c for name, c in dataset.columns.items() if name in records.columns}
        self._fields = {field.name for field in dataset.fields if field.slots == 1}
        self._stems = [field.stem for field in dataset.fields if field.slots > 1]
        self.context = context
        self._readers = readers
        self._as_delivered = delivered is not None
        self._cells: dict[str, Cells] = {} if delivered is None else delivered
        self._values: dict[str, Vector] = {}
        self._records: dict[int, tuple[int, str | None]] = {}

    @property
    def names(self) -> Names:
        """Give the names that a condition on a record knows.

        They are not kept: with the part that they ask they would keep each other in memory.
        """
        return Names(self._value)

    def as_delivered(self) -> Part:
        """Give the same records; of a cell that cannot be read conditions see what it says."""
        return Part(
            self.records,
            self._dataset,
            self.context,
            self._readers,
            self.memory,
            delivered=self._cells,
        )

    def cells(self, name: str) -> Cells:
        """Give a column that was delivered, read."""
        if name not in self._cells:
            self._cells[name] = self._readers[name].read(self.records.columns[name])
        return self._cells[name]

    def record(self, index: int) -> tuple[int, str | None]:
        """Give the row and the intervention number of a record; its many findings share them."""
        if index not in self._records:
            number = self.cells(NUMBER).text(index) if NUMBER in self.columns else None
            self._records[index] = int(self.records.numbers[index]), number
        return self._records[index]

    def value(self, name: str) -> Vector:
        """Give the values of a column; None when it was not delivered."""
        if name not in self._values:
            self._values[name] = self._read(name) if name in self.columns else None
        return self._values[name]

    def ignore(self, name: str, where: Array) -> None:
        """Take values out, so that no rule sees them (mask)."""
        value = self.value(name)
        if isinstance(value, Text):
            texts = self.cells(name).canonical()
            self._values[name] = Text.of(texts.patched(dict.fromkeys(np.flatnonzero(where))))
        else:
            self._values[name] = np.where(where, EMPTY, value)

    def lead(self, slot: int) -> Names:
        """Give the names as one lead sees them: its own fields, then those of the record."""
        return Names(lambda name: self._lead_value(slot, name))

    def readable(self, stems: Iterable[str], slot: int | None) -> Array | None:
        """Give a mask of the records in which all of these fields can be read; None for all.

        Of the fields of leads only one lead counts, or all of them.
        """
        slots = self.slots if slot is None else [slot]
        found: set[int] = set()
        for stem in stems:
            names = [f"{stem}{each}" for each in slots] if stem in self._stems else [stem]
            for name in names:
                if name in self.columns and (problems := self.cells(name).problems):
                    found.update(problems)
        if not found:
            return None
        mask = np.ones(self.size, bool)
        mask[list(found)] = False
        return mask

    @cached_property
    def slots(self) -> Sequence[int]:
        """Give the numbers of the leads that have a column."""
        return sorted({column.slot for column in self.columns.values() if column.slot})

    @cached_property
    def present(self) -> Mapping[int, Array]:
        """Give, for each lead that any record has something of, a mask of those records."""
        found = {}
        for slot in self.slots:
            names = [name for name, column in self.columns.items() if column.slot == slot]
            mask = np.zeros(self.size, bool)
            for name in names:
                mask |= ~self.cells(name).empty
            if mask.any():
                found[slot] = mask
        return found

    @cached_property
    def filled(self) -> Mapping[int, Array]:
        """Give, for each of those leads, a mask of the records that did something to it."""
        found = {}
        for slot in self.present:
            done = self.value(f"{self._stems[0]}{slot}")
            found[slot] = np.zeros(self.size, bool) if done is None else done != EMPTY
        return found

    def first_lead(self, index: int) -> int:
        """Give the first lead that a record has something of, lead 1 when there is none."""
        return next((slot for slot, mask in self.present.items() if mask[index]), 1)

    def _read(self, name: str) -> Vector:
        cells = self.cells(name)
        if cells.numbers is not None:
            return cells.numbers
        if self._as_delivered and cells.problems:
            return Text.of(cells.canonical(unreadable=True))
        return cells.as_text

    def _lead_value(self, slot: int, name: str) -> Vector:
        return self.value(f"{name}{slot}") if name in self._stems else self.names[name]

    def _value(self, name: str) -> Vector:
        if name in self._fields:
            return self.value(name)
        return _FURTHER[name](self)

    def leads(self) -> list[tuple[Array, Names]]:
        """Give the leads that something was done to: of which records (mask), and their names."""
        return [(mask, self.lead(slot)) for slot, mask in self.filled.items() if mask.any()]

    def has_gap(self) -> Vector:
        """Tell in which records the numbers of the leads do not follow each other."""
        if not self.present:
            return False
        count = sum(mask.astype(np.int8) for mask in self.present.values())
        last = np.zeros(self.size, np.int8)
        for slot, mask in self.present.items():
            last[mask] = slot
        return last > count

    def age(self) -> Vector:
        """Give the age at the intervention: as derived by the privacy step, or from the dates."""
        if _AGE.name not in self._values:
            self._values[_AGE.name] = self._read_age()
        return self._values[_AGE.name]

    def _read_age(self) -> Vector:
        if _AGE.name in self.records.columns:
            return self._readers[_AGE.name].read(self.records.columns[_AGE.name]).numbers
        born, day = self.value("geb_datum"), self.value("interv_datum")
        return None if born is None or day is None else ages(born, day)


_FURTHER: Mapping[str, Callable[[Part], Vector]] = {
    "vandaag": lambda part: float(part.context.today.toordinal()),
    "centrum_acroniem": lambda part: part.context.centre,
    "bsn_kolom_aanwezig": lambda part: "bsn" in part.columns,
    "leeftijd": Part.age,
    "leadgat": Part.has_gap,
    "leads": Part.leads,
    "db_impl_device": lambda _part: None,  # the registry is not asked before the conflicts
}
"""Names besides the fields that a condition may use."""

CONTEXT_NAMES = tuple(_FURTHER)
