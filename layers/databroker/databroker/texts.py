"""Text in columns: a cell is a place in a buffer of UTF-8, so that a reader copies nothing.

A table has millions of cells. As Python objects they cost a hundred bytes and as many nanoseconds
each; as places in the bytes of the file they cost twelve bytes, and whole columns are looked at by
machine word.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Array: TypeAlias = np.ndarray[Any, Any]

WORD = 8
"""Bytes that are looked at together."""

_FEW = 32
"""Cells that are sooner looked at one by one."""

_FIRST_PRINTABLE, _LAST_PRINTABLE = np.uint8(0x20), np.uint8(0x7E)

_BEGIN_A_LETTER = np.zeros(256, bool)
_BEGIN_A_LETTER[[0xC3, 0xC4, 0xC5]] = True
"""The first bytes, in UTF-8, of the letters that a name is written with (U+00C0 to U+017F)."""

_MASKS = np.array([(1 << (8 * kept)) - 1 for kept in range(WORD + 1)], np.uint64)
"""What keeps the first so many bytes of a word."""


class Strange:
    """The bytes of a buffer that are neither printable ASCII nor of a Latin letter with an accent.

    They are looked for when first asked. The letters (U+00C0 to U+017F) take two bytes each.
    """

    def __init__(self, data: Array, between: Array | None = None) -> None:
        """Leave out the places `between` the cells, such as where the lines of a file end."""
        self._data = data
        self._between = between

    @cached_property
    def places(self) -> Array:
        """Give where they are."""
        data = self._data[: self._data.size - WORD]
        # Taken together: 0x20 is the first of the printable ones, and what is less wraps around.
        shifted = data - _FIRST_PRINTABLE
        strange = shifted.view(bool)
        np.greater(shifted, _LAST_PRINTABLE - _FIRST_PRINTABLE, out=strange)
        if self._between is not None:
            strange[self._between] = False
            self._between = None
        places = np.flatnonzero(strange)
        before = np.maximum(places - 1, 0)
        letters = _BEGIN_A_LETTER[self._data[places]] | _BEGIN_A_LETTER[self._data[before]]
        return places[~letters]


class Texts:
    """A column of text; a cell of no length is empty.

    `data` holds UTF-8 (uint8), at least `WORD` bytes further than the last cell reaches; `starts`
    and `lengths` (int32) count in bytes.
    """

    __slots__ = ("_words", "data", "lengths", "starts", "strange")

    def __init__(
        self, data: Array, starts: Array, lengths: Array, strange: Strange | None = None
    ) -> None:
        """Take the cells; `strange` is what the columns of one buffer know of it together."""
        self.data = data
        self.starts = starts
        self.lengths = lengths
        self.strange = strange
        self._words: dict[int, Array] = {}

    @classmethod
    def of(cls, cells: Iterable[str | None]) -> Texts:
        """Make a column of cells; None is an empty one. A lone surrogate is kept as it is."""
        texts = [cell or "" for cell in cells]
        whole = "".join(texts)
        if whole.isascii():
            lengths = np.fromiter(map(len, texts), np.int32, len(texts))
            return cls(buffer(whole.encode()), ends(lengths) - lengths, lengths)
        return cls.joined([text.encode("utf-8", "surrogatepass") for text in texts])

    @classmethod
    def joined(cls, parts: Sequence[bytes]) -> Texts:
        """Make a column of cells that are UTF-8 already."""
        lengths = np.fromiter(map(len, parts), np.int32, len(parts))
        return cls(buffer(b"".join(parts)), ends(lengths) - lengths, lengths)

    @classmethod
    def empty(cls, count: int) -> Texts:
        """Make a column of empty cells."""
        nothing = np.zeros(count, np.int32)
        return cls(buffer(b""), nothing, nothing)

    @classmethod
    def concat(cls, parts: Sequence[Texts]) -> Texts:
        """Put columns under each other, in a buffer of their own."""
        own = [part.compact() for part in parts]
        shifts = np.cumsum([0, *(part.data.size - WORD for part in own)])
        starts = [part.starts + shift for part, shift in zip(own, shifts[:-1], strict=True)]
        data = [part.data[: part.data.size - WORD] for part in own]
        return cls(
            np.concatenate([*data, np.zeros(WORD, np.uint8)]),
            np.concatenate(starts).astype(np.int32) if own else np.zeros(0, np.int32),
            np.concatenate([part.lengths for part in own]) if own else np.zeros(0, np.int32),
        )

    @classmethod
    def stacked(cls, parts: Sequence[Texts]) -> Texts:
        """Put columns under each other; a buffer that they share goes on being shared."""
        written = [part for part in parts if part.lengths.any()] or [parts[0]]
        data, strange = written[0].data, written[0].strange
        if any(part.data is not data for part in written):
            return cls.concat(parts)
        starts = [
            part.starts if part.data is data else np.zeros_like(part.starts) for part in parts
        ]
        return cls(
            data, np.concatenate(starts), np.concatenate([part.lengths for part in parts]), strange
        )

    def __len__(self) -> int:
        """Count the cells."""
        return int(self.lengths.size)

    def __getitem__(self, index: int) -> str | None:
        """Give a cell as text, None when it is empty."""
        return self.content(index).decode("utf-8", "surrogatepass") or None

    def content(self, index: int) -> bytes:
        """Give the bytes of a cell, of which a cut may have left half a letter."""
        start, length = int(self.starts[index]), int(self.lengths[index])
        return self.data[start : start + length].tobytes()

    def __iter__(self) -> Iterator[str | None]:
        """Give the cells from top to bottom."""
        return iter(self.tolist())

    def tolist(self) -> list[str | None]:
        """Give every cell as text, None where it is empty."""
        own = self.compact()
        if not own.lengths.size:
            return []
        whole = own.data[: own.data.size - WORD].tobytes()
        last = ends(own.lengths).tolist()
        if whole.isascii():
            text = whole.decode()
            return [text[i:j] or None for i, j in zip([0, *last], last, strict=False)]
        return [
            whole[i:j].decode("utf-8", "surrogatepass") or None
            for i, j in zip([0, *last], last, strict=False)
        ]

    def at(self, indexes: Sequence[int]) -> list[str | None]:
        """Give some cells as text."""
        if len(indexes) < _FEW:
            return [self[index] for index in indexes]
        return self.take(np.array(indexes)).tolist()

    def take(self, indexes: Array | slice) -> Texts:
        """Give some cells, by their indexes, a mask or a slice; the buffer is shared."""
        if isinstance(indexes, np.ndarray) and indexes.dtype != bool:
            starts, lengths = self.starts.take(indexes), self.lengths.take(indexes)
            return Texts(self.data, starts, lengths, self.strange)
        return Texts(self.data, self.starts[indexes], self.lengths[indexes], self.strange)

    def taken(self, indexes: Array) -> Texts:
        """Give some cells, by different indexes in order; when that is all of them, the same column."""
        return self if indexes.size == self.lengths.size else self.take(indexes)

    def cut(self, begin: int | Array, size: int | None = None) -> Texts:
        """Give the bytes of each cell from a place on, `size` of them at most."""
        lengths = self.lengths - begin
        if size is not None:
            lengths = np.minimum(lengths, size)
        return Texts(self.data, self.starts + begin, np.maximum(lengths, 0), self.strange)

    def between(self, starts: Array, ends: Array) -> Texts:
        """Give other cells in the same buffer."""
        return Texts(self.data, starts, ends - starts, self.strange)

    def words(self, number: int) -> Array:
        """Give the eight bytes from `8 * number` on of every cell (uint64), zeros past its end."""
        starts, left = self.starts, self.lengths
        if number:
            left = left - WORD * number
            long = np.flatnonzero(left > 0)
            if 2 * long.size < left.size:  # as where only a few texts are so long
                found = np.zeros(left.size, np.uint64)
                found[long] = self._read_words(starts[long] + WORD * number, left[long])
                return found
            starts = np.minimum(starts + WORD * number, self.data.size - WORD)
        return self._read_words(starts, left)

    def kept_words(self, number: int) -> Array:
        """Give the same, kept as long as the column: for what is asked more than once."""
        if number not in self._words:
            self._words[number] = self.words(number)
        return self._words[number]

    def _read_words(self, starts: Array, left: Array) -> Array:
        view: Array = np.ndarray(self.data.size - WORD + 1, "<u8", self.data.data, strides=(1,))
        found: Array = view[starts]
        found &= _MASKS.take(left, mode="clip")
        return found

    def with_words(self, words: Sequence[Array]) -> Texts:
        """Give the same column; these are known to be the words of its cells."""
        self._words = dict(enumerate(words))
        return self

    def begin_with(self, text: bytes) -> Array:
        """Give a mask of the cells that begin with a text."""
        begin = self.lengths >= len(text)
        for number in range(-(-len(text) // WORD)):
            part = text[WORD * number : WORD * (number + 1)]
            begin &= self.words(number) & _MASKS[len(part)] == int.from_bytes(part, "little")
        return begin

    def strange_cells(self) -> Array:
        """Give the indexes of the cells with anything strange in them (`Strange`), each once."""
        strange = (self.strange or Strange(self.data)).places
        if not strange.size or not self.starts.size:
            return np.zeros(0, np.int64)
        if (self.starts[1:] >= self.starts[:-1] + self.lengths[:-1]).all():
            cells = np.searchsorted(self.starts, strange, side="right") - 1
            inside = (cells >= 0) & (strange < self.starts[cells] + self.lengths[cells])
            return _once(cells[inside])
        last = np.searchsorted(strange, self.starts + self.lengths)
        return np.flatnonzero(np.searchsorted(strange, self.starts) < last)

    def patched(self, cells: Mapping[int, str | None]) -> Texts:
        """Give the column with other text in some cells, by index."""
        if not cells:
            return self
        own = self.compact()
        added = Texts.of(cells.values())
        where = np.fromiter(cells, np.int64, len(cells))
        starts, lengths = own.starts.copy(), own.lengths.copy()
        starts[where] = added.starts + (own.data.size - WORD)
        lengths[where] = added.lengths
        data = np.concatenate([own.data[: own.data.size - WORD], added.data])
        return Texts(data, starts, lengths)

    def blanked(self, where: Array) -> Texts:
        """Give the column with some cells empty (mask); only a compact copy forgets their text."""
        if not where.any():
            return self
        return Texts(self.data, self.starts, np.where(where, 0, self.lengths), self.strange)

    def compact(self) -> Texts:
        """Give the same cells in a buffer that holds them, in order, and nothing else."""
        last = ends(self.lengths)
        total = int(last[-1]) if last.size else 0
        firsts = last - self.lengths
        if total == self.data.size - WORD and np.array_equal(self.starts, firsts):
            return self
        data = np.zeros(total + WORD, np.uint8)
        filled = np.flatnonzero(self.lengths)
        jumps = np.ones(total, np.int32)
        if total:
            starts, own = self.starts[filled], firsts[filled]
            jumps[own[0]] = starts[0]
            jumps[own[1:]] = starts[1:] - (starts[:-1] + self.lengths[filled[:-1]] - 1)
            data[:total] = self.data[np.cumsum(jumps, out=jumps)]
        return Texts(data, firsts, self.lengths)


def _once(ordered: Array) -> Array:
    """Give numbers that are in order each once; np.unique would load half of NumPy for this."""
    different: Array = ordered[np.diff(ordered, prepend=-1) != 0]
    return different


def beginning(words: Array, sizes: Array) -> Array:
    """Give so many bytes of every word, and zeros for the others."""
    return words & _MASKS.take(sizes, mode="clip")


def buffer(content: bytes | bytearray | memoryview) -> Array:
    """Make a buffer for cells, with the room behind it that reading by word asks for."""
    data = np.zeros(len(content) + WORD, np.uint8)
    data[: len(content)] = np.frombuffer(content, np.uint8)
    return data


def ends(lengths: Array) -> Array:
    """Give where each of a row of cells ends, counted from the first (int32)."""
    return np.cumsum(lengths, dtype=np.int32)
