"""Writing records as a file that can be delivered: CSV, or XML."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from databroker.dataset import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databroker.dataset import Dataset
    from databroker.records import Records

_DAY = re.compile(r"(?P<day>\d\d)[-/](?P<month>\d\d)[-/](?P<year>\d{4})", re.ASCII)


def as_csv(records: Records) -> bytes:
    """Write CSV: semicolons, UTF-8 with a mark that Excel knows it by.

    Every record stands on the line that it had in the hospital's own file, so that a finding about
    it names a row that the hospital can look up; lines between are left empty.
    """
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=";", lineterminator="\r\n")
    writer.writerow(records.names)
    for blank, cells in _lines(records):
        content.write("\r\n" * blank)
        writer.writerow(cells)
    return content.getvalue().encode("utf-8-sig")


def as_xml(records: Records, dataset: Dataset) -> bytes:
    """Write XML, each record on the line that it had in the hospital's own file; dates as ISO 8601."""
    dates = {
        name for name, column in dataset.columns.items() if column.field.type is FieldType.DATE
    }
    head = f"dataset={quoteattr(dataset.id)} versie={quoteattr(dataset.version)}"
    content = io.StringIO()
    content.write(f'<?xml version="1.0" encoding="UTF-8"?><aanlevering {head}>\n')
    for blank, cells in _lines(records):
        content.write("\n" * blank)
        filled = zip(records.names, cells, strict=True)
        elements = "".join(
            f"<{name}>{escape(_iso(cell) if name in dates else cell)}</{name}>"
            for name, cell in filled
            if cell
        )
        content.write(f"<record>{elements}</record>\n")
    content.write("</aanlevering>\n")
    return content.getvalue().encode()


def _iso(cell: str) -> str:
    """Turn a date as the handbook has it; anything else stays as it was delivered."""
    day = _DAY.fullmatch(cell.strip())
    return "{year}-{month}-{day}".format(**day.groupdict()) if day else cell


def _lines(records: Records) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give how many lines to leave empty before each record, and its cells."""
    columns = [[cell or "" for cell in records.column(name)] for name in records.names]
    last = 1
    for row, cells in zip(records.rows, zip(*columns, strict=True), strict=True):
        blank = max(row - last - 1, 0)
        yield blank, cells
        last += blank + 1 + sum(cell.count("\n") for cell in cells)
