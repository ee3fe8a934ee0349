"""What a field asks for, in the hospital's language: one wording for findings, template and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from databroker.dataset.model import Field

KINDS = {
    "tekst": "tekst",
    "datum": "datum",
    "geheel": "geheel getal",
    "decimaal": "getal",
    "code": "code uit een lijst",
    "udi": "UDI (tekst)",
}
"""The types of the data files, as a hospital reads them."""


def codes_of(field: Field) -> Mapping[str, str]:
    """Give the codes a field accepts with their labels, the one for unknown included."""
    codes = dict(field.codes or {})
    return codes | ({} if field.unknown in {None, *codes} else {str(field.unknown): "Onbekend"})


def allowed(field: Field) -> str:
    """Say which values are accepted: the codes, or the form and the hard limits."""
    if field.codes is not None:
        return ", ".join(allowed_lines(field))
    if field.type not in {"geheel", "decimaal"}:
        return field.format or length(field) or KINDS[field.type]
    parts = [KINDS[field.type], _decimals(field), _between(field.hard_min, field.hard_max, field)]
    said = " ".join(part for part in parts if part)
    return f"{said}, of {field.unknown} = onbekend" if field.unknown else said


def allowed_lines(field: Field) -> list[str]:
    """Say which values are accepted where there is room: a code a line, the bounds of a text."""
    if field.codes is not None:
        return [f"{code} = {label}" for code, label in codes_of(field).items()]
    said, bound = allowed(field), length(field)
    return [said] if not bound or str(field.max_length) in said else [said, bound]


def usual(field: Field) -> str:
    """Say which values are usual; empty when the field has no such limits."""
    return _between(field.soft_min, field.soft_max, field)


def length(field: Field) -> str:
    """Say how long a text may be; empty when there is no bound."""
    shortest, longest = field.min_length, field.max_length
    if shortest is not None and longest is not None:
        return f"{shortest} t/m {longest} tekens"
    if longest is not None:
        return "hoogstens 1 teken" if longest == 1 else f"hoogstens {longest} tekens"
    return f"minstens {shortest} tekens" if shortest is not None else ""


def needed(field: Field, slot: int | str | None = None) -> str:
    """Say when a field has to be filled; `slot` stands for the lead number."""
    if field.required:
        return "altijd"
    if field.condition is None:
        return "niet verplicht"
    return field.condition.replace("{n}", str(slot))


def number(value: float) -> str:
    """Write a number the Dutch way."""
    return f"{value:.10g}".replace(".", ",")


def _decimals(field: Field) -> str:
    if field.max_decimals is None:
        return ""
    return f"met hoogstens {field.max_decimals} decima{'al' if field.max_decimals == 1 else 'len'}"


def _between(least: float | None, most: float | None, field: Field) -> str:
    if least is None and most is None:
        return ""
    if least is not None and most is not None:
        said = f"van {number(least)} t/m {number(most)}"
    else:
        said = f"vanaf {number(least)}" if least is not None else f"t/m {number(most or 0)}"
    return f"{said} {field.unit}" if field.unit else said
