"""The UDIs of a whole column, taken apart at once.

What a UDI is, `databroker.rules.udi` tells. Here those of the ordinary form are proven to be one,
part by part; any other text is asked there.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.rules.memo import Memo, mixed
from databroker.rules.udi import FREE_TEXT, gtin_ok, parse_udi, read_day
from databroker.rules.vectors import EMPTY, looked_up
from databroker.texts import WORD, Texts, beginning

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from databroker.rules.vectors import Text
    from databroker.texts import Array

_MARK, _HEAD, _DATE = len("(17)"), len("(01)09520123456788"), len("281231")
_GTIN_WORDS, _WORDS = 2, 3
"""Words that hold a GTIN, and the longest free text."""
_LONGEST_FREE = 20

_MARK_BYTES = np.uint64(0xFFFF_FFFF)
_FREE = np.array([FREE_TEXT.fullmatch(chr(byte)) is not None for byte in range(256)])
_NOT_FREE = (~_FREE).astype(np.uint8)
_NOT_FREE[0] = 0

_DAYS = ("11", "17")
_PARTS = ("17", "21", "10", "11")
"""What may follow the GTIN: days, and text of any length."""


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

    def part(self, identifier: str) -> Array:
        """Give what one part says, by its GS1 application identifier.

        Raises:
            KeyError: it is not a part that is kept.
        """
        kept = {"11": self.produced, "17": self.expires, "10": self.lot, "21": self.serial}
        return kept[identifier]

    def keep(self, where: Array, parts: Mapping[str, Array]) -> None:
        """Keep what valid UDIs say, by index: their GTIN and the parts that they have."""
        self.valid[where] = True
        for identifier, said in parts.items():
            if identifier == "21":
                self.serial[where] = mixed([parts["01"], said])
            elif identifier != "01":
                self.part(identifier)[where] = said

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


def _some(values: Array, indexes: Array) -> Array:
    """Give some values, by different indexes in order; when that is all of them, the same array."""
    return values if indexes.size == values.size else values.take(indexes)


class Names:
    """What is called by one name each: implants, lots. They can only be compared."""

    def __init__(self, names: Array) -> None:
        """Take the names (uint64); 0 is none."""
        self.names = names

    def keys(self) -> Array:
        """Give the names themselves (uint64)."""
        return self.names

    def take(self, indexes: Array) -> Names:
        """Give some names, by index."""
        return Names(self.names[indexes])

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
        self._read_ordinary(begun, text.texts.take(begun), found)
        others = (first != 0) & ~found.valid
        others[list(text.odd)] = True
        for code in (b"0", b"-1"):
            others &= first != int.from_bytes(code, "little")
        for index in np.flatnonzero(others).tolist():
            _read_one(text[index] or "", index, found)
        return found

    def _read_ordinary(self, where: Array, texts: Texts, found: Implants) -> None:
        """Read texts that begin with a GTIN, as far as they are proven to be a UDI."""
        heads = texts.cut(_MARK, _HEAD - _MARK)
        gtins = mixed([heads.words(number) for number in range(_GTIN_WORDS)])
        good = self._gtins.values(gtins, lambda index: gtin_ok(_ascii(heads, index)))
        here = np.flatnonzero(good & (texts.lengths >= _HEAD))
        rest = texts.taken(here).cut(_HEAD)
        self._read_parts(_some(where, here), rest, {"01": _some(gtins, here)}, found)

    def _read_parts(
        self, where: Array, rest: Texts, read: Mapping[str, Array], found: Implants
    ) -> None:
        """Read the `rest` of some texts, part after part; `read` are the parts before."""
        ended = np.flatnonzero(rest.lengths == 0)
        if ended.size:
            found.keep(
                _some(where, ended), {name: _some(said, ended) for name, said in read.items()}
            )
        if ended.size == where.size:
            return
        marks = rest.words(0) & _MARK_BYTES
        for identifier in _PARTS:
            here = np.flatnonzero(marks == _mark(identifier))
            if not here.size or identifier in read:
                continue
            part = rest.taken(here).cut(_MARK)
            values, sizes = self._read_days(part) if identifier in _DAYS else _read_free(part)
            good = np.flatnonzero(values != (EMPTY if identifier in _DAYS else 0))
            before = {name: _some(_some(said, here), good) for name, said in read.items()}
            self._read_parts(
                _some(_some(where, here), good),
                part.taken(good).cut(_some(sizes, good)),
                {**before, identifier: _some(values, good)},
                found,
            )

    def _read_days(self, part: Texts) -> tuple[Array, Array]:
        """Read the date that each text begins with, `EMPTY` where there is none; gives its length."""
        digits = part.cut(0, _DATE)
        days = self._days.values(digits.words(0), lambda index: _day(_ascii(digits, index)))
        return days, digits.lengths


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
    lengths = part.lengths.copy()
    # Most are the last part: nothing else is in them.
    other = reduce(operator.or_, [looked_up(_NOT_FREE, word) for word in words]) != 0
    longer = np.flatnonzero(other | (lengths >= WORD * count))
    if longer.size:
        rows = np.stack([word[longer] for word in words], axis=1).view(np.uint8)
        lengths[longer] = _FREE[rows].argmin(axis=1)
        after = rows[np.arange(longer.size), lengths[longer]]
        words = [beginning(word, lengths - WORD * number) for number, word in enumerate(words)]
    fits = (lengths > 0) & (lengths <= _LONGEST_FREE)
    if longer.size:
        fits[longer] &= (after == ord("(")) | (lengths[longer] == part.lengths[longer])
    return np.where(fits, mixed(words), np.uint64(0)), lengths


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
