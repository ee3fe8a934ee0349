"""The UDIs of a whole column, taken apart at once.

What a UDI is, `databroker.rules.udi` tells. Here those of the ordinary form are proven to be one,
part by part; any other text is asked there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.rules.memo import Memo, mixed
from databroker.rules.udi import FREE_TEXT, gtin_ok, parse_udi, read_day
from databroker.rules.vectors import EMPTY
from databroker.texts import WORD, Texts, beginning

if TYPE_CHECKING:
    import datetime as dt

    from databroker.rules.vectors import Text
    from databroker.texts import Array

_MARK, _HEAD, _DATE = len("(17)"), len("(01)09520123456788"), len("281231")
_GTIN_WORDS, _WORDS = 2, 3
"""Words that hold a GTIN, and the longest free text."""
_LONGEST_FREE = 20

_MARK_BYTES = np.uint64(0xFFFF_FFFF)
_FREE = np.array([FREE_TEXT.fullmatch(chr(byte)) is not None for byte in range(256)])


@dataclass(frozen=True, slots=True)
class Implants:
    """What the UDIs of a column say.

    `valid` is a mask. `produced` and `expires` are days. `lot` and `serial` (uint64) name the lot
    number and the implant, equal for equal ones; 0 where there is none.
    """

    valid: Array
    produced: Array
    expires: Array
    lot: Array
    serial: Array

    @classmethod
    def none(cls, count: int) -> Implants:
        """Start with a column without any."""
        return cls(
            np.zeros(count, bool),
            np.full(count, EMPTY),
            np.full(count, EMPTY),
            np.zeros(count, np.uint64),
            np.zeros(count, np.uint64),
        )


class Names:
    """What is called by one name each: implants, lots. They can only be compared."""

    def __init__(self, names: Array) -> None:
        """Take the names (uint64); 0 is none."""
        self.names = names

    def equals(self, other: Any) -> Any:
        """Give a mask of the cells with the same name, or of those with none."""
        if other is None:
            return self.names == 0
        return self.names == other.names if isinstance(other, Names) else False


class UdiReader:
    """Takes UDIs apart, and remembers the GTINs and dates it met."""

    def __init__(self) -> None:
        """Start without memories."""
        self._gtins: Memo[bool] = Memo(empty=False)
        self._days: Memo[float] = Memo(EMPTY)

    def read(self, text: Text) -> Implants:
        """Read a column."""
        found = Implants.none(len(text))
        first = text.word(0)
        begun = np.flatnonzero((first & _MARK_BYTES) == _mark("01"))
        others = first != 0
        others[list(text.odd)] = True
        others[begun[self._read_ordinary(text.texts.take(begun), begun, found)]] = False
        for code in (b"0", b"-1"):
            others &= first != int.from_bytes(code, "little")
        for index in np.flatnonzero(others).tolist():
            _read_one(text[index] or "", index, found)
        return found

    def _read_ordinary(self, texts: Texts, where: Array, found: Implants) -> Array:
        """Read texts that begin with a GTIN; gives a mask of those that are proven to be a UDI."""
        ends, places = texts.starts + texts.lengths, texts.starts + _HEAD
        heads = texts.between(texts.starts + _MARK, np.minimum(ends, places))
        gtins = mixed([heads.words(number) for number in range(_GTIN_WORDS)])
        good = self._gtins.values(gtins, lambda index: gtin_ok(_ascii(heads, index)))
        days = {"11": np.full(where.size, EMPTY), "17": np.full(where.size, EMPTY)}
        names = {"10": np.zeros(where.size, np.uint64), "21": np.zeros(where.size, np.uint64)}
        left = np.flatnonzero(good & (places < ends))
        while left.size:
            marks = texts.between(places[left], ends[left]).words(0) & _MARK_BYTES
            good[left] = False
            for identifier, values in (days | names).items():
                own = left[marks == _mark(identifier)]
                own = own[(values[own] == EMPTY) if identifier in days else (values[own] == 0)]
                part = texts.between(places[own] + _MARK, ends[own])
                if identifier in days:
                    values[own] = self._read_days(part)
                    good[own] = values[own] != EMPTY
                    places[own] += _MARK + _DATE
                else:
                    values[own], sizes = _read_free(part)
                    good[own] = values[own] != 0
                    places[own] += _MARK + sizes
            left = left[good[left] & (places[left] < ends[left])]
        at = where[good]
        found.valid[at] = True
        found.produced[at], found.expires[at] = days["11"][good], days["17"][good]
        found.lot[at] = names["10"][good]
        found.serial[at] = _implant(gtins[good], names["21"][good])
        return good

    def _read_days(self, part: Texts) -> Array:
        """Read the date that each text begins with; `EMPTY` where there is none."""
        digits = part.between(part.starts, part.starts + np.minimum(part.lengths, _DATE))
        return self._days.values(digits.words(0), lambda index: _day(_ascii(digits, index)))


def _ascii(texts: Texts, index: int) -> str:
    return texts.content(index).decode("ascii", "replace")


def _mark(identifier: str) -> np.uint64:
    return np.uint64(int.from_bytes(f"({identifier})".encode(), "little"))


def _day(digits: str) -> float:
    day = read_day(digits)
    return EMPTY if day is None else float(day.toordinal())


def _read_free(part: Texts) -> tuple[Array, Array]:
    """Give a name for the lot or serial number that each text begins with, and its length.

    The name is 0 where none is there, or something follows that is not the next part.
    """
    # One byte more than the longest has, so that each of them ends.
    count = min(int(part.lengths.max(initial=0)) // WORD + 1, _WORDS)
    words = [part.words(number) for number in range(count)]
    rows = np.stack(words, axis=1).view(np.uint8)
    lengths = _FREE[rows].argmin(axis=1).astype(np.int32)
    after = rows[np.arange(len(part)), lengths]
    ends = (after == ord("(")) | (lengths == part.lengths)
    fits = ends & (lengths > 0) & (lengths <= _LONGEST_FREE)
    own = [beginning(word, lengths - WORD * number) for number, word in enumerate(words)]
    return np.where(fits, mixed(own), np.uint64(0)), lengths


def _implant(gtins: Array, serials: Array) -> Array:
    """Name the implants by GTIN and serial number together; 0 without a serial number."""
    return np.where(serials == 0, np.uint64(0), mixed([gtins, serials]))


def _read_one(text: str, index: int, found: Implants) -> None:
    udi = parse_udi(text)
    if udi is None:
        return
    found.valid[index] = True
    found.produced[index] = _ordinal(udi.produced)
    found.expires[index] = _ordinal(udi.expires)
    found.lot[index] = _name(udi.lot)[0]
    found.serial[index] = _implant(_name(udi.gtin), _name(udi.serial))[0]


def _ordinal(day: dt.date | None) -> float:
    return EMPTY if day is None else float(day.toordinal())


def _name(text: str | None) -> Array:
    texts = Texts.of([text])
    return mixed([texts.words(number) for number in range(_WORDS)])
