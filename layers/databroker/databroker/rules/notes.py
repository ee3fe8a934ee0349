"""Writes findings down, each at its own place in the hospital's file."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from databroker.findings import refused_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.rules.context import Context
    from databroker.rules.part import Part
    from databroker.texts import Array


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
        origin, where = part.records.origin, list(map(int, indexes))
        named = [part.record(index) for index in where]
        values = part.records.columns[column].at(where) if column in part.columns else repeat(None)
        self.findings += self.dataset.findings(
            code,
            column,
            (
                (
                    row,
                    origin.cell(column, row),
                    None if nameless is not None and nameless[index] else number,
                    value,
                )
                for index, (row, number), value in zip(where, named, values, strict=False)
            ),
            verwacht=self.centre,
            **texts,
        )

    def of_file(self, code: str, column: str | None = None, **texts: Any) -> None:
        """Write down what is found in the file as a whole, or in a column of it."""
        self.findings.append(self.dataset.finding(code, column=column, **texts))

    def refused(self) -> set[int]:
        """Give the physical rows of the records that a finding refuses."""
        return set(refused_rows(self.findings))

    def sorted(self) -> list[Finding]:
        """Give the findings on the file first, then those on the records from top to bottom."""
        return sorted(self.findings, key=lambda finding: finding.row or 0)
