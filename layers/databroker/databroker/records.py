"""The rows of a delivery as one table of text, handed from step to step as Arrow IPC.

A file is parsed once (docs/adr/0004). Each column is text. The table knows where every cell stands
in the hospital's own file.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.texts import Texts, buffer, ends

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from databroker.texts import Array

ROW = "_regel"
"""The column with the physical line (CSV, XML), sheet row (XLSX) or place (FHIR) of each record.

A header is row 1; a place is counted as if there were one, so the first record is row 2.
"""

PART = 16_384
"""Records that are looked at together: enough to work in columns, few enough for the cache."""

_ORIGIN = b"herkomst"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the cells stand in the hospital's file.

    `sheet` and `letters` (canonical column name to column letter) are filled for a workbook only.

    `paths` and `rows` are filled for a document only: column name to its path, `{}` standing for a
    number, with which of the numbers of a record that is; and the row of every record in the
    document, ascending. `numbers` are those of each record, None for a cell that is not in the
    document; without them a record has one number, its place, the first being 1.
    """

    sheet: str | None
    letters: Mapping[str, str]
    paths: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    rows: Sequence[int] = ()
    numbers: Sequence[Sequence[int | None]] = ()

    def cell(self, column: str, row: int) -> str | None:
        """Give where a cell stands: as Excel writes it (`Blad!C17`), or its path; None in CSV."""
        place = bisect_left(self.rows, row)
        if column in self.paths and row in self.rows[place : place + 1]:
            path, which = self.paths[column]
            number = self.numbers[place][which] if self.numbers else place + 1
            return None if number is None else path.format(number)
        letter = self.letters.get(column)
        if self.sheet is None or letter is None:
            return None
        plain = self.sheet.replace("_", "").isalnum()
        sheet = self.sheet if plain else "'" + self.sheet.replace("'", "''") + "'"
        return f"{sheet}!{letter}{row}"

    def cells(self, column: str, rows: Sequence[int]) -> list[str | None]:
        """Give where the cells of a column stand, as `cell` does."""
        if column not in self.paths and (self.sheet is None or column not in self.letters):
            return [None] * len(rows)
        return [self.cell(column, row) for row in rows]

    def to_json(self) -> str:
        """Write it down, to go with the table."""
        facts = {each.name: getattr(self, each.name) for each in fields(self)}
        return json.dumps(facts, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Origin:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


class Records:
    """A table of text columns under their canonical names, with the row each record came from."""

    def __init__(self, columns: Mapping[str, Texts], rows: Array, origin: Origin) -> None:
        """Take columns as long as `rows` (int32)."""
        self.columns = columns
        self.numbers = rows
        self.origin = origin

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Sequence[str | None]],
        rows: Sequence[int],
        origin: Origin | None = None,
    ) -> Records:
        """Make a table of lists; every list as long as `rows`."""
        made = {name: Texts.of(cells) for name, cells in columns.items()}
        return cls(made, np.array(rows, np.int32), origin or Origin(None, {}))

    @classmethod
    def concat(cls, parts: Sequence[Records]) -> Records:
        """Put tables of the same columns and origin under each other; at least one."""
        first = parts[0]
        if len(parts) == 1:
            return first
        columns = {
            name: Texts.concat([part.columns[name] for part in parts]) for name in first.columns
        }
        return cls(columns, np.concatenate([part.numbers for part in parts]), first.origin)

    def __len__(self) -> int:
        """Count the records."""
        return int(self.numbers.size)

    def __eq__(self, other: object) -> bool:
        """Tell whether the same cells came from the same places."""
        if not isinstance(other, Records):
            return NotImplemented
        same = self.names == other.names and self.rows == other.rows
        return same and all(self.column(name) == other.column(name) for name in self.names)

    __hash__ = None  # type: ignore[assignment]  # its cells are arrays

    @property
    def names(self) -> list[str]:
        """Give the canonical names of the columns."""
        return list(self.columns)

    @property
    def rows(self) -> list[int]:
        """Give the physical row of each record."""
        rows: list[int] = self.numbers.tolist()
        return rows

    def texts(self, name: str) -> Texts:
        """Give a column; one that was not delivered is empty all the way."""
        found = self.columns.get(name)
        return Texts.empty(len(self)) if found is None else found

    def column(self, name: str) -> list[str | None]:
        """Give the cells of a column; a column that was not delivered is empty all the way."""
        return self.texts(name).tolist()

    def of_rows(self, rows: Collection[int]) -> Array:
        """Give a mask of the records that came from these rows."""
        if not rows:
            return np.zeros(len(self), bool)
        return np.isin(self.numbers, np.fromiter(rows, np.int32, len(rows)))

    def parts(self, size: int) -> Iterator[Records]:
        """Give the records in tables of at most so many, in order; the cells are shared."""
        if len(self) <= size:
            yield self
            return
        for first in range(0, len(self), size):
            some = slice(first, first + size)
            columns = {name: texts.take(some) for name, texts in self.columns.items()}
            yield Records(columns, self.numbers[some], self.origin)

    def with_columns(self, columns: Mapping[str, Texts | Sequence[str | None]]) -> Records:
        """Give the same records with these columns in place of what they had, or added."""
        made = {
            name: cells if isinstance(cells, Texts) else Texts.of(cells)
            for name, cells in columns.items()
        }
        return Records({**self.columns, **made}, self.numbers, self.origin)

    def without(self, names: Collection[str]) -> Records:
        """Give the same records without these columns."""
        kept = {name: texts for name, texts in self.columns.items() if name not in names}
        return Records(kept, self.numbers, self.origin)

    def only(self, names: Collection[str]) -> Records:
        """Give the same records with no other columns than these."""
        return self.without(self.columns.keys() - set(names))

    def to_ipc(self) -> bytes:
        """Write the table as an Arrow IPC stream, lz4 compressed; an empty cell is null."""
        import pyarrow as pa  # noqa: PLC0415 - 0.2 s of every cold start, and only steps need it

        arrays = {ROW: pa.array(self.numbers, pa.int32())}
        arrays |= {name: _to_arrow(texts) for name, texts in self.columns.items()}
        table = pa.table(arrays, metadata={_ORIGIN: self.origin.to_json().encode()})
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        content: bytes = sink.getvalue().to_pybytes()
        return content

    @classmethod
    def from_ipc(cls, content: bytes) -> Records:
        """Read what `to_ipc` wrote."""
        import pyarrow as pa  # noqa: PLC0415 - as above

        with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
            table = reader.read_all().combine_chunks()
        origin = Origin.from_json(table.schema.metadata[_ORIGIN])
        columns = {
            name: _from_arrow(column)
            for name, column in zip(table.column_names, table, strict=True)
        }
        rows = np.asarray(table.column(ROW), np.int32)
        del columns[ROW]
        return cls(columns, rows, origin)


def _to_arrow(texts: Texts) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - as above

    own = texts.compact()
    offsets = np.concatenate([np.zeros(1, np.int32), ends(own.lengths)])
    filled = np.packbits(own.lengths > 0, bitorder="little")
    buffers = [pa.py_buffer(filled), pa.py_buffer(offsets), pa.py_buffer(own.data)]
    return pa.Array.from_buffers(pa.string(), len(own), buffers)


def _from_arrow(column: Any) -> Texts:
    if column.num_chunks == 0 or str(column.type) != "string":
        return Texts.empty(len(column))
    (array,) = column.chunks
    _, offsets, data = array.buffers()
    places = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return Texts(buffer(data or b""), places[:-1], np.diff(places))
