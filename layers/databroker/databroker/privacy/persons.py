"""Who a delivery is about: each distinct person once, and of a person only what ZorgTTP needs.

Medical data cannot get in: a person is made of the seven columns named here and nothing else
(docs/zorgttp-simulator.md has the abbreviations; G, GD and PC are those of the slides of 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from databroker.privacy import normalise
from databroker.records import PART
from databroker.rules.memo import mixed
from databroker.texts import WORD, Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from databroker.records import Records
    from databroker.texts import Array

FIELDS: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
    "G": ("geslacht", normalise.sex),
    "GD": ("geb_datum", normalise.birth_date),
    "PC": ("postcode", normalise.postcode),
    "GN": ("geb_naam", normalise.family_name),
    "PNM": ("partnernaam", normalise.family_name),
    "BSN": ("bsn", normalise.bsn),
    "PN": ("pat_nr", normalise.patient_number),
}
"""The columns that may leave for ZorgTTP, by its abbreviation, and how each is written."""

INGREDIENTS: Mapping[str, tuple[str, ...]] = {
    "C": ("G", "GD", "PC"),
    "N": ("GN", "GD", "G"),
    "P": ("PNM", "GD", "G"),
    "B": ("BSN",),
    "L": ("PN",),
}
"""What each type of pseudonym is made of."""

TYPES = tuple(INGREDIENTS)

Person = dict[str, str]
"""What is sent of one person, by ZorgTTP's abbreviation."""


@dataclass(frozen=True)
class People:
    """The distinct persons of a delivery, in columns, and which of them each record is about.

    `columns` are the fields of the persons as they are sent, by abbreviation; `of_record` is the
    index of the person of every record, -1 for a record with nothing to ask.
    """

    columns: Mapping[str, Texts] = field(repr=False)
    of_record: Array = field(repr=False)

    @classmethod
    def of(cls, records: Records, leave_out: Collection[int] = ()) -> People:
        """Find the persons of the records, but for the rows to be left out."""
        left_out = records.of_rows(set(leave_out))
        written = {
            name: _written(records.texts(column), write).blanked(left_out)
            for name, (column, write) in FIELDS.items()
        }
        makes = _can_make(written)
        for name, texts in written.items():
            # What makes no pseudonym stays home, and makes nobody another person.
            used = [name in needed for needed in INGREDIENTS.values()]
            written[name] = texts.blanked(~np.any(makes[:, used], axis=1, keepdims=True)[:, 0])
        possible = np.flatnonzero(makes.any(axis=1))
        first, group = distinct([texts.take(possible) for texts in written.values()])
        of_record = np.full(len(records), -1, np.int32)
        of_record[possible] = group
        return cls(
            {name: texts.take(possible[first]) for name, texts in written.items()}, of_record
        )

    @classmethod
    def known(cls, persons: Sequence[Person]) -> People:
        """Make persons of what is sent of them; they are about no record."""
        columns = {name: Texts.of([person.get(name) for person in persons]) for name in FIELDS}
        return cls(columns, np.zeros(0, np.int32))

    def __len__(self) -> int:
        """Count the persons."""
        return len(self.columns["PN"])

    def and_others(self, *others: People) -> People:
        """Put other persons behind these; the records are about the same ones as before."""
        columns = {
            name: Texts.concat([texts, *(each.columns[name] for each in others)])
            for name, texts in self.columns.items()
        }
        return People(columns, self.of_record)

    @cached_property
    def makes(self) -> Array:
        """Tell of each person which types of pseudonym can be made (bool, persons by `TYPES`)."""
        return _can_make(self.columns)

    def alike(self, kind: str) -> Array:
        """Number the persons (int32): those who must have the same pseudonym of a type alike.

        -1 for a person without one.
        """
        numbers = np.full(len(self), -1, np.int32)
        able = np.flatnonzero(self.makes[:, TYPES.index(kind)])
        _, group = distinct([self.columns[name].take(able) for name in INGREDIENTS[kind]])
        numbers[able] = group
        return numbers

    def sent(self, indexes: Iterable[int], types: Collection[str]) -> list[Person]:
        """Give what is sent of some persons, for pseudonyms of these types and no others."""
        needed = {name for kind in types for name in INGREDIENTS[kind]}
        where = np.fromiter(indexes, np.int64)
        cells = [self.columns[name].take(where).tolist() for name in FIELDS if name in needed]
        names = [name for name in FIELDS if name in needed]
        return [
            {name: cell for name, cell in zip(names, person, strict=True) if cell}
            for person in zip(*cells, strict=True)
        ]


def _written(texts: Texts, write: Callable[[str], str | None]) -> Texts:
    """Write a column as it is sent, part by part; each different cell of a part once."""
    parts = []
    for start in range(0, max(len(texts), 1), PART):
        cells = texts.take(slice(start, start + PART)).tolist()
        known = {cell: cell and write(cell) for cell in set(cells)}
        parts.append(Texts.of([known[cell] for cell in cells]))
    return Texts.concat(parts)


def _can_make(columns: Mapping[str, Texts]) -> Array:
    filled = {name: texts.lengths > 0 for name, texts in columns.items()}
    return np.stack(
        [np.all([filled[name] for name in needed], axis=0) for needed in INGREDIENTS.values()],
        axis=1,
    )


def distinct(columns: Sequence[Texts]) -> tuple[Array, Array]:
    """Give the first of every distinct row of cells, and of each row which of those it is.

    Rows are compared byte by byte: two persons taken for one would share their pseudonyms. Both
    are indexes; there must be one column at least.
    """
    cells = [texts.lengths.astype(np.uint64) for texts in columns]
    for texts in columns:
        longest = int(texts.lengths.max(initial=0))
        cells += (texts.words(number) for number in range(-(-longest // WORD)))
    if not cells[0].size:
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    _, first, group = np.unique(mixed(cells), return_index=True, return_inverse=True)
    alike = first[group]
    if any((cell != cell[alike]).any() for cell in cells):
        # Once in some thousand million deliveries two rows share a key; this is slow, and exact.
        rows = np.stack(cells, axis=1)
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    # In the order of the file: keys differ from one process to the next, batches must not.
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group.reshape(-1)].astype(np.int32)


def keys_of(texts: Texts) -> Array:
    """Give every text a number (uint64) that others have once in 2 ** 64, part by part."""
    count = -(-int(texts.lengths.max(initial=1)) // WORD)
    keys = [np.zeros(0, np.uint64)]
    for start in range(0, len(texts), PART):
        part = texts.take(slice(start, start + PART))
        keys.append(mixed([part.words(number) for number in range(count)]))
    return np.concatenate(keys)
