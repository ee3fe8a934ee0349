"""`versleutel`: replaces personal data by temporary pseudonyms before a file leaves the hospital."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aanleveren.check import context_of, document, most_bytes, outcome_of, versions_of
from aanleveren.files import opened, read, size_of
from aanleveren.outcome import CommandError, Exit, Outcome
from aanleveren.progress import someone_watches, watch_of
from aanleveren.written import as_csv, as_xml
from aanleveren.zorgttp import connect, plain_faults
from databroker.check import Checked, read_file
from databroker.dataset import is_pseudonymised
from databroker.delivery import Counts
from databroker.findings import Language, refused_rows
from databroker.privacy.at_source import pseudonymise_at_source
from databroker.privacy.desk import Desk
from databroker.privacy.trust import Checks
from databroker.report.summary import in_reading_order

if TYPE_CHECKING:
    import datetime as dt
    from argparse import Namespace

    from aanleveren.settings import Settings
    from databroker.ports import PseudonymSource

_CHECKS = Checks(sentinels=False, read_back=True)
"""Sentinels are seen after the exchange only; at the source every answer is read back."""


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Write the pseudonymised file, and tell what was found on the way.

    Raises:
        CommandError: the file cannot be read or written, or ZorgTTP refuses or is away.
    """
    watch = watch_of(asked, settings)
    place = _place(asked.file, asked.naar)
    most = most_bytes(settings)
    with opened(asked.file) as file, watch("Lezen", size_of(file)) as moved:
        content = read(file, most + 1, moved)
    source = connect(settings, may_ask=someone_watches(asked, settings))
    with watch("Versleutelen"), plain_faults():
        done = encrypt(content, asked.file.name, settings, source, asked.today)
    if done.records is not None:
        _write(place, as_xml(*done.records) if place.suffix.lower() == ".xml" else as_csv(done.records[0]))
    language = Language(settings.taal)
    if asked.json:
        told = document(done.checked, language) | {
            "file": str(place) if done.records is not None else None
        }
        sys.stdout.write(f"{json.dumps(told)}\n")
    else:
        from aanleveren.screen import show  # noqa: PLC0415 - programs need no colours

        dataset = done.checked.dataset
        show(done.checked, f"{asked.file.name} - {dataset.label} {dataset.version}", language)
        if done.records is not None:
            sys.stdout.write(f"{place}\n")
    return outcome_of(done.checked)
