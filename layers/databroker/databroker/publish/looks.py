"""How the template looks. What a column needs shows in weight, slant and border, not in colour only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.dataset import FieldType

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

    from databroker.dataset import Field

_INK, _NAVY, _SKY, _MIST, _LINE = "#1F2933", "#12395B", "#CFE0EE", "#EEF1F4", "#D3DAE0"
_THICK, _DASHED, _THIN = 5, 8, 1
"""Borders by their number in Excel."""


class Looks:
    """The formats of the template, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        """Take the workbook the formats belong to."""
        self._workbook = workbook
        self.bold = self._make(bold=True)
        self.title = self._make(bold=True, font_size=18, font_color=_NAVY, valign="vcenter")
        self.heading = self._make(bold=True, font_size=13, font_color=_NAVY, valign="vcenter")
        self.fact = self._make(font_color="#4A5560")
        self.value = self._make(bold=True, num_format="@", align="left")
        self.aside = self._make(align="left", indent=1)
        self.step = self._make(text_wrap=True, valign="top")
        self.table_head = self._make(
            bold=True,
            font_color="#FFFFFF",
            bg_color=_NAVY,
            valign="vcenter",
            align="left",
            indent=1,
        )
        line = {
            "bottom": _THIN,
            "bottom_color": _LINE,
            "valign": "top",
            "align": "left",
            "indent": 1,
        }
        self.cell = self._make(text_wrap=True, **line)
        self.name = self._make(bold=True, **line)
        left = {"align": "left", "indent": 1}
        head = {"valign": "vcenter", **left}
        self.always = self._make(
            bold=True, font_color="#FFFFFF", bg_color=_NAVY, bottom=_THICK, **head
        )
        self.sometimes = self._make(
            bold=True, italic=True, font_color=_NAVY, bg_color=_SKY, bottom=_DASHED, **head
        )
        self.free = self._make(bg_color=_MIST, bottom=_THIN, bottom_color=_LINE, **head)
        self._bodies = {
            FieldType.TEXT: self._make(num_format="@", **left),
            FieldType.UDI: self._make(num_format="@", **left),
            FieldType.DATE: self._make(num_format="dd-mm-yyyy", **left),
        }
        self._number = self._make(**left)

    def header(self, field: Field) -> Format:
        """Give the look of a column's name: always needed, sometimes, or free."""
        if field.required:
            return self.always
        return self.sometimes if field.condition else self.free

    def body(self, field: Field) -> Format:
        """Give the look of a column's cells; text keeps its leading zeros."""
        return self._bodies.get(field.type, self._number)

    def _make(self, **looks: object) -> Format:
        return self._workbook.add_format({"font_color": _INK, **looks})
