"""From the lines of a file to the table of records, with everything found on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from databroker.dataset.model import FieldType
from databroker.intake.header import check_header, choose_version, listed, match_header
from databroker.intake.sheet import MAX_COLUMNS, UnreadableError, is_blank
from databroker.records import Origin, Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.intake.header import Header
    from databroker.intake.sheet import Sheet

KEY = "interv_nr"
_KEY_SHAPE = re.compile(r"[A-Za-z]{2,}(-[A-Za-z0-9]+)*-[0-9]+", re.ASCII)

_DATE_NOTATIONS = (
    re.compile(r"\s*\d{1,2}-\d{1,2}-\d{4}\s*"),
    re.compile(r"\s*\d{1,2}/\d{1,2}/\d{4}\s*"),
    re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}\s*"),
)


@dataclass(slots=True)
class Body:
    """The lines under the header as far as they are kept.

    `records` counts every line that is not blank; `ragged` are those with another number of cells
    than the header, as (row, cells, number of the intervention).
    """

    rows: list[int] = field(default_factory=list)
    cells: list[list[str | None]] = field(default_factory=list)
    ragged: list[tuple[int, int, str | None]] = field(default_factory=list)
    unnamed: set[int] = field(default_factory=set)
    records: int = 0


@dataclass(slots=True)
class _Lines:
    """The lines that are not blank; counts the blank ones at the end while one iterates."""

    lines: Iterable[tuple[int, Sequence[str | None]]]
    blank_at_end: int = 0

    def __iter__(self) -> Iterator[tuple[int, Sequence[str | None]]]:
        for row, cells in self.lines:
            if is_blank(cells):
                self.blank_at_end += 1
            else:
                self.blank_at_end = 0
                yield row, cells


@dataclass(frozen=True, slots=True)
class Table:
    """What came of the lines of a file.

    `dataset` is the version that the header is of; `records` is None when the file is refused.
    """

    dataset: Dataset
    records: Records | None
    findings: list[Finding]
    count: int


def make_table(sheet: Sheet, versions: Sequence[Dataset], others: Iterable[Dataset]) -> Table:
    """Make the table of a file, in the version of the dataset that its header is of.

    Raises:
        UnreadableError: the file breaks off, is too wide, too long or has no records.
    """
    filled = _Lines(sheet.lines)
    lines = iter(filled)
    row, cells = _read_header(lines)
    dataset = choose_version(cells, versions)
    header = match_header(row, cells, dataset)
    body = _read_body(lines, header, dataset.max_rows)
    refusals = check_header(header, dataset, others) or _check_body(body, dataset)
    if refusals:
        return Table(dataset, None, refusals, body.records)
    columns = {name: [row[i] for row in body.cells] for i, name in enumerate(header.places)}
    warnings = [
        *sheet.warnings,
        *_unknown_columns(header, body, dataset),
        *_date_notations(columns, dataset),
        *_blank_lines(filled.blank_at_end, dataset),
        *_ragged_lines(body, len(header.names), dataset),
    ]
    letters = {name: column_letter(place) for name, place in header.places.items()}
    spelled = {name: header.names[place] for name, place in header.places.items()}
    paths = {name: sheet.paths[as_is] for name, as_is in spelled.items() if as_is in sheet.paths}
    origin = Origin(sheet.name, letters if sheet.name else {}, paths, sheet.numbers)
    ordered = {name: columns[name] for name in dataset.columns if name in columns}
    return Table(dataset, Records.of(ordered, body.rows, origin), warnings, body.records)


def column_letter(place: int) -> str:
    """Name a column as Excel does, the first being `A`."""
    letters = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        letters = chr(ord("A") + letter) + letters
        place -= 1
    return letters


def _read_header(
    lines: Iterator[tuple[int, Sequence[str | None]]],
) -> tuple[int, Sequence[str | None]]:
    row, cells = next(lines, (1, ()))
    if not cells:
        raise UnreadableError("BF-011")
    if len(cells) > MAX_COLUMNS:
        raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")
    return row, cells


def _read_body(
    lines: Iterator[tuple[int, Sequence[str | None]]], header: Header, max_rows: int
) -> Body:
    body = Body()
    width, places = len(header.names), list(header.places.values())
    unnamed = [place for place in header.unknown if not header.names[place]]
    for row, cells in lines:
        body.records += 1
        if body.records > max_rows:
            continue  # counted for the hospital, not kept: memory stays bounded
        if len(cells) != width:
            body.ragged.append((row, len(cells), _key(cells, header)))
            continue
        body.rows.append(row)
        body.cells.append([_text(cells[place]) for place in places])
        body.unnamed.update(place for place in unnamed if _text(cells[place]))
    return body


def _text(cell: str | None) -> str | None:
    return None if cell is None or not cell or cell.isspace() else cell


def _key(cells: Sequence[str | None], header: Header) -> str | None:
    """Give the intervention number of a ragged line, only if what stands there can be one.

    The cells of such a line may have moved: a name or a BSN could stand in its place.
    """
    place = header.places.get(KEY, len(cells))
    key = (cells[place] or "").strip() if place < len(cells) else ""
    return key if _KEY_SHAPE.fullmatch(key) else None


def _check_body(body: Body, dataset: Dataset) -> list[Finding]:
    if body.records == 0:
        return [dataset.finding("BF-011")]
    if body.records > dataset.max_rows:
        return [dataset.finding("BF-014", n=body.records, max=dataset.max_rows)]
    if 2 * len(body.ragged) > body.records:
        return [dataset.finding("BF-012", regel=body.ragged[0][0])]
    return []


def _ragged_lines(body: Body, width: int, dataset: Dataset) -> list[Finding]:
    """Refuse the lines whose cells cannot be told apart.

    They stay out of the table: a name that moved one column would pass the privacy step unseen.
    """
    return [
        dataset.finding("F-012", row=row, interv_nr=key, regel=row, n=cells, m=width)
        for row, cells, key in body.ragged
    ]


def _unknown_columns(header: Header, body: Body, dataset: Dataset) -> list[Finding]:
    names = [
        header.names[place] or f"(kolom {place + 1} zonder naam)"
        for place in header.unknown
        if header.names[place] or place in body.unnamed
    ]
    return [dataset.finding("BW-001", kolommen=listed(names))] if names else []


def _date_notations(columns: dict[str, list[str | None]], dataset: Dataset) -> list[Finding]:
    dates = {
        cell
        for name, cells in columns.items()
        if dataset.columns[name].field.type is FieldType.DATE
        for cell in cells
        if cell is not None
    }
    used = [notation for notation in _DATE_NOTATIONS if any(map(notation.fullmatch, dates))]
    return [dataset.finding("BW-007")] if len(used) > 1 else []


def _blank_lines(count: int, dataset: Dataset) -> list[Finding]:
    return [dataset.finding("BW-011", n=count)] if count else []
