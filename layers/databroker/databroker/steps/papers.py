"""What a step leaves for the steps after it: tables of records, and papers."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from databroker.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.delivery import DeliveryId
    from databroker.ports import Papers

RAW, PERSONS, TEMPORARY, INPUT, CLEAN = "raw", "persons", "temporary", "input", "clean"
"""The tables: as delivered; temporary pseudonyms; the records that go with them, to be validated,
validated."""

STRUCTURE, PRIVACY, EXCHANGE, VALIDATION, COMPARISON, LOST = (
    "structure",
    "privacy",
    "exchange",
    "validation",
    "comparison",
    "lost",
)

_FACTS = tuple(fact.name for fact in fields(Finding))
"""Both languages among them: who reads the paper chooses."""


def findings_paper(findings: Iterable[Finding], **facts: Any) -> dict[str, Any]:
    """Put findings and a few facts into one paper."""
    kept = [{name: getattr(finding, name) for name in _FACTS} for finding in findings]
    return {"findings": kept, **facts}


def findings_of(paper: dict[str, Any] | None) -> list[Finding]:
    """Read the findings of a paper; no paper, no findings."""
    return [Finding(**finding) for finding in paper["findings"]] if paper else []


def findings_before(papers: Papers, delivery_id: DeliveryId, *names: str) -> list[Finding]:
    """Gather the findings of earlier steps."""
    return [finding for name in names for finding in findings_of(papers.read(delivery_id, name))]


def writes_name(round_number: int) -> str:
    """Name the paper with the writes of one round."""
    return f"writes-{round_number}"
