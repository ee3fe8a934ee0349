"""Pseudonyms that the hospital fetched itself, at the source: read from its file and looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from databroker.findings import refused_rows
from databroker.privacy.batches import MOST
from databroker.privacy.persons import distinct
from databroker.privacy.pseudonymise import BATCH, digits
from databroker.privacy.pseudonyms import COLUMNS, REVERSIBLE, temporary_type
from databroker.records import Origin, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.texts import Texts

_PC4 = re.compile("[1-9][0-9]{3}|BUITENLAND|ONBEKEND")
_NO_PSEUDONYM = "geen pseudoniem"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The persons of a file that was pseudonymised at the source.

    As `Pseudonyms`: `persons` has a row for each distinct person, `of_record` is the column with
    the row there of every record.
    """

    persons: Records
    of_record: Texts
    findings: tuple[Finding, ...]
    count: int


def read_delivered(records: Records, dataset: Dataset, refused: Collection[int] = ()) -> Delivered:
    """Read the pseudonyms of every record but the refused rows, by physical row."""
    found = check_delivered(records, dataset, refused)
    good = np.flatnonzero(~records.of_rows({*refused, *refused_rows(found)}))
    texts = [records.texts(name).take(good) for name in COLUMNS.values()]
    first, group = distinct(texts)
    columns = {name: each.take(first) for name, each in zip(COLUMNS.values(), texts, strict=True)}
    columns[BATCH] = digits(np.arange(len(first)) // MOST + 1)
    of_record = np.full(len(records), -1, np.int64)
    of_record[good] = group + 1
    rows = np.arange(1, len(first) + 1, dtype=np.int32)
    persons = Records(columns, rows, Origin(None, {}))
    return Delivered(persons, digits(of_record), tuple(found), len(first))


def check_delivered(
    records: Records, dataset: Dataset, refused: Collection[int] = ()
) -> list[Finding]:
    """Look at the pseudonyms in a file.

    A record, unless it is refused already, without a pseudonym that its centre can turn back is
    refused (F-110), as is one with anything else in a column than what belongs there (F-114).
    """
    found = list(_misplaced(records, dataset))
    found += _without(records, dataset, {*refused, *refused_rows(found)})
    return found


def _misplaced(records: Records, dataset: Dataset) -> Iterator[Finding]:
    for kind, column in COLUMNS.items():
        yield from _unfit(records, dataset, column, partial(_is_token, kind))
    yield from _unfit(records, dataset, "pc4", lambda cell: _PC4.fullmatch(cell) is not None)


def _is_token(kind: str, cell: str) -> bool:
    return temporary_type(cell) == kind


def _unfit(
    records: Records, dataset: Dataset, column: str, fits: Callable[[str], bool]
) -> Iterator[Finding]:
    for index, cell in enumerate(records.column(column)):
        if cell is not None and not fits(cell):
            row = int(records.numbers[index])
            yield dataset.finding(
                "F-114",
                row=row,
                cell=records.origin.cell(column, row),
                interv_nr=records.texts("interv_nr")[index],
                column=column,
                kolom=column,
            )


def _without(records: Records, dataset: Dataset, leave_out: Collection[int]) -> Iterator[Finding]:
    empty = records.texts(COLUMNS[REVERSIBLE]).lengths == 0
    for index in np.flatnonzero(empty & ~records.of_rows(leave_out)).tolist():
        yield dataset.finding(
            "F-110",
            row=int(records.numbers[index]),
            interv_nr=records.texts("interv_nr")[index],
            zorgttp_code=_NO_PSEUDONYM,
        )
