"""How the numbers of a workbook are shown, as far as it tells a date or a leading zero."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.intake.xlsx.elements import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.intake.xlsx.elements import Element

_FORMAT = (f"{MAIN} numFmts", f"{MAIN} numFmt")
_STYLE = (f"{MAIN} cellXfs", f"{MAIN} xf")

_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
_BUILT_IN_ELAPSED = 46
"""Formats that a workbook does not write out (ECMA-376, 18.8.30); none of the others is a date."""

_NOT_SHOWN = re.compile(r'".*?"|\[(?!hh?\]|mm?\]|ss?\])[^\]]*\]')
"""Words in quotes, and colours, conditions and languages in brackets; `[h]` is a unit of time."""
_DATE_LETTER = re.compile(r"(?<![_\\])[dmhysDMHYS]")
_ELAPSED = re.compile(r"\[(hh?|mm?|ss?)\]", re.IGNORECASE)
_ZEROS = re.compile(r"0{2,}")


@dataclass(frozen=True, slots=True)
class Style:
    """What a number format makes of a number.

    `zeros` is how many digits a format of zeros only shows, `elapsed` is for a time that can be
    longer than a day.
    """

    date: bool = False
    elapsed: bool = False
    zeros: int = 0

    @property
    def plain(self) -> bool:
        """Tell whether a number is shown as it is, however it is rounded."""
        return not self.date and not self.zeros


def style_of(number_format: str) -> Style:
    """Read a number format; only its first part, of positive numbers, counts."""
    if _ZEROS.fullmatch(number_format):
        return Style(zeros=len(number_format))
    first = number_format.partition(";")[0]
    if not _DATE_LETTER.search(_NOT_SHOWN.sub("", first)):
        return Style()
    return Style(date=True, elapsed=_ELAPSED.search(first) is not None)


def read_styles(elements: Iterable[Element]) -> list[Style]:
    """Give the styles that cells point at, by number.

    Raises:
        ValueError: a number is none.
    """
    formats: dict[int, str] = {}
    numbers = []
    for parent, tag, attributes in elements:
        if (parent, tag) == _FORMAT:
            formats[int(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")
        elif (parent, tag) == _STYLE:
            numbers.append(int(attributes.get("numFmtId", "0")))
    styles = [
        style_of(formats[number]) if number in formats else _built_in(number) for number in numbers
    ]
    return styles or [Style()]


def _built_in(number: int) -> Style:
    elapsed = number == _BUILT_IN_ELAPSED
    return Style(date=elapsed or number in _BUILT_IN_DATES, elapsed=elapsed)
