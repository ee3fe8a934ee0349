"""Step "Valideer": which records may go on, and what the hospital should know of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import Phase, shortened
from databroker.findings import refused_rows
from databroker.records import PART, Records
from databroker.rules import Completeness, Context, Erasures, Examination
from databroker.rules.completeness import percentage
from databroker.validation.across import Across

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.rules import Answered
    from databroker.texts import Array

_MANY_REFUSED = 10.0
"""Per cent; from here on the hospital should look at the whole file (BW-003)."""

_MONTHS_NAMED = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """What validation found.

    `refused` are the physical rows of the records that stay out, also for what an earlier step
    found.
    """

    findings: list[Finding]
    refused: set[int]
    completeness: list[Completeness]


@dataclass(frozen=True, slots=True)
class Validation(Verdict):
    """What validation found, and the records.

    `clean` holds all of them in canonical text, without the values that do not apply.
    """

    clean: Records


class Validator:
    """Asks every rule that needs no database, part by part, then those on the whole file."""

    def __init__(self, dataset: Dataset, context: Context) -> None:
        """Start without records.

        Raises:
            RuleBookError: a condition of the dataset cannot be understood.
        """
        self._examination = Examination(dataset, context, Phase.VALIDATE)
        self._across = Across(self._examination)
        self._rows: list[Array] = []

    def ask(self, records: Records, erasures: Erasures) -> Answered:
        """Ask everything of some records; `erasures` is what the privacy step took from them.

        Raises:
            RuleFaultError: a rule could not answer.
        """
        done = self._examination.ask(self._examination.part(records), erasures)
        self._across.add(done)
        self._rows.append(records.numbers)
        return done

    def verdict(self, before: Collection[int] = ()) -> Verdict:
        """Ask the rules on the whole file, when all records were asked.

        `before` are the rows that an earlier step refused.
        """
        examination = self._examination
        self._across.note()
        completeness = examination.complete()
        refused = examination.notes.refused().union(before)
        rows = np.concatenate([*self._rows, np.zeros(0, np.int32)])
        left = refused.intersection(rows[np.isin(rows, list(refused))].tolist())
        self._judge_file(len(rows) + len(refused) - len(left), refused)
        return Verdict(examination.notes.sorted(), left, completeness)

    def _judge_file(self, records: int, refused: set[int]) -> None:
        """Note what the verdicts on the records together say of the file."""
        notes = self._examination.notes
        if records and records == len(refused):
            notes.of_file("BF-020")
        elif records and (pct := 100 * len(refused) / records) >= _MANY_REFUSED:
            notes.of_file("BW-003", pct=percentage(pct))
        if self._examination.comma:
            notes.of_file("BW-009")
        months = self._across.missing_months(refused)
        if months:
            notes.of_file("BW-014", maanden=shortened(months, _MONTHS_NAMED))


def validate(
    records: Records,
    dataset: Dataset,
    context: Context,
    earlier: Iterable[Finding] = (),
) -> Validation:
    """Ask every rule that needs no database; `earlier` are the findings of the steps before.

    Raises:
        RuleFaultError: a rule could not answer.
        RuleBookError: a condition of the dataset cannot be understood.
    """
    before = list(earlier)
    validator, erasures = Validator(dataset, context), _erasures(before, dataset)
    clean = [_clean(validator.ask(part, erasures)) for part in records.parts(PART)]
    verdict = validator.verdict(refused_rows(before))
    return Validation(
        verdict.findings, verdict.refused, verdict.completeness, Records.concat(clean)
    )


def _erasures(earlier: Iterable[Finding], dataset: Dataset) -> Erasures:
    found: Erasures = {}
    for finding in earlier:
        rule = dataset.rules[finding.code]
        if finding.row is not None and rule.erases is not None:
            found.setdefault(finding.row, []).append(rule)
    return found


def _clean(done: Answered) -> Records:
    return done.part.records.with_columns(done.clean())
