"""Writes findings down, each at its own place in the hospital's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.rules.context import Context
    from tests.support.reference.rows import Sheet

NUMBER = "interv_nr"
"""The column by which a hospital knows a record."""


class Notes:
    """The findings of one step, in the order they were written down."""

    def __init__(
        self, dataset: Dataset, sheet: Sheet, context: Context, nameless: Collection[int]
    ) -> None:
        """Start without findings; `nameless` are physical rows whose number may not be named."""
        self.dataset = dataset
        self.sheet = sheet
        self.centre = context.centre
        self.nameless = nameless
        self.findings: list[Finding] = []

    def of_record(self, code: str, index: int, column: str, **texts: Any) -> None:
        """Write down what is found at a cell of a record."""
        row = self.sheet.numbers[index]
        raw = self.sheet.raw.get(column)
        self.findings.append(
            self.dataset.finding(
                code,
                row=row,
                cell=self.sheet.records.origin.cell(column, row),
                interv_nr=self._number(index),
                column=column,
                value=raw[index] if raw else None,
                verwacht=self.centre,
                **texts,
            )
        )

    def of_file(self, code: str, column: str | None = None, **texts: Any) -> None:
        """Write down what is found in the file as a whole, or in a column of it."""
        self.findings.append(self.dataset.finding(code, column=column, **texts))

    def refused(self) -> set[int]:
        """Give the physical rows of the records that a finding refuses."""
        return {
            finding.row
            for finding in self.findings
            if finding.row is not None and finding.level.refuses_record
        }

    def sorted(self) -> list[Finding]:
        """Give the findings on the file first, then those on the records from top to bottom."""
        return sorted(self.findings, key=lambda finding: finding.row or 0)

    def _number(self, index: int) -> str | None:
        if NUMBER not in self.sheet.cells or self.sheet.numbers[index] in self.nameless:
            return None
        return self.sheet.cells[NUMBER][index].text
