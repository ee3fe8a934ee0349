"""`controleer`: every rule that needs no database, on the hospital's own machine."""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from aanleveren.files import opened, read, size_of
from aanleveren.outcome import CommandError, Exit, Outcome
from aanleveren.progress import watch_of
from databroker.check import check_file
from databroker.dataset import datasets, find_versions
from databroker.delivery import DUTCH_TIME, Centre
from databroker.findings import Language
from databroker.rules import Context

if TYPE_CHECKING:
    from argparse import Namespace

    from aanleveren.settings import Settings
    from databroker.check import Checked
    from databroker.dataset import Dataset


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Check the file and tell what was found; this will refuse when NHR would.

    Raises:
        CommandError: there is no such dataset or file, or the file cannot be opened now.
    """
    watch = watch_of(asked, settings)
    most = most_bytes(settings)
    with opened(asked.file) as file, watch("Lezen", size_of(file)) as moved:
        content = read(file, most + 1, moved)  # one more than is accepted is enough to refuse
    with watch("Controleren"):
        checked = check(content, asked.file.name, settings, asked.today)
    language = Language(settings.taal)
    if asked.json:
        sys.stdout.write(f"{json.dumps(document(checked, language))}\n")
    else:
        from aanleveren.screen import show  # noqa: PLC0415 - programs need no colours

        dataset = checked.dataset
        title = f"{asked.file.name} - {dataset.label} {dataset.version} - {settings.centre}"
        show(checked, title, language)
    return outcome_of(checked)


def check(
    content: bytes, file_name: str, settings: Settings, today: dt.date | None = None
) -> Checked:
    """Check what is in a file.

    Raises:
        CommandError: the dataset or the centre was not told, or there is no such dataset.
    """
    return check_file(content, file_name, versions_of(settings), context_of(settings, today))


def context_of(settings: Settings, today: dt.date | None = None) -> Context:
    """Give who delivers, and when.

    Raises:
        CommandError: the centre was not told.
    """
    centre = Centre(settings.need("centre"))
    return Context(today or dt.datetime.now(DUTCH_TIME).date(), centre)


def most_bytes(settings: Settings) -> int:
    """Give how large a file of the dataset may be.

    Raises:
        CommandError: the dataset was not told, or there is no such dataset.
    """
    return max(dataset.max_bytes for dataset in versions_of(settings))


def outcome_of(checked: Checked) -> Outcome:
    """Give how a check ended."""
    exit_code = Exit.FINDINGS if checked.refuses else Exit.GOOD
    counts = {name: getattr(checked.counts, name) for name in ("records", "accepted", "refused")}
    return Outcome(exit_code, counts)


def document(checked: Checked, language: Language) -> dict[str, object]:
    """Give the outcome in the shape of `verwerkt.json`, the same keys in either language."""
    return {
        "counts": asdict(checked.counts),
        "findings": [finding.as_json(language) for finding in checked.findings],
    }


def versions_of(settings: Settings) -> tuple[Dataset, ...]:
    """Give the versions of the dataset that a file may be of, the newest first.

    Raises:
        CommandError: the dataset was not told, or there is no such dataset.
    """
    name, _, version = settings.need("dataset").partition("@")
    versions = find_versions(name, version or None)
    if not versions:
        known = ", ".join(f"{each.id}@{each.version}" for each in datasets())
        raise CommandError(Exit.USAGE, f"Deze dataset is niet bekend; wel bekend: {known}.")
    return versions
