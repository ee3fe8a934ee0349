"""The checks on personal data, and what is left of it for the registry.

After this step nobody can check a name or a BSN any more. No finding carries a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import PSEUDONYMS, Erasure, Phase, is_pseudonymised
from databroker.findings import refused_rows
from databroker.records import PART, Records
from databroker.rules import NUMBER, Completeness, Examination, rows_that_lose
from databroker.rules.bulk import matching
from databroker.rules.calendar import civil
from databroker.rules.cells import written
from databroker.rules.vectors import EMPTY

if TYPE_CHECKING:
    from collections.abc import Collection

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.rules import Context, Erasures
    from databroker.rules.part import Part
    from databroker.texts import Array, Texts

_BSN, _BSN_DIGITS = "bsn", 9
_OLDEST = 120
_DUTCH_POSTCODE = "[1-9][0-9]{3} ?[A-Z]{2}"
_PC4_WORDS = {"0000": "BUITENLAND", "-1": "ONBEKEND"}


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """What the identity rules found.

    `clean` has the identity columns in canonical text (dates ISO, BSN of nine digits), everything
    else as delivered, and nothing of what a rule erased. `refused` are physical rows.
    """

    findings: list[Finding]
    refused: Collection[int]
    clean: Records
    completeness: list[Completeness]


@dataclass(frozen=True, slots=True)
class Identified:
    """Some records whose personal data were checked, and what a broken rule takes from them."""

    part: Part
    erasures: Erasures

    def clean(self) -> Records:
        """Give the identity columns in canonical text, and nothing of what was erased."""
        part = self.part
        columns: dict[str, Texts] = {}
        for field in part.fields:
            if not field.kept:
                columns |= part.canonical(field)
        if _BSN in columns:
            columns[_BSN] = _with_lost_zeros(columns[_BSN])
        return _erase(part.records.with_columns(columns), self.erasures)

    def minimised(self) -> Records:
        """Give the columns that go on, and what is left of the others."""
        return _minimise(self.part, self.erasures)


class IdentityChecker:
    """Asks the rules on personal data, part by part."""

    def __init__(self, dataset: Dataset, context: Context) -> None:
        """Start without records.

        Raises:
            RuleBookError: a condition of the dataset cannot be understood.
        """
        self._examination = Examination(dataset, context, Phase.PSEUDONYMISE)
        self._lost_zeros = False

    def ask(self, records: Records) -> Identified:
        """Ask everything of some records.

        Raises:
            RuleFaultError: a rule could not answer.
        """
        part = self._examination.part(records)
        erasures = self._examination.find_erasures(part)
        done = self._examination.ask(part, erasures)
        gone = rows_that_lose(Erasure.RECORD, erasures)
        for row, rules in erasures.items():
            index = np.flatnonzero(records.numbers == row)
            for rule in rules:
                if rule.erases is Erasure.RECORD or row not in gone:
                    done.asked.note(rule.code, done.part, rule.fields[0], index)
        if _BSN in done.part.columns:
            found = _lost_zeros(done.part.cells(_BSN).canonical())
            self._lost_zeros = self._lost_zeros or found.size > 0
        return Identified(done.part, erasures)

    def verdict(self) -> tuple[list[Finding], list[Completeness]]:
        """Give what was found when all records were asked, and how complete the columns are."""
        notes = self._examination.notes
        completeness = self._examination.complete()
        if self._lost_zeros:
            notes.of_file("BW-010", _BSN, kolom=_BSN)
        return notes.sorted(), completeness


def check_identity(records: Records, dataset: Dataset, context: Context) -> IdentityCheck:
    """Ask the rules on personal data.

    Raises:
        RuleFaultError: a rule could not answer.
        RuleBookError: a condition of the dataset cannot be understood.
    """
    checker = IdentityChecker(dataset, context)
    clean = [checker.ask(part).clean() for part in records.parts(PART)]
    findings, completeness = checker.verdict()
    return IdentityCheck(findings, refused_rows(findings), Records.concat(clean), completeness)


def minimise(records: Records, dataset: Dataset, context: Context) -> Records:
    """Drop every column that ends here, and add birth year, age at the intervention and PC4.

    Of records that the hospital pseudonymised itself only the pseudonyms are dropped. A dataset without personal data (follow-up) has nothing to drop or to add. What the rules on
    erasing take away (F-102, F-113) is gone as well.

    Raises:
        RuleFaultError: a rule could not answer.
    """
    examination = Examination(dataset, context, Phase.PSEUDONYMISE)
    parts = map(examination.part, records.parts(PART))
    return Records.concat([_minimise(part, examination.find_erasures(part)) for part in parts])


def _minimise(part: Part, erasures: Erasures) -> Records:
    left = _erase(part.records, erasures)
    gone = left.of_rows(rows_that_lose(Erasure.RECORD, erasures))
    if is_pseudonymised(part.columns):
        return left.without(PSEUDONYMS)
    derived: dict[str, Texts] = {}
    born, day = part.value("geb_datum"), part.value("interv_datum")
    if born is not None:
        born = np.where(gone, EMPTY, born)
        age = np.full(part.size, EMPTY) if day is None else part.age()
        derived["geb_jaar"] = written(np.where(born == EMPTY, EMPTY, civil(born)[0]))
        derived["leeftijd"] = written(np.where(gone | (age > _OLDEST), EMPTY, age))
    if "postcode" in part.columns:
        derived["pc4"] = _pc4(part).blanked(gone)
    ending = [name for name, column in part.columns.items() if not column.field.kept]
    return left.without(ending).with_columns(derived)


def _lost_zeros(numbers: Texts) -> Array:
    """Give the indexes of the BSNs of eight digits: an export took the zero in front away."""
    short = np.flatnonzero(numbers.lengths == _BSN_DIGITS - 1)
    return np.array([at for at in short.tolist() if (numbers[at] or "").isdecimal()], np.int64)


def _with_lost_zeros(numbers: Texts) -> Texts:
    return numbers.patched({int(at): f"0{numbers[at]}" for at in _lost_zeros(numbers)})


def _erase(records: Records, erasures: Erasures) -> Records:
    """Blank the number, or everything else, of the rows that lose it."""
    if not erasures:
        return records
    nameless = records.of_rows(rows_that_lose(Erasure.NUMBER, erasures))
    gone = records.of_rows(rows_that_lose(Erasure.RECORD, erasures))
    return records.with_columns(
        {
            name: texts.blanked(nameless if name == NUMBER else gone)
            for name, texts in records.columns.items()
        }
    )


def _pc4(part: Part) -> Texts:
    """Make the postcodes coarser; one that is neither known nor Dutch leaves nothing behind."""
    codes = part.cells("postcode").as_text
    dutch = matching(part.memory, codes, _DUTCH_POSTCODE)
    four = codes.texts.between(codes.texts.starts, codes.texts.starts + np.where(dutch, 4, 0))
    words: dict[int, str | None] = {}
    for code, word in _PC4_WORDS.items():
        words |= dict.fromkeys(np.flatnonzero(codes.equals(code)).tolist(), word)
    return four.patched(words)
