"""How complete a delivery is, variable by variable (NHR: more than 95 % known)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import Bilingual

if TYPE_CHECKING:
    from databroker.dataset import Column
    from databroker.rules.evaluate import Answered
    from databroker.rules.notes import Notes


@dataclass(frozen=True, slots=True)
class Completeness:
    """One variable: the records it applies to, and how many of those have a known value.

    `pct` is None where it applies to no record, `ok` None where there is also no norm.
    """

    column: str
    label: str
    applicable: int
    filled: int
    unknown: int
    empty: int
    pct: float | None
    norm: float | None
    ok: bool | None


@dataclass(slots=True)
class Tally:
    """What was counted of one column so far."""

    column: Column
    applicable: int = 0
    unknown: int = 0
    empty: int = 0

    def add(self, done: Answered) -> None:
        """Count some records more."""
        of, column = done.asked, self.column
        condition = of.book.counts.get(column.field.name)
        applies = of.mask
        if condition is not None:
            applies = applies & condition.where(of.part, column.slot)
        cells = of.part.cells(column.name)
        empty = cells.empty
        if column.name in done.ignored:
            empty = empty | done.ignored[column.name]
        self.applicable += int(np.count_nonzero(applies))
        self.empty += int(np.count_nonzero(applies & empty))
        if cells.unknown is not None:
            self.unknown += int(np.count_nonzero(applies & cells.unknown & ~empty))

    def judged(self, notes: Notes) -> Completeness:
        """Hold it against the norm; note a column that is empty (BW-004) or below it (BW-005)."""
        column, count = self.column, self.applicable
        filled, norm = count - self.empty - self.unknown, self.column.field.norm
        pct = 100 * filled / count if count else None
        ok = None if pct is None or norm is None else pct >= norm
        if ok is False and filled == self.unknown == 0:
            notes.of_file("BW-004", column.name, kolom=column.name)
        elif ok is False:
            figures = {"pct": percentage(pct), "norm": percentage(norm)}
            notes.of_file("BW-005", column.name, kolom=column.name, **figures)
        return Completeness(
            column=column.name,
            label=column.label,
            applicable=count,
            filled=filled,
            unknown=self.unknown,
            empty=self.empty,
            pct=pct,
            norm=norm,
            ok=ok,
        )


def percentage(part: float | None) -> str:
    """Write a percentage, rounded down so that it never reaches a norm it misses."""
    if part is None:
        return "-"
    said = f"{math.floor(part * 10) / 10:g}"
    return Bilingual(said.replace(".", ","), said)
