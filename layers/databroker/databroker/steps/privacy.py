"""Versleutel met ZorgTTP, or Anonimiseer voor test: after this, no personal data are left."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from databroker.dataset import dataset_of
from databroker.findings import Level
from databroker.ports import BatchRefusedError, CredentialsRefusedError
from databroker.privacy.identity import IdentityCheck, check_identity, minimise
from databroker.privacy.pseudonymise import pseudonymise as replace_identities
from databroker.rules import Context
from databroker.steps.papers import INPUT, PRIVACY, RAW, TEMPORARY, findings_paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from databroker.delivery import Delivery
    from databroker.findings import Finding
    from databroker.ports import Papers, PseudonymSource, Tables


@dataclass(frozen=True, slots=True)
class PrivacyOutcome:
    """Whether the delivery can go on, and how many persons ZorgTTP was asked about."""

    accepted: bool
    records: int
    persons: int
    codes: tuple[str, ...]


def anonymise(
    delivery: Delivery, *, intake_tables: Tables, tables: Tables, papers: Papers
) -> PrivacyOutcome:
    """Check the personal data and remove them; ZorgTTP is never called (manual, section 5)."""
    dataset = dataset_of(delivery)
    raw = intake_tables.read(delivery.delivery_id, RAW)
    check = check_identity(raw, dataset, Context.of(delivery))
    tables.write(delivery.delivery_id, INPUT, minimise(check.clean, dataset, Context.of(delivery)))
    return _outcome(delivery, check, check.findings, 0, papers)


def pseudonymise(
    delivery: Delivery,
    *,
    intake_tables: Tables,
    tables: Tables,
    papers: Papers,
    open_source: Callable[[], PseudonymSource],
) -> PrivacyOutcome:
    """Check the personal data and replace them by temporary pseudonyms.

    `open_source` opens the centre's own account at ZorgTTP. What the checks refuse is not sent.

    Raises:
        PseudonymServiceUnavailableError: ZorgTTP gave no usable answer; worth another try.
    """
    dataset = dataset_of(delivery)
    raw = intake_tables.read(delivery.delivery_id, RAW)
    check = check_identity(raw, dataset, Context.of(delivery))
    try:
        pseudonyms = replace_identities(check.clean, open_source(), refused=check.refused)
    except CredentialsRefusedError:
        refusal = dataset.finding("BF-015")
        return _outcome(delivery, check, [*check.findings, refusal], 0, papers)
    except BatchRefusedError as error:
        refusal = dataset.finding("BF-017", zorgttp_code=error.code)
        return _outcome(delivery, check, [*check.findings, refusal], 0, papers)
    replaced = minimise(check.clean, dataset, Context.of(delivery)).with_columns(pseudonyms.columns)
    tables.write(delivery.delivery_id, TEMPORARY, replaced)
    findings = [*check.findings, *pseudonyms.findings(dataset)]
    return _outcome(delivery, check, findings, pseudonyms.persons, papers)


def _outcome(
    delivery: Delivery,
    check: IdentityCheck,
    findings: list[Finding],
    persons: int,
    papers: Papers,
) -> PrivacyOutcome:
    completeness = [asdict(line) for line in check.completeness]
    paper = findings_paper(findings, completeness=completeness)
    papers.write(delivery.delivery_id, PRIVACY, paper)
    accepted = not any(finding.level is Level.FILE_REFUSED for finding in findings)
    codes = tuple(sorted({finding.code for finding in findings}))
    return PrivacyOutcome(accepted, len(check.clean), persons, codes)
