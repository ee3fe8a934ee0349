"""Versleutel met ZorgTTP, or Anonimiseer voor test: what goes on from here has no personal data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from databroker.dataset import REPLACEMENTS, as_pseudonymised, dataset_of, is_pseudonymised
from databroker.findings import Level
from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    PseudonymServiceUnavailableError,
    Statistics,
)
from databroker.privacy.delivered import read_delivered
from databroker.privacy.identity import IdentityCheck, check_identity, minimise
from databroker.privacy.normalise import NORMALISATION
from databroker.privacy.pseudonymise import PERSON
from databroker.privacy.pseudonymise import pseudonymise as replace_identities
from databroker.rules import Context
from databroker.steps.papers import INPUT, PERSONS, PRIVACY, RAW, TEMPORARY, findings_paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from databroker.dataset import Dataset
    from databroker.delivery import Delivery
    from databroker.findings import Finding
    from databroker.ports import Papers, Tables
    from databroker.privacy.delivered import Delivered
    from databroker.privacy.desk import Desk
    from databroker.privacy.pseudonymise import Pseudonyms
    from databroker.records import Records
    from databroker.steps.patience import Patience


_NO_FIGURES = Statistics()


@dataclass(frozen=True, slots=True)
class PrivacyOutcome:
    """Whether the delivery can go on, and what ZorgTTP was asked.

    `wait_seconds` is how long to wait before the next try, 0 when this one came to an end; then
    `accepted` tells whether the delivery goes on.
    """

    accepted: bool
    records: int
    persons: int = 0
    statistics: Statistics = field(default_factory=Statistics)
    codes: tuple[str, ...] = ()
    wait_seconds: int = 0


def anonymise(
    delivery: Delivery, *, intake_tables: Tables, tables: Tables, papers: Papers
) -> PrivacyOutcome:
    """Check the personal data and remove them; ZorgTTP is never called (manual, section 5)."""
    raw = intake_tables.read(delivery.delivery_id, RAW)
    dataset = _dataset(delivery, raw)
    check = check_identity(raw, dataset, Context.of(delivery))
    tables.write(delivery.delivery_id, INPUT, minimise(check.clean, dataset, Context.of(delivery)))
    return _outcome(delivery, check, check.findings, papers)


def pseudonymise(
    delivery: Delivery,
    *,
    intake_tables: Tables,
    tables: Tables,
    papers: Papers,
    open_desk: Callable[[], Desk],
    patience: Patience,
) -> PrivacyOutcome:
    """Check the personal data and replace them by temporary pseudonyms.

    Where the hospital did that itself its pseudonyms are taken, and ZorgTTP is not asked. `open_desk`
    opens the centre's own account at ZorgTTP. What the checks refuse is not sent.

    Raises:
        UntrustedAnswerError: an answer cannot be that of its question; worth another try.
        PseudonymServiceUnavailableError: ZorgTTP gave no usable answer, and the time is over.
    """
    raw = intake_tables.read(delivery.delivery_id, RAW)
    dataset = _dataset(delivery, raw)
    check = check_identity(raw, dataset, Context.of(delivery))
    if is_pseudonymised(raw.names):
        delivered = read_delivered(check.clean, dataset, check.refused)
        _hand_over(delivery, dataset, check, delivered, tables)
        return _outcome(delivery, check, [*check.findings, *delivered.findings], papers)
    try:
        pseudonyms = replace_identities(check.clean, open_desk(), check.refused)
    except CredentialsRefusedError:
        return _outcome(delivery, check, [*check.findings, dataset.finding("BF-015")], papers)
    except BatchRefusedError as error:
        refusal = dataset.finding("BF-017", zorgttp_code=error.code)
        return _outcome(delivery, check, [*check.findings, refusal], papers)
    except PseudonymServiceUnavailableError as error:
        wait = patience.wait_seconds(error.wait_seconds)
        if wait is None:
            raise
        return PrivacyOutcome(accepted=False, records=len(raw), wait_seconds=wait)
    _hand_over(delivery, dataset, check, pseudonyms, tables)
    findings = [*check.findings, *pseudonyms.findings(dataset)]
    return _outcome(delivery, check, findings, papers, pseudonyms.count, pseudonyms.statistics)


def _dataset(delivery: Delivery, raw: Records) -> Dataset:
    dataset = dataset_of(delivery)
    return as_pseudonymised(dataset) if is_pseudonymised(raw.names) else dataset


def _hand_over(
    delivery: Delivery,
    dataset: Dataset,
    check: IdentityCheck,
    pseudonyms: Pseudonyms | Delivered,
    tables: Tables,
) -> None:
    """Leave the persons, and the records with the number of theirs, for the exchange."""
    records = minimise(check.clean, dataset, Context.of(delivery))
    tables.write(delivery.delivery_id, PERSONS, pseudonyms.persons)
    numbered = records.with_columns({PERSON: pseudonyms.of_record})
    tables.write(delivery.delivery_id, TEMPORARY, numbered)


def _outcome(
    delivery: Delivery,
    check: IdentityCheck,
    findings: list[Finding],
    papers: Papers,
    persons: int = 0,
    statistics: Statistics = _NO_FIGURES,
) -> PrivacyOutcome:
    paper = findings_paper(
        findings,
        completeness=[
            asdict(line) for line in check.completeness if line.column not in REPLACEMENTS
        ],
        zorgttp={"persons": persons, **asdict(statistics)} if persons else None,
        normalisation=NORMALISATION,
    )
    papers.write(delivery.delivery_id, PRIVACY, paper)
    accepted = not any(finding.level is Level.FILE_REFUSED for finding in findings)
    codes = tuple(sorted({finding.code for finding in findings}))
    return PrivacyOutcome(accepted, len(check.clean), persons, statistics, codes)
