"""The cells of a worksheet, in columns: from what is written in the file to what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from databroker.intake.sheet import MAX_LENGTH, Lines, UnreadableError
from databroker.intake.xlsx.cells import boolean_text, check_length, iso_text, number_text, unescape
from databroker.intake.xlsx.digits import are_as_written, whole_numbers
from databroker.records import PART
from databroker.texts import WORD, Strange, Texts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from databroker.intake.xlsx.styles import Style
    from databroker.texts import Array

_TEXT, _SHARED, _PLAIN, _OTHER = range(4)
"""What is done to a cell: nothing, a look in the shared strings, nothing if it is a number as it is
written anyway, or reading it."""

_ASCII = 0x7F
_KEPT = 200_000
"""Distinct cells whose text is remembered."""
_KEY_WORDS = 3
SPREAD = [np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)]
"""Odd numbers without a pattern: what is multiplied by them ends up all over a table."""


class Shape(NamedTuple):
    """What a cell says of itself: its type (`t`) and the number of its style (`s`)."""

    kind: str
    style: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Some rows of a worksheet, with the cells in them that have a value.

    `rows` (int32) are the physical numbers of the rows. Of each cell: `at` is which of the rows it
    is on, `places` in which column (0 is the first), `shapes` the number of its shape (see
    `Meaning`), `texts` what is written in it.
    """

    rows: Array
    at: Array
    places: Array
    shapes: Array
    texts: Texts


class Meaning:
    """What the cells of a workbook mean: its styles, its shared strings and the day it counts from.

    It numbers the shapes of cells, and remembers what distinct cells came to.
    """

    def __init__(self, styles: Sequence[Style], strings: Texts, epoch: dt.datetime) -> None:
        self._styles = styles
        self._strings = strings
        self._epoch = epoch
        self._shapes: dict[tuple[str, int], int] = {}
        self._doings = np.zeros(0, np.uint8)
        self._inline = np.zeros(0, bool)
        self._known: dict[tuple[str, int], bytes] = {}

    def shape(self, kind: str, style: int) -> int:
        """Give the number of a shape."""
        known = self._shapes.get((kind, style))
        if known is not None:
            return known
        shape = Shape(kind, style)
        number = self._shapes[shape] = len(self._shapes)
        self._doings = np.append(self._doings, np.uint8(self._doing(shape)))
        self._inline = np.append(self._inline, kind == "inlineStr")
        return number

    def are_inline(self, shapes: Array) -> Array:
        """Tell which cells hold their text in an `is`, by the numbers of their shapes."""
        return self._inline[shapes]

    def _doing(self, shape: Shape) -> int:
        if shape.kind == "s":
            return _SHARED
        if shape.kind not in {"n", "b", "d"}:
            return _TEXT
        known = shape.kind == "n" and shape.style < len(self._styles)
        return _PLAIN if known and self._styles[shape.style].plain else _OTHER

    def read(self, grid: Grid) -> Grid:
        """Give the grid with the cells as they are seen, in another order; empty ones left out.

        Raises:
            UnreadableError: BF-004 for a cell that makes no sense, BF-018 for one that is too long.
        """
        doings = np.where(grid.texts.lengths > 0, self._doings[grid.shapes], _OTHER + 1)
        numbers = np.flatnonzero(doings == _PLAIN)
        doings[numbers[~are_as_written(grid.texts.take(numbers))]] = _OTHER
        chosen = [np.flatnonzero(doings == doing) for doing in range(_OTHER + 1)]
        text, shared, plain, other = (grid.texts.take(some) for some in chosen)
        read = [tidy(text), self._look_up(shared), plain]
        texts = Texts.concat([*read, self._distinct(other, grid.shapes[chosen[_OTHER]])])
        order = np.concatenate(chosen)
        for i in np.flatnonzero(texts.lengths > MAX_LENGTH).tolist():
            check_length(texts[i] or "")
        return Grid(grid.rows, grid.at[order], grid.places[order], grid.shapes[order], texts)

    def _look_up(self, numbers: Texts) -> Texts:
        indexes = whole_numbers(numbers)
        for i in np.flatnonzero(indexes < 0).tolist():
            indexes[i] = _int(numbers[i] or "")
        if indexes.size and not 0 <= indexes.min() <= indexes.max() < len(self._strings):
            raise UnreadableError("BF-004")
        return self._strings.take(indexes).compact()

    def _distinct(self, cells: Texts, shapes: Array) -> Texts:
        """Read cells, each distinct one once."""
        words = [cells.words(number) for number in range(_KEY_WORDS)]
        key = shapes.astype(np.uint64)
        for word, spread in zip(words, SPREAD, strict=True):
            key = (key ^ word) * spread
            key ^= key >> np.uint64(29)
        _, firsts, which = np.unique(key, return_index=True, return_inverse=True)
        same = [np.array_equal(each[firsts][which], each) for each in [*words, shapes]]
        if not all(same) or (len(cells) and int(cells.lengths.max()) > WORD * _KEY_WORDS):
            firsts = which = np.arange(len(cells))
        some, kinds = cells.take(firsts), shapes[firsts].tolist()
        names = [Shape(*each) for each in self._shapes]
        read = [
            self._remembered(raw or "", number, names[number])
            for raw, number in zip(some.tolist(), kinds, strict=True)
        ]
        return Texts.joined(read).take(which).compact()

    def _remembered(self, raw: str, number: int, shape: Shape) -> bytes:
        key = (raw, number)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[key] = self._text(raw, shape).encode()
        return found

    def _text(self, raw: str, shape: Shape) -> str:
        try:
            if shape.kind == "b":
                return boolean_text(raw)
            if shape.kind == "d":
                return iso_text(raw)
            return number_text(raw, self._styles[shape.style], self._epoch)
        except (ValueError, IndexError, OverflowError) as error:
            raise UnreadableError("BF-004") from error


def tidy(texts: Texts) -> Texts:
    """Give texts as they are seen: without Excel's escapes, and empty when they are but spaces."""
    own = texts.compact()
    first = own.data[np.minimum(own.starts, own.data.size - 1)]
    doubtful = np.flatnonzero(((first <= ord(" ")) | (first > _ASCII)) & (own.lengths > 0))
    changed: dict[int, str | None] = {}
    for i in doubtful.tolist():
        if (own[i] or "").isspace():
            changed[i] = None
    data = own.data
    marks = np.flatnonzero((data[:-1] == ord("_")) & (data[1:] == ord("x")))
    for i in np.unique(np.searchsorted(own.starts, marks, side="right") - 1).tolist():
        text = unescape(own[i] or "")
        changed[i] = None if text.isspace() else text
    return own.patched(changed)


def lines_of(grids: Iterable[Grid], places: Sequence[int], header: int) -> Iterator[Lines]:
    """Give the rows below the header that are not blank as lines, some thousands at a time."""
    some: list[Grid] = []
    count = 0
    for grid in grids:
        some.append(grid)
        count += grid.rows.size
        if count >= PART:
            yield _lines(some, places, header)
            some, count = [], 0
    if count:
        yield _lines(some, places, header)


def _lines(grids: Sequence[Grid], places: Sequence[int], header: int) -> Lines:
    shifts = np.cumsum([0, *(grid.rows.size for grid in grids)])
    rows = np.concatenate([grid.rows for grid in grids])
    at = np.concatenate([grid.at + shift for grid, shift in zip(grids, shifts, strict=False)])
    columns = np.concatenate([grid.places for grid in grids])
    texts = Texts.concat([grid.texts for grid in grids])
    written = np.zeros(rows.size, bool)
    written[at[texts.lengths > 0]] = True
    written[rows <= header] = False
    last = int(np.flatnonzero(written)[-1]) + 1 if written.any() else 0
    blank = int(np.count_nonzero(rows[last:] > header))

    line = np.cumsum(written) - 1
    wide = int(columns.max(initial=-1)) + 1
    kept = written[at]
    columns, at = columns[kept], line[at[kept]]
    count = int(np.count_nonzero(written))
    starts, lengths = np.zeros((2, wide, count), np.int32)
    starts[columns, at] = texts.starts[kept]
    lengths[columns, at] = texts.lengths[kept]
    empty, strange = Texts.empty(count), Strange(texts.data)
    cells = {
        place: Texts(texts.data, starts[place], lengths[place], strange) if place < wide else empty
        for place in places
    }
    return Lines(rows[written], cells, (), blank)


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UnreadableError("BF-004") from error
