"""How the workbook looks, and how text gets into a cell without becoming anything but text."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING

from databroker.report.summary import Tone

if TYPE_CHECKING:
    from collections.abc import Collection

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_LONGEST = 1_000
"""Far below the 32,767 characters of a cell: a longer value says nothing more to a reader."""

_LINE_HEIGHT, _MOST_LINES = 15.0, 20
_ROOM = 4
"""Characters of a column's width that the indent and a wide letter take."""

_UNPRINTABLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, or turning the text around
    "\ud800-\udfff\ufffe\uffff"  # not allowed in XML at all
    "]+"
)

INK = "#1F2933"
NAVY = "#12395B"
RULE = "#D3DAE0"
FILLS = {Tone.GOOD: "#D9EFDC", Tone.MIXED: "#FFEFC2", Tone.BAD: "#F8D7D3"}
INKS = {Tone.GOOD: "#14532D", Tone.MIXED: "#5C4400", Tone.BAD: "#7A1A12"}


def printable(text: str) -> str:
    """Give the text as a reader may see it: without control characters, and not without end."""
    plain = _UNPRINTABLE.sub(" ", text).strip()
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


class Styles:
    """The formats of the workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        """Take the workbook the formats belong to."""
        self._workbook = workbook
        self.title = self._make(bold=True, font_size=18, font_color=NAVY, valign="vcenter")
        self.subtitle = self._make(font_size=11, font_color="#4A5560")
        self.heading = self._make(bold=True, font_size=13, font_color=NAVY, valign="vcenter")
        self.note = self._make(italic=True, font_color="#4A5560")
        self.fact = self._make(font_color="#4A5560")
        self.fact_value = self._text()
        self.fact_number = self._make(num_format="#,##0", align="left", bold=True)
        head = {"bold": True, "font_color": "#FFFFFF", "bg_color": NAVY, "valign": "vcenter"}
        self.header = self._make(align="left", indent=1, **head)
        self.header_number = self._make(align="right", indent=1, **head)
        line = {"bottom": 1, "bottom_color": RULE, "valign": "top", "indent": 1}
        self.text = self._text(**line)
        self.wrapped = self._text(text_wrap=True, **line)
        self.number = self._make(num_format="#,##0", align="right", **line)
        self.row = self._make(num_format="0", align="left", **line)
        self.percentage = self._make(num_format="0.0%", align="right", **line)
        self.norm = self._make(num_format='0"%"', align="right", **line)
        self.verdicts = {tone: self._verdict(tone) for tone in Tone}
        self.marks = {
            tone: self._make(bg_color=FILLS[tone], font_color=INKS[tone], align="left", **line)
            for tone in Tone
        }

    def _make(self, **looks: object) -> Format:
        return self._workbook.add_format({"font_color": INK, **looks})

    def _text(self, **looks: object) -> Format:
        # quote_prefix keeps `=1+1` a text even after someone edits the cell in Excel.
        return self._make(num_format="@", quote_prefix=True, align="left", **looks)

    def _verdict(self, tone: Tone) -> Format:
        return self._make(
            bold=True,
            font_size=13,
            bg_color=FILLS[tone],
            font_color=INKS[tone],
            valign="vcenter",
            align="left",
            indent=1,
            text_wrap=True,
        )


class Page:
    """A sheet that is written from top to bottom, and prints well."""

    def __init__(self, workbook: Workbook, styles: Styles, name: str, footer: str) -> None:
        """Start a sheet; the footer names the delivery on every printed page."""
        self.sheet: Worksheet = workbook.add_worksheet(name)
        self.styles = styles
        self.next = 0
        self._widths: tuple[float, ...] = ()
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.sheet.set_footer(f"&L&8{footer}&C&8{name}&R&8Pagina &P van &N")

    def widths(self, *widths: float) -> None:
        """Set the width of the columns, from the first."""
        self._widths = widths
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)

    def line(self, *cells: tuple[str | int | float | None, Format]) -> None:
        """Write one row, each value in its own style; the row is as high as its text needs."""
        lines = 1
        for column, (value, style) in enumerate(cells):
            self.put(self.next, column, value, style)
            if style is self.styles.wrapped and isinstance(value, str):
                lines = max(lines, ceil(len(value) / (self._widths[column] - _ROOM)))
        if lines > 1:
            # Excel fits a row to its text on opening, LibreOffice does not.
            self.sheet.set_row(self.next, min(lines, _MOST_LINES) * _LINE_HEIGHT)
        self.next += 1

    def put(self, row: int, column: int, value: str | float | None, style: Format) -> None:
        """Write one cell: a number as a number, anything else as text and never as a formula."""
        shown = printable(value) if isinstance(value, str) else value
        if shown is None or shown == "":
            self.sheet.write_blank(row, column, None, style)
        elif isinstance(shown, str):
            self.sheet.write_string(row, column, shown, style)
        else:
            self.sheet.write_number(row, column, shown, style)

    def header(self, *names: str, numbers: Collection[str] = ()) -> None:
        """Write the names of the columns; a name in `numbers` stands above its figures."""
        styles = self.styles
        self.sheet.set_row(self.next, 22)
        self.line(
            *((name, styles.header_number if name in numbers else styles.header) for name in names)
        )

    def gap(self) -> None:
        """Leave a row empty."""
        self.next += 1

    def freeze_header(self) -> None:
        """Keep the header just written in sight, on screen and on paper."""
        self.sheet.freeze_panes(self.next, 0)
        self.sheet.repeat_rows(self.next - 1)

    def filter_from(self, header: int, columns: int) -> None:
        """Put a filter on the table that ends at the last row written."""
        self.sheet.autofilter(header, 0, max(self.next - 1, header), columns - 1)
