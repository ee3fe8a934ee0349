"""Rules that look at more than one record of the file (F-203, F-231, W-209, BW-014)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.records import Records
from databroker.rules import NUMBER
from databroker.rules.bulk import BEYOND_ASCII, FUNCTIONS, UPPER
from databroker.rules.calendar import civil
from databroker.rules.memo import mixed, spread
from databroker.rules.vectors import EMPTY, Text, looked_up
from databroker.texts import WORD, Texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from databroker.rules.evaluate import Answered, Examination
    from databroker.rules.part import Part
    from databroker.rules.rows import Rows
    from databroker.texts import Array

_DAY, _DEVICE = "interv_datum", "impl_device_code"
_LEAD, _LEAD_DONE = "lead_code{n}", "lead_ingreep"
_NEW = 10
"""What `lead_ingreep` is when a lead was placed (implantatie)."""

_MONTHS_IN_YEAR = 12
_MOST_BITS = 22
"""Of the place in a table of names."""


@dataclass(frozen=True)
class _Kept:
    """What is kept of some records until all were seen; of a million that is some 100 MB.

    `part` has their numbers only. `number` (uint64, capitals and small letters alike)
    and `day` are what is compared of each record, 0 and `EMPTY` for one that is not asked. `series`,
    `place` and `plain` are what `_numbered` says of the numbers.
    """

    part: Part
    nameless: Array
    number: Array
    day: Array
    series: Array
    place: Array
    plain: Array


@dataclass(frozen=True)
class _Placed:
    """The new implants in one column of some records: by index, as delivered, and their names."""

    kept: int
    column: str
    index: Array
    texts: Texts
    implant: Array


class Across:
    """Compares the records of a delivery with each other, when all were seen."""

    def __init__(self, examination: Examination) -> None:
        """Start without records."""
        self._examination = examination
        self._notes = examination.notes
        self._kept: list[_Kept] = []
        self._placed: list[_Placed] = []

    def add(self, done: Answered) -> None:
        """Remember some records."""
        part, asked = done.part, done.asked.mask
        day = part.value(_DAY)
        named = part.cells(NUMBER).canonical() if part.has(NUMBER) else Texts.empty(part.size)
        text = _capitals(Text.of(named))
        days = np.full(part.size, EMPTY) if day is None else day
        self._remember_implants(done)
        self._kept.append(
            _Kept(
                self._examination.part(_numbers_only(part.records)),
                _once_if_all_the_same(done.asked.nameless),
                np.where(asked, text.keys(), np.uint64(0)),
                np.where(asked, days, EMPTY),
                *map(_once_if_all_the_same, _numbered(text)),
            )
        )

    def note(self) -> None:
        """Ask the rules on more than one record, as far as the dataset has them."""
        for code, find in _ACROSS.items():
            if code in self._notes.dataset.rules:
                find(self)

    def missing_months(self, refused: Collection[int]) -> list[str]:
        """Give the months without accepted interventions between the first and last (BW-014)."""
        months: set[int] = set()
        gone = np.fromiter(refused, np.int32, len(refused))
        for kept in self._kept:
            there = (kept.day != EMPTY) & ~np.isin(kept.part.records.numbers, gone)
            year, month, _ = civil(kept.day[there])
            months.update((year * _MONTHS_IN_YEAR + month - 1).tolist())
        if not months:
            return []
        missing = sorted(set(range(min(months), max(months))) - months)
        return [
            f"{month % _MONTHS_IN_YEAR + 1:02d}-{month // _MONTHS_IN_YEAR}" for month in missing
        ]

    def _remember_implants(self, done: Answered) -> None:
        """Remember the new implants of some records."""
        part, asked = done.part, done.asked
        self._remember(part, part, _DEVICE, asked.mask)
        if part.leads.has(_LEAD_DONE):
            placed = asked.asked(part.leads) & (part.leads.value(_LEAD_DONE) == _NEW)
            self._remember(part, part.leads, _LEAD, placed)

    def _remember(self, part: Part, rows: Rows, name: str, placed: Array) -> None:
        code = rows.value(name.replace("{n}", ""))
        if code is None:
            return
        implants = FUNCTIONS["udi_serie"](part.memory, code).names
        found = np.flatnonzero(placed & (implants != 0))
        for column, own, records in rows.places(name, found):
            texts = part.records.columns[column].take(records)
            index = records.astype(np.int32)
            self._placed.append(_Placed(len(self._kept), column, index, texts, implants[own]))

    def _double_numbers(self) -> None:
        """Note every record whose intervention number occurs more than once (F-203)."""
        for same in _alike([kept.number for kept in self._kept]):
            rows = self._rows(same)
            for kept, index in map(self._place, same):
                self._note("F-203", kept, NUMBER, index, regels=rows)

    def _double_implants(self) -> None:
        """Note every implant that more than one intervention says to have placed (F-231)."""
        if not self._placed:
            return
        sizes = [placed.index.size for placed in self._placed]
        ends = np.cumsum(sizes)
        for same in _alike([placed.implant for placed in self._placed]):
            found = []
            for at in same:
                place = int(np.searchsorted(ends, at, side="right"))
                found.append((self._placed[place], at - int(ends[place]) + sizes[place]))
            records = {self._record(placed, at) for placed, at in found}
            if len({self._number(record) for record in records}) > 1:
                rows = self._rows(records)
                for placed, at in sorted(found, key=lambda each: self._record(*each)):
                    self._note_implant(placed, at, rows)

    def _record(self, placed: _Placed, at: int) -> int:
        """Give the place of an implant's record among all records."""
        before = sum(kept.part.size for kept in self._kept[: placed.kept])
        return before + int(placed.index[at])

    def _note_implant(self, placed: _Placed, at: int, rows: str) -> None:
        kept, index = self._kept[placed.kept], [int(placed.index[at])]
        there = kept.part.records
        columns = {placed.column: placed.texts.take(np.array([at]))}
        columns |= {name: texts.take(np.array(index)) for name, texts in there.columns.items()}
        part = self._examination.part(Records(columns, there.numbers[index], there.origin))
        nameless = kept.nameless[index]
        self._notes.of_records("F-231", part, placed.column, [0], nameless, regels=rows)

    def _unordered(self) -> None:
        """Note the fewest records that keep the numbers from rising with the dates (W-209)."""
        days = np.concatenate([kept.day for kept in self._kept])
        for records in self._series(days):
            for record in records[~_longest_rising(days[records])].tolist():
                kept, index = self._place(record)
                self._note("W-209", kept, NUMBER, index)

    def _series(self, days: Array) -> Iterator[Array]:
        """Give the records whose numbers differ in their digits only, in the order of those."""
        plain: list[tuple[Array, ...]] = []
        others: list[tuple[str, int]] = []
        first = 0
        for kept in self._kept:
            own = days[first : first + kept.part.size]
            dated = np.flatnonzero((kept.number != 0) & (own != EMPTY))
            ordered = dated[kept.plain[dated]]
            plain.append((kept.series[ordered], kept.place[ordered], first + ordered))
            left = first + dated[~kept.plain[dated]]
            others += [(self._text(record), record) for record in left.tolist()]
            first += kept.part.size
        names, place, records = (np.concatenate(each) for each in zip(*plain, strict=True))
        if any(re.fullmatch("[^0-9]*[0-9]+", number) for number, _ in others):
            # A long one may be of the same series as a short one.
            others += [(self._text(record), record) for record in records.tolist()]
        else:
            yield from _in_order(names, place, days, records)
        series: dict[tuple[str, ...], list[tuple[tuple[int, ...], float, int]]] = {}
        for number, record in others:
            if digits := tuple(map(int, re.findall("[0-9]+", number))):
                name = tuple(re.split("[0-9]+", number))
                series.setdefault(name, []).append((digits, float(days[record]), record))
        for numbered in series.values():
            yield np.array([record for _, _, record in sorted(numbered)])

    def _note(self, code: str, kept: _Kept, column: str, index: int, **texts: str) -> None:
        self._notes.of_records(code, kept.part, column, [index], kept.nameless, **texts)

    def _place(self, record: int) -> tuple[_Kept, int]:
        """Find a record of the delivery: what is kept of its part, and its index there."""
        for kept in self._kept:
            if record < kept.part.size:
                return kept, int(record)
            record -= kept.part.size
        raise IndexError

    def _number(self, record: int) -> int:
        kept, index = self._place(record)
        return int(kept.number[index]) or -record - 1

    def _text(self, record: int) -> str:
        kept, index = self._place(record)
        return (kept.part.number(index) or "").upper()

    def _rows(self, records: Iterable[int]) -> str:
        found = (self._place(record) for record in sorted(records))
        return ", ".join(str(kept.part.records.numbers[index]) for kept, index in found)


_ACROSS = {
    "F-203": Across._double_numbers,  # noqa: SLF001 - its own
    "F-231": Across._double_implants,  # noqa: SLF001
    "W-209": Across._unordered,  # noqa: SLF001
}


def _numbers_only(records: Records) -> Records:
    """Give the records with their numbers alone, and nothing of what was read of those."""
    numbers = {NUMBER: records.texts(NUMBER).take(slice(None))} if NUMBER in records.columns else {}
    return Records(numbers, records.numbers, records.origin)


def _once_if_all_the_same(values: Array) -> Array:
    """Give the same values, in the memory of one when they are one."""
    if values.size and (values == values[0]).all():
        return np.broadcast_to(values[0].copy(), values.shape)
    return values


def _capitals(text: Text) -> Text:
    words = [looked_up(UPPER, word) for word in text.words()]
    return text.changed(words, text.texts.lengths, str.upper, BEYOND_ASCII)


def _alike(parts: Sequence[Array]) -> Iterator[list[int]]:
    """Give the places of every name (uint64) that occurs more than once; 0 is no name."""
    ranked = _candidates(np.concatenate(parts))
    ranked.sort()
    double = ranked[1:][(ranked[1:] == ranked[:-1]) & (ranked[1:] != 0)]
    if not double.size:
        return
    first, places, names = 0, [], []
    for part in parts:  # one by one: of a million records the names alone are tens of megabytes
        nearest = double[np.minimum(np.searchsorted(double, part), double.size - 1)]
        here = np.flatnonzero(nearest == part)
        places.append(first + here)
        names.append(part[here])
        first += part.size
    place, name = np.concatenate(places), np.concatenate(names)
    order = np.argsort(name, kind="stable")
    for same in np.split(place[order], np.flatnonzero(np.diff(name[order])) + 1):
        yield same.tolist()


def _candidates(names: Array) -> Array:
    """Give the names (uint64) that share their place in a table with another: all doubles do.

    To sort those few takes a tenth of the time that sorting all takes.
    """
    bits = min(max(names.size.bit_length() + 2, 8), _MOST_BITS)
    places = spread(names, bits)
    last = np.zeros(1 << bits, np.int32)
    order = np.arange(names.size, dtype=np.int32)
    last[places] = order
    shared = np.zeros(1 << bits, bool)
    shared[places[last[places] != order]] = True
    found: Array = names[shared[places] & (names != 0)]
    return found


def _in_order(names: Array, place: Array, days: Array, records: Array) -> Sequence[Array]:
    """Give the records of each name in the order of their place, then day, then record."""
    if (names[1:] == names[:-1]).all() and (place[1:] > place[:-1]).all():
        return [records]  # one series in order, as most files are
    order = np.lexsort((records, days[records], place, names))
    return np.split(records[order], np.flatnonzero(np.diff(names[order])) + 1)


def _numbered(numbers: Text) -> tuple[Array, Array, Array]:
    """Take apart the numbers that end in their only digits, up to eight, as `MCX-000123` does.

    Gives a name (uint64) for what stands before the digits, the digits as a number, and a mask of
    the numbers that are so.
    """
    last = numbers.last_word() ^ _ZEROS
    other = ((last + _TO_THE_TOP) | last) & _TOPS
    count = np.zeros(len(numbers), np.int32)
    for size in range(1, WORD):
        count += other >> np.uint64(8 * (WORD - size)) == 0
    texts = numbers.texts
    before = texts.between(texts.starts, texts.starts + np.maximum(texts.lengths - count, 0))
    words = [before.words(number) for number in range(numbers.count)]
    plain = (count > 0) & (count < WORD)
    for word in words:
        digits = word ^ _ZEROS
        plain &= ((digits + _TO_THE_TOP) | digits) & _TOPS == _TOPS
    digits = last & ~((np.uint64(1) << (8 * (WORD - count)).astype(np.uint64)) - np.uint64(1))
    for shift, weight, kept in _PAIRS:
        digits = (digits * weight + (digits >> shift)) & kept
    return mixed(words), digits.astype(np.int32), plain


_ZEROS = np.uint64(0x3030_3030_3030_3030)
_TO_THE_TOP = np.uint64(0x7676_7676_7676_7676)
_TOPS = np.uint64(0x8080_8080_8080_8080)
"""A byte that is no digit (0 to 9, the zero of text taken away) reaches its highest bit."""
_PAIRS = [
    (np.uint64(8), np.uint64(10), np.uint64(0x00FF_00FF_00FF_00FF)),
    (np.uint64(16), np.uint64(100), np.uint64(0x0000_FFFF_0000_FFFF)),
    (np.uint64(32), np.uint64(10_000), np.uint64(0xFFFF_FFFF)),
]
"""How eight digits become a number: the ones next to each other first."""


def _longest_rising(days: Array) -> Array:
    """Give a mask of a longest series of days that never goes back.

    Days in a row that are the same are taken together. A tree over the days (Fenwick's) holds the
    longest series so far that ends on a day or before it.
    """
    starts = np.flatnonzero(np.diff(days, prepend=np.nan) != 0)
    sizes = np.diff(starts, append=days.size).tolist()
    ranks = np.unique(days[starts], return_inverse=True)[1] + 1
    longest: list[tuple[int, int]] = [(0, -1)] * (int(ranks.max(initial=0)) + 1)
    before = []
    best = (0, -1)
    for run, (rank, size) in enumerate(zip(ranks.tolist(), sizes, strict=True)):
        at, found = rank, (0, -1)
        while at > 0:
            found = max(found, longest[at])
            at -= at & -at
        before.append(found[1])
        ending = (found[0] + size, run)
        best, at = max(best, ending), rank
        while at < len(longest):
            longest[at] = max(longest[at], ending)
            at += at & -at
    kept = np.zeros(starts.size, bool)
    run = best[1]
    while run >= 0:
        kept[run] = True
        run = before[run]
    return np.repeat(kept, sizes)
