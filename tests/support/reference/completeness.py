"""How complete a delivery is, variable by variable (NHR: more than 95 % known)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.rules.completeness import Completeness, percentage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databroker.dataset import Column
    from tests.support.reference.evaluate import Evaluation


def measure(evaluation: Evaluation) -> list[Completeness]:
    """Measure every column; note those that are empty (BW-004) or below their norm (BW-005)."""
    found = [_measure(evaluation, column) for column in evaluation.columns]
    for one in found:
        if one.ok is False and one.filled == one.unknown == 0:
            evaluation.notes.of_file("BW-004", one.column, kolom=one.column)
        elif one.ok is False:
            figures = {"pct": percentage(one.pct), "norm": percentage(one.norm)}
            evaluation.notes.of_file("BW-005", one.column, kolom=one.column, **figures)
    return found


def _measure(evaluation: Evaluation, column: Column) -> Completeness:
    field, cells = column.field, evaluation.sheet.cells[column.name]
    texts = [
        None if (column.name, index) in evaluation.ignored else cells[index].text
        for index in _applicable(evaluation, column)
    ]
    empty = texts.count(None)
    unknown = texts.count(field.unknown) if field.unknown else 0
    filled = len(texts) - empty - unknown
    pct = 100 * filled / len(texts) if texts else None
    return Completeness(
        column=column.name,
        label=column.label,
        applicable=len(texts),
        filled=filled,
        unknown=unknown,
        empty=empty,
        pct=pct,
        norm=field.norm,
        ok=None if pct is None or field.norm is None else pct >= field.norm,
    )


def _applicable(evaluation: Evaluation, column: Column) -> Iterator[int]:
    condition = evaluation.book.counts.get(column.field.name)
    for index, row in evaluation.rows.items():
        if condition is None or condition.ask(row, column.slot):
            yield index
