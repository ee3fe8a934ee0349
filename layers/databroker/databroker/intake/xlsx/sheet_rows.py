"""The rows of a worksheet while it is inflated: the ordinary ones by column, the others one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.intake.sheet import UnreadableError
from databroker.intake.xlsx.sheet_scan import SheetScan
from databroker.intake.xlsx.sheet_tokens import Ordinary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from databroker.intake.xlsx.grid import Grid, Meaning

ROW_TAG = b"<row "
"""What the pieces of a sheet should end before."""


def read_rows(
    pieces: Iterable[bytes], meaning: Meaning, max_tags: int, *, by_column: bool = True
) -> Iterator[Grid]:
    """Give the rows of a worksheet that have a filled cell, as they are written, some at a time.

    One parser sees all that is not proven to be ordinary, so that the sheet as a whole is. Without
    `by_column` it sees everything.

    Raises:
        UnreadableError: as `SheetScan.feed` does, and BF-018 for more than so many tags.
    """
    scan = SheetScan(meaning)
    ordinary: Ordinary | None = None
    tags = 0
    for piece in pieces:
        tags += piece.count(b"<")
        if tags > max_tags:
            raise UnreadableError("BF-018")
        rest = piece
        if by_column and not scan.between_rows:
            cut = max(piece.find(ROW_TAG), 0)
            scan.feed(piece[:cut])
            rest = piece[cut:]
        if by_column and scan.between_rows:
            before = scan.grid()
            if before is not None:
                yield before
            ordinary = ordinary or Ordinary(meaning, [each for each in scan.prefixes if each])
            read = ordinary.read(rest, scan.row)
            if read is not None:
                grid, scan.row, size = read
                rest = rest[size:]
                yield grid
        scan.feed(rest)
        slow = scan.grid()
        if slow is not None:
            yield slow
    scan.feed(b"", last=True)
