"""Handel storing af: a technical fault ends in a clear end, with nothing personal left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.dataset import datasets, find_dataset
from databroker.delivery import Counts, Status
from databroker.report.summary import PROCESSED, Report, as_document, processed_json
from databroker.steps.dispose_source import dispose_source
from databroker.steps.notify import notify

if TYPE_CHECKING:
    import datetime as dt

    from databroker.delivery import Delivery
    from databroker.findings import Finding
    from databroker.ports import Closing

UNUSABLE = {
    "PseudonymServiceUnavailableError",
    "UntrustedAnswerError",
    "PseudonymsMixedUpError",
}
"""The faults of ZorgTTP; for the hospital they are one (BF-016)."""


def fail(delivery: Delivery, error: str, now: dt.datetime, closing: Closing) -> bool:
    """Close a delivery that a fault stopped, and see that the hospital is told how it ended.

    `error` is the name of the fault. Tells whether the delivery is mislukt: one that was final
    with another status keeps that, for what is registered is registered; it only gets the paper
    and the mail it missed. Doing this again changes nothing.
    """
    ledger = closing.ledger
    dispose_source(delivery, inbox=closing.inbox, remains=closing.remains)
    ending = ledger.finish(delivery.delivery_id, Status.FAILED, Counts(), now)
    dataset = find_dataset(delivery.dataset, delivery.dataset_version) or datasets()[0]
    findings: list[Finding] = [dataset.finding("BF-016")] if error in UNUSABLE else []
    report = Report(
        delivery=delivery,
        dataset_label=dataset.label,
        dataset_version=dataset.version,
        sha256=ledger.sha256(delivery.delivery_id),
        finished_at=ending.finished_at,
        status=ending.status,
        counts=ending.counts,
        findings=findings,
    )
    processed = as_document(processed_json(report))
    closing.outbox.put_if_absent(delivery, PROCESSED, processed, "application/json")
    notify(delivery, ledger=ledger, post=closing.post)
    return ending.status is Status.FAILED
