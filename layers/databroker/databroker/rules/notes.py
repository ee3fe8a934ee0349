"""Writes findings down, each at its own place in the hospital's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.rules.context import Context
    from databroker.rules.part import Part
    from databroker.texts import Array

NUMBER = "interv_nr"
"""The column by which a hospital knows a record."""


class Notes:
    """The findings of one step, in the order they were written down."""

    def __init__(self, dataset: Dataset, context: Context) -> None:
        """Start without findings."""
        self.dataset = dataset
        self.centre = context.centre
        self.findings: list[Finding] = []

    def of_records(
        self,
        code: str,
        part: Part,
        column: str,
        indexes: Iterable[int],
        nameless: Array | None = None,
        **texts: Any,
    ) -> None:
        """Write down what is found in a column of some records, by their index in the part.

        `nameless` are the records whose number may not be named (mask).
        """
        records = part.records
        values = records.columns.get(column)
        numbers = part.cells(NUMBER) if NUMBER in records.columns else None
        for index in indexes:
            row = int(records.numbers[index])
            if numbers is None or (nameless is not None and nameless[index]):
                interv_nr = None
            else:
                interv_nr = numbers.text(index)
            self.findings.append(
                self.dataset.finding(
                    code,
                    row=row,
                    cell=records.origin.cell(column, row),
                    interv_nr=interv_nr,
                    column=column,
                    value=None if values is None else values[index],
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
