"""The rows of a delivery as one table of text, handed from step to step as Arrow IPC.

A file is parsed once (docs/adr/0004). Each column is text; an empty cell is null. The table knows
where every cell stands in the hospital's own file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ROW = "_regel"
"""The column with the physical line (CSV, XML), sheet row (XLSX) or place (FHIR) of each record.

A header is row 1; a place is counted as if there were one, so the first record is row 2.
"""

_ORIGIN = b"herkomst"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the cells stand in the hospital's file.

    `sheet` and `letters` (canonical column name to column letter) are filled for a workbook only.

    `paths` and `numbers` are filled for a document only: column name to its path, `{}` standing for
    a number, with which of the numbers of a row that is; and row to its numbers, None for a cell
    that is not in the document.
    """

    sheet: str | None
    letters: Mapping[str, str]
    paths: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    numbers: Mapping[int, Sequence[int | None]] = field(default_factory=dict)

    def cell(self, column: str, row: int) -> str | None:
        """Give where a cell stands: as Excel writes it (`Blad!C17`), or its path; None in CSV."""
        if column in self.paths and row in self.numbers:
            path, which = self.paths[column]
            number = self.numbers[row][which]
            return None if number is None else path.format(number)
        letter = self.letters.get(column)
        if self.sheet is None or letter is None:
            return None
        plain = self.sheet.replace("_", "").isalnum()
        sheet = self.sheet if plain else "'" + self.sheet.replace("'", "''") + "'"
        return f"{sheet}!{letter}{row}"

    def to_json(self) -> str:
        """Write it down, to go with the table."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Origin:
        """Read what `to_json` wrote."""
        facts = json.loads(text)
        numbers = {int(row): each for row, each in facts.pop("numbers", {}).items()}
        return cls(**facts, numbers=numbers)


class Records:
    """A table of text columns under their canonical names, with the row each record came from."""

    def __init__(self, table: pa.Table, origin: Origin) -> None:
        """Take a table that has the column `_regel` (int32) and text columns besides."""
        self.table = table
        self.origin = origin

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Sequence[str | None]],
        rows: Sequence[int],
        origin: Origin | None = None,
    ) -> Records:
        """Make a table of lists; every list as long as `rows`."""
        arrays = {ROW: pa.array(rows, pa.int32())}
        arrays |= {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
        return cls(pa.table(arrays), origin or Origin(None, {}))

    def __len__(self) -> int:
        """Count the records."""
        return int(self.table.num_rows)

    @property
    def names(self) -> list[str]:
        """Give the canonical names of the columns, without the row column."""
        return [name for name in self.table.column_names if name != ROW]

    @property
    def rows(self) -> list[int]:
        """Give the physical row of each record."""
        rows: list[int] = self.table.column(ROW).to_pylist()
        return rows

    def column(self, name: str) -> list[str | None]:
        """Give the cells of a column; a column that was not delivered is empty all the way."""
        if name not in self.table.column_names:
            return [None] * len(self)
        cells: list[str | None] = self.table.column(name).to_pylist()
        return cells

    def with_columns(self, columns: Mapping[str, Sequence[str | None]]) -> Records:
        """Give the same records with these columns in place of what they had, or added."""
        table = self.table
        for name, cells in columns.items():
            array = pa.array(cells, pa.string())
            if name in table.column_names:
                table = table.set_column(table.column_names.index(name), name, array)
            else:
                table = table.append_column(name, array)
        return Records(table, self.origin)

    def without(self, names: Collection[str]) -> Records:
        """Give the same records without these columns."""
        kept = [name for name in self.table.column_names if name not in names]
        return Records(self.table.select(kept), self.origin)

    def to_ipc(self) -> bytes:
        """Write the table as an Arrow IPC stream, lz4 compressed."""
        table = self.table.replace_schema_metadata({_ORIGIN: self.origin.to_json().encode()})
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        content: bytes = sink.getvalue().to_pybytes()
        return content

    @classmethod
    def from_ipc(cls, content: bytes) -> Records:
        """Read what `to_ipc` wrote."""
        with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
            table = reader.read_all()
        origin = Origin.from_json(table.schema.metadata[_ORIGIN])
        return cls(table.replace_schema_metadata(None), origin)
