"""How complete a delivery is, variable by variable (NHR: more than 95 % known)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import Bilingual

if TYPE_CHECKING:
    from databroker.dataset import Column, Field
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


def count(done: Answered, field: Field, tallies: dict[str, Tally]) -> None:
    """Count the columns of a field in some records more, each in the tally under its name."""
    of, rows = done.asked, done.part.rows(field)
    condition = of.book.counts.get(field.name)
    cells, applies = rows.cells(field.stem), of.asked(rows)
    if condition is not None:
        applies = applies & condition.where(rows)
    filled = applies & ~cells.empty
    if field.name in done.ignored:
        filled &= ~done.ignored[field.name]
    unknown = None if cells.unknown is None else filled & cells.unknown
    for column, here in rows.columns_of(field):
        tally = tallies.setdefault(column.name, Tally(column))
        # A lead that is not there is an empty cell of its record.
        applicable = int(np.count_nonzero(of.mask if condition is None else applies[here]))
        tally.applicable += applicable
        tally.empty += applicable - int(np.count_nonzero(filled[here]))
        if unknown is not None:
            tally.unknown += int(np.count_nonzero(unknown[here]))


def percentage(part: float | None) -> str:
    """Write a percentage, rounded down so that it never reaches a norm it misses."""
    if part is None:
        return "-"
    said = f"{math.floor(part * 10) / 10:g}"
    return Bilingual(said.replace(".", ","), said)
