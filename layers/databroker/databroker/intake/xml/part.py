"""Part of an ordinary XML document, read by column: its tags are found all at once.

Ordinary is `<record>`, in it `<column>text</column>` or `<column/>`, white space between, and
nothing else: no comment, no CDATA. What is read here is well-formed; only the names of the tags,
their attributes and the references in a text are left for the parser to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.intake.sheet import MAX_LENGTH
from databroker.texts import WORD, Texts

if TYPE_CHECKING:
    from databroker.texts import Array

MAX_NAME = 8 * WORD
"""Bytes of a tag; a longer one is not ordinary, nor is a document with so many tags."""
MAX_TAGS = 1_000
MAX_GAP = 32 * WORD
"""Bytes of white space between tags, and how many ways there are to fill a word of it."""
MAX_GAPS = 50

_RECORD, _COLUMN = 1, 2
"""How deep the elements are."""

_BITS = 20
_ODD = np.random.default_rng(1).integers(1 << 63, size=MAX_NAME // WORD, dtype=np.uint64) * 2 + 1
"""What spreads the words of a name over the slots."""


class OtherFormError(Exception):
    """The document is not of the ordinary form, so an event at a time tells what it is."""


def hold(condition: object) -> None:
    """Go on only if this is so.

    Raises:
        OtherFormError: it is not.
    """
    if not condition:
        raise OtherFormError


@dataclass(frozen=True, slots=True)
class Part:
    """The records of a part: where the text of each cell stands, and under which tag.

    `lines` are those that the records start on, `sizes` how many cells each has. `coded` are the
    indexes of the cells whose bytes are not yet their text. `spoken` are the tags that say more
    than a name, each with the number of that. `breaks` counts the lines.
    """

    starts: Array
    lengths: Array
    tags: Array
    lines: Array
    sizes: Array
    coded: Array
    spoken: set[tuple[bytes, int]]
    breaks: int


class Tags:
    """The names of the tags, numbered in the order they are met; the first is the record's."""

    def __init__(self, record: bytes) -> None:
        """Know the name of a record."""
        self.names: list[bytes] = []
        self._slots = np.full(1 << _BITS, -1, np.int16)
        self._words = np.zeros((MAX_NAME // WORD, MAX_TAGS), np.uint64)
        self._lengths = np.zeros(MAX_TAGS, np.int32)
        self.numbers(Texts.joined([record]))

    def numbers(self, names: Texts) -> Array:
        """Give the number of every name.

        Raises:
            OtherFormError: too many names, too long, or two that cannot be told apart.
        """
        words = _words(names)
        mixed: Array = np.zeros(len(names), np.uint64)
        for word, odd in zip(words, _ODD, strict=False):
            mixed += word * odd
        slots = (mixed >> np.uint64(64 - _BITS)).astype(np.int64)
        found: Array = self._slots[slots]
        new = np.flatnonzero(found < 0)
        if new.size:
            _, firsts = np.unique(slots[new], return_index=True)
            for first in np.sort(new[firsts]).tolist():
                self._add(names[first] or "", int(slots[first]))
            found = self._slots[slots]
        self._verify(names.lengths, words, found)
        return found

    def verify(self, names: Texts, numbers: Array) -> None:
        """Make sure that these are the names with these numbers.

        Raises:
            OtherFormError: they are not.
        """
        self._verify(names.lengths, _words(names), numbers)

    def _verify(self, lengths: Array, words: list[Array], numbers: Array) -> None:
        hold((self._lengths[numbers] == lengths).all())
        for word, known in zip(words, self._words, strict=False):
            hold((known[numbers] == word).all())

    def _add(self, name: str, slot: int) -> None:
        number = len(self.names)
        hold(number < MAX_TAGS)
        self.names.append(name.encode())
        own = Texts.of([name])
        self._slots[slot] = number
        self._lengths[number] = own.lengths[0]
        for place, word in enumerate(_words(own)):
            self._words[place, number] = word[0]


def read_part(content: bytes, data: Array, first: int, last: int, tags: Tags) -> Part:
    """Read the records between two places, the ends of records; `data` holds the same as `content`.

    Raises:
        OtherFormError: it is not of the ordinary form.
    """
    written, part = content[first:last], data[first:last]
    breaks, marks = _check_characters(written, part)
    opens, closes = _brackets(part)
    ending = part[opens + 1] == ord("/")
    empty = (part[closes - 1] == ord("/")) & ~ending
    # A byte holds it: no step is more than one, so what goes too deep is seen before it overflows.
    depth = np.cumsum(1 - 2 * ending.view(np.int8) - empty.view(np.int8), dtype=np.int8)
    level = depth + empty.view(np.int8)
    hold(depth.min() == 0 and depth[-1] == 0 and level.max() <= _COLUMN)

    begins = opens + 1 + ending
    widths = closes - begins - empty
    opening, ended = np.flatnonzero(~ending), np.flatnonzero(ending)
    # An element of a column holds no other, so it is closed by the next tag.
    closed = ended[depth[ended] == _RECORD]
    whole = widths.copy()
    widths[closed - 1] = np.minimum(widths[closed], widths[closed - 1])
    records = opening[level[opening] == _RECORD]
    widths[records] = np.minimum(len(tags.names[0]), widths[records])
    spoken = np.flatnonzero(whole > widths).tolist()

    names = tags.numbers(Texts(data, begins[opening] + first, widths[opening]))
    hold(((names == 0) == (level[opening] == _RECORD)).all())
    numbers = np.zeros(opens.size, names.dtype)
    numbers[opening] = names
    expected = np.where(depth[ended] == _RECORD, numbers[ended - 1], 0)
    tags.verify(Texts(data, begins[ended] + first, widths[ended]), expected)

    after = closes + 1
    gaps = opens - np.concatenate([[0], after[:-1]])
    hold(np.diff(opens).max() <= MAX_LENGTH)
    between = gaps > 0
    between[closed] = False
    _check_spaces(Texts(data, (opens - gaps + first)[between], gaps[between]))

    cells = opening[names != 0]
    starts = after[cells]
    lengths = np.where(empty[cells], 0, gaps[cells + 1])
    return Part(
        (starts + first).astype(np.int32),
        lengths.astype(np.int32),
        numbers[cells],
        np.searchsorted(breaks, opens[records]),
        np.diff(np.searchsorted(cells, records), append=cells.size),
        _holding(marks, starts, lengths),
        {(written[opens[i] : after[i]], int(numbers[i])) for i in spoken},
        breaks.size,
    )


def _words(names: Texts) -> list[Array]:
    longest = int(names.lengths.max(initial=0))
    hold(longest <= MAX_NAME)
    return [names.words(number) for number in range(-(-longest // WORD))]


def _check_characters(written: bytes, part: Array) -> tuple[Array, Array]:
    """Give where lines end, and where a character stands for another."""
    if not written.isascii():
        try:
            text = written.decode()
        except UnicodeDecodeError as error:
            raise OtherFormError from error
        hold("\ufffe" not in text and "\uffff" not in text)
    breaks = np.flatnonzero(part == ord("\n"))
    others = np.count_nonzero(part < ord(" ")) - breaks.size
    returns = np.count_nonzero(part[breaks - 1] == ord("\r")) if others else 0
    if others > returns:
        hold(np.count_nonzero(part == ord("\t")) == others - returns)
    if not returns and b"&" not in written:
        return breaks, breaks[:0]
    return breaks, np.flatnonzero((part == ord("&")) | (part == ord("\r")))


def _brackets(part: Array) -> tuple[Array, Array]:
    """Give where each tag begins and ends; in a text, `>` is a character like any other."""
    opens, closes = np.flatnonzero(part == ord("<")), np.flatnonzero(part == ord(">"))
    if closes.size != opens.size or not _alternate(opens, closes):
        hold(b"]]>" not in part.tobytes())
        closes = closes[np.searchsorted(closes, opens)]
        hold(_alternate(opens, closes))
    return opens, closes


def _alternate(opens: Array, closes: Array) -> bool:
    return bool((opens < closes).all() and (closes[:-1] < opens[1:]).all())


def _check_spaces(gaps: Texts) -> None:
    """Make sure that nothing is written between the tags."""
    longest = int(gaps.lengths.max(initial=0))
    hold(longest <= MAX_GAP)
    for number in range(-(-longest // WORD)):
        left, ways = gaps.take(gaps.lengths > WORD * number).words(number), 0
        while left.size:
            ways += 1
            hold(ways <= MAX_GAPS and not int(left[0]).to_bytes(WORD, "little").strip(b" \t\r\n\0"))
            left = left[left != left[0]]


def _holding(marks: Array, starts: Array, lengths: Array) -> Array:
    """Give the indexes of the cells in which any of the marks stands."""
    if not (marks.size and starts.size):
        return np.zeros(0, np.int64)
    near = np.searchsorted(starts, marks, "right") - 1
    return np.unique(near[(near >= 0) & (marks < (starts + lengths)[near])])
