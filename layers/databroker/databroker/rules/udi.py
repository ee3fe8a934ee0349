"""The UDI of an implant as GS1 writes it: `(01)09520123456788(17)281231(21)SN0001`.

Source: GS1 General Specifications, application identifiers 01, 10, 11, 17 and 21; the handbook asks
for this form.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

GROUP_SEPARATOR = "\x1d"
"""What a scanner sends where a part of free length ends (FNC1)."""

_PART = re.compile(r"\(([0-9]{2})\)([^()]*)")
FREE_TEXT = re.compile(r"""[!"%&'*+,\-./0-9:;<=>?A-Z_a-z]{1,20}""")
_SCANNED = re.compile(r"(?:\]d2|\]C1)?(01[0-9]{14}.*)", re.DOTALL)
_LAST_TWO_DIGIT_YEAR_OF_THIS_CENTURY = 75
_DATE_LENGTH = 6
_GTIN_LENGTH = 14


@dataclass(frozen=True, slots=True)
class Udi:
    """The parts of a valid UDI."""

    gtin: str
    produced: dt.date | None = None
    expires: dt.date | None = None
    lot: str | None = None
    serial: str | None = None


@lru_cache(maxsize=65_536)
def parse_udi(text: str) -> Udi | None:
    """Read a UDI in brackets; None when its build-up, check digit or a date is wrong."""
    found = _PART.findall(text)
    parts = dict(found)
    whole = "".join(f"({identifier}){part}" for identifier, part in found) == text
    if not whole or len(parts) != len(found) or not found or found[0][0] != "01":
        return None
    values = {identifier: _read(identifier, part) for identifier, part in found}
    if None in values.values():
        return None
    produced, expires = values.get("11"), values.get("17")
    return Udi(
        gtin=parts["01"],
        produced=produced if isinstance(produced, dt.date) else None,
        expires=expires if isinstance(expires, dt.date) else None,
        lot=parts.get("10"),
        serial=parts.get("21"),
    )


def bracketed(text: str) -> str:
    """Rewrite what a scanner reads to the form with brackets; other text stays as it is."""
    match = _SCANNED.fullmatch(text)
    if match is None:
        return text
    rest, parts = match.group(1), []
    while rest:
        identifier, rest = rest[:2], rest[2:]
        length = {"01": _GTIN_LENGTH, "11": _DATE_LENGTH, "17": _DATE_LENGTH}.get(identifier)
        if length is not None:
            part, rest = rest[:length], rest[length:].removeprefix(GROUP_SEPARATOR)
        else:
            part, _, rest = rest.partition(GROUP_SEPARATOR)
        parts.append(f"({identifier}){part}")
    result = "".join(parts)
    return result if parse_udi(result) else text


def gtin_ok(gtin: str) -> bool:
    """Tell whether a GTIN of 14 digits has the right check digit (mod 10, weights 3 and 1)."""
    if not re.fullmatch(r"[0-9]{14}", gtin):
        return False
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(gtin))
    return weighted % 10 == 0


def _read(identifier: str, part: str) -> str | dt.date | None:
    match identifier:
        case "01":
            return part if gtin_ok(part) else None
        case "11" | "17":
            return read_day(part)
        case "10" | "21":
            return part if FREE_TEXT.fullmatch(part) else None
        case _:
            return None


def read_day(part: str) -> dt.date | None:
    """Read a date of six digits (JJMMDD); day 00 is the last of the month. None when it is none."""
    if not re.fullmatch(r"[0-9]{6}", part):
        return None
    short, month, day = int(part[:2]), int(part[2:4]), int(part[4:])
    year = short + (2000 if short <= _LAST_TWO_DIGIT_YEAR_OF_THIS_CENTURY else 1900)
    if 1 <= month <= 12 and day == 0:  # noqa: PLR2004 - months; day 00 is the last of the month
        day = calendar.monthrange(year, month)[1]
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
