"""Writes findings down, each at its own place in the hospital's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from databroker.findings import refused_rows

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
        records, where = part.records, list(map(int, indexes))
        rows = [int(records.numbers[index]) for index in where]
        values = (
            records.columns[column].at(where) if column in part.columns else [None] * len(where)
        )
        numbers = self._numbers(part, where, nameless)
        cells = (records.origin.cell(column, row) for row in rows)
        self.findings += self.dataset.findings(
            code,
            column,
            zip(rows, cells, numbers, values, strict=True),
            verwacht=self.centre,
            **texts,
        )

    @staticmethod
    def _numbers(part: Part, where: list[int], nameless: Array | None) -> list[str | None]:
        """Give the numbers of some interventions, as far as they may be named."""
        if NUMBER not in part.columns:
            return [None] * len(where)
        cells = part.cells(NUMBER)
        numbers = cells.raw.at(where)
        for place, index in enumerate(where):
            if index in cells.marked:
                numbers[place] = cells.marked[index].text
            if nameless is not None and nameless[index]:
                numbers[place] = None
        return numbers

    def of_file(self, code: str, column: str | None = None, **texts: Any) -> None:
        """Write down what is found in the file as a whole, or in a column of it."""
        self.findings.append(self.dataset.finding(code, column=column, **texts))

    def refused(self) -> set[int]:
        """Give the physical rows of the records that a finding refuses."""
        return set(refused_rows(self.findings))

    def sorted(self) -> list[Finding]:
        """Give the findings on the file first, then those on the records from top to bottom."""
        return sorted(self.findings, key=lambda finding: finding.row or 0)
