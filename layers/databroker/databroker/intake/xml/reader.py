"""XML: one element a record, in it one element a column, named as the column (docs/formats.md)."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import numpy as np

from databroker.intake.named import check_count, sheet_of_body, sheet_of_records
from databroker.intake.sheet import UnreadableError
from databroker.intake.xml.columns import read_columns
from databroker.intake.xml.scan import RECORD, ROOT, Scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from databroker.dataset import Dataset
    from databroker.intake.sheet import Sheet
    from databroker.texts import Array


def read_xml(content: bytes, dataset: Dataset) -> Sheet:
    """Read an XML delivery. Namespaces, attributes of a record and comments mean nothing.

    The row of a record is the line its element starts on. Where records share a line with each
    other or with the root, as in XML without line breaks, rows count records from row 2.

    Raises:
        UnreadableError: BF-001 for another kind of XML, BF-005 for an encoding nobody reads,
            BF-006 for a column twice in a record, BF-008 for another dataset, BF-011, BF-014,
            BF-018 for a document type or what only an attack has, BF-019 for what is not
            well-formed or not built as agreed.
    """
    content, encoding = _recoded(content)
    return _by_column(content, encoding, dataset) or _by_event(content, encoding, dataset)


def _by_column(content: bytes, encoding: str | None, dataset: Dataset) -> Sheet | None:
    """Read a document as nearly all are; None for another, of which nothing is known yet."""
    columns = read_columns(content, encoding, dataset)
    if columns is None:
        return None
    rows = _rows(columns.starts)
    return sheet_of_body(
        lambda places: columns.blocks(rows, places),
        columns.spelled,
        dataset,
        paths=_paths(columns.spelled.values()),
        rows=rows.tolist(),
        version=columns.version,
    )


def _by_event(content: bytes, encoding: str | None, dataset: Dataset) -> Sheet:
    """Read a document whatever stands in it."""
    scan = Scan(dataset, encoding)
    scan.read(content)
    check_count(scan.count, dataset)
    rows: Sequence[int] = _rows(np.array(scan.starts)).tolist()
    return sheet_of_records(
        zip(rows, scan.records, strict=True),
        scan.spelled,
        dataset,
        paths=_paths(scan.spelled.values()),
        rows=rows,
        version=scan.version,
    )


def _recoded(content: bytes) -> tuple[bytes, str | None]:
    """Make UTF-8 of UTF-16, which would hide its tags; gives what the parser must believe."""
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if b"\0" in content:
            raise UnreadableError("BF-005")
        return content, None
    try:
        return content.decode("utf-16").encode(), "utf-8"
    except UnicodeError as error:
        raise UnreadableError("BF-005") from error


def _rows(starts: Array) -> Array:
    """Give every record a row of its own: the line it starts on, if that is its own."""
    if starts[0] > 1 and (np.diff(starts) > 0).all():
        return starts.astype(np.int32)
    return np.arange(2, starts.size + 2, dtype=np.int32)


def _paths(names: Iterable[str]) -> Mapping[str, tuple[str, int]]:
    return {name: (f"/{ROOT}/{RECORD}[{{}}]/{name}", 0) for name in names}
