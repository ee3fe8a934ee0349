"""`versleutel`: replaces personal data by temporary pseudonyms before a file leaves the hospital."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import PurePath
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
from databroker.findings import Language, in_reading_order, refused_rows
from databroker.privacy.at_source import pseudonymise_at_source
from databroker.privacy.desk import Desk
from databroker.privacy.trust import Checks

if TYPE_CHECKING:
    import datetime as dt
    from argparse import Namespace
    from pathlib import Path

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
        done = encrypt(
            content,
            asked.file.name,
            settings,
            source,
            today=asked.today,
            as_=place.suffix.lower(),
        )
    if done.content is not None:
        _write(place, done.content)
    told = str(place) if done.content is not None else None
    language = Language(settings.taal)
    if asked.json:
        sys.stdout.write(f"{json.dumps(document(done.checked, language) | {'file': told})}\n")
    else:
        from aanleveren.screen import show  # noqa: PLC0415 - programs need no colours

        dataset = done.checked.dataset
        show(done.checked, f"{asked.file.name} - {dataset.label} {dataset.version}", language)
        sys.stdout.write(f"{told}\n" if told else "")
    return outcome_of(done.checked)


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What was found, and what leaves the hospital; None when the file is refused."""

    checked: Checked
    content: bytes | None = field(repr=False)


def encrypt(
    content: bytes,
    file_name: str,
    settings: Settings,
    source: PseudonymSource,
    *,
    today: dt.date | None = None,
    as_: str = ".csv",
) -> Encrypted:
    """Pseudonymise what is in a file, as CSV or XML.

    Raises:
        CommandError: a setting is missing, or the file is pseudonymised already.
        The faults of ZorgTTP, see `databroker.ports.PseudonymSource`.
    """
    context = context_of(settings, today)
    reading = read_file(content, file_name, versions_of(settings), context.centre)
    if reading.records is None:
        counts = Counts(reading.count, 0, reading.count)
        found = in_reading_order(reading.findings)
        return Encrypted(Checked(reading.dataset, counts, found), None)
    if is_pseudonymised(reading.records.names):
        raise CommandError(Exit.USAGE, "Dit bestand is al versleuteld.")
    done = pseudonymise_at_source(reading.records, reading.dataset, context, Desk(source, _CHECKS))
    findings = in_reading_order([*reading.findings, *done.findings])
    refused = len(refused_rows(findings))
    counts = Counts(reading.count, reading.count - refused, refused)
    checked = Checked(reading.dataset, counts, findings)
    if as_ == ".xml":
        return Encrypted(checked, as_xml(done.records, reading.dataset))
    return Encrypted(checked, as_csv(done.records))


def encrypted_name(file_name: str) -> str:
    """Give the name of the pseudonymised file, when nobody asked for another."""
    return f"{PurePath(file_name).stem}-versleuteld.csv"


def _place(file: Path, asked: Path | None) -> Path:
    """Give where the pseudonymised file comes; never in the place of the one it is made of."""
    place = asked or file.with_name(encrypted_name(file.name))
    if place.suffix.lower() not in {".csv", ".xml"}:
        raise CommandError(Exit.USAGE, "Het versleutelde bestand is .csv of .xml.")
    if place.resolve() == file.resolve():
        raise CommandError(Exit.USAGE, "Het versleutelde bestand moet anders heten.")
    return place


def _write(place: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    unfinished = place.with_name(f"{place.name}.onaf")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(place)
    except OSError as error:
        text = "Het versleutelde bestand kan daar nu niet worden weggeschreven."
        raise CommandError(Exit.RETRY, text) from error
