"""A finding: what a hospital should know about its delivery, in its own words and at its own place.

A finding is never an exception, and an exception is never a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Language(StrEnum):
    """The languages a finding is told in; Dutch is that of the NHR, its documents and its mail."""

    DUTCH = "nl"
    ENGLISH = "en"


class Level(StrEnum):
    """The six levels of the manual (section 6); the letters before the dash of a code."""

    FILE_REFUSED = "BF"
    RECORD_REFUSED = "F"
    CONFLICT_REFUSED = "TF"
    RECORD_WARNING = "W"
    CONFLICT_WARNING = "TW"
    FILE_WARNING = "BW"

    @property
    def refuses_record(self) -> bool:
        """Tell whether the record of such a finding stays out of the registry."""
        return self in {Level.RECORD_REFUSED, Level.CONFLICT_REFUSED}

    @property
    def refuses(self) -> bool:
        """Tell whether something stays out of the registry: the record, or the whole file."""
        return self is Level.FILE_REFUSED or self.refuses_record

    @property
    def severity(self) -> str:
        """Name the level as a hospital reads it."""
        return self.told_in(Language.DUTCH)[0]

    @property
    def meaning(self) -> str:
        """Say what such a finding means for the data, in the words of the manual."""
        return self.told_in(Language.DUTCH)[1]

    def told_in(self, language: Language) -> tuple[str, str]:
        """Give the severity and the meaning in a language."""
        return _WORDS[language][self]


_WORDS: Mapping[Language, Mapping[Level, tuple[str, str]]] = {
    Language.DUTCH: {
        Level.FILE_REFUSED: (
            "Fout (bestand)",
            "Alle records in dit bestand kunnen niet worden opgenomen in de database",
        ),
        Level.RECORD_REFUSED: (
            "Fout (record)",
            "Dit record kan niet worden opgenomen in de database",
        ),
        Level.CONFLICT_REFUSED: (
            "Fout (conflict)",
            (
                "Dit record kan niet worden opgenomen in de database in verband met een conflict met "
                "al bestaande data"
            ),
        ),
        Level.RECORD_WARNING: (
            "Waarschuwing (record)",
            "Dit record kan wel worden opgenomen in de database, maar bevat mogelijk imperfecties",
        ),
        Level.CONFLICT_WARNING: (
            "Waarschuwing (conflict)",
            (
                "Dit record kan wel worden opgenomen in de database, maar heeft mogelijk een conflict "
                "met al bestaande data"
            ),
        ),
        Level.FILE_WARNING: (
            "Waarschuwing (bestand)",
            (
                "Data uit dit bestand kan wel worden opgenomen in de database, maar bevat mogelijk "
                "imperfecties"
            ),
        ),
    },
    Language.ENGLISH: {
        Level.FILE_REFUSED: (
            "Error (file)",
            "No record of this file can be taken into the database",
        ),
        Level.RECORD_REFUSED: (
            "Error (record)",
            "This record cannot be taken into the database",
        ),
        Level.CONFLICT_REFUSED: (
            "Error (conflict)",
            "This record cannot be taken into the database because it conflicts with existing data",
        ),
        Level.RECORD_WARNING: (
            "Warning (record)",
            "This record can be taken into the database, but may have imperfections",
        ),
        Level.CONFLICT_WARNING: (
            "Warning (conflict)",
            "This record can be taken into the database, but may conflict with existing data",
        ),
        Level.FILE_WARNING: (
            "Warning (file)",
            "Data of this file can be taken into the database, but may have imperfections",
        ),
    },
}


_CODE = re.compile(r"(BF|BW|F|W|TF|TW)-\d{3}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, in both languages.

    `row` is the physical line or sheet row as the hospital sees it (header = 1) and `cell` its
    address in a workbook (`Blad!C17`); both are None for the file as a whole. `value` is the
    delivered value, only where the rule allows it to be shown. `trial` tells that the rule is on
    trial: it only informs. The dataset knows what `field` is, what it accepts, and where the code
    is explained (`Dataset.label_of`, `allowed_in`, `rule_link`).
    """

    code: str
    message: str
    fix: str
    row: int | None = None
    cell: str | None = None
    interv_nr: str | None = None
    field: str | None = None
    value: str | None = None
    trial: bool = False
    message_en: str = ""
    fix_en: str = ""

    @property
    def level(self) -> Level:
        """Read the level from the code; a rule on trial refuses nothing."""
        level = _level_of(self.code)
        return Level.RECORD_WARNING if self.trial and level.refuses_record else level

    def told_in(self, language: Language) -> tuple[str, str]:
        """Give the message and the fix; in Dutch when a paper of long ago has no English."""
        if language is Language.ENGLISH and self.message_en:
            return self.message_en, self.fix_en
        return self.message, self.fix

    def as_json(self, language: Language = Language.DUTCH) -> dict[str, Any]:
        """Give the finding in the shape of `verwerkt.json`."""
        message, fix = self.told_in(language)
        return {
            "code": self.code,
            "level": self.level.value,
            "row": self.row,
            "cell": self.cell,
            "interv_nr": self.interv_nr,
            "field": self.field,
            "value": self.value,
            "message": message,
            "fix": fix,
        }


@cache
def _level_of(code: str) -> Level:
    match = _CODE.fullmatch(code)
    if match is None:
        raise ValueError(f"not a rule code: {code}")
    return Level(match.group(1))


@cache
def _refuses_record(code: str, *, trial: bool) -> bool:
    return not trial and _level_of(code).refuses_record


def refused_rows(findings: Iterable[Finding]) -> frozenset[int]:
    """Give the rows whose record is refused by one of the findings."""
    return frozenset(
        finding.row
        for finding in findings
        if finding.row is not None and _refuses_record(finding.code, trial=finding.trial)
    )


READING_ORDER = (
    Level.FILE_REFUSED,
    Level.RECORD_REFUSED,
    Level.CONFLICT_REFUSED,
    Level.RECORD_WARNING,
    Level.CONFLICT_WARNING,
    Level.FILE_WARNING,
)
"""What refuses comes first, and the whole file before one record."""


def in_reading_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort the findings as a hospital reads them: by level, then by row."""
    rank = {level: place for place, level in enumerate(READING_ORDER)}
    listed = list(findings)
    alike = {(finding.code, finding.trial): finding for finding in listed}
    ranks = {key: rank[finding.level] for key, finding in alike.items()}
    return sorted(
        listed,
        key=lambda finding: (
            ranks[finding.code, finding.trial],
            finding.row or 0,
            finding.code,
            finding.field or "",
        ),
    )
