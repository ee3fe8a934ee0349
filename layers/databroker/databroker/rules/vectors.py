"""Values of many records at once, as conditions see them.

A condition works on whole columns. Numbers, codes and dates (as days) are float64 with `EMPTY`
for an empty cell; texts are `Text`; what is true or false is a mask of booleans. A value that is
the same for every record is what Python has for it: a number, a text, a boolean or None.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from databroker.rules.memo import Memo, mixed
from databroker.texts import WORD, Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from databroker.texts import Array

Vector: TypeAlias = Any
"""An array, a `Text`, or one value for every record."""

EMPTY = -np.inf
"""An empty cell among numbers: less than any, and equal to itself as None is."""

_BEYOND_ASCII = np.uint64(0x8080_8080_8080_8080)
_FEW = 64
"""One in so many texts is looked at on its own rather than written in a new buffer."""
_LONGEST = 128
"""Bytes of a text that is compared by word; longer ones are compared one by one."""


class Names(dict[str, Any]):
    """Names and their values; one that is not here is asked further out."""

    def __init__(
        self,
        further: Callable[[str], Any],
        own: Mapping[str, Any] | None = None,
        given: Callable[[Vector], Vector] | None = None,
    ) -> None:
        """Start with own names, and where to ask for the others; `given` is what comes of those."""
        super().__init__(own or {})
        self._further = further
        self._given = given

    def __missing__(self, name: str) -> Any:
        """Ask further out."""
        found = self._further(name)
        return found if self._given is None else self._given(found)


class Text:
    """A column of texts.

    The plain ones (nothing strange in them, not too long) are looked at by word of eight bytes;
    `odd` holds the others by index, as well as some that were changed, and their words are zero. An
    empty cell has zeros only.
    """

    def __init__(self, texts: Texts, odd: Mapping[int, str]) -> None:
        """Take the plain texts, and the odd ones by index."""
        self.texts = texts
        self.odd = odd
        self.implants: Any = None
        self.lower: Text | None = None
        self.count = max(-(-int(texts.lengths.max(initial=0)) // WORD), 1)

    @classmethod
    def of(cls, texts: Texts) -> Text:
        """Take a column as it is stored."""
        long = np.flatnonzero(texts.lengths > _LONGEST)
        odd = {
            at: texts[at] or "" for part in (texts.strange_cells(), long) for at in part.tolist()
        }
        if odd:
            lengths = texts.lengths.copy()
            lengths[list(odd)] = 0
            texts = Texts(texts.data, texts.starts, lengths, texts.strange)
        return cls(texts, odd)

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.texts)

    def __getitem__(self, index: int) -> str | None:
        """Give one cell, None when it is empty."""
        return self.odd.get(index) or self.texts[index]

    def patched(self, cells: Mapping[int, str | None]) -> Text:
        """Give the column with other text in some cells, by index."""
        if not cells:
            return self
        odd = {**self.odd, **cells}
        if len(cells) * _FEW > len(self):
            return Text.of(self.texts.patched(odd))
        where = np.zeros(len(self), bool)
        where[list(cells)] = True
        return Text(self.texts.blanked(where), {at: text for at, text in odd.items() if text})

    def take(self, indexes: Array) -> Text:
        """Give some texts, by index."""
        odd = {}
        if self.odd:
            text_at = self.odd.get
            found = ((place, text_at(at)) for place, at in enumerate(indexes.tolist()))
            odd = {place: text for place, text in found if text is not None}
        return Text(self.texts.take(indexes), odd)

    @property
    def filled(self) -> Array:
        """Give a mask of the cells with anything in them."""
        filled: Array = self.texts.lengths > 0
        filled[list(self.odd)] = True
        return filled

    def word(self, number: int) -> Array:
        """Give one word of every text; past the longest there are only zeros."""
        return self.texts.kept_words(number)

    def words(self) -> list[Array]:
        """Give the words of the texts, at least one."""
        return [self.word(number) for number in range(self.count)]

    def last_word(self) -> Array:
        """Give the last eight bytes of the plain texts, zeros in front where there are less."""
        texts = self.texts
        ends = texts.starts + texts.lengths
        size = np.minimum(texts.lengths, WORD)
        words = texts.between(ends - size, ends).words(0)
        return np.where(size == 0, 0, words << (8 * (WORD - size)).astype(np.uint64))

    def keys(self) -> Array:
        """Give a key (uint64) for every text, 0 for an empty one; equal texts have equal keys."""
        keys = mixed(self.words()).copy()
        if self.odd:
            odd = Texts.of(self.odd.values())
            count = -(-int(odd.lengths.max()) // WORD)
            keys[list(self.odd)] = mixed([odd.words(number) for number in range(count)])
        return keys

    def bytes(self) -> Array:
        """Give the plain texts as a table of bytes (uint8), a row each, zeros behind them."""
        return np.stack(self.words(), axis=1).view(np.uint8)

    def changed(
        self,
        words: Sequence[Array],
        lengths: Array,
        change: Callable[[str], str | None],
        unsure: Array,
    ) -> Text:
        """Give other texts in place of these.

        `words` and `lengths` are those of the plain ones; `change` makes the same of an odd one,
        and of one with an `unsure` byte (mask of 256), of which the words do not tell.
        """
        odd = {index: change(text) or "" for index, text in self.odd.items()}
        if asked := self._with_any(unsure):
            odd |= {index: change(self[index] or "") or "" for index in asked}
            words, lengths = [word.copy() for word in words], lengths.copy()
            for values in (*words, lengths):
                values[asked] = 0
        count = len(words)
        data = np.zeros((self.texts.lengths.size + 1, count), np.uint64)
        for number, word in enumerate(words):
            data[:-1, number] = word
        starts = np.arange(0, len(self) * count * WORD, count * WORD, dtype=np.int32)
        return Text(Texts(data.ravel().view(np.uint8), starts, lengths).with_words(words), odd)

    def _with_any(self, marked: Array) -> list[int]:
        """Give the indexes of the plain texts with one of some bytes, all beyond ASCII (mask)."""
        words = self.words()
        beyond = np.flatnonzero(reduce(operator.or_, words) & _BEYOND_ASCII)
        rows = np.stack([word[beyond] for word in words], axis=1).view(np.uint8)
        found: list[int] = beyond[marked[rows].any(axis=1)].tolist()
        return found

    def equals(self, other: Text | str | None) -> Array:
        """Give a mask of the cells that are the same as the other's, or as one text."""
        if other is None:
            return ~self.filled
        if isinstance(other, str):
            return self._equals_text(other)
        same: Array = self.word(0) == other.word(0)
        for number in range(1, max(self.count, other.count)):
            same &= self.word(number) == other.word(number)
        for index in self.odd.keys() | other.odd.keys():
            same[index] = self[index] == other[index]
        return same

    def _equals_text(self, text: str) -> Array:
        content = text.encode("utf-8", "surrogatepass")
        same: Array = self.texts.lengths == len(content)
        for number in range(min(-(-len(content) // WORD), self.count)):
            part = content[WORD * number : WORD * (number + 1)]
            same &= self.word(number) == np.uint64(int.from_bytes(part, "little"))
        for index, odd in self.odd.items():
            same[index] = odd == text
        return same


@dataclass(frozen=True)
class Owners:
    """Of which record each lead is: `records` (indexes), out of `count` of them."""

    records: Array
    count: int

    def given(self, value: Vector) -> Vector:
        """Give every lead what its record has."""
        return value.take(self.records) if hasattr(value, "take") else value

    def having(self, leads: Array) -> Array:
        """Give a mask of the records with any of some leads (mask)."""
        found = np.zeros(self.count, bool)
        found[self.records[leads]] = True
        return found

    def counted(self, leads: Array) -> Array:
        """Count, for every record, which of some leads it has (mask)."""
        return np.bincount(self.records[leads], minlength=self.count).astype(float)

    def doubled(self, leads: Array, value: Vector) -> Array:
        """Give a mask of the records of which two of some leads (mask) have the same value."""
        at = np.flatnonzero(leads)
        at = at[np.argsort(self.records[at], kind="stable")]
        records = self.records[at]
        keys = [key[at] for key in _keys(value, leads.size)]
        found = np.zeros(self.count, bool)
        for apart in range(1, records.size):
            same = records[apart:] == records[:-apart]
            if not same.any():
                break
            for key in keys:
                same &= key[apart:] == key[:-apart]
            found[records[apart:][same]] = True
        return found


@dataclass(frozen=True)
class OfLeads:
    """What a loop over leads collects: which leads are meant (mask), and the value of each."""

    owners: Owners
    meant: Array
    value: Vector


def _keys(value: Vector, count: int) -> list[Array]:
    """Give columns (arrays) that are the same where values are."""
    if isinstance(value, tuple):
        return [key for part in value for key in _keys(part, count)]
    if isinstance(value, np.ndarray):
        return [value]
    return [value.keys()] if hasattr(value, "keys") else [np.zeros(count, bool)]


class Answers:
    """What a function says of texts, asked once of each text that looks different to it.

    `alike` (uint8, a row for each byte) gives bytes that mean the same to the function one look.
    """

    def __init__(self, function: Callable[[str | None], bool], alike: Array | None = None) -> None:
        """Ask a function of one text."""
        self._function = function
        self._alike = alike
        self._memo: Memo[bool] = Memo(function(None))
        self._odd: dict[str, bool] = {}

    def of(self, text: Text) -> Array:
        """Give the answers for a column (mask)."""
        words = text.words()
        if self._alike is not None:
            words = [looked_up(self._alike, word) for word in words]
        answers = self._memo.values(mixed(words), lambda index: self._function(text[index]))
        for index, odd in text.odd.items():
            if odd not in self._odd:
                self._odd[odd] = self._function(odd)
            answers[index] = self._odd[odd]
        return answers


def looked_up(table: Array, words: Array) -> Array:
    """Look up every byte of some words in a table (uint8); zero stays zero."""
    filled = words != 0
    if 2 * np.count_nonzero(filled) >= words.size:
        return np.frombuffer(words.tobytes().translate(table.tobytes()), np.uint64)
    found = np.zeros(words.size, np.uint64)  # as where only a few texts are so long
    found[filled] = looked_up(table, words[filled])
    return found


def truth(value: Vector) -> Vector:
    """Tell what counts as true: as in Python, nothing empty does, nor zero."""
    if isinstance(value, np.ndarray):
        return value if value.dtype == bool else (value != 0) & (value != EMPTY)
    if isinstance(value, Text):
        return value.filled
    return bool(value)


def nowhere(mask: Vector) -> bool:
    """Tell whether nothing is true."""
    return not (mask.any() if isinstance(mask, np.ndarray) else mask)


def everywhere(mask: Vector) -> bool:
    """Tell whether everything is true."""
    return bool(mask.all() if isinstance(mask, np.ndarray) else mask)


def no(mask: Vector) -> Vector:
    """Turn true and false around."""
    return ~mask if isinstance(mask, np.ndarray) else not mask


def equal(left: Vector, right: Vector) -> Vector:
    """Tell where two values are the same; two empty ones are, as None is None."""
    if isinstance(left, tuple) or isinstance(right, tuple):
        return _equal_rows(left, right)
    if not _is_many(left):
        left, right = right, left
    if not _is_many(left):
        return left == right
    if isinstance(left, np.ndarray):
        return _equal_numbers(left, right)
    return left.equals(right)


def compared(operation: Callable[[Any, Any], Any], left: Vector, right: Vector) -> Vector:
    """Compare two numbers or two days; with an empty one it is never true."""
    if left is None or right is None:
        return False
    answer = operation(left, right)
    for side in (left, right):
        if isinstance(side, np.ndarray):
            answer &= side != EMPTY
    return answer


def _is_many(value: Vector) -> bool:
    return isinstance(value, np.ndarray) or hasattr(value, "equals")


def _equal_numbers(numbers: Array, other: Vector) -> Vector:
    if other is None:
        return numbers == EMPTY if numbers.dtype != bool else False
    if isinstance(other, str) or hasattr(other, "equals"):
        return False
    return numbers == other


def _equal_rows(left: Vector, right: Vector) -> Vector:
    if not (isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right)):
        return False
    same: Vector = True
    for one, other in zip(left, right, strict=True):
        same = same & equal(one, other)
    return same
