"""How much a workbook may hold: what bounds the time and the memory that reading one takes.

The defaults are those of a dataset of 20,000 records. A dataset that takes more (`max_rows`) lets
through as much more of everything; the size of the file itself is bounded by its `max_bytes`. What
no number of records explains has a fixed limit, beside the code that looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databroker.dataset import Dataset

USUAL_ROWS = 20_000

MAX_INFLATED = 150_000_000
"""Bytes, all parts together: 20,000 records of 82 columns are some 60 MB of XML."""
MAX_TAGS = 8_000_000
"""In the worksheet: four tags a cell, 20,000 records of 82 columns, and room for blank cells."""
MAX_STRING_TAGS = 2_000_000
"""In the shared strings: four tags each, a quarter of the cells a text that stands nowhere else."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for the workbooks of one dataset."""

    inflated: int
    tags: int
    string_tags: int


def limits_of(dataset: Dataset) -> Limits:
    """Give the limits that go with the number of records a dataset takes."""
    rows = max(dataset.max_rows, USUAL_ROWS)
    usual = (MAX_INFLATED, MAX_TAGS, MAX_STRING_TAGS)
    return Limits(*(limit * rows // USUAL_ROWS for limit in usual))
