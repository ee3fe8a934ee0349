"""Lees in: what was decided is written, each record at once or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databroker.ingest.waves import waves
from databroker.ports import Write
from databroker.steps.papers import LOST, writes_name

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import Papers, Registry

TOGETHER = 25
"""Records handed to the registry at once: few enough to fit, many enough to save requests."""


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """What one round wrote, and how many records lost a race and must be compared again."""

    round: int
    written: int
    lost: int


def ingest(
    delivery: Delivery, round_number: int, *, papers: Papers, registry: Registry, workers: int
) -> IngestOutcome:
    """Write the decisions of this round; doing so again changes nothing."""
    paper = papers.read(delivery.delivery_id, writes_name(round_number))
    writes = [_write(facts) for facts in paper["writes"]]
    lost: list[str] = []
    with ThreadPoolExecutor(workers) as pool:
        for wave in waves(writes):
            groups = [wave[start : start + TOGETHER] for start in range(0, len(wave), TOGETHER)]
            answers = pool.map(lambda group: registry.register(delivery, group), groups)
            for group, won in zip(groups, answers, strict=True):
                lost += [write.interv_nr for write, ok in zip(group, won, strict=True) if not ok]
    papers.write(delivery.delivery_id, LOST, {"interv_nrs": sorted(lost)})
    return IngestOutcome(round_number, len(writes) - len(lost), len(lost))


def _write(facts: dict[str, Any]) -> Write:
    implants = {
        name: tuple((gtin, serial) for gtin, serial in facts[name])
        for name in ("placed", "removed", "let_go", "given_back")
    }
    return Write(facts["interv_nr"], facts["seen_version"], facts["fields"], **implants)
