"""Files whose records name their own cells (XML, FHIR), as the lines of a table.

What is empty may be left out of such a file. A column that need not be filled is therefore there,
whether any record names it or not; one that every record must fill is missing when none does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from databroker.dataset.model import FieldType
from databroker.intake.sheet import MAX_COLUMNS, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from databroker.dataset import Column, Dataset

    Record = tuple[int, Mapping[str, str]]
    """The row and the cells by name, canonical for a column of the dataset."""

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def check_count(count: int, dataset: Dataset) -> None:
    """Refuse a file without records, or with too many.

    Raises:
        UnreadableError: BF-011 or BF-014.
    """
    if count == 0:
        raise UnreadableError("BF-011")
    if count > dataset.max_rows:
        raise UnreadableError("BF-014", records=count, n=count, max=dataset.max_rows)


def as_lines(
    records: Sequence[Record], spelled: Mapping[str, str], dataset: Dataset
) -> Iterator[tuple[int, list[str | None]]]:
    """Give a header, then a line for each record; `spelled` is every name as the file writes it.

    A date as XML and FHIR write it (ISO 8601) is no deviation here: it is written as the handbook
    has it, DD-MM-JJJJ.

    Raises:
        UnreadableError: BF-006, for more names than any dataset has columns.
    """
    if len(spelled) > MAX_COLUMNS:
        raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")
    columns = dataset.columns.values()
    optional = [column.name for column in columns if _may_be_left_out(column)]
    names = list(dict.fromkeys([*spelled, *optional]))
    dates = [place for place, name in enumerate(names) if _is_date(name, dataset)]
    yield 1, [spelled.get(name, name) for name in names]
    for row, cells in records:
        line = list(map(cells.get, names))
        for place in dates:
            line[place] = _as_handbook(line[place])
        yield row, line


def _may_be_left_out(column: Column) -> bool:
    return column.field.column_required and not column.field.required


def _is_date(name: str, dataset: Dataset) -> bool:
    column = dataset.columns.get(name)
    return column is not None and column.field.type is FieldType.DATE


def _as_handbook(text: str | None) -> str | None:
    if text is None or not _ISO_DATE.fullmatch(text):
        return text
    return f"{text[8:]}-{text[5:7]}-{text[:4]}"
