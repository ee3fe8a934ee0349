"""Digits in columns of text, eight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from databroker.texts import WORD

if TYPE_CHECKING:
    from databroker.texts import Array, Texts

MASKS = np.array([(1 << (8 * kept)) - 1 for kept in range(WORD + 1)], np.uint64)
"""What keeps the first so many bytes of a word."""

_EXACT = 15
"""Digits that any reader of a spreadsheet keeps."""
_ZEROS, _POINTS, _SIXES, _HIGH, _LOW = (
    np.uint64(each * 0x0101010101010101) for each in (0x30, 0x2E, 0x06, 0xF0, 0x7F)
)
_PAIRS, _FOURS, _EIGHTS = (
    (np.uint64(mask), np.uint64(ten << shift | 1), np.uint64(shift))
    for mask, ten, shift in (
        (0x0F0F0F0F0F0F0F0F, 10, 8),
        (0x00FF00FF00FF00FF, 100, 16),
        (0x0000FFFF0000FFFF, 10_000, 32),
    )
)


def whole_numbers(texts: Texts) -> Array:
    """Read numbers of at most eight digits (int64); what is anything else is -1."""
    lengths = texts.lengths
    room = WORD - np.minimum(lengths, WORD)
    # The first digit is the lowest byte: they are moved up, over zeros.
    word = texts.words(0) << (room * 8 & 63).astype(np.uint64)
    word |= _ZEROS & MASKS[room]
    good = _all_digits(word) & (lengths > 0) & (lengths <= WORD)
    for mask, factor, shift in (_PAIRS, _FOURS, _EIGHTS):
        word = (word & mask) * factor >> shift
    return np.where(good, word.astype(np.int64), -1)


def are_as_written(texts: Texts) -> Array:
    """Tell which numbers are seen as they are written.

    Those are of few enough digits, without a sign, an exponent or a zero that says nothing.
    """
    good = (texts.lengths > 0) & (texts.lengths <= _EXACT)
    points = np.zeros(len(texts), np.uint8)
    for number in range(2):
        left = np.clip(texts.lengths - WORD * number, 0, WORD)
        word = texts.words(number) | (_ZEROS & ~MASKS[left])
        other = word ^ _POINTS
        point = ~(((other & _LOW) + _LOW) | other | _LOW) >> np.uint64(7)
        points += np.bitwise_count(point)
        good &= _all_digits(word ^ point * np.uint64(ord(".") ^ ord("0")))
    first = texts.words(0)
    second, first = first >> np.uint64(8) & np.uint64(0xFF), first & np.uint64(0xFF)
    last = texts.data[texts.starts + np.maximum(texts.lengths, 1) - 1]
    good &= (first != ord("0")) | (texts.lengths == 1) | (second == ord("."))
    good &= (points == 0) | ((points == 1) & (first != ord(".")) & (last > ord("0")))
    return good


def _all_digits(word: Array) -> Array:
    good: Array = ((word & _HIGH) == _ZEROS) & (((word + _SIXES) & _HIGH) == _ZEROS)
    return good
