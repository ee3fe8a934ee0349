"""A column read at once. Most cells are what they seem; the others are read one by one.

What a cell means is written in one place, `databroker.rules.values.read_cell`. Here whole columns
are proven to be ordinary, and whatever is not goes there. A short cell (codes, numbers) goes there
once for each different text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.dataset import FieldType
from databroker.rules.calendar import FIRST_YEAR, MONTH_LENGTHS, MONTH_STARTS
from databroker.rules.memo import Memo
from databroker.rules.values import EMPTY as EMPTY_CELL
from databroker.rules.values import Cell, read_cell
from databroker.rules.vectors import EMPTY, Text
from databroker.texts import WORD, Texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from databroker.dataset import Field
    from databroker.texts import Array

_TEXTUAL = {FieldType.TEXT, FieldType.UDI}

_ORDINARY_STARTS = np.ones(256, bool)
_ORDINARY_STARTS[[ord(mark) for mark in "=+@- "]] = False
_SPACE, _OPENING = ord(" "), ord("(")


@dataclass(frozen=True)
class Cells:
    """A column of a part of the delivery.

    `raw` is as delivered. `numbers` (float64) are the values of a column of numbers, codes or dates
    (days since the beginning of our era), `EMPTY` where there is none; None for a column of text.
    `marked` are the cells, by index, that are not what they seem: they cannot be read, or were
    written in another way.
    """

    field: Field
    raw: Texts
    numbers: Array | None
    marked: Mapping[int, Cell]

    @cached_property
    def problems(self) -> Mapping[int, str]:
        """Give the codes of the cells that cannot be read, by index."""
        return {index: cell.problem for index, cell in self.marked.items() if cell.problem}

    @cached_property
    def normalised(self) -> int:
        """Count the cells that were written in another way."""
        return sum(cell.normalised for cell in self.marked.values())

    @cached_property
    def comma(self) -> bool:
        """Tell whether a number was written with a decimal comma."""
        return any(cell.comma for cell in self.marked.values())

    @cached_property
    def empty(self) -> Array:
        """Give a mask of the cells with nothing in them."""
        empty: Array = self.raw.lengths == 0
        for index, cell in self.marked.items():
            empty[index] = cell.text is None
        return empty

    def text(self, index: int) -> str | None:
        """Give one cell of a column of text: canonical, or as delivered if it cannot be read."""
        cell = self.marked.get(index)
        return self.raw[index] if cell is None else cell.text

    @cached_property
    def unknown(self) -> Array | None:
        """Give a mask of the cells with the code for unknown; None when there is no such code."""
        code = self.field.unknown
        if code is None:
            return None
        if self.numbers is not None:
            wanted = _as_number(read_cell(code, self.field))
            return None if wanted == EMPTY else self.numbers == wanted
        return self.as_text.equals(code)

    @cached_property
    def as_text(self) -> Text:
        """Give the canonical texts of a column of text, as conditions see them."""
        return Text.of(self.raw).patched(self._changed(unreadable=False))

    def as_delivered(self) -> Text:
        """Give the same, with what cannot be read as it was delivered."""
        return Text.of(self.raw).patched(self._changed(unreadable=True))

    def canonical(self) -> Texts:
        """Give the canonical text of the column; what cannot be read is empty."""
        plain = self.raw
        if self.field.type is FieldType.DATE and self.numbers is not None:
            plain = _as_iso(plain, np.isfinite(self.numbers))
        return plain.patched(self._changed(unreadable=False))

    def _changed(self, *, unreadable: bool) -> Mapping[int, str | None]:
        return {
            index: cell.text if unreadable or not cell.problem else None
            for index, cell in self.marked.items()
        }


class ColumnReader:
    """Reads the parts of one column, and remembers the short cells it met."""

    def __init__(self, field: Field) -> None:
        """Read as the field wants it."""
        self.field = field
        self._memo: Memo[Cell] = Memo(EMPTY_CELL, grown=self._tabulate)
        self._tabulate()

    def read(self, texts: Texts) -> Cells:
        """Read a part of the column."""
        written = texts.lengths != 0
        count = np.count_nonzero(written)
        if count * 4 > len(texts):
            return self._read(texts)
        if not count:
            return Cells(self.field, texts, self._nothing(len(texts)), {})
        filled = np.flatnonzero(written)
        some = self._read(texts.take(filled))
        numbers = some.numbers
        if numbers is not None:
            numbers = np.full(len(texts), EMPTY)
            numbers[filled] = some.numbers
        marked = {int(filled[index]): cell for index, cell in some.marked.items()}
        return Cells(self.field, texts, numbers, marked)

    def _read(self, texts: Texts) -> Cells:
        field = self.field
        if field.type is FieldType.DATE:
            return self._dates(texts)
        if field.type in _TEXTUAL and field.codes is None:
            return self._ordinary_texts(texts)
        return self._short(texts)

    def _nothing(self, count: int) -> Array | None:
        return None if self.field.type in _TEXTUAL else np.full(count, EMPTY)

    def _tabulate(self) -> None:
        entries = self._memo.entries
        self._values = np.array([_as_number(cell) for cell in entries])
        self._marks = np.array([_is_marked(cell) for cell in entries], bool)
        self._marks[0] = False
        self._any_marked = bool(self._marks.any())

    def _short(self, texts: Texts) -> Cells:
        long = np.flatnonzero(texts.lengths > WORD)
        some = texts.blanked(texts.lengths > WORD) if long.size else texts
        numbers = self._memo.numbers(
            some.words(0), lambda index: read_cell(some[index], self.field)
        )
        marked = {}
        if self._any_marked:
            entries = self._memo.entries
            for index in np.flatnonzero(self._marks.take(numbers)).tolist():
                marked[index] = entries[numbers[index]]
        values = None if self.field.type in _TEXTUAL else self._values.take(numbers)
        return self._with_others(texts, values, long, marked)

    def _dates(self, texts: Texts) -> Cells:
        days, ordinary = _read_dates(texts)
        return self._with_others(texts, days, np.flatnonzero(~ordinary))

    def _ordinary_texts(self, texts: Texts) -> Cells:
        return self._with_others(texts, None, np.flatnonzero(~_are_ordinary(texts, self.field)))

    def _with_others(
        self,
        texts: Texts,
        numbers: Array | None,
        others: Array,
        marked: dict[int, Cell] | None = None,
    ) -> Cells:
        """Read the cells that could not be read together one by one, each different text once."""
        marked = {} if marked is None else marked
        seen: dict[str | None, Cell] = {}
        for index in others.tolist():
            text = texts[index]
            cell = seen.get(text) or seen.setdefault(text, read_cell(text, self.field))
            if numbers is not None:
                numbers[index] = _as_number(cell)
            if _is_marked(cell) or cell.text != text:
                marked[index] = cell
        return Cells(self.field, texts, numbers, marked)


def _is_marked(cell: Cell) -> bool:
    """Tell whether a cell that is not empty is anything else than it seems."""
    return cell.problem is not None or cell.normalised or cell.comma or cell.text is None


def _as_number(cell: Cell) -> float:
    match cell.value:
        case dt.date() as day:
            return float(day.toordinal())
        case int() | float() as number:
            return float(number)
        case _:
            return EMPTY


def _read_dates(texts: Texts) -> tuple[Array, Array]:
    """Read the dates that are written DD-MM-JJJJ or DD/MM/JJJJ and exist.

    Gives the days, and a mask of the cells that are such a date or empty.
    """
    first, last = texts.kept_words(0), texts.words(1)
    marks = first & np.uint64(0x0000_FF00_00FF_0000)
    dated = (marks == np.uint64(0x0000_2D00_002D_0000)) | (
        marks == np.uint64(0x0000_2F00_002F_0000)
    )
    digits = first & np.uint64(0xFFFF)
    digits |= (first >> np.uint64(8)) & np.uint64(0xFFFF_0000)
    digits |= (first >> np.uint64(16)) & np.uint64(0xFFFF_0000_0000)
    digits |= last << np.uint64(48)
    digits ^= np.uint64(0x3030_3030_3030_3030)
    beyond = (digits + np.uint64(0x7676_7676_7676_7676)) | digits
    dated &= (beyond & np.uint64(0x8080_8080_8080_8080)) == 0
    dated &= texts.lengths == len("DD-MM-JJJJ")
    pairs = digits * np.uint64(10) + (digits >> np.uint64(8))
    day, month, century, year = (
        ((pairs >> np.uint64(shift)) & np.uint64(0xFF)).view(np.int64) for shift in (0, 16, 32, 48)
    )
    place = (century * 100 + year - FIRST_YEAR) * 12 + month - 1
    dated &= (place >= 0) & (place < MONTH_STARTS.size) & np.isin(month, range(1, 13)) & (day >= 1)
    place[~dated] = 0
    dated &= day <= MONTH_LENGTHS[place]
    days = np.where(dated, MONTH_STARTS[place] + (day - 1), EMPTY)
    return days, dated | (texts.lengths == 0)


def _as_iso(texts: Texts, dated: Array) -> Texts:
    """Write the dates of a column as JJJJ-MM-DD; the other cells are left empty."""
    size = len("JJJJ-MM-DD")
    data = np.zeros(len(texts) * size + WORD, np.uint8)
    rows = data[: len(texts) * size].reshape(-1, size)
    own = texts.starts[dated]
    for place, source in enumerate((6, 7, 8, 9, None, 3, 4, None, 0, 1)):
        rows[dated, place] = ord("-") if source is None else texts.data[own + source]
    lengths = np.where(dated, size, 0).astype(np.int32)
    return Texts(data, np.arange(0, len(texts) * size, size, dtype=np.int32), lengths)


def _word(text: bytes) -> Any:
    return np.uint64(int.from_bytes(text, "little"))


def _are_ordinary(texts: Texts, field: Field) -> Array:
    """Give a mask of the cells that are plain text of an accepted length, or empty."""
    lengths = texts.lengths
    word = texts.kept_words(0)
    first = (word & np.uint64(0xFF)).astype(np.uint8)
    ordinary = _ORDINARY_STARTS.take(first)
    ordinary &= texts.data.take(texts.starts + np.maximum(lengths, 1) - 1) != _SPACE
    for code in {"0", field.unknown} - {None}:
        # `0_Nee` is a code with its label.
        labelled = f"{code}_".encode()[:WORD]
        ordinary &= word & np.uint64((1 << 8 * len(labelled)) - 1) != _word(labelled)
    ordinary |= word == _word(b"-1")
    if field.type is FieldType.UDI:
        # What a scanner reads begins otherwise.
        ordinary &= (first == _OPENING) | (lengths <= len("-1"))
    if field.max_length is not None:
        ordinary &= lengths <= field.max_length
    if field.min_length is not None:
        # A letter with an accent has two bytes.
        ordinary &= lengths >= 2 * field.min_length
    ordinary[texts.strange_cells()] = False
    ordinary |= lengths == 0
    return ordinary


@cache
def _small_numbers() -> Texts:
    return Texts.joined([str(number).encode() for number in range(dt.MAXYEAR + 1)])


def written(numbers: Array) -> Texts:
    """Write whole numbers from 0 to 9999 as a column; what is `EMPTY`, or less, is left empty."""
    known, table = numbers >= 0, _small_numbers()
    which = np.where(known, numbers, 0).astype(np.int64)
    return Texts(table.data, table.starts[which], np.where(known, table.lengths[which], 0))
