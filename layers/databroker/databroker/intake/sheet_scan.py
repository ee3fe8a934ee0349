"""A worksheet seen once as bare XML, before openpyxl reads its cells.

openpyxl reads what is there and keeps silent about the rest: formulas and merged cells are not
seen in its read-only mode, rows out of order are dropped, a cell far away makes it fill all that
lies between.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from openpyxl.utils import column_index_from_string
from openpyxl.xml.constants import SHEET_MAIN_NS

from databroker.intake.sheet import MAX_COLUMNS, UnreadableError

MAX_TAGS = 8_000_000
"""Four tags a cell, 20,000 records of 82 columns, and room for blank cells."""
MAX_FURNITURE = 200_000
"""Tags besides rows and cells: column widths, validations, conditional formats."""
LAST_ROW = 1_048_576
"""The last row of any worksheet (ECMA-376)."""

_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_ROW_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)
_ROOT, _ROW, _CELL, _FORMULA, _MERGE = (
    f"{SHEET_MAIN_NS} {tag}" for tag in ("worksheet", "row", "c", "f", "mergeCell")
)
_CONTENTS = {f"{SHEET_MAIN_NS} {tag}" for tag in ("v", "is")}
_TEXT = f"{SHEET_MAIN_NS} t"


@dataclass(slots=True)
class Extent:
    """How far the filled cells of a worksheet reach."""

    rows: list[int] = field(default_factory=list)
    """The rows that have a filled cell."""
    width: int = 0


def measure(content: bytes) -> Extent:
    """Measure a worksheet and refuse what cannot be read as a plain table.

    Raises:
        UnreadableError: BF-004 for damaged or disordered XML, BF-006 for cells too far to the
            right, BF-013 for formulas or merged cells, BF-018 for more tags than a table needs.
    """
    if content.count(b"<") > MAX_TAGS:
        raise UnreadableError("BF-018")
    scan = _Scan()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = scan.start
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no keyword
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("BF-004") from error
    return scan.extent


class _Scan:
    """Follows the elements of a worksheet."""

    def __init__(self) -> None:
        self.extent = Extent()
        self._furniture = 0
        self._row = 0
        self._column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the next element."""
        if tag == _CELL:
            self._cell(attributes.get("r"))
        elif tag in _CONTENTS:
            self._filled()
        elif tag == _ROW:
            self._next_row(attributes.get("r"))
        elif tag in {_FORMULA, _MERGE}:
            raise UnreadableError("BF-013")
        elif tag != _TEXT:
            self._other(tag)

    def _next_row(self, number: str | None) -> None:
        if number is not None and not _ROW_NUMBER.fullmatch(number):
            raise UnreadableError("BF-004")
        row = self._row + 1 if number is None else int(number)
        if not self._row < row <= LAST_ROW:
            raise UnreadableError("BF-004")
        self._row, self._column = row, 0

    def _cell(self, address: str | None) -> None:
        if address is None:
            self._column += 1
            return
        match = _ADDRESS.fullmatch(address)
        if match is None or int(match[2]) != self._row:
            raise UnreadableError("BF-004")
        column = column_index_from_string(match[1])
        if column <= self._column:
            raise UnreadableError("BF-004")
        self._column = column

    def _other(self, tag: str) -> None:
        if not self._furniture and tag != _ROOT:
            raise UnreadableError("BF-004")
        self._furniture += 1
        if self._furniture > MAX_FURNITURE:
            raise UnreadableError("BF-018")

    def _filled(self) -> None:
        if self._column > MAX_COLUMNS:
            raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")
        extent = self.extent
        if not extent.rows or extent.rows[-1] != self._row:
            extent.rows.append(self._row)
        extent.width = max(extent.width, self._column)
