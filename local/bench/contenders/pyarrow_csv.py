"""An anchor: Arrow parses the CSV file to text, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Run


def prepare(asked: Asked) -> Run:
    """Ask for text in every column."""
    types = dict.fromkeys(asked.header(), pa.string())

    def run(file: Path) -> None:
        csv.read_csv(
            file,
            parse_options=csv.ParseOptions(delimiter=";"),
            convert_options=csv.ConvertOptions(column_types=types),
        )

    return run
