"""What every reader gives: the header of a file, and the lines under it in columns of text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from databroker.records import PART
from databroker.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from databroker.findings import Finding
    from databroker.texts import Array

    Line: TypeAlias = tuple[int, Sequence[str | None]]
    """A line of a file as cells: its physical row, and what stands on it."""

MAX_COLUMNS = 500
"""Far more than any dataset has; a wider file is a mistake or an attack."""

MAX_LENGTH = 32_767
"""Characters a cell of Excel can hold; more was not written by a spreadsheet."""


class UnreadableError(Exception):
    """Why a reader gave up: the code of a BF rule and the words its text asks for.

    It never leaves this package: `read_delivery` turns it into the finding.
    """

    def __init__(self, code: str, *, records: int = 0, **texts: Any) -> None:
        """Carry the code, the words, and the records counted before the reader gave up."""
        super().__init__(code)
        self.code = code
        self.records = records
        self.texts = texts


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines under the header, from top to bottom; a blank line is not among them.

    `rows` (int32) are the physical rows of the lines that are as wide as the header, `cells` their
    columns by place (0 is the first), as far as they were asked for; a cell of nothing but spaces
    is empty. `ragged` are the other lines.
    `blank_at_end` counts the blank lines behind the last line that is not.
    """

    rows: Array
    cells: Mapping[int, Texts]
    ragged: Sequence[Line] = ()
    blank_at_end: int = 0

    @property
    def count(self) -> int:
        """Count the lines, ragged ones included."""
        return int(self.rows.size) + len(self.ragged)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that is open: its header is read, its lines are read when they are asked for.

    `body` takes the places of the columns that are wanted; iterating what it gives may raise an
    `UnreadableError`. `name` is the worksheet's, None outside a workbook; `paths` (by name as in
    the header), `rows` and `numbers` say where a cell stands in a document, as in
    `databroker.records.Origin`; `version` is the one of the dataset that the file says it follows.
    """

    row: int
    header: Sequence[str | None]
    body: Callable[[Sequence[int]], Iterator[Lines]]
    warnings: tuple[Finding, ...] = ()
    name: str | None = None
    paths: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    rows: Sequence[int] = ()
    numbers: Sequence[Sequence[int | None]] = ()
    version: str | None = None


def sheet_of(lines: Iterable[Line], **facts: Any) -> Sheet:
    """Make a sheet of lines that are cells already, the header first; blank ones may be anywhere.

    Raises:
        UnreadableError: BF-011, when there is nothing but blank lines.
    """
    rest = iter(lines)
    for row, cells in rest:
        if not is_blank(cells):
            check_width(len(cells))
            width = len(cells)
            return Sheet(row, cells, partial(blocks_of, rest, width), **facts)
    raise UnreadableError("BF-011")


def check_width(columns: int) -> None:
    """Refuse a header that is wider than any dataset.

    Raises:
        UnreadableError: BF-006.
    """
    if columns > MAX_COLUMNS:
        raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")


def is_blank(cells: Sequence[str | None]) -> bool:
    """Tell whether nothing is written on a line."""
    for cell in cells:  # noqa: SIM110 - a file may have ten million lines; any() takes thrice as long
        if cell and not cell.isspace():
            return False
    return True


def blocks_of(lines: Iterator[Line], width: int, places: Sequence[int]) -> Iterator[Lines]:
    """Give lines that are cells already in columns, some thousands together."""
    while some := list(islice(lines, PART)):
        blank, rows, kept = 0, [], []
        ragged = []
        for row, cells in some:
            if is_blank(cells):
                blank += 1
                continue
            blank = 0
            if len(cells) == width:
                rows.append(row)
                kept.append(cells)
            else:
                ragged.append((row, cells))
        cells_of = {place: Texts.of([_text(cells[place]) for cells in kept]) for place in places}
        yield Lines(np.array(rows, np.int32), cells_of, ragged, blank)


def _text(cell: str | None) -> str | None:
    return None if cell is None or cell.isspace() else cell
