"""Rows that conditions are asked of; every field is read when it is first looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import Field, FieldType, IdClass
from databroker.rules.cells import ColumnReader
from databroker.rules.vectors import EMPTY, Names, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Column, Dataset
    from databroker.rules.bulk import Memory
    from databroker.rules.cells import Cells
    from databroker.rules.vectors import Vector
    from databroker.texts import Array, Texts

AGE = Field(
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
    """A reader for each field of a dataset, by its stem, made when the field is first met."""

    def __init__(self, dataset: Dataset) -> None:
        """Read the fields of this dataset."""
        super().__init__()
        self._fields = {field.stem: field for field in (*dataset.fields, AGE)}

    def __missing__(self, stem: str) -> ColumnReader:
        """Make the reader of a field."""
        reader = self[stem] = ColumnReader(self._fields[stem])
        return reader


class Rows(ABC):
    """Records, or leads, a row each. A field goes by its stem, as conditions call it.

    `read` are the fields that were read, `memory` is what was found out about texts.
    """

    def __init__(
        self, size: int, readers: Readers, memory: Memory, delivered: dict[str, Cells] | None
    ) -> None:
        """Take so many rows; with what is `delivered`, conditions see also what cannot be read."""
        self.size = size
        self.memory = memory
        self.read: dict[str, Cells] = {} if delivered is None else delivered
        self._as_delivered = delivered is not None
        self._readers = readers
        self._values: dict[str, Vector] = {}

    @property
    def names(self) -> Names:
        """Give the names that a condition on a row knows.

        They are not kept: with the rows that they ask they would keep each other in memory.
        """
        return Names(self._named)

    def cells(self, stem: str) -> Cells:
        """Give a field that was delivered, read."""
        if stem not in self.read:
            self.read[stem] = self._readers[stem].read(self._texts(stem))
        return self.read[stem]

    def value(self, stem: str) -> Vector:
        """Give the values of a field; None when it was not delivered."""
        if stem not in self._values:
            self._values[stem] = self._value(stem) if self.has(stem) else None
        return self._values[stem]

    def ignore(self, stem: str, where: Array) -> None:
        """Take values out, so that no rule sees them (mask)."""
        value = self.value(stem)
        if isinstance(value, Text):
            self._values[stem] = value.patched(dict.fromkeys(np.flatnonzero(where).tolist()))
        else:
            self._values[stem] = np.where(where, EMPTY, value)
        self.forget()

    @abstractmethod
    def forget(self) -> None:
        """Forget what was made of values, when some were taken out."""

    @property
    @abstractmethod
    def there(self) -> Array | None:
        """Give a mask of the rows that exist; None for all of them."""

    @abstractmethod
    def has(self, stem: str) -> bool:
        """Tell whether a field was delivered."""

    @abstractmethod
    def of_records(self, mask: Array) -> Array:
        """Give a mask of the rows that are of some records (mask)."""

    @abstractmethod
    def readable(self, stems: Iterable[str]) -> Array | None:
        """Give a mask of the rows in which all of these fields can be read; None for all."""

    @abstractmethod
    def columns_of(self, field: Field) -> Iterable[tuple[Column, slice]]:
        """Give the delivered columns of a field, and which of the rows have their cell in each."""

    @abstractmethod
    def places(self, name: str, indexes: Array) -> Iterable[tuple[str, Array, Array]]:
        """Give the columns of a field in which some rows, by index in order, have their cell.

        Gives the name of each, which of the rows they are, and which records (indexes).
        """

    @abstractmethod
    def column(self, texts: Texts, here: slice) -> Texts:
        """Give a column, a cell for each record, of the cells of a field; `here` are its rows."""

    @abstractmethod
    def _texts(self, stem: str) -> Texts: ...

    @abstractmethod
    def _named(self, name: str) -> Vector: ...

    def _value(self, stem: str) -> Vector:
        cells = self.cells(stem)
        if cells.numbers is not None:
            return cells.numbers
        if self._as_delivered and cells.problems:
            return cells.as_delivered()
        return cells.as_text


def all_but(indexes: set[int], size: int) -> Array | None:
    """Give a mask of all of so many rows but some; None when that is all of them."""
    if not indexes:
        return None
    mask = np.ones(size, bool)
    mask[list(indexes)] = False
    return mask
