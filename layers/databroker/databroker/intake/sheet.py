"""What every reader gives: the lines of a file as cells of text, each with its physical row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from databroker.findings import Finding

MAX_COLUMNS = 500
"""Far more than any dataset has; a wider file is a mistake or an attack."""


MAX_LENGTH = 32_767
"""Characters a cell of Excel can hold; more was not written by a spreadsheet."""


class UnreadableError(Exception):
    """Why a reader gave up: the code of a BF rule and the words its text asks for.

    It never leaves this package: `read_delivery` turns it into the finding.
    """

    def __init__(self, code: str, *, records: int = 0, **texts: Any) -> None:
        """Carry the code, the words, and the records counted before the reader gave up."""
        super().__init__(code)
        self.code = code
        self.records = records
        self.texts = texts


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines of a file, header and blank ones included, as (row, cells).

    Iterating may raise an `UnreadableError`. `name` is the worksheet's, None outside a workbook;
    `paths` (by name as in the header) and `numbers` say where a cell stands in a document, as in
    `databroker.records.Origin`; `version` is the one of the dataset that the file says it follows.
    """

    lines: Iterable[tuple[int, Sequence[str | None]]]
    warnings: tuple[Finding, ...] = ()
    name: str | None = None
    paths: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    numbers: Mapping[int, Sequence[int | None]] = field(default_factory=dict)
    version: str | None = None


def is_blank(cells: Sequence[str | None]) -> bool:
    """Tell whether nothing is written on a line."""
    for cell in cells:  # noqa: SIM110 - a file may have ten million lines; any() takes thrice as long
        if cell and not cell.isspace():
            return False
    return True
