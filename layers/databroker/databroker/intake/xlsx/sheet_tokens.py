"""The rows of a worksheet as Excel, LibreOffice and their like write them, read by column.

What is read here is proven to be ordinary; any other row is for `sheet_scan`, which reads the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from databroker.intake.sheet import MAX_COLUMNS
from databroker.intake.xlsx.digits import MASKS
from databroker.intake.xlsx.grid import SPREAD, Grid
from databroker.intake.xlsx.tokens import Grammar, is_ordinary_text, without_entities, words_at
from databroker.texts import WORD, Texts, buffer

if TYPE_CHECKING:
    from collections.abc import Collection

    from databroker.intake.xlsx.grid import Meaning
    from databroker.intake.xlsx.tokens import Tags
    from databroker.texts import Array

LAST_ROW = 1_048_576
"""The last row of any worksheet (ECMA-376)."""

_ROW, _ROW_CLOSED, _CELL, _CELL_CLOSED = b"<row ", b"<row /", b"<c ", b"<c /"
_SPACED = b'<t xml:space="preserve">'
_NEXT_CELL = (_CELL, _CELL_CLOSED, b"</row>")
_GRAMMAR = Grammar(
    {
        b"": (_ROW, _ROW_CLOSED),
        _ROW: _NEXT_CELL,
        _ROW_CLOSED: (_ROW, _ROW_CLOSED, b""),
        b"</row>": (_ROW, _ROW_CLOSED, b""),
        _CELL: (b"<v>", b"<is>", b"</c>"),
        _CELL_CLOSED: _NEXT_CELL,
        b"</c>": _NEXT_CELL,
        b"<v>": (b"</v>",),
        b"</v>": (b"</c>",),
        b"<is>": (b"<t>", _SPACED),
        b"<t>": (b"</t>",),
        _SPACED: (b"</t>",),
        b"</t>": (b"</is>",),
        b"</is>": (b"</c>",),
    },
    texts=(b"<v>", b"<t>", _SPACED),
)
_CODE = _GRAMMAR.code

_ROW_TAG = re.compile(rb'<row r="([1-9][0-9]{0,6})"(.*?)/?>', re.DOTALL)
_ROW_TAIL = re.compile(rb'(?: [A-Za-z0-9]+(?::[A-Za-z0-9]+)?="[ !#-%\'-;=-~]*")*')
_ROW_NAME = re.compile(rb' (?:([A-Za-z0-9]+):)?([A-Za-z0-9]+)="')

_ADDRESS = b'<c r="'
_TAIL_WORDS = 3
_CELL_TAIL = re.compile(rb'( s="(?P<style>[0-9]{1,5})"| t="(?P<kind>[A-Za-z]{1,9})"){0,2}/?')
_BITS = 12
_MOST_TAILS = 256
"""Ways to end the tag of a row that are remembered: a workbook has a few heights."""


class Ordinary:
    """Reads the rows of a worksheet that have the ordinary form.

    `prefixes` are those of the namespaces that the attributes of a row may be in.
    """

    def __init__(self, meaning: Meaning, prefixes: Collection[str]) -> None:
        self._meaning = meaning
        self._tails = _Tails(meaning)
        self._prefixes = {prefix.encode() for prefix in prefixes} | {b""}
        self._row_tails = {b""}

    def read(self, piece: bytes, last: int) -> tuple[Grid, int, int] | None:
        """Read the rows at the beginning of a piece, as far as they have the ordinary form.

        `last` is the number of the row before them. Gives the number of their last row with them,
        and where they end; None when there are none.
        """
        data = buffer(piece)
        tags = _GRAMMAR.tags(data, len(piece))
        whole = piece if tags.size == len(piece) else piece[: tags.size]
        if not tags.size or not is_ordinary_text(whole, data):
            return None
        begins = np.flatnonzero((tags.codes == _CODE[_ROW]) | (tags.codes == _CODE[_ROW_CLOSED]))
        rows = self._rows(whole, tags, begins)
        if rows is None or rows[1][0] <= last or not (np.diff(rows[1]) > 0).all():
            return None
        grid = self._cells(whole, data, tags, begins, *rows)
        return None if grid is None else (grid, int(rows[1][-1]), tags.size)

    def _rows(self, piece: bytes, tags: Tags, begins: Array) -> tuple[Texts, Array] | None:
        """Give the number of each row, as its cells end (`12"`) and as a number."""
        found = []
        spans = zip(tags.starts[begins].tolist(), tags.nexts[begins].tolist(), strict=True)
        for start, end in spans:
            match = _ROW_TAG.fullmatch(piece, start, end)
            if match is None or not (match[2] in self._row_tails or self._is_row_tail(match[2])):
                return None
            found.append(match[1])
        numbers = np.array(list(map(int, found)), np.int32)
        if numbers[-1] > LAST_ROW:
            return None
        return Texts.joined([number + b'"' for number in found]), numbers

    def _is_row_tail(self, tail: bytes) -> bool:
        """Tell whether the attributes of a row besides its number are well-formed; they say nothing."""
        names = _ROW_NAME.findall(tail)
        good = (
            _ROW_TAIL.fullmatch(tail) is not None
            and len({name for _, name in names} - {b"r"}) == len(names)
            and {prefix for prefix, _ in names} <= self._prefixes
            and not {prefix or name for prefix, name in names} & {b"xmlns"}
        )
        if good and len(self._row_tails) < _MOST_TAILS:
            self._row_tails.add(tail)
        return good

    def _cells(
        self,
        piece: bytes,
        data: Array,
        tags: Tags,
        begins: Array,
        endings: Texts,
        numbers: Array,
    ) -> Grid | None:
        codes = tags.codes
        opened = np.flatnonzero((codes == _CODE[_CELL]) | (codes == _CODE[_CELL_CLOSED]))
        bounds = np.append(np.searchsorted(opened, begins), opened.size)
        at = np.repeat(np.arange(begins.size), np.diff(bounds))
        places, ends, good = _addresses(data, tags, opened, endings, at)
        good[1:] &= np.diff(at * MAX_COLUMNS + places) > 0
        tails = Texts(data, ends, tags.nexts[opened] - 1 - ends)
        shapes = self._tails.shapes(tails) if good.all() else None
        if shapes is None:
            return None

        behind = codes[np.minimum(opened + 1, codes.size - 1)]
        inline = behind == _CODE[b"<is>"]
        kept = np.flatnonzero(inline | (behind == _CODE[b"<v>"]))
        inline, shapes, at = inline[kept], shapes[kept], at[kept]
        held = opened[kept] + 1 + inline
        starts = tags.starts[held] + np.where(codes[held] == _CODE[_SPACED], len(_SPACED), 3)
        # A cell that says it holds the other kind of text holds none.
        right = inline == self._meaning.are_inline(shapes)
        lengths = np.where(right, tags.nexts[held] - starts, 0)
        written = Texts(data, starts.astype(np.int32), lengths.astype(np.int32))
        texts = without_entities(written, piece)
        if texts is None:
            return None
        filled, at = np.unique(at, return_inverse=True)
        return Grid(numbers[filled], at, places[kept], shapes, texts)


def _addresses(
    data: Array, tags: Tags, opened: Array, endings: Texts, at: Array
) -> tuple[Array, Array, Array]:
    """Read the addresses of cells: their columns, where they end, and which are ordinary.

    An ordinary one is of one or two letters and the number of the row that the cell is on.
    """
    words = tags.words[opened]
    first = (words >> np.uint64(48) & np.uint64(0xFF)).astype(np.int64) - ord("A")
    second = (words >> np.uint64(56)).astype(np.int64) - ord("A")
    double = second >= 0
    places = np.where(double, first * 26 + second + 26, first)
    good = (words & MASKS[len(_ADDRESS)]) == np.uint64(int.from_bytes(_ADDRESS, "little"))
    good &= (first >= 0) & (first < 26) & (second < 26) & (places < MAX_COLUMNS)  # noqa: PLR2004
    starts = tags.starts[opened] + len(_ADDRESS) + 1 + double
    lengths = endings.lengths[at]
    good &= (words_at(data, np.minimum(starts, data.size - WORD)) & MASKS[lengths]) == (
        endings.words(0)[at]
    )
    ends = starts + lengths
    good &= ends < tags.nexts[opened]
    return places, ends, good


class _Tails:
    """What the tag of a cell says behind its address, each way to say it understood once.

    Cells find it by a number that is made of the text: a table without a search, which only knows
    those that fell on a place of their own.
    """

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._shapes = np.full(1 << _BITS, -1, np.int64)
        self._words = np.zeros((_TAIL_WORDS, 1 << _BITS), np.uint64)

    def shapes(self, tails: Texts) -> Array | None:
        """Give the number of the shape of each cell, None when any of them is not ordinary."""
        if tails.lengths.max(initial=0) > _TAIL_WORDS * WORD:
            return None
        words = np.array([tails.words(number) for number in range(_TAIL_WORDS)])
        mixed = np.zeros(len(tails), np.uint64)
        for word, spread in zip(words, SPREAD, strict=True):
            mixed += word * spread
        places = (mixed >> np.uint64(64 - _BITS)).astype(np.int64)
        found = self._shapes[places]
        left = np.flatnonzero((found < 0) | (self._words[:, places] != words).any(axis=0))
        if not left.size:
            return found
        _, firsts, which = np.unique(mixed[left], return_index=True, return_inverse=True)
        some = left[firsts]
        if not np.array_equal(words[:, some][:, which], words[:, left]):
            return None
        shapes = [
            self._learn(tails, index, place)
            for index, place in zip(some.tolist(), places[some].tolist(), strict=True)
        ]
        if None in shapes:
            return None
        found[left] = np.array(shapes)[which]
        return found

    def _learn(self, tails: Texts, index: int, place: int) -> int | None:
        tail = (tails[index] or "").encode("utf-8", "surrogatepass")
        match = _CELL_TAIL.fullmatch(tail)
        if match is None or tail.count(b" s=") > 1 or tail.count(b" t=") > 1:
            return None
        kind, style = match["kind"] or b"n", match["style"] or b"0"
        self._shapes[place] = shape = self._meaning.shape(kind.decode(), int(style))
        for number in range(_TAIL_WORDS):
            part = tail[number * WORD : (number + 1) * WORD]
            self._words[number][place] = int.from_bytes(part, "little")
        return shape
