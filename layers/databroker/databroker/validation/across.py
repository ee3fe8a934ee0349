"""Rules that look at more than one record of the file (F-203, F-231, W-209, BW-014)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.rules import NUMBER
from databroker.rules.bulk import FUNCTIONS
from databroker.rules.calendar import civil
from databroker.rules.memo import mixed
from databroker.rules.vectors import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from databroker.rules.evaluate import Answered, Examination
    from databroker.rules.part import Part
    from databroker.texts import Array

_DAY, _DEVICE = "interv_datum", "impl_device_code"
_NEW = 10
"""What `lead_ingreep` is when a lead was placed (implantatie)."""

_MONTHS_IN_YEAR = 12
_UPPER = np.array([ord(chr(byte).upper()) if byte < 128 else byte for byte in range(256)], np.uint8)


@dataclass(frozen=True)
class _Kept:
    """What is kept of some records until all were seen.

    `part` has the columns that are told about; `number` (uint64, capitals and small letters alike)
    and `day` are what is compared of each record, 0 and `EMPTY` for one that is not asked.
    """

    part: Part
    nameless: Array
    number: Array
    day: Array


@dataclass(frozen=True)
class _Placed:
    """The new implants in one column of some records, by index, named by serial number."""

    kept: int
    column: str
    index: Array
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
        named, day = part.value(NUMBER), part.value(_DAY)
        nothing = np.zeros(part.size, np.uint64)
        number = nothing if named is None else _capitals(named).keys()
        days = np.full(part.size, EMPTY) if day is None else day
        names = [NUMBER, *self._remember_implants(done)]
        records = part.records.only(names)
        self._kept.append(
            _Kept(
                self._examination.part(records),
                done.asked.nameless,
                np.where(asked, number, nothing),
                np.where(asked, days, EMPTY),
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
            months.update(np.unique(year * _MONTHS_IN_YEAR + month - 1).tolist())
        if not months:
            return []
        missing = sorted(set(range(min(months), max(months))) - months)
        return [f"{month % _MONTHS_IN_YEAR + 1:02d}-{month // _MONTHS_IN_YEAR}" for month in missing]

    def _remember_implants(self, done: Answered) -> Iterator[str]:
        """Remember the new implants of some records; gives the columns they stand in."""
        part = done.part
        columns = [(_DEVICE, done.asked.mask)]
        for slot in part.present:
            lead = part.lead(slot)
            done_to = lead["lead_ingreep"] if f"lead_ingreep{slot}" in part.columns else None
            if done_to is not None:
                columns.append((f"lead_code{slot}", done.asked.mask & (done_to == _NEW)))
        for column, placed in columns:
            code = part.value(column) if column in part.columns else None
            if code is not None:
                implants = FUNCTIONS["udi_serie"](part.memory, code).names
                index = np.flatnonzero(placed & (implants != 0))
                self._placed.append(_Placed(len(self._kept), column, index, implants[index]))
                yield column

    def _double_numbers(self) -> None:
        """Note every record whose intervention number occurs more than once (F-203)."""
        numbers = np.concatenate([kept.number for kept in self._kept])
        for same in _alike(numbers):
            rows = self._rows(same)
            for kept, index in map(self._place, same):
                self._note("F-203", kept, NUMBER, index, regels=rows)

    def _double_implants(self) -> None:
        """Note every implant that more than one intervention says to have placed (F-231)."""
        starts = np.cumsum([0, *(kept.part.size for kept in self._kept)])
        implants = np.concatenate([placed.implant for placed in self._placed] or [[]])
        records = np.concatenate([p.index + starts[p.kept] for p in self._placed] or [[]])
        columns = [placed.column for placed in self._placed for _ in range(placed.index.size)]
        for same in _alike(implants):
            found = sorted((int(records[at]), columns[at]) for at in same)
            numbers = {self._number(record) for record, _ in found}
            if len(numbers) > 1:
                rows = self._rows({record for record, _ in found})
                for record, column in found:
                    kept, index = self._place(record)
                    self._note("F-231", kept, column, index, regels=rows)

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
        others: dict[tuple[str, ...], list[tuple[tuple[int, ...], float, int]]] = {}
        first = 0
        for kept in self._kept:
            own = days[first : first + kept.part.size]
            dated = np.flatnonzero((kept.number != 0) & (own != EMPTY))
            numbers = Text.of(kept.part.canonical(NUMBER).take(dated))
            names, places, is_plain = _numbered(numbers)
            plain.append((names[is_plain], *places[:, is_plain], first + dated[is_plain]))
            for index in np.flatnonzero(~is_plain).tolist():
                number, record = (numbers[index] or "").upper(), first + int(dated[index])
                digits = tuple(int(run) for run in re.findall(r"[0-9]+", number))
                if digits:
                    series = others.setdefault(tuple(re.split(r"[0-9]+", number)), [])
                    series.append((digits, float(days[record]), record))
            first += kept.part.size
        for numbered in others.values():
            yield np.array([record for _, _, record in sorted(numbered)])
        names, low, high, records = (np.concatenate(each) for each in zip(*plain, strict=True))
        order = np.lexsort((records, days[records], low, high, names))
        yield from np.split(records[order], np.flatnonzero(np.diff(names[order])) + 1)

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

    def _rows(self, records: Iterable[int]) -> str:
        found = (self._place(record) for record in sorted(records))
        return ", ".join(str(kept.part.records.numbers[index]) for kept, index in found)


_ACROSS = {
    "F-203": Across._double_numbers,  # noqa: SLF001 - its own
    "F-231": Across._double_implants,  # noqa: SLF001
    "W-209": Across._unordered,  # noqa: SLF001
}


def _capitals(text: Text) -> Text:
    return text.changed(_UPPER[text.bytes()], str.upper)


def _alike(names: Array) -> Iterator[list[int]]:
    """Give the places of every name (uint64) that occurs more than once; 0 is no name."""
    order = np.argsort(names, kind="stable")
    ranked = names[order]
    first = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if ranked.size else order
    sizes = np.diff(np.r_[first, ranked.size])
    several = (sizes > 1) & (ranked[first] != 0)
    for start, size in zip(first[several].tolist(), sizes[several].tolist(), strict=True):
        yield order[start : start + size].tolist()


def _numbered(numbers: Text) -> tuple[Array, Array, Array]:
    """Take apart the numbers that end in their only digits, as `MCX-000123` does.

    Gives a name (uint64) for what stands before the digits, the digits as two numbers (a row each),
    and a mask of the numbers that are so.
    """
    rows = _UPPER[numbers.bytes()]
    digits = (rows >= ord("0")) & (rows <= ord("9"))
    count, lengths = digits.sum(axis=1), numbers.texts.lengths
    behind = lengths[:, None] - 1 - np.arange(rows.shape[1])
    at_the_end = digits & (behind >= 0) & (behind < count[:, None])
    plain = (at_the_end.sum(axis=1) == count) & (count > 0) & (count <= 2 * _DIGITS)
    worth = np.where(at_the_end, _POWERS[behind % _DIGITS], 0) * (rows & 0xF)
    low = np.where(behind < _DIGITS, worth, 0).sum(axis=1)
    words = np.where(digits, 0, rows).view(np.uint64)
    return mixed(list(words.T)), np.stack([low, worth.sum(axis=1) - low]), plain


_DIGITS = 15
_POWERS = 10 ** np.arange(_DIGITS, dtype=np.int64)


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
