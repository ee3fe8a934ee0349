"""How personal data is written before ZorgTTP makes a pseudonym of it.

The same person must be written the same way in every centre and every year: one changed rule here
breaks the link with all that was registered before. So a change is a new `NORMALISATION`, agreed
with ZorgTTP and followed by new keys; `tests/unit/privacy/test_normalise.py` holds the fixed table.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

NORMALISATION = "1"
"""The version of these rules."""

LETTERS = 4
"""How much of a name may leave the centre (NHR handbook 22.2.1: the first four letters)."""

PREFIX = re.compile("VAN|DE|DER|DEN|HET|T|TER|TEN|TE|IN|OP|VON|EL|AL|DA|DI|DU|LA|LE")
"""A word that is no part of a name for this purpose (NHR handbook 22.2.1: no prefixes)."""

_WRITTEN_OUT = str.maketrans(
    {"Æ": "AE", "Ø": "O", "Œ": "OE", "ẞ": "SS", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH"}
)
_SEXES = {"1": "M", "2": "V"}
_ISO_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_DUTCH_DATE = re.compile(r"(?P<day>\d\d)[-/](?P<month>\d\d)[-/](?P<year>\d{4})", re.ASCII)
_POSTCODE = re.compile(r"[1-9][0-9]{3}[A-Z]{2}")
_BSN = re.compile(r"[0-9]{8,9}")


def family_name(text: str) -> str | None:
    """Give the first four letters of a name, A to Z, its prefixes dropped; None without letters.

    A name that is nothing but prefixes (Op, El) keeps the last of them.
    """
    marked = unicodedata.normalize("NFKD", text).upper().translate(_WRITTEN_OUT)
    plain = "".join(letter for letter in marked if not unicodedata.combining(letter))
    words = re.findall("[A-Z]+", plain)
    kept = [word for word in words if not PREFIX.fullmatch(word)] or words[-1:]
    return "".join(kept)[:LETTERS] or None


def sex(text: str) -> str | None:
    """Give M or V (slides of 2026), None for unknown."""
    return _SEXES.get(text.strip())


def birth_date(text: str) -> str | None:
    """Give `JJJJMMDD` (slides of 2026) of `JJJJ-MM-DD` or `DD-MM-JJJJ`, None for no date."""
    match = _ISO_DATE.fullmatch(text.strip()) or _DUTCH_DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        date = dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    return date.isoformat().replace("-", "")


def postcode(text: str) -> str | None:
    """Give `1234AA` (slides of 2026), None for abroad (0000), unknown (-1) and anything else."""
    written = "".join(text.split()).upper()
    return written if _POSTCODE.fullmatch(written) else None


def bsn(text: str) -> str | None:
    """Give nine digits, a lost zero put back; None when it has no eight or nine digits."""
    digits = text.strip()
    return digits.zfill(9) if _BSN.fullmatch(digits) else None


def patient_number(text: str) -> str | None:
    """Give the number as the centre writes it: the centre must find it back."""
    return text.strip() or None
