"""`status`: how far a delivery is, and what became of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aanleveren.outbox import Outbox, is_delivery_id
from aanleveren.outcome import CommandError, Exit, Outcome
from aanleveren.progress import watch_of
from aanleveren.waiting import wait_for
from databroker.delivery import Centre, Status
from databroker.report.summary import PROCESSED, RECEIPT

if TYPE_CHECKING:
    from argparse import Namespace

    from aanleveren.settings import Settings


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Tell how a delivery stands, by its number or by the name of its file (the latest one).

    Raises:
        CommandError: it cannot be found, or was not processed in the time one wanted to wait.
    """
    outbox = Outbox.of(settings)
    folder = _folder(outbox, asked.what, settings)
    with watch_of(asked, settings)("Wachten tot het bestand verwerkt is"):
        processed = wait_for(lambda: outbox.read(folder, PROCESSED), asked.wacht or 0.0)
    if processed is None and asked.wacht is not None:
        raise CommandError(Exit.RETRY, "Nog niet verwerkt.")
    document = standing(outbox, folder)
    if asked.json:
        sys.stdout.write(f"{json.dumps(document)}\n")
    else:
        sys.stdout.write(f"{sentence(document)}\n")
    return outcome_of(document)


def standing(outbox: Outbox, folder: str) -> dict[str, Any]:
    """Give what NHR told last of a delivery: that it is processed, or that it was received.

    Raises:
        CommandError: the outbox cannot be reached.
    """
    told = outbox.read(folder, PROCESSED) or outbox.read(folder, RECEIPT)
    document: dict[str, Any] = json.loads(told or b"{}")
    return document


def sentence(document: dict[str, Any]) -> str:
    """Say how a delivery stands."""
    told = f"{document['delivery_id']}: {document['status']}"
    if "counts" not in document:
        return f"{told}, nog niet verwerkt."
    counts = document["counts"]
    return (
        f"{told}. {counts['records']} records: {counts['accepted']} goed "
        f"({counts['new']} nieuw, {counts['changed']} gewijzigd, "
        f"{counts['unchanged']} ongewijzigd), {counts['refused']} geweigerd."
    )


def outcome_of(document: dict[str, Any]) -> Outcome:
    """Give how a delivery ended, so far."""
    status, counts = Status(document["status"]), document.get("counts", {})
    if status is Status.FAILED:
        exit_code = Exit.RETRY
    else:
        refuses = status is Status.REFUSED or counts.get("refused", 0)
        exit_code = Exit.FINDINGS if refuses else Exit.GOOD
    return Outcome(exit_code, counts, document["delivery_id"])


def _folder(outbox: Outbox, what: str, settings: Settings) -> str:
    if is_delivery_id(what):
        return outbox.folder(what)
    if settings.centre is None:
        text = "Dit is geen aanleveringsnummer; geef bij een bestand ook --centre."
        raise CommandError(Exit.USAGE, text)
    found = outbox.folders(Centre(settings.centre), Path(what).name)
    if not found:
        raise CommandError(Exit.RETRY, "Er is nog geen bestand met deze naam ontvangen.")
    return found[-1]
