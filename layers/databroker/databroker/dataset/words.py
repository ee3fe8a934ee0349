"""What a field asks for, in both languages: one wording for findings, template and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.findings import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from databroker.dataset.model import Field

_WORDS = {
    "tekst": ("tekst", "text"),
    "datum": ("datum", "date"),
    "geheel": ("geheel getal", "whole number"),
    "decimaal": ("getal", "number"),
    "code": ("code uit een lijst", "code from a list"),
    "udi": ("UDI (tekst)", "UDI (text)"),
    "unknown": ("Onbekend", "Unknown"),
    "or unknown": ("{}, of {} = onbekend", "{}, or {} = unknown"),
    "between lengths": ("{} t/m {} tekens", "{} to {} characters"),
    "at least": ("minstens {} tekens", "at least {} characters"),
    "at most": ("hoogstens {} tekens", "at most {} characters"),
    "at most one": ("hoogstens 1 teken", "at most 1 character"),
    "decimals": ("met hoogstens {} decimalen", "with at most {} decimals"),
    "one decimal": ("met hoogstens 1 decimaal", "with at most 1 decimal"),
    "decimal mark": (",", "."),
    "between": ("van {} t/m {}", "from {} to {}"),
    "from": ("vanaf {}", "from {}"),
    "up to": ("t/m {}", "up to {}"),
    "always": ("altijd", "always"),
    "not required": ("niet verplicht", "not required"),
    "not shown": ("(niet getoond)", "(not shown)"),
    "on trial": ("Proefregel: {}", "Rule on trial: {}"),
}
"""Every word that is not in the data: Dutch, English. The first six are the types of the data."""


def say(what: str, language: Language, *parts: object) -> str:
    """Give one of the words in a language, its parts filled in."""
    dutch, english = _WORDS[what]
    return (dutch if language is Language.DUTCH else english).format(*parts)


def kind(field: Field, language: Language = Language.DUTCH) -> str:
    """Say what a value of the field is made of."""
    return say(field.type, language)


def codes_of(field: Field, language: Language = Language.DUTCH) -> Mapping[str, str]:
    """Give the codes a field accepts with their labels, the one for unknown included."""
    codes = dict((field.codes if language is Language.DUTCH else field.codes_en) or {})
    if field.unknown is not None:
        codes.setdefault(field.unknown, say("unknown", language))
    return codes


def allowed(field: Field, language: Language = Language.DUTCH) -> str:
    """Say which values are accepted: the codes, or the form and the hard limits."""
    if field.codes is not None:
        return ", ".join(allowed_lines(field, language))
    if field.type not in {"geheel", "decimaal"}:
        form = field.format if language is Language.DUTCH else field.format_en
        return form or length(field, language) or kind(field, language)
    limits = _between(field.hard_min, field.hard_max, field, language)
    parts = [kind(field, language), _decimals(field, language), limits]
    said = " ".join(part for part in parts if part)
    return say("or unknown", language, said, field.unknown) if field.unknown else said


def allowed_lines(field: Field, language: Language = Language.DUTCH) -> list[str]:
    """Say which values are accepted where there is room: a code a line, the bounds of a text."""
    if field.codes is not None:
        return [f"{code} = {label}" for code, label in codes_of(field, language).items()]
    said, bound = allowed(field, language), length(field, language)
    return [said] if not bound or str(field.max_length) in said else [said, bound]


def usual(field: Field, language: Language = Language.DUTCH) -> str:
    """Say which values are usual; empty when the field has no such limits."""
    return _between(field.soft_min, field.soft_max, field, language)


def length(field: Field, language: Language = Language.DUTCH) -> str:
    """Say how long a text may be; empty when there is no bound."""
    shortest, longest = field.min_length, field.max_length
    if shortest is not None and longest is not None:
        return say("between lengths", language, shortest, longest)
    if longest is not None:
        return say("at most one" if longest == 1 else "at most", language, longest)
    return say("at least", language, shortest) if shortest is not None else ""


def needed(field: Field, slot: int | str | None = None, language: Language = Language.DUTCH) -> str:
    """Say when a field has to be filled; `slot` stands for the lead number."""
    if field.required:
        return say("always", language)
    return condition(field, slot, language) or say("not required", language)


def condition(
    field: Field, slot: int | str | None = None, language: Language = Language.DUTCH
) -> str:
    """Say under which condition a field has to be filled; empty when it has none."""
    said = field.condition if language is Language.DUTCH else field.condition_en
    return (said or "").replace("{n}", str(slot))


def number(value: float, language: Language = Language.DUTCH) -> str:
    """Write a number as the language does."""
    return f"{value:.10g}".replace(".", say("decimal mark", language))


def _decimals(field: Field, language: Language) -> str:
    if field.max_decimals is None:
        return ""
    what = "one decimal" if field.max_decimals == 1 else "decimals"
    return say(what, language, field.max_decimals)


def _between(least: float | None, most: float | None, field: Field, language: Language) -> str:
    if least is None and most is None:
        return ""
    limits = [number(limit, language) for limit in (least, most) if limit is not None]
    one = "from" if most is None else "up to"
    said = say(one if len(limits) == 1 else "between", language, *limits)
    return f"{said} {field.unit}" if field.unit else said
