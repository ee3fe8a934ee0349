"""The rules that every field has: form, need, sense, limits (F-001 to F-011, W-001 to W-006)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.reference.notes import NUMBER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from databroker.dataset import Column, Field
    from databroker.rules.values import Cell
    from tests.support.reference.book import Condition
    from tests.support.reference.evaluate import Examination
    from tests.support.reference.rows import Row

At = tuple[str, int]
"""A column, and the index of a record."""


def check_forms(of: Examination) -> None:
    """Note what cannot be read (F-002 to F-006, F-009, F-010) and what was normalised (W-005)."""
    for column in of.columns:
        normalised = 0
        for index, cell in _cells(of, column):
            normalised += cell.normalised
            if cell.problem:
                of.notes.of_record(cell.problem, index, column.name)
        if normalised:
            of.notes.of_file("W-005", column.name, aantal=normalised)


def ignore_senseless(of: Examination) -> set[At]:
    """Note the values that do not apply (W-001), and take them out of the rows."""
    ignored = set()
    for column in of.columns:
        condition = of.book.applies.get(column.field.name)
        if condition is None:
            continue
        for index, cell in _cells(of, column):
            row = of.rows[index]
            if cell.value in {None, 0, -1} or _ask(condition, row, column) is not False:
                continue
            of.notes.of_record("W-001", index, column.name)
            row.ignore(column)
            ignored.add((column.name, index))
    return ignored


def check_needed(of: Examination, told: Collection[At]) -> None:
    """Note what is empty and should not be (F-001, F-011), unless a rule told so more precisely."""
    for column in of.columns:
        field = column.field
        condition = of.book.required.get(field.name)
        for index, cell in _cells(of, column):
            if cell.text is not None or (column.name, index) in told:
                continue
            if field.required and not _erased(of, column, index):
                of.notes.of_record("F-001", index, column.name)
            elif condition is not None and _ask(condition, of.rows[index], column):
                words = (field.condition or "").replace("{n}", str(column.slot))
                of.notes.of_record("F-011", index, column.name, voorwaarde=words)


def check_limits(of: Examination) -> None:
    """Note values beyond the limits (F-007, F-008, W-002, W-003) and unknown ones (W-006)."""
    for column in of.columns:
        field, unknown = column.field, 0
        for index, cell in _cells(of, column):
            if cell.text is not None and cell.text == field.unknown:
                unknown += 1
            elif isinstance(cell.value, int | float) and (code := _beyond(cell.value, field)):
                limits = {"min": _plain(field.hard_min), "max": _plain(field.hard_max)}
                of.notes.of_record(code, index, column.name, **limits)
        if unknown and field.norm is not None:
            of.notes.of_file("W-006", column.name, aantal=unknown)


def _beyond(value: float, field: Field) -> str | None:
    if field.hard_min is not None and value < field.hard_min:
        return "F-007"
    if field.hard_max is not None and value > field.hard_max:
        return "F-008"
    if field.soft_min is not None and value < field.soft_min:
        return "W-002"
    if field.soft_max is not None and value > field.soft_max:
        return "W-003"
    return None


def _plain(limit: float | None) -> str:
    return f"{limit:g}".replace(".", ",") if limit is not None else ""


def _cells(of: Examination, column: Column) -> Iterator[tuple[int, Cell]]:
    cells = of.sheet.cells[column.name]
    return ((index, cells[index]) for index in of.rows)


def _ask(condition: Condition, row: Row, column: Column) -> bool | None:
    return condition.ask(row, column.slot)


def _erased(of: Examination, column: Column, index: int) -> bool:
    return column.name == NUMBER and of.sheet.numbers[index] in of.notes.nameless
