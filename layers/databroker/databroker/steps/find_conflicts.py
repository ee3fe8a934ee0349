"""Vergelijk met database: a decision for every accepted record."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from databroker.conflicts.compare import Accepted, Decision, Known, compare, named_by
from databroker.dataset import dataset_of
from databroker.findings import refused_rows
from databroker.steps.papers import (
    CLEAN,
    COMPARISON,
    LOST,
    PRIVACY,
    STRUCTURE,
    VALIDATION,
    findings_before,
    writes_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.delivery import Change, Delivery
    from databroker.ports import Papers, Registry, Tables
    from databroker.records import Records


@dataclass(frozen=True, slots=True)
class ComparisonOutcome:
    """What one round of comparing decided; `counts` by change."""

    round: int
    to_write: int
    counts: Counter[Change]


def find_conflicts(
    delivery: Delivery, rounds_done: int, *, tables: Tables, papers: Papers, registry: Registry
) -> ComparisonOutcome:
    """Compare the accepted records, in a later round only those that lost a race."""
    clean = tables.read(delivery.delivery_id, CLEAN)
    records = _accepted(delivery, clean, papers)
    earlier: list[dict[str, Any]] = []
    if rounds_done:
        lost = set(papers.read(delivery.delivery_id, LOST)["interv_nrs"])
        records = [record for record in records if record.interv_nr in lost]
        standing = papers.read(delivery.delivery_id, COMPARISON)["decisions"]
        earlier = [line for line in standing if line["interv_nr"] not in lost]
    registered = registry.look_up(delivery.centre, (record.interv_nr for record in records))
    known = Known(registered, registry.look_up_implants(sorted(named_by(records, registered))))
    decisions = compare(
        records, known, delivery=delivery, dataset=dataset_of(delivery), origin=clean.origin
    )
    lines = [*earlier, *(_line(decision) for decision in decisions)]
    round_number = rounds_done + 1
    paper = {"decisions": lines}
    papers.write(delivery.delivery_id, COMPARISON, paper)
    writes = [asdict(decision.write) for decision in decisions if decision.write]
    papers.write(delivery.delivery_id, writes_name(round_number), {"writes": writes})
    counts = Counter(decision.change for decision in decisions)
    return ComparisonOutcome(round_number, len(writes), counts)


def _accepted(delivery: Delivery, clean: Records, papers: Papers) -> list[Accepted]:
    findings = findings_before(papers, delivery.delivery_id, STRUCTURE, PRIVACY, VALIDATION)
    refused = refused_rows(findings)
    names = clean.names
    rows = zip(clean.rows, *(clean.column(name) for name in names), strict=True)
    return [
        Accepted(row, _filled(zip(names, values, strict=True)))
        for row, *values in rows
        if row not in refused
    ]


def _filled(cells: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Keep what is filled; the number in capitals, for in any letters it is one intervention."""
    fields = {name: value for name, value in cells if value}
    return fields | {"interv_nr": fields["interv_nr"].upper()}


def _line(decision: Decision) -> dict[str, Any]:
    return {
        "row": decision.row,
        "interv_nr": decision.interv_nr,
        "change": decision.change.value,
        "findings": [asdict(finding) for finding in decision.findings],
    }
