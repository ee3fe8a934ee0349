"""Deliveries of any size, each cell decided by a seed, with the answers to their mistakes."""

from __future__ import annotations

import datetime as dt
import re
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from simulators.hospital.columns import COLUMNS, COLUMNS_WITH_BSN
from simulators.hospital.mistakes import MISTAKES, words_for
from simulators.hospital.patients import invent_patient, patients_with_bsn
from simulators.hospital.procedures import Procedure, perform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulators.hospital.patients import Patient

_DAYS = 30
"""A hospital reports an implant within a month (W-206)."""
_AGAIN = 0.022
"""The part of the patients that is back within 90 days (published, 2020)."""
_RECENT = 50


class Planted(NamedTuple):
    """A finding the delivery must give.

    `row` is the line in the file, the header being 1; None for what is told of a column as a whole.
    """

    row: int | None
    code: str
    field: str


COUNTED_CODES = frozenset({"W-005", "W-006"})
"""Findings that are told once for a column, with the number of records."""


def in_order(answers: Iterable[Planted]) -> tuple[Planted, ...]:
    """Give each answer once: those about the file first, then by row."""
    return tuple(sorted(set(answers), key=lambda answer: (answer.row or 0, *answer[1:])))


class SyntheticRecord(NamedTuple):
    """One row of the file, and the answers it settles (they may be about the row before it)."""

    row: int
    cells: list[str]
    planted: tuple[Planted, ...]


@dataclass(frozen=True)
class SyntheticDelivery:
    """A delivery that is written as it is read: the same one every time, however large."""

    size: int
    seed: int
    centre: str
    errors: float
    today: dt.date
    bsn: bool
    first_number: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the header of the file."""
        return COLUMNS_WITH_BSN if self.bsn else COLUMNS

    @cached_property
    def rows(self) -> list[list[str]]:
        """Give all rows as text; an empty cell is an empty text."""
        return [record.cells for record in self]

    @cached_property
    def planted(self) -> tuple[Planted, ...]:
        """Give every finding the delivery must give, once, and no others."""
        return in_order(planted for record in self for planted in record.planted)

    def __iter__(self) -> Iterator[SyntheticRecord]:
        """Make the records one by one; nothing is kept."""
        random = Random(f"{self.seed} {self.centre}")  # noqa: S311 - data, not a secret
        # Of its own, so that the delivery without mistakes is this one corrected.
        slips = Random(f"{self.seed} {self.centre} mistakes")  # noqa: S311 - data, not a secret
        waiting_room, mistakes = _WaitingRoom(random, self), _Mistakes(slips)
        first_day = max(self.today - dt.timedelta(days=_DAYS), dt.date(self.today.year, 1, 1))
        days = (self.today - first_day).days + 1
        empty = dict.fromkeys(self.columns, "")
        before: dict[str, str] | None = None
        for place in range(self.size):
            date = first_day + dt.timedelta(days=place * days // self.size)
            number = self.first_number + place
            patient = waiting_room.next(number, date)
            cells = empty | {
                "interv_nr": f"{self.centre}-{number}",
                "interv_datum": date.strftime("%d-%m-%Y"),
                **patient.cells(),
                **perform(Procedure(random, self.centre, number, date, patient.sex)),
            }
            if self.bsn:
                cells["bsn"] = patient.bsn
            row = place + 2
            planted: tuple[Planted, ...] = ()
            if slips.random() < self.errors:
                planted = mistakes.make_one(cells, date, row, before)
            before = None if planted else cells
            yield SyntheticRecord(row, list(cells.values()), planted)


class _WaitingRoom:
    """Who comes next: somebody new, or somebody who was here before."""

    def __init__(self, random: Random, delivery: SyntheticDelivery) -> None:
        self._random = random
        self._today = delivery.today
        self._known = patients_with_bsn() if delivery.bsn else []
        self._recent: deque[Patient] = deque(maxlen=_RECENT)

    def next(self, number: int, date: dt.date) -> Patient:
        if self._known:
            return self._known[number % len(self._known)]
        if self._recent and self._random.random() < _AGAIN:
            return self._random.choice(self._recent)
        patient = invent_patient(self._random, number, date)
        self._recent.append(patient)
        return patient


class _Mistakes:
    """Makes mistakes in records, the least made ones first, so that rare ones are made too."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made = [0] * len(MISTAKES)

    def make_one(
        self, cells: dict[str, str], date: dt.date, row: int, before: dict[str, str] | None
    ) -> tuple[Planted, ...]:
        """Make a mistake that fits the record and give the answers."""
        words = words_for(cells, date, before)
        fitting = [
            (self._made[place], self._random.random(), place)
            for place, mistake in enumerate(MISTAKES)
            if mistake.fits(words)
        ]
        *_, least_made = min(fitting)
        self._made[least_made] += 1
        mistake = MISTAKES[least_made]
        cells |= {name: value.format_map(words) for name, value in mistake.change.items()}
        rows = (row - 1, row) if mistake.also_before else (row,)
        return tuple(
            Planted(None if code in COUNTED_CODES else line, code, name)
            for line in rows
            for code, name in mistake.fires
        )


def make_delivery(
    size: int,
    *,
    today: dt.date,
    seed: int = 1,
    centre: str = "MCX",
    errors: float = 0.0,
    bsn: bool = False,
    first_number: int = 100_001,
) -> SyntheticDelivery:
    """Make a delivery of `size` records in which the part `errors` holds a mistake.

    The same arguments give the same delivery, cell by cell. Deliveries of one centre share no
    procedure and no implant when their numbers (from `first_number`) do not overlap. With `bsn` the
    column is there, and the patients are the fifteen people who have a test BSN.

    Raises:
        ValueError: an argument makes no sense.
    """
    if size < 0 or not 0 <= errors <= 1 or not 10_000 <= first_number <= 99_999_999:  # noqa: PLR2004 - widths
        raise ValueError("size, errors or first_number is out of range")
    if not re.fullmatch(r"[A-Z]{2,6}", centre):
        raise ValueError("a centre is two to six capitals")
    return SyntheticDelivery(size, seed, centre, errors, today, bsn, first_number)
