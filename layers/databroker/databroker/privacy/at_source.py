"""Pseudonymising at the source: what a hospital does on its own machine before it delivers.

The same checks, the same way of writing, the same calls as NHR makes with the hospital's account; so
the definitive pseudonyms are the same as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.privacy.identity import check_identity, minimise
from databroker.privacy.pseudonymise import pseudonymise, spread_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.ports import Statistics
    from databroker.privacy.desk import Desk
    from databroker.records import Records
    from databroker.rules import Context


@dataclass(frozen=True, slots=True)
class AtSource:
    """The records as they leave the hospital, and what was found on the way.

    `records` have temporary pseudonyms in the place of personal data, none where a finding refuses
    the record.
    """

    records: Records
    findings: Sequence[Finding]
    persons: int
    statistics: Statistics


def pseudonymise_at_source(
    records: Records, dataset: Dataset, context: Context, desk: Desk
) -> AtSource:
    """Check the personal data and replace them by temporary pseudonyms.

    Raises:
        CredentialsRefusedError: the account of the centre is refused.
        BatchRefusedError: a fatal code.
        UntrustedAnswerError: an answer cannot be that of its question.
        PseudonymServiceUnavailableError: no usable answer.
    """
    check = check_identity(records, dataset, context)
    pseudonyms = pseudonymise(check.clean, desk, check.refused)
    tokens = spread_out(pseudonyms.persons, pseudonyms.of_record)
    return AtSource(
        minimise(check.clean, dataset, context).with_columns(tokens),
        [*check.findings, *pseudonyms.findings(dataset)],
        pseudonyms.count,
        pseudonyms.statistics,
    )
