"""Personal data to temporary pseudonyms: each distinct person asked once, answers back to the rows.

What came back stands in two places: the table of persons, with their tokens and everything it
takes to prove after the exchange that nobody was mixed up; and with every record the row of its
person there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.privacy.persons import FIELDS, TYPES, People
from databroker.privacy.pseudonyms import COLUMNS, REVERSIBLE
from databroker.records import Origin, Records
from databroker.texts import Texts, buffer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from databroker.dataset.model import Dataset
    from databroker.findings import Finding
    from databroker.ports import Statistics
    from databroker.privacy.desk import Answers, Desk
    from databroker.texts import Array

PERSON = "_persoon"
"""The column of a record with the row of its person in the table of persons."""

BATCH, ROUND, ALIKE = "partij", "ronde", "gelijk_{}"
"""Columns of a person: when it was asked, and by type, which persons must be the same."""

_NOTHING_TO_ASK = "te weinig gegevens"


@dataclass(frozen=True, slots=True)
class Remark:
    """What ZorgTTP said of a row, by its codes; `column` is None for the row as a whole."""

    row: int
    cell: str | None
    interv_nr: str | None
    column: str | None
    codes: str


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The temporary pseudonyms of the records.

    `persons` has a row for each distinct person, and for each time a sentinel was asked;
    `of_record` is the column with the row there of every record. `dropped` are values that ZorgTTP
    could not use; `failed` are rows that cannot be linked to a patient. `count` counts the distinct
    persons asked, `statistics` are the figures of ZorgTTP over all calls.
    """

    persons: Records
    of_record: Texts
    dropped: tuple[Remark, ...]
    failed: tuple[Remark, ...]
    count: int
    statistics: Statistics

    def findings(self, dataset: Dataset) -> Iterator[Finding]:
        """Tell the hospital: W-107 and F-110 by row, BW-015 for the file."""
        for code, remarks in (("W-107", self.dropped), ("F-110", self.failed)):
            for remark in remarks:
                yield dataset.finding(
                    code,
                    row=remark.row,
                    cell=remark.cell,
                    interv_nr=remark.interv_nr,
                    column=remark.column,
                    zorgttp_code=remark.codes,
                )
        if self.dropped:
            yield dataset.finding("BW-015", n=len(self.dropped))


def pseudonymise(records: Records, desk: Desk, refused: Collection[int] = ()) -> Pseudonyms:
    """Ask for the pseudonyms of every record but the refused rows, by physical row.

    A row that failed keeps no pseudonym at all.

    Raises:
        CredentialsRefusedError: the account of the centre is refused.
        BatchRefusedError: a fatal code.
        UntrustedAnswerError: an answer cannot be that of its question.
        PseudonymServiceUnavailableError: no usable answer.
    """
    people = People.of(records, refused)
    answers = desk.ask(people)
    leads = _lead_to_a_patient(answers)
    of_record = people.of_record
    lost = of_record < 0
    lost[~lost] = ~leads[of_record[~lost]]
    return Pseudonyms(
        persons=_table(answers),
        of_record=digits(np.where(lost, -1, of_record + 1)),
        dropped=tuple(_dropped(records, people, answers)),
        failed=tuple(_failed(records, people, answers, lost & ~records.of_rows(set(refused)))),
        count=len(people),
        statistics=answers.statistics,
    )


def spread_out(persons: Records, of_record: Texts) -> dict[str, Texts]:
    """Give the columns with pseudonyms of the records, from those of their persons."""
    rows = np.array([int(each or 0) for each in of_record.tolist()], np.int64)
    if not len(persons):
        return {name: Texts.empty(len(rows)) for name in COLUMNS.values()}
    place = np.maximum(rows - 1, 0)
    return {name: persons.columns[name].take(place).blanked(rows == 0) for name in COLUMNS.values()}


def digits(numbers: Array) -> Texts:
    """Write whole numbers as a column; what is less than zero is left empty."""
    known = numbers >= 0
    written = np.where(known, numbers, 0).astype(np.bytes_)
    width = written.itemsize
    starts = np.arange(len(written), dtype=np.int32) * width
    lengths = np.where(known, np.strings.str_len(written), 0).astype(np.int32)
    return Texts(buffer(written.tobytes()), starts.astype(np.int32), lengths)


def _table(answers: Answers) -> Records:
    columns = {COLUMNS[kind]: answers.tokens[kind] for kind in TYPES}
    columns |= {BATCH: digits(answers.batches), ROUND: digits(answers.rounds)}
    columns |= {ALIKE.format(kind): digits(answers.everyone.alike(kind)) for kind in TYPES}
    rows = np.arange(1, len(answers.everyone) + 1, dtype=np.int32)
    return Records(columns, rows, Origin(None, {}))


def _lead_to_a_patient(answers: Answers) -> Array:
    """Tell of which persons the centre can find the patient back, and no last link was dropped.

    A patient of unknown sex has no linking pseudonym to begin with; that is a warning (W-101).
    """
    given = sum((answers.tokens[kind].lengths > 0).astype(np.int8) for kind in TYPES)
    dropped = np.zeros(len(answers.everyone), bool)
    dropped[np.fromiter(answers.said, np.int64)] = True
    leads: Array = (answers.tokens[REVERSIBLE].lengths > 0) & ((given > 1) | ~dropped)
    return leads


def _dropped(records: Records, people: People, answers: Answers) -> Iterator[Remark]:
    concerned = np.isin(people.of_record, list(answers.said))
    for index in np.flatnonzero(concerned).tolist():
        row = int(records.numbers[index])
        for said in answers.said[int(people.of_record[index])]:
            column, _write = FIELDS.get(said.field, (None, None))
            cell = records.origin.cell(column, row) if column else None
            yield Remark(row, cell, records.texts("interv_nr")[index], column, said.code)


def _failed(records: Records, people: People, answers: Answers, failed: Array) -> Iterator[Remark]:
    for index in np.flatnonzero(failed).tolist():
        said = answers.said.get(int(people.of_record[index]), ())
        codes = ", ".join(dict.fromkeys(each.code for each in said)) or _NOTHING_TO_ASK
        number = records.texts("interv_nr")[index]
        yield Remark(int(records.numbers[index]), None, number, None, codes)
