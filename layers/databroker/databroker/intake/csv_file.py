"""CSV as Dutch hospitals write it: `;`, `,` or tab, and three encodings."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

from databroker.intake.header import plain
from databroker.intake.sheet import Sheet, UnreadableError, sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databroker.dataset import Dataset

DELIMITERS = ";,\t"
MAX_LINE = 1_000_000
"""Characters; a record of our largest dataset has some 500."""

_HEADER_REACH = 100_000

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_WITHOUT_MARK = (("utf-8", "UTF-8"), ("cp1252", "windows-1252"))


def read_csv(content: bytes, dataset: Dataset) -> Sheet:
    """Read a CSV file (RFC 4180, with more delimiters and encodings).

    The row of a record is the physical line it starts on, also when a quoted cell holds line
    breaks, so that a hospital finds it back in any editor.

    Raises:
        UnreadableError: BF-005, or BF-012 for an endless line; while iterating, BF-012 at the line
            where quoting fails.
    """
    text, encoding = decode(content)
    _refuse_endless_line(text)
    converted = encoding != "UTF-8"
    warnings = (dataset.finding("BW-008", codering=encoding),) if converted else ()
    return sheet_of(_records(text, find_delimiter(text, dataset)), warnings=warnings)


def decode(content: bytes) -> tuple[str, str]:
    """Decode by the byte order mark, else as strict UTF-8, else as windows-1252.

    Gives the text and the name of the encoding.

    Raises:
        UnreadableError: BF-005, when none fits or the text holds NUL.
    """
    marked = [known for known in _BYTE_ORDER_MARKS if content.startswith(known[0])]
    attempts = [(codec, name) for _, codec, name in marked] or _WITHOUT_MARK
    body = content[len(marked[0][0]) :] if marked else content
    for codec, name in attempts:
        try:
            text = body.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, name
    raise UnreadableError("BF-005")


def find_delimiter(text: str, dataset: Dataset) -> str:
    """Find the delimiter that shows most known column names; failing those, most columns."""
    beginning = text.lstrip()[:_HEADER_REACH]

    def fits(delimiter: str) -> tuple[int, int]:
        header = _first_record(beginning, delimiter)
        return sum(plain(cell) in dataset.headers for cell in header), len(header)

    return max(DELIMITERS, key=fits)


def _first_record(text: str, delimiter: str) -> list[str]:
    try:
        return next((cells for _, cells in _records(text, delimiter)), [])
    except UnreadableError:
        return []


def _refuse_endless_line(text: str) -> None:
    """Refuse a line that would become millions of cells before anyone can count them."""
    lengths = map(len, io.StringIO(text, newline=""))
    row = next((row for row, length in enumerate(lengths, 1) if length > MAX_LINE), None)
    if row is not None:
        raise UnreadableError("BF-012", regel=row)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # newline="" makes lines end where editors end them: \n, \r\n or \r, and nowhere else.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 1
    try:
        for cells in reader:
            yield row, cells
            row = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError("BF-012", regel=row) from error
