"""`controleer`: every rule that needs no database, on the hospital's own machine."""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from aanleveren.files import opened
from aanleveren.outcome import CommandError, Exit
from databroker.check import check_file
from databroker.dataset import datasets, find_versions
from databroker.delivery import DUTCH_TIME
from databroker.findings import Language
from databroker.rules import Context

if TYPE_CHECKING:
    from argparse import Namespace

    from databroker.check import Checked
    from databroker.dataset import Dataset


def run(asked: Namespace) -> Exit:
    """Check the file and tell what was found; this will refuse when NHR would.

    Raises:
        CommandError: there is no such dataset or file, or the file cannot be opened now.
    """
    versions = _versions(asked.dataset)
    most = max(dataset.max_bytes for dataset in versions)
    with opened(asked.file) as file:
        content = file.read(most + 1)  # one more than is accepted is enough to refuse
    context = Context(asked.today or dt.datetime.now(DUTCH_TIME).date(), asked.centre)
    checked = check_file(content, asked.file.name, versions, context)
    language = Language(asked.taal)
    if asked.json:
        sys.stdout.write(f"{json.dumps(document(checked, language))}\n")
    else:
        from aanleveren.screen import show  # noqa: PLC0415 - programs need no colours

        dataset = checked.dataset
        title = f"{asked.file.name} - {dataset.label} {dataset.version} - {asked.centre}"
        show(checked, title, language)
    return Exit.FINDINGS if checked.refuses else Exit.GOOD


def document(checked: Checked, language: Language) -> dict[str, object]:
    """Give the outcome in the shape of `verwerkt.json`, the same keys in either language."""
    return {
        "counts": asdict(checked.counts),
        "findings": [finding.as_json(language) for finding in checked.findings],
    }


def _versions(named: str) -> tuple[Dataset, ...]:
    name, _, version = named.partition("@")
    versions = find_versions(name, version or None)
    if not versions:
        known = ", ".join(f"{each.id}@{each.version}" for each in datasets())
        raise CommandError(Exit.USAGE, f"Onbekende dataset {named}; bekend: {known}.")
    return versions
