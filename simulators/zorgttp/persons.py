"""What a person is asked by, what a pseudonym of each type needs, and what can be wrong with it.

G, GD, PC and type C are ZorgTTP's own (slides of 2026), as is code 3001; the rest is ours until
ZorgTTP tells otherwise.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

INGREDIENTS = {
    "C": ("G", "GD", "PC"),
    "N": ("GN", "GD", "G"),
    "P": ("PNM", "GD", "G"),
    "B": ("BSN",),
    "L": ("PN",),
}
"""The fields that make a pseudonym, by its type."""

SHAPES = {
    "G": re.compile(r"[MV]"),
    "GD": re.compile(r"[0-9]{8}"),
    "PC": re.compile(r"[1-9][0-9]{3}[A-Z]{2}"),
    "GN": re.compile(r"[A-Z]{1,4}"),
    "PNM": re.compile(r"[A-Z]{1,4}"),
    "BSN": re.compile(r"[0-9]{9}"),
    "PN": re.compile(r"[!-~]{1,40}"),
}
"""Every field there is, and the shape of its value."""

BSN_FAILS = "3001"
FIELD_MISSING = "3002"
FIELD_MALFORMED = "3003"


def diagnose(person: Mapping[str, str], field: str) -> str | None:
    """Tell by its code why this field can make no pseudonym, None when it can."""
    value = person.get(field)
    if value is None:
        return FIELD_MISSING
    if not SHAPES[field].fullmatch(value) or (field == "GD" and not _is_date(value)):
        return FIELD_MALFORMED
    if field == "BSN" and not passes_elfproef(value):
        return BSN_FAILS
    return None


def fields_of(types: Iterable[str]) -> tuple[str, ...]:
    """Give the fields that at least one of the types needs."""
    return tuple(dict.fromkeys(field for kind in types for field in INGREDIENTS[kind]))


def diagnose_all(person: Mapping[str, str], fields: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give (field, code) for each of these fields that cannot be used."""
    for field in fields:
        code = diagnose(person, field)
        if code is not None:
            yield field, code


def passes_elfproef(bsn: str) -> bool:
    """Tell whether nine digits pass the check of a BSN: 9a + 8b + ... + 2h - i divides by 11."""
    *digits, last = (int(digit) for digit in bsn)
    total = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=True))
    return (total - last) % 11 == 0 and any(digits)


def _is_date(value: str) -> bool:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True
