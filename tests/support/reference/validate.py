"""Step "Valideer": which records may go on, and what the hospital should know of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.dataset import Phase, shortened
from databroker.rules.completeness import percentage
from tests.support.reference.across import find_across, missing_months
from tests.support.reference.completeness import measure
from tests.support.reference.evaluate import Erasures, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.records import Records
    from databroker.rules import Context
    from databroker.rules.completeness import Completeness
    from tests.support.reference.evaluate import Evaluation

_MANY_REFUSED = 10.0
"""Per cent; from here on the hospital should look at the whole file (BW-003)."""

_MONTHS_NAMED = 12


@dataclass(frozen=True, slots=True)
class Validation:
    """What validation found.

    `clean` holds all records in canonical text, without the values that do not apply. `refused`
    are the physical rows of those records that stay out, also for what an earlier step found.
    """

    findings: list[Finding]
    clean: Records
    refused: set[int]
    completeness: list[Completeness]


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
    done = evaluate(records, dataset, context, Phase.VALIDATE, _erasures(before, dataset))
    find_across(done)
    completeness = measure(done)
    refused = done.notes.refused() | {
        finding.row for finding in before if finding.row and finding.level.refuses_record
    }
    _judge_file(done, refused)
    left = refused.intersection(done.sheet.numbers)
    return Validation(done.notes.sorted(), _clean(done), left, completeness)


def _erasures(earlier: Iterable[Finding], dataset: Dataset) -> Erasures:
    found: Erasures = {}
    for finding in earlier:
        rule = dataset.rules[finding.code]
        if finding.row is not None and rule.erases is not None:
            found.setdefault(finding.row, []).append(rule)
    return found


def _judge_file(done: Evaluation, refused: set[int]) -> None:
    """Note what the verdicts on the records together say of the file."""
    notes, records = done.notes, refused.union(done.sheet.numbers)
    if records and records == refused:
        notes.of_file("BF-020")
    elif records and (pct := 100 * len(refused) / len(records)) >= _MANY_REFUSED:
        notes.of_file("BW-003", pct=percentage(pct))
    if any(normalised.comma for cells in done.sheet.cells.values() for normalised in cells):
        notes.of_file("BW-009")
    months = missing_months(done, refused)
    if months:
        notes.of_file("BW-014", maanden=shortened(months, _MONTHS_NAMED))


def _clean(done: Evaluation) -> Records:
    columns = {name: done.sheet.canonical(name) for name in done.sheet.columns}
    for name, index in done.ignored:
        columns[name][index] = None
    return done.sheet.records.with_columns(columns)
