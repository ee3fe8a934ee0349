"""What a hospital sees in a cell of a workbook, as text."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Protocol

from openpyxl.utils.escape import unescape

from databroker.intake.sheet import MAX_LENGTH, UnreadableError

_LEADING_ZEROS = re.compile(r"0{2,}")
_EXACT_DIGITS = 15
"""Excel keeps 15 significant digits (ECMA-376, 18.17.5)."""


class Cell(Protocol):
    """A cell as openpyxl gives it, empty or not."""

    @property
    def value(self) -> Any:
        """Give what Excel keeps."""
        ...

    @property
    def number_format(self) -> Any:
        """Give how Excel shows it, None for an empty cell."""
        ...


def cell_text(cell: Cell) -> str | None:
    """Give the text of a cell, None for an empty one.

    A date is written DD-MM-JJJJ (its time of day has no place in any dataset), a boolean as a
    Dutch Excel shows it; an error (`#N/B`, `#N/A`) stays text, for the rules to refuse.
    """
    value = cell.value
    match value:
        case None:
            return None
        case str():
            return _string(value)
        case bool():
            return "WAAR" if value else "ONWAAR"
        case int() | float():
            return number_text(value, cell.number_format or "")
        case dt.date():
            return f"{value.day:02}-{value.month:02}-{value.year:04}"
        case _:
            return str(value)


def _string(value: str) -> str:
    if len(value) > MAX_LENGTH:
        raise UnreadableError("BF-018")
    return unescape(value) if "_x" in value else value


def number_text(value: float, number_format: str) -> str:
    """Write a number without an exponent or a needless fraction.

    A format of zeros only (`000000000`) gives back the leading zeros that Excel shows but does
    not keep.
    """
    text = str(value) if isinstance(value, int) else _plain(value)
    if text.isdecimal() and _LEADING_ZEROS.fullmatch(number_format):
        return text.zfill(len(number_format))
    return text


def _plain(value: float) -> str:
    text = format(Decimal(f"{value:.{_EXACT_DIGITS}g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
