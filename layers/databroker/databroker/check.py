"""The road of a file that needs no database: from bytes to a verdict on every record.

The workflow walks it step by step, with the border between the zones on the way; a hospital walks
it on its own machine in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from databroker.dataset import is_pseudonymised
from databroker.delivery import Counts
from databroker.findings import in_reading_order, refused_rows
from databroker.intake import OpenDelivery, Reading, read_delivery
from databroker.privacy.identity import IdentityChecker
from databroker.rules import CentreCheck, check_centre
from databroker.validation.validate import Validator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from databroker.dataset import Dataset
    from databroker.delivery import Centre
    from databroker.findings import Finding
    from databroker.records import Records
    from databroker.rules import Context


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, in the order a hospital reads it, and how many records are good.

    `dataset` is the version that the file was checked against.
    """

    dataset: Dataset
    counts: Counts
    findings: Sequence[Finding]

    @property
    def refuses(self) -> bool:
        """Tell whether the file, or one of its records, would be refused."""
        return any(finding.level.refuses for finding in self.findings)


def read_file(
    content: bytes, file_name: str, versions: Sequence[Dataset], centre: Centre
) -> Reading:
    """Read a hospital's file, as the version it is of, and see that it is the hospital's own."""
    reading = read_delivery(content, file_name, versions)
    if reading.records is None:
        return reading
    foreign = check_centre(reading.records, reading.dataset, centre)
    if foreign is None:
        return reading
    return replace(reading, records=None, findings=[*reading.findings, foreign])


def check_file(
    content: bytes, file_name: str, versions: Sequence[Dataset], context: Context
) -> Checked:
    """Ask of a file every rule that needs no database, as a test delivery does.

    The records pass by part by part, so that a file of any size needs little memory.

    Raises:
        RuleFaultError: a rule could not answer.
        RuleBookError: a condition of the dataset cannot be understood.
    """
    delivery = OpenDelivery(content, file_name, versions)
    dataset = delivery.dataset
    centre = CentreCheck(context.centre)
    identity, validator = IdentityChecker(dataset, context), Validator(dataset, context)
    at_source: list[Finding] = []
    for records in delivery:
        if is_pseudonymised(records.names):
            at_source += _check_pseudonyms(records, dataset)
        centre.add(records)
        identified = identity.ask(records)
        validator.ask(identified.minimised(), identified.erasures)
    good, count, findings = delivery.close()
    foreign = centre.verdict(dataset) if good else None
    if not good or foreign:
        findings += [foreign] if foreign else []
        return Checked(dataset, Counts(count, 0, count), in_reading_order(findings))
    findings += at_source + identity.verdict()[0]
    findings += validator.verdict(refused_rows(findings)).findings
    refused = len(refused_rows(findings))
    counts = Counts(count, count - refused, refused)
    return Checked(dataset, counts, in_reading_order(findings))


def _check_pseudonyms(records: Records, dataset: Dataset) -> list[Finding]:
    # Most files have none, and it takes much of what talks to ZorgTTP.
    from databroker.privacy.delivered import check_delivered  # noqa: PLC0415

    return check_delivered(records, dataset)
