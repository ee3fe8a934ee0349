"""Who is measured: each a module with `prepare`, which gives what turns a file into its hits.

Importing, reading the dataset and compiling its rules is done by then. An anchor reads the file and
looks for nothing: its hits are None.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from databroker.dataset import Scope
from databroker.delivery import Centre
from databroker.rules import Context

if TYPE_CHECKING:
    from databroker.dataset import Dataset

Hit = tuple[int, str, str]
"""The row in the file, the column and the code of a broken rule."""

Run = Callable[[Path], set[Hit] | None]

CONTEXT = Context(today=dt.date(2026, 3, 5), centre=Centre("MCX"))
"""The day and the centre of every delivery that is measured."""

_OF_ONE_RECORD = frozenset({Scope.FIELD, Scope.ROW, Scope.LEAD, Scope.LEAD_SLOT})
_OF_A_LINE = "F-012"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a contender is asked to check: the versions of the dataset, one of which the file is."""

    versions: tuple[Dataset, ...]
    version: Dataset
    file: Path
    context: Context = CONTEXT

    def compares(self, code: str) -> bool:
        """Tell whether a rule looks at one record, and so is asked by every contender."""
        return self.version.rules[code].scope in _OF_ONE_RECORD and code != _OF_A_LINE

    def header(self) -> list[str]:
        """Read the header of a file of text."""
        with self.file.open(encoding="utf-8-sig") as lines:
            return next(lines).rstrip("\r\n").split(";")
