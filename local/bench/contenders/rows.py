"""The reference evaluator: every rule asked of every record, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.intake import read_delivery
from local.bench.contenders.databroker_engine import RefusedError
from tests.support import reference

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Hit, Run


def prepare(asked: Asked) -> Run:
    """Prepare nothing: the reference compiles the rules when it first needs them."""

    def run(file: Path) -> set[Hit]:
        reading = read_delivery(file.read_bytes(), file.name, asked.versions)
        if reading.records is None:
            raise RefusedError(*(finding.code for finding in reading.findings))
        findings, _, _ = reference.examine(reading.records, reading.dataset, asked.context)
        return {
            (finding.row, finding.field or "", finding.code)
            for finding in findings
            if finding.row is not None and asked.compares(finding.code)
        }

    return run
