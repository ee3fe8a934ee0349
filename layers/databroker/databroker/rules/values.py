"""One cell: from the text a hospital delivers to a value, and to the one way we write it.

Canonical text: a date as `2026-02-12`, a whole number as `10`, a decimal number with a point, a UDI
with brackets, other text without surrounding spaces. Whatever was changed on the way is a W-005;
whatever cannot be read has a problem code (F-002 to F-006, F-009, F-010).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.dataset import FieldType
from databroker.rules.udi import GROUP_SEPARATOR, bracketed

if TYPE_CHECKING:
    from collections.abc import Callable

    from databroker.dataset import Field

Value = str | int | float | dt.date

_DATE = re.compile(r"([0-9]{2})([-/])([0-9]{2})\2([0-9]{4})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_WHOLE = re.compile(r"(-?[0-9]{1,15})(?:[.,]0+)?")
_DECIMAL = re.compile(r"(-?[0-9]{1,15})(?:([.,])([0-9]+))?")
_LABELLED = re.compile(r"(-?[0-9]+)_.*", re.DOTALL)
_UNKNOWN = re.compile(r"-1(?:[.,]0+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FORMULA_STARTS = "=+@-"


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one cell.

    `text` is canonical, or the delivered text where there is a problem; `value` is None then.
    """

    text: str | None = None
    value: Value | None = None
    problem: str | None = None
    normalised: bool = False
    comma: bool = False


EMPTY = Cell()


def read_cell(raw: str | None, field: Field) -> Cell:
    """Read one cell as its field wants it."""
    text = (raw or "").strip()
    if not text:
        return EMPTY
    plain = _without_label(text, field)
    cell = _forbidden(plain, field) or _READERS[field.type](plain, field)
    if cell.problem or cell.normalised or text == raw == plain:
        return cell
    return Cell(cell.text, cell.value, normalised=True, comma=cell.comma)


def _problem(code: str, text: str) -> Cell:
    return Cell(text, problem=code)


def _without_label(text: str, field: Field) -> str:
    """Take the code before the underscore (`0_Nee`), as exports of an EPD write it."""
    match = _LABELLED.fullmatch(text)
    if match is None or field.type is FieldType.DATE:
        return text
    if field.type in {FieldType.TEXT, FieldType.UDI} and match.group(1) not in {"0", field.unknown}:
        return text
    return match.group(1)


def _forbidden(text: str, field: Field) -> Cell | None:
    typed = text.replace(GROUP_SEPARATOR, "") if field.type is FieldType.UDI else text
    formula = text[0] in _FORMULA_STARTS and not _UNKNOWN.fullmatch(text)
    return _problem("F-010", text) if formula or _CONTROL.search(typed) else None


def _read_date(text: str, _field: Field) -> Cell:
    if match := _DATE.fullmatch(text):
        day, _, month, year = match.groups()
    elif match := _ISO_DATE.fullmatch(text):
        year, month, day = match.groups()
    else:
        return _problem("F-002", text)
    try:
        date = dt.date(int(year), int(month), int(day))
    except ValueError:
        return _problem("F-002", text)
    return Cell(date.isoformat(), date, normalised=match.re is _ISO_DATE)


def _read_whole(text: str, field: Field) -> Cell:
    match = _WHOLE.fullmatch(text)
    if match is None:
        return _problem("F-003", text)
    number = int(match.group(1))
    plain = str(number)
    if field.codes is not None and plain not in field.codes and plain != field.unknown:
        return _problem("F-005", text)
    return Cell(plain, number, normalised=plain != text)


def _read_decimal(text: str, field: Field) -> Cell:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return _problem("F-004", text)
    whole, mark, decimals = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
    if field.max_decimals is not None and len(decimals) > field.max_decimals:
        return _problem("F-009", text)
    plain = str(int(whole)) if not whole.startswith("-") else "-" + str(int(whole[1:]))
    plain += f".{decimals}" if decimals else ""
    return Cell(plain, float(plain), normalised=plain != text, comma=mark == ",")


def _read_text(text: str, field: Field) -> Cell:
    if (field.max_length is not None and len(text) > field.max_length) or (
        field.min_length is not None and len(text) < field.min_length
    ):
        return _problem("F-006", text)
    if field.codes is not None and text not in field.codes:
        return _problem("F-005", text)
    return Cell(text, text)


def _read_udi(text: str, field: Field) -> Cell:
    plain = bracketed(text)
    if GROUP_SEPARATOR in plain:
        return _problem("F-010", text)
    cell = _read_text(plain, field)
    return cell if cell.problem or plain == text else Cell(plain, plain, normalised=True)


_READERS: dict[FieldType, Callable[[str, Field], Cell]] = {
    FieldType.DATE: _read_date,
    FieldType.INTEGER: _read_whole,
    FieldType.CODE: _read_whole,
    FieldType.DECIMAL: _read_decimal,
    FieldType.TEXT: _read_text,
    FieldType.UDI: _read_udi,
}
