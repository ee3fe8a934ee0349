"""From the lines of a file to the table of records, with everything found on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset.model import FieldType
from databroker.intake.header import check_header, choose_version, listed, match_header
from databroker.records import Origin, Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.intake.header import Header
    from databroker.intake.sheet import Sheet
    from databroker.texts import Texts

KEY = "interv_nr"
_KEY_SHAPE = re.compile(r"[A-Za-z]{2,}(-[A-Za-z0-9]+)*-[0-9]+", re.ASCII)

_DATE_NOTATIONS = (
    re.compile(r"\s*\d{1,2}-\d{1,2}-\d{4}\s*"),
    re.compile(r"\s*\d{1,2}/\d{1,2}/\d{4}\s*"),
    re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}\s*"),
)
_MARK_ONES = np.uint64(1 << 16 | 1 << 40)
_MARK_PLACES = np.uint64(0xFF) * _MARK_ONES
"""The third and sixth byte of a word: where `12-02-2026` has its marks."""


class Table:
    """The table of a file whose header was read, while its lines are read.

    Iterating gives the records part by part; only after the last one does one know whether the
    file is refused after all (`verdict`). `count` is the number of records met so far, `dataset`
    the version that the header is of.
    """

    def __init__(
        self, sheet: Sheet, versions: Sequence[Dataset], others: Iterable[Dataset]
    ) -> None:
        """Judge the header: the version of the dataset it is of, and whether it can be used."""
        self.dataset = choose_version(sheet.header, versions)
        self.count = 0
        self._sheet = sheet
        self._header = match_header(sheet.row, sheet.header, self.dataset)
        self._origin = _origin(sheet, self._header)
        self._refusals = check_header(self._header, self.dataset, others)
        self._ragged: list[tuple[int, int, str | None]] = []
        self._unnamed: set[int] = set()
        self._notations: set[int] = set()
        self._blank_at_end = 0

    def __iter__(self) -> Iterator[Records]:
        """Give the records, no more of them than a file may have; all others are only counted.

        Raises:
            UnreadableError: the file breaks off.
        """
        header, dataset = self._header, self.dataset
        places = {name: header.places[name] for name in dataset.columns if name in header.places}
        unnamed = [place for place in header.unknown if not header.names[place]]
        for lines in self._sheet.body([*places.values(), *unnamed]):
            room = dataset.max_rows - self.count
            self.count += lines.count
            self._blank_at_end = lines.blank_at_end + (0 if lines.count else self._blank_at_end)
            if self._refusals or room <= 0:
                continue
            self._ragged += [
                (row, len(cells), _key(cells, header)) for row, cells in lines.ragged[:room]
            ]
            self._unnamed.update(place for place in unnamed if _written(lines.cells[place]))
            columns = {name: lines.cells[place] for name, place in places.items()}
            self._note_dates(columns)
            yield Records(columns, lines.rows, self._origin)

    def verdict(self) -> tuple[bool, list[Finding]]:
        """Tell whether the file can be used, and what was found in it, when all lines were read."""
        refusals = self._refusals or self._check_body()
        if refusals:
            return False, refusals
        dataset = self.dataset
        return True, [
            *self._sheet.warnings,
            *self._unknown_columns(),
            *([dataset.finding("BW-007")] if len(self._notations) > 1 else []),
            *([dataset.finding("BW-011", n=self._blank_at_end)] if self._blank_at_end else []),
            *self._ragged_lines(),
        ]

    def _note_dates(self, columns: Mapping[str, Texts]) -> None:
        for name, texts in columns.items():
            if self.dataset.columns[name].field.type is FieldType.DATE:
                self._notations |= _notations(texts)

    def _check_body(self) -> list[Finding]:
        dataset = self.dataset
        if self.count == 0:
            return [dataset.finding("BF-011")]
        if self.count > dataset.max_rows:
            return [dataset.finding("BF-014", n=self.count, max=dataset.max_rows)]
        if 2 * len(self._ragged) > self.count:
            return [dataset.finding("BF-012", regel=self._ragged[0][0])]
        return []

    def _ragged_lines(self) -> list[Finding]:
        """Refuse the lines whose cells cannot be told apart.

        They stay out of the table: a name that moved one column would pass the privacy step unseen.
        """
        width = len(self._header.names)
        return [
            self.dataset.finding("F-012", row=row, interv_nr=key, regel=row, n=cells, m=width)
            for row, cells, key in self._ragged
        ]

    def _unknown_columns(self) -> list[Finding]:
        names = [
            self._header.names[place] or f"(kolom {place + 1} zonder naam)"
            for place in self._header.unknown
            if self._header.names[place] or place in self._unnamed
        ]
        return [self.dataset.finding("BW-001", kolommen=listed(names))] if names else []


def column_letter(place: int) -> str:
    """Name a column as Excel does, the first being `A`."""
    letters = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        letters = chr(ord("A") + letter) + letters
        place -= 1
    return letters


def _origin(sheet: Sheet, header: Header) -> Origin:
    letters = {name: column_letter(place) for name, place in header.places.items()}
    spelled = {name: header.names[place] for name, place in header.places.items()}
    paths = {name: sheet.paths[as_is] for name, as_is in spelled.items() if as_is in sheet.paths}
    return Origin(sheet.name, letters if sheet.name else {}, paths, sheet.rows, sheet.numbers)


def _key(cells: Sequence[str | None], header: Header) -> str | None:
    """Give the intervention number of a ragged line, only if what stands there can be one.

    The cells of such a line may have moved: a name or a BSN could stand in its place.
    """
    place = header.places.get(KEY, len(cells))
    key = (cells[place] or "").strip() if place < len(cells) else ""
    return key if _KEY_SHAPE.fullmatch(key) else None


def _written(texts: Texts) -> bool:
    """Tell whether anything is written in a column."""
    return bool(texts.lengths.any())


def _notations(texts: Texts) -> set[int]:
    """Give the ways in which the dates of a column are written, by their place in the list."""
    word, rest = texts.kept_words(0), texts.lengths > 0
    found = set()
    for number, mark in enumerate(b"-/"):
        marked = (word & _MARK_PLACES) == np.uint64(mark) * _MARK_ONES
        rest &= ~marked
        if any(
            _DATE_NOTATIONS[number].fullmatch(texts[i] or "")
            for i in map(int, np.flatnonzero(marked))  # mostly the first is one
        ):
            found.add(number)
    others = {cell for cell in texts.take(np.flatnonzero(rest)) if cell}
    return found | {
        number
        for number, notation in enumerate(_DATE_NOTATIONS)
        if any(map(notation.fullmatch, others))
    }
