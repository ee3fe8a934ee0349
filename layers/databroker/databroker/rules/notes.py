"""Writes findings down, each at its own place in the hospital's file."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.findings import refused_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        indexes: Array | Sequence[int],
        nameless: Array | None = None,
        **texts: Any,
    ) -> None:
        """Write down what is found in a column of some records, by their index in the part.

        `nameless` are the records whose number may not be named (mask).
        """
        indexes = np.asarray(indexes)
        rows: list[int] = part.records.numbers[indexes].tolist()
        where: list[int] = indexes.tolist()
        hidden = set() if nameless is None else set(indexes[nameless[indexes]].tolist())
        numbers = [None if at in hidden else part.number(at) for at in where]
        values = part.records.columns[column].at(where) if column in part.columns else repeat(None)
        places = zip(rows, part.records.origin.cells(column, rows), numbers, values, strict=False)
        self.findings += self.dataset.findings(code, column, places, verwacht=self.centre, **texts)

    def of_file(self, code: str, column: str | None = None, **texts: Any) -> None:
        """Write down what is found in the file as a whole, or in a column of it."""
        self.findings.append(self.dataset.finding(code, column=column, **texts))

    def refused(self) -> set[int]:
        """Give the physical rows of the records that a finding refuses."""
        return set(refused_rows(self.findings))

    def sorted(self) -> list[Finding]:
        """Give the findings on the file first, then those on the records from top to bottom."""
        return sorted(self.findings, key=lambda finding: finding.row or 0)
