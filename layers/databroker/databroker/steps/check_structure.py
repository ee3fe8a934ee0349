"""Controleer structuur: is this a file we can read, of a dataset and a centre we know?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.check import read_file
from databroker.dataset import Bilingual, datasets, find_versions
from databroker.delivery import DUTCH_TIME, Kind
from databroker.findings import Level
from databroker.ports import SourceVanishedError
from databroker.steps.papers import RAW, STRUCTURE, findings_paper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from databroker.dataset import Dataset
    from databroker.delivery import Delivery
    from databroker.findings import Finding
    from databroker.intake import Reading
    from databroker.ports import Centres, Inbox, Ledger, Papers, Tables


@dataclass(frozen=True, slots=True)
class StructureOutcome:
    """Whether the file can go on, how many records it has, and which rules spoke."""

    accepted: bool
    records: int
    codes: tuple[str, ...]


def check_structure(
    delivery: Delivery,
    *,
    inbox: Inbox,
    centres: Centres,
    ledger: Ledger,
    tables: Tables,
    papers: Papers,
) -> StructureOutcome:
    """Read the file once, keep its table in the intake zone, and say what is wrong with it.

    The version of the dataset that the file is of is settled here, for every step that follows.
    """
    versions = find_versions(delivery.dataset, delivery.dataset_version)
    refusal = _misaddressed(delivery, versions, centres)
    findings = [refusal] if refusal else []
    reading = None if refusal else _read(delivery, versions, findings, inbox, ledger)
    count = reading.count if reading else 0
    refused = any(finding.level is Level.FILE_REFUSED for finding in findings)
    if reading and reading.records is not None:
        tables.write(delivery.delivery_id, RAW, reading.records)
    papers.write(delivery.delivery_id, STRUCTURE, findings_paper(findings, records=count))
    codes = tuple(sorted({finding.code for finding in findings}))
    return StructureOutcome(not refused, count, codes)


def _misaddressed(
    delivery: Delivery, versions: Sequence[Dataset], centres: Centres
) -> Finding | None:
    """Refuse what is delivered under a key that is not for it."""
    if not versions:
        wanted = "@".join(filter(None, (delivery.dataset, delivery.dataset_version)))
        return datasets()[0].finding("BF-024", soort="dataset", waarde=wanted)
    if centres.find(delivery.centre) is None:
        centre = Bilingual("centrum", "centre")
        return versions[0].finding("BF-024", soort=centre, waarde=delivery.centre)
    if delivery.kind is Kind.PRODUCTION and not versions[0].registers:
        return versions[0].finding("BF-026", sjabloon=versions[0].label)
    return None


def _read(
    delivery: Delivery,
    versions: Sequence[Dataset],
    findings: list[Finding],
    inbox: Inbox,
    ledger: Ledger,
) -> Reading | None:
    """Read the file and add what is found; None when it is gone."""
    if delivery.source.size > versions[0].max_bytes:
        # Not even read: it might not fit in memory.
        findings.append(versions[0].finding("BF-003", max_mb=versions[0].max_bytes // 1_000_000))
        return None
    try:
        content = inbox.read(delivery.source)
    except SourceVanishedError:
        findings.append(versions[0].finding("BF-025"))
        return None
    seen_before = ledger.first_seen(delivery, hashlib.sha256(content).hexdigest())
    if seen_before:
        moment = seen_before.astimezone(DUTCH_TIME)
        day, time = f"{moment:%d-%m-%Y}", f"{moment:%H:%M}"
        when = Bilingual(f"{day} om {time}", f"{day} at {time}")
        findings.append(versions[0].finding("BW-002", datum=when))
    reading = read_file(content, delivery.file_name, versions, delivery.centre)
    ledger.settle_version(delivery.delivery_id, reading.dataset.version)
    findings += reading.findings
    return reading
