"""Valideer: every record against the specification of its dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from databroker.dataset import dataset_of
from databroker.rules import Context
from databroker.steps.papers import (
    CLEAN,
    EXCHANGE,
    INPUT,
    PRIVACY,
    STRUCTURE,
    VALIDATION,
    findings_before,
    findings_paper,
)
from databroker.validation import validate as check

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import Papers, Tables


@dataclass(frozen=True, slots=True)
class ValidationOutcome:
    """How many records there are, how many are good, and which rules spoke."""

    records: int
    accepted: int
    codes: tuple[str, ...]


def validate(delivery: Delivery, *, tables: Tables, papers: Papers) -> ValidationOutcome:
    """Check the records, keep the clean table and what was found."""
    records = tables.read(delivery.delivery_id, INPUT)
    earlier = findings_before(papers, delivery.delivery_id, STRUCTURE, PRIVACY, EXCHANGE)
    verdict = check(records, dataset_of(delivery), Context.of(delivery), earlier)
    tables.write(delivery.delivery_id, CLEAN, verdict.clean)
    completeness = [asdict(line) for line in verdict.completeness]
    paper = findings_paper(verdict.findings, completeness=completeness)
    papers.write(delivery.delivery_id, VALIDATION, paper)
    codes = tuple(sorted({finding.code for finding in verdict.findings}))
    return ValidationOutcome(len(records), len(records) - len(verdict.refused), codes)
