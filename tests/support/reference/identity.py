"""The checks on personal data, and what is left of it for the registry.

After this step nobody can check a name or a BSN any more. No finding carries a value.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.dataset import Erasure, Phase
from databroker.rules import Context, read_cell
from databroker.rules.functions import age_at
from tests.support.reference.completeness import measure
from tests.support.reference.evaluate import Erasures, evaluate, find_erasures, rows_that_lose

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.records import Records
    from databroker.rules.completeness import Completeness

_BSN_DIGITS = 9
_OLDEST = 120


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """What the identity rules found.

    `clean` has the identity columns in canonical text (dates ISO, BSN of nine digits), everything
    else as delivered, and nothing of what a rule erased. `refused` are physical rows.
    """

    findings: list[Finding]
    refused: set[int]
    clean: Records
    completeness: list[Completeness]


def check_identity(records: Records, dataset: Dataset, context: Context) -> IdentityCheck:
    """Ask the rules on personal data.

    Raises:
        RuleFaultError: a rule could not answer.
        RuleBookError: a condition of the dataset cannot be understood.
    """
    erasures = find_erasures(records, dataset)
    done = evaluate(records, dataset, context, Phase.PSEUDONYMISE, erasures)
    gone = rows_that_lose(Erasure.RECORD, erasures)
    for index, number in enumerate(done.sheet.numbers):
        for rule in erasures.get(number, ()):
            if rule.erases is Erasure.RECORD or number not in gone:
                done.notes.of_record(rule.code, index, rule.fields[0])
    completeness = measure(done)
    private = [column.name for column in done.columns]
    columns = {name: done.sheet.canonical(name) for name in private}
    if "bsn" in columns:
        padded = [_with_lost_zero(bsn) for bsn in columns["bsn"]]
        if padded != columns["bsn"]:
            done.notes.of_file("BW-010", "bsn", kolom="bsn")
        columns["bsn"] = padded
    clean = _erase(records.with_columns(columns), erasures)
    return IdentityCheck(done.notes.sorted(), done.notes.refused(), clean, completeness)


def minimise(records: Records, dataset: Dataset) -> Records:
    """Drop every column that ends here, and add birth year, age at the intervention and PC4.

    A dataset without personal data (follow-up) has nothing to drop or to add. What the rules on erasing take away (F-102, F-113) is gone as well.

    Raises:
        RuleFaultError: a rule could not answer.
    """
    left = _erase(records, find_erasures(records, dataset))
    derived: dict[str, list[str | None]] = {}
    if "geb_datum" in dataset.columns:
        born, day = _dates(left, dataset, "geb_datum"), _dates(left, dataset, "interv_datum")
        ages = [age_at(first, last) for first, last in zip(born, day, strict=True)]
        derived["geb_jaar"] = [str(date.year) if date else None for date in born]
        derived["leeftijd"] = [
            str(age) if age is not None and 0 <= age <= _OLDEST else None for age in ages
        ]
    if "postcode" in dataset.columns:
        derived["pc4"] = [_pc4(code) for code in _texts(left, dataset, "postcode")]
    ending = [column.name for column in dataset.columns.values() if not column.field.kept]
    return left.without(ending).with_columns(derived)


def _with_lost_zero(bsn: str | None) -> str | None:
    if bsn is not None and len(bsn) == _BSN_DIGITS - 1 and bsn.isdigit():
        return bsn.zfill(_BSN_DIGITS)
    return bsn


def _erase(records: Records, erasures: Erasures) -> Records:
    """Blank the number, or everything else, of the rows that lose it."""
    if not erasures:
        return records
    nameless = rows_that_lose(Erasure.NUMBER, erasures)
    gone = rows_that_lose(Erasure.RECORD, erasures)
    rows = records.rows
    return records.with_columns(
        {
            name: [
                None if row in (nameless if name == "interv_nr" else gone) else cell
                for row, cell in zip(rows, records.column(name), strict=True)
            ]
            for name in records.names
        }
    )


def _dates(records: Records, dataset: Dataset, name: str) -> list[dt.date | None]:
    field = dataset.columns[name].field
    values = [read_cell(cell, field).value for cell in records.column(name)]
    return [value if isinstance(value, dt.date) else None for value in values]


def _texts(records: Records, dataset: Dataset, name: str) -> list[str | None]:
    field = dataset.columns[name].field
    return [read_cell(cell, field).text for cell in records.column(name)]


def _pc4(postcode: str | None) -> str | None:
    """Make a postcode coarser; one that is neither known nor Dutch leaves nothing behind."""
    match postcode:
        case None:
            return None
        case "0000":
            return "BUITENLAND"
        case "-1":
            return "ONBEKEND"
    return postcode[:4] if re.fullmatch(r"[1-9][0-9]{3} ?[A-Z]{2}", postcode) else None
