"""The rows of a worksheet in any form that XML allows, read element by element.

What `sheet_tokens` cannot prove to be ordinary is read here, and what is wrong is refused here:
programs keep silent about formulas, merged cells and rows out of order, and read on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from databroker.intake.sheet import MAX_COLUMNS, UnreadableError
from databroker.intake.xlsx.elements import MAIN, feed, new_parser
from databroker.intake.xlsx.grid import Grid
from databroker.texts import Texts

if TYPE_CHECKING:
    from databroker.intake.xlsx.grid import Meaning

MAX_FURNITURE = 200_000
"""Tags besides rows and cells: column widths, validations, conditional formats."""
LAST_ROW = 1_048_576
"""The last row of any worksheet (ECMA-376)."""

_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_ROW_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)
_STYLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_ROOT, _DATA, _ROW, _CELL, _VALUE, _INLINE, _TEXT, _RUN, _FORMULA, _MERGE = (
    f"{MAIN} {tag}"
    for tag in ("worksheet", "sheetData", "row", "c", "v", "is", "t", "r", "f", "mergeCell")
)
_OF_TABLE = {_ROW, _CELL, _VALUE, _INLINE, _TEXT}
_OF_ROW = [_ROOT, _DATA, _ROW]
_OF_CELL = [*_OF_ROW, _CELL]
_DEEP = len(_OF_CELL)
_TEXTS = ([_INLINE, _TEXT], [_INLINE, _RUN, _TEXT])
"""Where the text of a cell stands in it; a phonetic `rPh` besides it is not what the cell says."""


class SheetScan:
    """Follows the elements of a worksheet; `grid` gives the rows that it met."""

    def __init__(self, meaning: Meaning) -> None:
        self.row = 0
        """The row that was met last."""
        self.prefixes: dict[str | None, str] = {}
        """The namespaces of the root, by prefix."""
        self._meaning = meaning
        self._path: list[str] = []
        self._plain = True
        self._furniture = 0
        self._column = 0
        self._shape = ("n", 0)
        self._value: list[str] | None = None
        self._rows: list[int] = []
        self._cells: list[tuple[int, ...]] = []
        self._texts: list[bytes] = []
        self._parser = new_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.XmlDeclHandler = self._declaration

    @property
    def between_rows(self) -> bool:
        """Tell whether a `<row` that follows now is a row of the sheet, whatever was before it."""
        return self._plain and self._path == _OF_ROW[:2] and self.prefixes.get(None) == MAIN

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Read on; a piece ends before a tag.

        Raises:
            UnreadableError: BF-004 for damaged or disordered XML, BF-006 for cells too far to the
                right, BF-013 for formulas or merged cells, BF-018 for more tags than a sheet needs.
        """
        if b"!" in piece and b"<!" in piece:
            self._plain = False  # a comment or a CDATA section hides tags, and may go on for long
        feed(self._parser, piece, last=last)

    def grid(self) -> Grid | None:
        """Give the rows with a filled cell that were met since the last time, if any.

        A row that has not ended waits for the next time.
        """
        rows, cells, texts = self._rows, self._cells, self._texts
        held = len(rows)
        if rows and rows[-1] == self.row and self._path[: len(_OF_ROW)] == _OF_ROW:
            held -= 1
        first = bisect_left(cells, (held,))
        if not first:
            return None
        self._rows, self._texts = rows[held:], texts[first:]
        self._cells = [(0, *rest) for _, *rest in cells[first:]]
        at, places, shapes = np.array(cells[:first], np.int64).T
        return Grid(
            np.array(rows[:held], np.int32), at, places, shapes, Texts.joined(texts[:first])
        )

    def _namespace(self, prefix: str | None, namespace: str) -> None:
        if not self._path:
            self.prefixes[prefix] = namespace
        elif len(self._path) == 1:
            self._plain = False

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._plain = (encoding or "utf-8").lower() == "utf-8"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        path = self._path
        if tag == _CELL and path == _OF_ROW:
            self._next_cell(attributes)
        elif tag in {_VALUE, _INLINE} and path == _OF_CELL:
            self._filled(tag)
        elif tag == _ROW and path == _OF_ROW[:2]:
            self._next_row(attributes.get("r"))
        elif tag in {_FORMULA, _MERGE}:
            raise UnreadableError("BF-013")
        elif tag == _TEXT and self._shape[0] == "inlineStr" and [*path[_DEEP:], tag] in _TEXTS:
            self._parser.CharacterDataHandler = self._take
        elif tag not in _OF_TABLE:
            self._other(tag)
        path.append(tag)

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag in {_VALUE, _TEXT}:
            self._parser.CharacterDataHandler = None
        elif tag == _CELL and self._value is not None and self._path == _OF_ROW:
            if not self._rows or self._rows[-1] != self.row:
                self._rows.append(self.row)
            shape = self._meaning.shape(*self._shape)
            self._cells.append((len(self._rows) - 1, self._column - 1, shape))
            self._texts.append("".join(self._value).encode())
            self._value = None

    def _take(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _next_row(self, number: str | None) -> None:
        if number is not None and not _ROW_NUMBER.fullmatch(number):
            raise UnreadableError("BF-004")
        row = self.row + 1 if number is None else int(number)
        if not self.row < row <= LAST_ROW:
            raise UnreadableError("BF-004")
        self.row, self._column = row, 0

    def _next_cell(self, attributes: dict[str, str]) -> None:
        style = attributes.get("s") or "0"
        if not _STYLE.fullmatch(style):
            raise UnreadableError("BF-004")
        self._shape = attributes.get("t", "n"), int(style)
        address = attributes.get("r")
        if address is None:
            self._column += 1
            return
        match = _ADDRESS.fullmatch(address)
        if match is None or int(match[2]) != self.row:
            raise UnreadableError("BF-004")
        column = _column(match[1])
        if column <= self._column:
            raise UnreadableError("BF-004")
        self._column = column

    def _filled(self, tag: str) -> None:
        if self._column > MAX_COLUMNS:
            raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")
        if self._value is None:
            self._value = []
        if tag == _VALUE and self._shape[0] != "inlineStr":
            self._parser.CharacterDataHandler = self._take

    def _other(self, tag: str) -> None:
        if not self._path and tag != _ROOT:
            raise UnreadableError("BF-004")
        self._furniture += 1
        if self._furniture > MAX_FURNITURE:
            raise UnreadableError("BF-018")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
