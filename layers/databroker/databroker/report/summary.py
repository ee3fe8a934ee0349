"""What became of a delivery: one report, from which every document for the hospital is made."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from databroker.delivery import Change, Counts, Status
from databroker.findings import (
    READING_ORDER,
    Language,
    Level,
    in_reading_order,
    refused_rows,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from databroker.delivery import Delivery
    from databroker.findings import Finding
    from databroker.records import Records
    from databroker.rules import Completeness

RECEIPT, PROCESSED, WORKBOOK = "ontvangen.json", "verwerkt.json", "rapportage.xlsx"
PSEUDONYMS_LIST = "pseudoniemen.csv"

UNCHANGED_CODE = "TW-001"
"""Told as a number only: most of a second delivery is unchanged, and it would bury the rest."""


@dataclass(frozen=True, slots=True)
class RecordLine:
    """What became of one record; `change` is None when it was refused or never compared."""

    row: int
    interv_nr: str | None
    accepted: bool
    change: Change | None
    findings: Mapping[Level, int]


class Tone(StrEnum):
    """The colour of a verdict."""

    GOOD = "groen"
    MIXED = "geel"
    BAD = "rood"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome in a word, a colour and a sentence."""

    word: str
    tone: Tone
    sentence: str


@dataclass(frozen=True, slots=True)
class ZorgTtpFigures:
    """How many persons ZorgTTP was asked about, and its own figures of that (records a second)."""

    persons: int
    pseudonyms: int
    errors: int
    speed: int


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one code on one variable; `example` is the first of them."""

    example: Finding
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """Everything a hospital is told about one delivery.

    `dataset_version` is the version the file was checked against, None when the dataset is not
    known; `sha256` is None when nobody could read the file. `labels` says in words what a column
    is, `allowed` what it accepts; `rule_page` is where the codes are explained, `links` where each
    of them is. `zorgttp` is None when ZorgTTP was not asked.
    """

    delivery: Delivery
    dataset_label: str
    dataset_version: str | None
    sha256: str | None
    finished_at: dt.datetime
    status: Status
    counts: Counts
    findings: Sequence[Finding] = ()
    records: Sequence[RecordLine] = ()
    completeness: Sequence[Completeness] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    allowed: Mapping[str, str] = field(default_factory=dict)
    rule_page: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    zorgttp: ZorgTtpFigures | None = None

    @cached_property
    def findings_in_order(self) -> list[Finding]:
        """Give the findings as the hospital reads them."""
        return in_reading_order(self.findings)

    @cached_property
    def groups(self) -> list[FindingGroup]:
        """Gather the findings per level, code and variable, in reading order."""
        return grouped(self.findings)

    @cached_property
    def verdict(self) -> Verdict:
        """Judge the delivery in a word."""
        if self.status is Status.FAILED:
            return Verdict(
                "Mislukt",
                Tone.BAD,
                "Door een technische storing is de verwerking niet afgerond. De NHR is gewaarschuwd.",
            )
        return judge(self.counts, self.findings)


def grouped(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Gather findings per level, code and variable, in reading order."""
    gathered: dict[tuple[int, str, str], list[Finding]] = defaultdict(list)
    rank = {level: place for place, level in enumerate(READING_ORDER)}
    for finding in in_reading_order(findings):
        gathered[rank[finding.level], finding.code, finding.field or ""].append(finding)
    return [
        FindingGroup(
            example=alike[0],
            count=len(alike),
            rows=tuple(finding.row for finding in alike if finding.row is not None),
        )
        for _, alike in sorted(gathered.items(), key=lambda group: group[0])
    ]


_VERDICTS = {
    Language.DUTCH: {
        "refused": ("Geweigerd", "Geen enkel record kan in de database worden opgenomen."),
        "in part": (
            "Deels geaccepteerd",
            "{} van de {} records geweigerd. Verbeter deze en lever ze opnieuw aan.",
        ),
        "warned": (
            "Geaccepteerd met waarschuwingen",
            "Alle records zijn geaccepteerd. Kijk de waarschuwingen na.",
        ),
        "good": ("Geaccepteerd", "Alle records zijn geaccepteerd."),
    },
    Language.ENGLISH: {
        "refused": ("Refused", "Not one record can be taken into the database."),
        "in part": (
            "Accepted in part",
            "{} of the {} records refused. Correct these and deliver them again.",
        ),
        "warned": ("Accepted with warnings", "All records are accepted. Look at the warnings."),
        "good": ("Accepted", "All records are accepted."),
    },
}


def judge(
    counts: Counts, findings: Iterable[Finding], language: Language = Language.DUTCH
) -> Verdict:
    """Judge a file that was checked in a word."""
    if not counts.accepted:
        outcome, tone = "refused", Tone.BAD
    elif counts.refused:
        outcome, tone = "in part", Tone.MIXED
    elif any(finding.code != UNCHANGED_CODE for finding in findings):
        outcome, tone = "warned", Tone.MIXED
    else:
        outcome, tone = "good", Tone.GOOD
    word, sentence = _VERDICTS[language][outcome]
    return Verdict(word, tone, sentence.format(counts.refused, counts.records))


def lines_of(
    clean: Records, findings: Sequence[Finding], changes: Mapping[int, Change]
) -> list[RecordLine]:
    """Tell of every record of a file, those that could not be read as a record included."""
    rows = dict(zip(clean.rows, clean.column("interv_nr"), strict=True))
    unread = {row: None for row in refused_rows(findings) if row not in rows}
    return record_lines(sorted((rows | unread).items()), findings, changes)


def record_lines(
    records: Iterable[tuple[int, str | None]],
    findings: Iterable[Finding],
    changes: Mapping[int, Change],
) -> list[RecordLine]:
    """Tell of each record (row, interv_nr) whether it was accepted and what it changed.

    `changes` says, by row, what the registry did with the records that were compared.
    """
    per_row: defaultdict[int, Counter[Level]] = defaultdict(Counter)
    file_refused = False
    for finding in findings:
        if finding.row is not None:
            per_row[finding.row][finding.level] += 1
        elif finding.level is Level.FILE_REFUSED:
            file_refused = True
    lines = []
    for row, interv_nr in records:
        numbers = per_row.get(row, Counter())
        accepted = not file_refused and not any(level.refuses_record for level in numbers)
        change = changes.get(row) if accepted else None
        lines.append(RecordLine(row, interv_nr, accepted, change, numbers))
    return lines


def counts_of(records: Sequence[RecordLine]) -> Counts:
    """Count what became of the records."""
    accepted = sum(record.accepted for record in records)
    changes = Counter(record.change for record in records)
    return Counts(
        records=len(records),
        accepted=accepted,
        refused=len(records) - accepted,
        new=changes[Change.NEW],
        changed=changes[Change.CHANGED],
        unchanged=changes[Change.UNCHANGED],
    )


def as_document(paper: dict[str, Any]) -> bytes:
    """Write a paper for machines as the document in the outbox."""
    return json.dumps(paper, ensure_ascii=False, indent=2).encode()


def pseudonyms_csv(records: Iterable[RecordLine], clean: Records) -> bytes:
    """Give `pseudoniemen.csv`: of every record the pseudonym that its own centre can turn back.

    The number of a refused record is left out: what stands there need not be a number.
    """
    accepted = {record.row for record in records if record.accepted}
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=";")
    writer.writerow(("rij", "interv_nr", "ps_pat"))
    columns = clean.rows, clean.column("interv_nr"), clean.column("ps_pat")
    writer.writerows(
        (row, number if row in accepted else None, pseudonym)
        for row, number, pseudonym in zip(*columns, strict=True)
    )
    return content.getvalue().encode()


def received_json(delivery: Delivery) -> dict[str, Any]:
    """Give `ontvangen.json`: the receipt a hospital gets at once."""
    return {
        "delivery_id": delivery.delivery_id,
        "centre": delivery.centre,
        "dataset": delivery.dataset,
        "kind": delivery.kind.value,
        "file_name": delivery.file_name,
        "received_at": delivery.received_at.isoformat(),
        "status": Status.RECEIVED.value,
    }


def processed_json(report: Report) -> dict[str, Any]:
    """Give `verwerkt.json`: the outcome for machines, every finding included."""
    delivery = report.delivery
    return {
        "delivery_id": delivery.delivery_id,
        "centre": delivery.centre,
        "dataset": delivery.dataset,
        "dataset_version": report.dataset_version,
        "kind": delivery.kind.value,
        "file_name": delivery.file_name,
        "sha256": report.sha256,
        "received_at": delivery.received_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "status": report.status.value,
        "counts": asdict(report.counts),
        "findings": [finding.as_json() for finding in report.findings_in_order],
    }
