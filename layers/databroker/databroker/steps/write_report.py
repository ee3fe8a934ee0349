"""Maak uploadrapportage: the delivery becomes final, and the hospital gets to read how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databroker.dataset import datasets, find_dataset
from databroker.delivery import Change, Counts, Kind, Status
from databroker.findings import Finding, Level
from databroker.ports import DeliveryClosedError
from databroker.report.summary import (
    PROCESSED,
    PSEUDONYMS_LIST,
    WORKBOOK,
    Report,
    ZorgTtpFigures,
    as_document,
    counts_of,
    lines_of,
    processed_json,
    pseudonyms_csv,
)
from databroker.report.workbook import write_workbook
from databroker.rules import Completeness
from databroker.steps.papers import (
    CLEAN,
    COMPARISON,
    EXCHANGE,
    LOST,
    PRIVACY,
    STRUCTURE,
    VALIDATION,
    findings_of,
)

if TYPE_CHECKING:
    import datetime as dt

    from databroker.dataset import Dataset
    from databroker.delivery import Delivery
    from databroker.ports import Ledger, Outbox, Papers, Tables

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """How the delivery ended."""

    status: Status
    counts: Counts


def write_report(
    delivery: Delivery,
    now: dt.datetime,
    *,
    ledger: Ledger,
    tables: Tables,
    papers: Papers,
    outbox: Outbox,
) -> ReportOutcome:
    """Make the workbook and the paper for machines, then the delivery final, then hand them out.

    What can go wrong in making them does so before the delivery is final; what is registered is
    registered, even when the hand-out must be done again.

    Raises:
        DeliveryClosedError: a fault ended the delivery while this was at work.
    """
    kept = _Kept.of(delivery, papers)
    clean = tables.read(delivery.delivery_id, CLEAN) if kept.validated else None
    # Of every record of the file, those that could not be read as a record included.
    records = [] if clean is None else lines_of(clean, kept.findings, kept.changes)
    counts = counts_of(records) if records else Counts(kept.records, 0, kept.records)
    status = _status(delivery, kept, counts)
    ended = ledger.ending(delivery.delivery_id)
    report = Report(
        delivery=delivery,
        dataset_label=kept.dataset.label if kept.dataset else delivery.dataset,
        dataset_version=kept.dataset.version if kept.dataset else None,
        sha256=ledger.sha256(delivery.delivery_id),
        finished_at=ended.finished_at if ended else now,
        status=status,
        counts=counts,
        findings=kept.findings,
        records=records,
        completeness=kept.completeness,
        zorgttp=kept.zorgttp,
        **_explained(kept.dataset),
    )
    workbook, processed = write_workbook(report), as_document(processed_json(report))
    produced = clean if delivery.kind is Kind.PRODUCTION else None
    pseudonyms = None if produced is None else pseudonyms_csv(records, produced)
    if ledger.finish(delivery.delivery_id, status, counts, report.finished_at).status is not status:
        raise DeliveryClosedError(delivery.delivery_id)
    outbox.put(delivery, WORKBOOK, workbook, XLSX)
    if pseudonyms is not None:
        outbox.put(delivery, PSEUDONYMS_LIST, pseudonyms, "text/csv")
    outbox.put(delivery, PROCESSED, processed, "application/json")
    return ReportOutcome(status, counts)


def _explained(dataset: Dataset | None) -> dict[str, Any]:
    """Give what the report says of columns and codes besides what was found."""
    if dataset is None:
        return {}
    return {
        "labels": dataset.labels,
        "allowed": {column: dataset.allowed_in(column) for column in dataset.columns},
        "rule_page": dataset.rule_page,
        "links": {code: dataset.rule_link(code) for code in dataset.rules},
    }


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the steps left on the workbench."""

    dataset: Dataset | None
    records: int
    refused: bool
    findings: list[Finding]
    validated: bool
    completeness: list[Completeness]
    changes: dict[int, Change]
    zorgttp: ZorgTtpFigures | None

    @classmethod
    def of(cls, delivery: Delivery, papers: Papers) -> _Kept:
        structure, privacy, exchange, validation, comparison, lost = (
            papers.read(delivery.delivery_id, name)
            for name in (STRUCTURE, PRIVACY, EXCHANGE, VALIDATION, COMPARISON, LOST)
        )
        dataset = find_dataset(delivery.dataset, delivery.dataset_version)
        decisions = comparison["decisions"] if comparison else []
        findings = [
            *(
                finding
                for paper in (structure, privacy, exchange, validation)
                for finding in findings_of(paper)
            ),
            *(finding for decision in decisions for finding in findings_of(decision)),
        ]
        changes = {line["row"]: Change(line["change"]) for line in decisions}
        known = dataset or datasets()[0]
        findings += _raced(known, decisions, lost)
        unchanged = sum(change is Change.UNCHANGED for change in changes.values())
        if unchanged:
            findings.append(known.counted("TW-001", unchanged))
        before = [*findings_of(structure), *findings_of(privacy)]
        refused = any(finding.level is Level.FILE_REFUSED for finding in before)
        completeness = [
            Completeness(**line)
            for paper in (privacy, validation)
            if paper and validation
            for line in paper["completeness"]
        ]
        return cls(
            dataset,
            structure["records"],
            refused,
            findings,
            validation is not None,
            _in_order(known, completeness),
            changes,
            ZorgTtpFigures(**privacy["zorgttp"]) if privacy and privacy["zorgttp"] else None,
        )


def _raced(
    dataset: Dataset, decisions: list[dict[str, Any]], lost: dict[str, Any] | None
) -> list[Finding]:
    """Tell which records lost the race in every round."""
    losers = set(lost["interv_nrs"]) if lost else set()
    return [
        dataset.finding("TF-009", row=line["row"], interv_nr=line["interv_nr"], column="interv_nr")
        for line in decisions
        if line["interv_nr"] in losers
    ]


def _in_order(dataset: Dataset, completeness: list[Completeness]) -> list[Completeness]:
    """Put the columns of both zones back in the order of the handbook."""
    place = {name: number for number, name in enumerate(dataset.columns)}
    return sorted(completeness, key=lambda line: place[line.column])


def _status(delivery: Delivery, kept: _Kept, counts: Counts) -> Status:
    if kept.refused:
        return Status.REFUSED
    if delivery.kind is Kind.TEST:
        return Status.TESTED
    return Status.PROCESSED if counts.accepted else Status.REFUSED
