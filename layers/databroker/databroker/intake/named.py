"""Files whose records name their own cells (XML, FHIR), as the lines of a table.

What is empty may be left out of such a file. A column that need not be filled is therefore there,
whether any record names it or not; one that every record must fill is missing when none does.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.dataset.model import FieldType
from databroker.intake.sheet import MAX_COLUMNS, Sheet, UnreadableError, sheet_of
from databroker.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from databroker.dataset import Column, Dataset
    from databroker.intake.sheet import Lines

    Body = Callable[[Sequence[int]], Iterator[Lines]]

_MARKS = np.frombuffer(b"\0\0\0\0-\0\0-\0\0", np.uint8)
"""What stands in JJJJ-MM-DD besides digits."""
_TURNED = np.array([8, 9, 7, 5, 6, 4, 0, 1, 2, 3])
"""Where each character of DD-MM-JJJJ stands in JJJJ-MM-DD."""


def check_count(count: int, dataset: Dataset) -> None:
    """Refuse a file without records, or with too many.

    Raises:
        UnreadableError: BF-011 or BF-014.
    """
    if count == 0:
        raise UnreadableError("BF-011")
    if count > dataset.max_rows:
        raise UnreadableError("BF-014", records=count, n=count, max=dataset.max_rows)


def sheet_of_body(body: Body, spelled: Mapping[str, str], dataset: Dataset, **facts: Any) -> Sheet:
    """Make a sheet of lines in columns; `spelled` is every name as the file writes it.

    The names are canonical for a column of the dataset. Their order is that of the places that
    `body` knows; a column without a place there is asked for all the same, and is empty.

    A date as XML and FHIR write it (ISO 8601) is no deviation here: it is written as the handbook
    has it, DD-MM-JJJJ.

    Raises:
        UnreadableError: BF-006, for more names than any dataset has columns.
    """
    names = _names(spelled, dataset)
    dates = {place for place, name in enumerate(names) if _is_date(name, dataset)}
    header = [spelled.get(name, name) for name in names]
    return Sheet(1, header, lambda places: _turned(body(places), dates), **facts)


def sheet_of_records(
    records: Iterable[tuple[int, Mapping[str, str]]],
    spelled: Mapping[str, str],
    dataset: Dataset,
    **facts: Any,
) -> Sheet:
    """Make a sheet of records that are a row and cells by name; see `sheet_of_body`."""
    names = _names(spelled, dataset)
    lines = ((row, list(map(cells.get, names))) for row, cells in records)
    return sheet_of_body(sheet_of(chain([(1, names)], lines)).body, spelled, dataset, **facts)


def _names(spelled: Mapping[str, str], dataset: Dataset) -> list[str]:
    """Give every name, those of the columns that may be left out behind those in the file."""
    if len(spelled) > MAX_COLUMNS:
        raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")
    optional = [column.name for column in dataset.columns.values() if _may_be_left_out(column)]
    return list(dict.fromkeys([*spelled, *optional]))


def _may_be_left_out(column: Column) -> bool:
    return column.field.column_required and not column.field.required


def _is_date(name: str, dataset: Dataset) -> bool:
    column = dataset.columns.get(name)
    return column is not None and column.field.type is FieldType.DATE


def _turned(blocks: Iterator[Lines], dates: set[int]) -> Iterator[Lines]:
    """Give the lines with the dates of these columns as the handbook has them."""
    for lines in blocks:
        turned = {place: _turn(lines.cells[place]) for place in dates.intersection(lines.cells)}
        yield replace(lines, cells={**lines.cells, **turned})


def _turn(texts: Texts) -> Texts:
    """Write every ISO date as DD-MM-JJJJ, in its own place: it is as long."""
    own = texts.compact()
    places = own.starts[own.lengths == _MARKS.size][:, None] + np.arange(_MARKS.size)
    written = own.data[places]
    letters = np.where((written >= ord("0")) & (written <= ord("9")), 0, written)
    iso = (letters == _MARKS).all(axis=1)
    data = own.data.copy()
    data[places[iso]] = written[iso][:, _TURNED]
    return Texts(data, own.starts, own.lengths)
