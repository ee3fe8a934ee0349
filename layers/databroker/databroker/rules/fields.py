"""The rules that every field has: form, need, sense, limits (F-001 to F-011, W-001 to W-006)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import FieldType
from databroker.rules.part import NUMBER
from databroker.rules.vectors import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from databroker.dataset import Column, Field
    from databroker.rules.evaluate import Asked
    from databroker.texts import Array


def check_forms(of: Asked) -> None:
    """Note what cannot be read (F-002 to F-006, F-009, F-010); count what was normalised (W-005)."""
    for column in of.columns:
        cells = of.part.cells(column.name)
        found = defaultdict(list)
        for index, cell in cells.marked.items():
            if of.is_asked(index):
                of.count("W-005", column.name, cell.normalised)
                if cell.problem:
                    found[cell.problem].append(index)
        for code, indexes in found.items():
            of.note(code, column.name, sorted(indexes))


def ignore_senseless(of: Asked) -> Mapping[str, Array]:
    """Note the values that do not apply (W-001), and take them out; gives where (masks)."""
    ignored = {}
    for column in of.columns:
        condition = of.book.applies.get(column.field.name)
        if condition is None:
            continue
        false = condition.ask(of.part, column.slot).false
        value = of.part.value(column.name)
        if isinstance(value, Text):
            senseless = false & value.filled
        else:
            senseless = false & (value != EMPTY) & (value != 0) & (value != -1)
        senseless &= of.mask
        if senseless.any():
            of.note("W-001", column.name, np.flatnonzero(senseless))
            of.part.ignore(column.name, senseless)
            ignored[column.name] = senseless
    return ignored


def check_needed(of: Asked, told: Mapping[str, Array]) -> None:
    """Note what is empty and should not be (F-001, F-011), unless a rule told so more precisely."""
    for column in of.columns:
        field = column.field
        condition = of.book.required.get(field.name)
        if not field.required and condition is None:
            continue
        empty = of.part.cells(column.name).empty & of.mask
        if column.name in told:
            empty &= ~told[column.name]
        if not empty.any():
            continue
        if field.required:
            if column.name == NUMBER:
                empty &= ~of.nameless
            of.note("F-001", column.name, np.flatnonzero(empty))
        elif condition is not None:
            needed = condition.where(of.part, column.slot)
            of.note("F-011", column.name, np.flatnonzero(empty & needed))


def check_limits(of: Asked) -> None:
    """Note values beyond the limits (F-007, F-008, W-002, W-003); count unknown ones (W-006)."""
    for column in of.columns:
        field, unknown = column.field, of.part.cells(column.name).unknown
        if unknown is not None and field.norm is not None:
            of.count("W-006", column.name, int(np.count_nonzero(unknown & of.mask)))
        for code, those in _beyond(of, column).items():
            beyond = those & of.mask if unknown is None else those & of.mask & ~unknown
            if beyond.any():
                of.note(code, column.name, np.flatnonzero(beyond))


def _beyond(of: Asked, column: Column) -> Mapping[str, Array]:
    """Give masks of the values beyond a limit; a value is beyond the first of them only."""
    field, numbers = column.field, of.part.cells(column.name).numbers
    found: dict[str, Array] = {}
    if numbers is None or field.type is FieldType.DATE or not _has_limits(field):
        return found
    left = numbers != EMPTY
    for code, limit, is_least in (
        ("F-007", field.hard_min, True),
        ("F-008", field.hard_max, False),
        ("W-002", field.soft_min, True),
        ("W-003", field.soft_max, False),
    ):
        if limit is not None:
            found[code] = left & (numbers < limit if is_least else numbers > limit)
            left &= ~found[code]
    return found


def _has_limits(field: Field) -> bool:
    limits = (field.hard_min, field.hard_max, field.soft_min, field.soft_max)
    return any(limit is not None for limit in limits)
