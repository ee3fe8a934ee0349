"""The functions that a condition may use, by the name it uses.

All are null-safe: an empty field never breaks a rule by accident. The names are Dutch because the
conditions are part of the dataset.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from databroker.rules.udi import parse_udi

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

PLACEHOLDER = re.compile(r"(?:0+|onbekend|test|x+|nvt|n/?a|-+|\?+|\.+|n\.?n\.?)", re.IGNORECASE)
_MAX_NAME = 40
SHORTEST_PATIENT_NUMBER = 4
SPREADSHEET_MARKS = "=+@-'\" "
"""What an export puts around a number to keep its zeros (`="0012"`)."""
_NAME_MARKS = "'\N{RIGHT SINGLE QUOTATION MARK}- "


def greater(left: Any, right: Any) -> bool:
    """Tell whether left is more, or later, than right."""
    return left is not None and right is not None and bool(left > right)


def less(left: Any, right: Any) -> bool:
    """Tell whether left is less, or earlier, than right."""
    return left is not None and right is not None and bool(left < right)


def at_least(left: Any, right: Any) -> bool:
    """Tell whether left is as much as right, or more."""
    return left is not None and right is not None and bool(left >= right)


def days_between(first: dt.date | None, last: dt.date | None) -> int | None:
    """Count the days from first to last."""
    return None if first is None or last is None else (last - first).days


def positive(number: float | None) -> bool:
    """Tell whether a number is known and more than nothing; shuts out the unknown value -1."""
    return number is not None and number > 0


def age_at(born: dt.date | None, day: dt.date | None) -> int | None:
    """Count the completed years of life on a day."""
    if born is None or day is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def outside_registration_year(day: dt.date | None, today: dt.date, previous_until: str) -> bool:
    """Tell whether a day is outside the year of today and outside the year before that.

    The year before counts until a day of this year, written as `28-02`.
    """
    if day is None:
        return False
    month_day = (int(previous_until[3:]), int(previous_until[:2]))
    previous_open = (today.month, today.day) <= month_day
    return day.year != today.year and not (previous_open and day.year == today.year - 1)


def bmi(height_cm: float | None, weight_kg: float | None) -> float | None:
    """Work out the body mass index."""
    if height_cm is None or weight_kg is None or height_cm <= 0:
        return None
    return weight_kg / (height_cm / 100) ** 2


def is_placeholder(text: str | None) -> bool:
    """Tell whether a name is something that is filled in for want of one."""
    return text is not None and PLACEHOLDER.fullmatch(text) is not None


def is_name(text: str | None) -> bool:
    """Tell whether a text is 1-40 letters of any script, apostrophes, hyphens and spaces."""
    return (
        text is not None
        and 1 <= len(text) <= _MAX_NAME
        and any(character.isalpha() for character in text)
        and all(character.isalpha() or character in _NAME_MARKS for character in text)
    )


def passes_eleven(number: str | None) -> bool:
    """Tell whether a BSN of 8 or 9 digits passes the "elfproef" (weights 9..2 and -1, mod 11)."""
    if number is None or re.fullmatch(r"(?!0+$)[0-9]{8,9}", number) is None:
        return False
    digits = [int(digit) for digit in number.zfill(9)]
    total = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=False))
    return (total - digits[8]) % 11 == 0


def matches(text: str | None, pattern: str) -> bool:
    """Tell whether the whole text has the form of a regular expression."""
    return text is not None and re.fullmatch(pattern, text) is not None


def lower(text: str | None) -> str | None:
    """Give the text in lower case."""
    return None if text is None else text.lower()


def acronym(interv_nr: str | None) -> str | None:
    """Give what stands before the first hyphen of an intervention number, in capitals."""
    head, hyphen, _ = (interv_nr or "").partition("-")
    return head.upper() if hyphen else None


def holds_patient_number(interv_nr: str | None, pat_nr: str | None) -> bool:
    """Tell whether an intervention number is the patient number (of 4 digits or more) in disguise."""
    if interv_nr is None or pat_nr is None:
        return False
    patient = pat_nr.strip(SPREADSHEET_MARKS).lstrip("0")
    number = re.sub(r"^[A-Za-z]+-", "", interv_nr).lstrip("0")
    return len(patient) >= SHORTEST_PATIENT_NUMBER and patient == number


def udi_part(code: str | None, identifier: str) -> str | dt.date | None:
    """Give one part of a valid UDI by its GS1 application identifier."""
    udi = parse_udi(code) if code is not None else None
    if udi is None:
        return None
    parts = {"01": udi.gtin, "11": udi.produced, "17": udi.expires, "10": udi.lot, "21": udi.serial}
    return parts[identifier]


def udi_serial(code: str | None) -> tuple[str, str] | None:
    """Give the GTIN and the serial number that together name one implant."""
    udi = parse_udi(code) if code is not None else None
    return (udi.gtin, udi.serial) if udi is not None and udi.serial is not None else None


def has_double(values: Iterable[Any]) -> bool:
    """Tell whether a value occurs more than once."""
    listed = list(values)
    return len(set(listed)) < len(listed)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "gt": greater,
    "lt": less,
    "ge": at_least,
    "days": days_between,
    "pos": positive,
    "buiten_registratiejaar": outside_registration_year,
    "bmi": bmi,
    "jaar": lambda day: None if day is None else day.year,
    "maand": lambda day: None if day is None else day.month,
    "dag": lambda day: None if day is None else day.day,
    "placeholder": is_placeholder,
    "naam_ok": is_name,
    "elfproef": passes_eleven,
    "past": matches,
    "klein": lower,
    "acroniem": acronym,
    "patientnummer_in": holds_patient_number,
    "udi": lambda code: None if code is None else parse_udi(code),
    "udi_ok": lambda code: code is not None and parse_udi(code) is not None,
    "udi_deel": udi_part,
    "udi_serie": udi_serial,
    "heeft_dubbel": has_double,
    "any": any,
    "all": all,
    "len": len,
}


def arguments_of(name: str) -> int:
    """Count what a function takes."""
    return len(inspect.signature(FUNCTIONS[name]).parameters)
