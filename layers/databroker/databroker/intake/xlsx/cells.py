"""What a hospital sees in a cell of a workbook, as text."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from databroker.intake.sheet import MAX_LENGTH, UnreadableError

if TYPE_CHECKING:
    from databroker.intake.xlsx.styles import Style

_EXACT_DIGITS = 15
"""Excel keeps 15 significant digits (ECMA-376, 18.17.5)."""
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

EPOCH_1900, EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - as Excel
_DAY = 86_400_000
_LEAP_DAY = 60
"""The day that Excel has and 1900 had not; all days before it are one further than they should."""

_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(T[^Z]*)?Z?", re.ASCII)
_ISO_TIME = re.compile(r"T?(\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)Z?", re.ASCII)


def number_text(raw: str, style: Style, epoch: dt.datetime) -> str:
    """Write a number without an exponent or a needless fraction, or the date that it stands for.

    A format of zeros only (`000000000`) gives back the leading zeros that Excel shows but does
    not keep.

    Raises:
        ValueError: it is no number.
    """
    if not _NUMBER.fullmatch(raw):
        raise ValueError("no number")
    whole = raw.strip().lstrip("+-").isdecimal()
    value = int(raw) if whole else float(raw)
    if style.date:
        return _moment(value, style, epoch)
    text = str(value) if isinstance(value, int) else _plain(value)
    return text.zfill(style.zeros) if text.isdecimal() else text


def boolean_text(raw: str) -> str:
    """Write a boolean as a Dutch Excel shows it.

    Raises:
        ValueError: it is none.
    """
    return "WAAR" if int(raw) else "ONWAAR"


def iso_text(raw: str) -> str:
    """Write a moment that is kept as ISO 8601 (`t="d"`) as if it were kept as a number.

    Raises:
        ValueError: it is none.
    """
    if date := _ISO_DATE.fullmatch(raw):
        return _date(dt.datetime.fromisoformat(date[1]))
    if time := _ISO_TIME.fullmatch(raw):
        return str(dt.time.fromisoformat(time[1]))
    raise ValueError("no moment")


def unescape(text: str) -> str:
    """Give back the characters that Excel writes as `_x000D_`."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def check_length(text: str) -> None:
    """Refuse a text that no spreadsheet can hold.

    Raises:
        UnreadableError: BF-018.
    """
    if len(text) > MAX_LENGTH:
        raise UnreadableError("BF-018")


def _plain(value: float) -> str:
    text = format(Decimal(f"{value:.{_EXACT_DIGITS}g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: float, style: Style, epoch: dt.datetime) -> str:
    """Write a date as DD-MM-JJJJ: its time of day has no place in any dataset."""
    try:
        if style.elapsed:
            return str(_elapsed(value))
        day, fraction = divmod(value, 1)
        time = dt.timedelta(milliseconds=round(fraction * _DAY))
        if day == 0 and not time.days:
            return str((EPOCH_1904 + time).time())
        if epoch == EPOCH_1900 and day == _LEAP_DAY:
            return "29-02-1900"
        early = epoch == EPOCH_1900 and 0 < value < _LEAP_DAY
        return _date(epoch + dt.timedelta(days=day + early) + time)
    except (OverflowError, ValueError):
        return "#VALUE!"  # what Excel shows is a row of #'s as wide as the column


def _elapsed(days: float) -> dt.timedelta:
    return dt.timedelta(milliseconds=round(dt.timedelta(days=days) / dt.timedelta(milliseconds=1)))


def _date(moment: dt.datetime) -> str:
    return f"{moment.day:02}-{moment.month:02}-{moment.year:04}"
