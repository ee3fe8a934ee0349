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

    from databroker.dataset import Field
    from databroker.rules.evaluate import Asked
    from databroker.rules.rows import Rows
    from databroker.texts import Array


def check_forms(of: Asked) -> None:
    """Note what cannot be read (F-002 to F-006, F-009, F-010); count what was normalised (W-005)."""
    for field in of.fields:
        rows = of.part.rows(field)
        marked = rows.cells(field.stem).marked
        if not marked:
            continue
        asked = of.asked(rows)
        found = defaultdict(list)
        for index, cell in marked.items():
            if asked[index]:
                if cell.normalised:
                    found["W-005"].append(index)
                if cell.problem:
                    found[cell.problem].append(index)
        of.count("W-005", rows, field.name, np.array(sorted(found.pop("W-005", ())), np.int64))
        for code, indexes in found.items():
            of.note(code, rows, field.name, np.array(sorted(indexes)))


def ignore_senseless(of: Asked) -> Mapping[str, Array]:
    """Note the values that do not apply (W-001), and take them out; gives where (masks)."""
    ignored = {}
    for field in of.fields:
        condition = of.book.applies.get(field.name)
        if condition is None:
            continue
        rows = of.part.rows(field)
        false, value = condition.ask(rows).false, rows.value(field.stem)
        if isinstance(value, Text):
            senseless = false & value.filled
        else:
            senseless = false & (value != EMPTY) & (value != 0) & (value != -1)
        senseless &= of.asked(rows)
        if senseless.any():
            of.note("W-001", rows, field.name, np.flatnonzero(senseless))
            rows.ignore(field.stem, senseless)
            ignored[field.name] = senseless
    return ignored


def check_needed(of: Asked, told: Mapping[str, Array]) -> None:
    """Note what is empty and should not be (F-001, F-011), unless a rule told so more precisely."""
    for field in of.fields:
        condition = of.book.required.get(field.name)
        if not field.required and condition is None:
            continue
        rows = of.part.rows(field)
        empty = rows.cells(field.stem).empty
        if not empty.any():
            continue
        empty = empty & of.asked(rows)
        if field.name in told:
            empty &= ~told[field.name]
        if condition is not None and empty.any():
            empty &= condition.where(rows)
        elif field.name == NUMBER:
            empty &= ~of.nameless
        if empty.any():
            code = "F-001" if condition is None else "F-011"
            of.note(code, rows, field.name, np.flatnonzero(empty), delivered=True)


def check_limits(of: Asked) -> None:
    """Note values beyond the limits (F-007, F-008, W-002, W-003); count unknown ones (W-006)."""
    for field in of.fields:
        rows = of.part.rows(field)
        unknown = rows.cells(field.stem).unknown
        if unknown is not None and field.norm is not None and unknown.any():
            asked = np.flatnonzero(unknown & of.asked(rows))
            of.count("W-006", rows, field.name, asked)
        for code, those in _beyond(rows, field).items():
            if those.any():
                beyond = those & of.asked(rows)
                if unknown is not None:
                    beyond &= ~unknown
                of.note(code, rows, field.name, np.flatnonzero(beyond))


def _beyond(rows: Rows, field: Field) -> Mapping[str, Array]:
    """Give masks of the values beyond a limit; a value is beyond the first of them only."""
    numbers = rows.cells(field.stem).numbers
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
