"""Our engine, as `aanleveren controleer` asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.check import check_file
from databroker.intake.kinds import find_reader
from databroker.rules.book import rule_book

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Hit, Run


class RefusedError(Exception):
    """The file was refused as a whole: there is nothing to compare."""


def prepare(asked: Asked) -> Run:
    """Compile the rules of the version that the file is of, and load the reader."""
    rule_book(asked.version)
    with asked.file.open("rb") as content:
        find_reader(content.read(1024), asked.file.name)

    def run(file: Path) -> set[Hit]:
        checked = check_file(file.read_bytes(), file.name, asked.versions, asked.context)
        hits = {
            (finding.row, finding.field or "", finding.code)
            for finding in checked.findings
            if finding.row is not None and asked.compares(finding.code)
        }
        refusals = [finding.code for finding in checked.findings if finding.code.startswith("BF-")]
        if refusals and not hits:
            raise RefusedError(*refusals)
        return hits

    return run
