"""`status`: how far a delivery is, and what became of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aanleveren.outbox import Outbox, is_delivery_id
from aanleveren.outcome import CommandError, Exit
from aanleveren.s3 import connect
from aanleveren.settings import read_settings
from aanleveren.waiting import wait_for
from databroker.delivery import Status
from databroker.report.summary import PROCESSED, RECEIPT

if TYPE_CHECKING:
    from argparse import Namespace


def run(asked: Namespace) -> Exit:
    """Tell how a delivery stands, by its number or by the name of its file (the latest one).

    Raises:
        CommandError: it cannot be found, or was not processed in the time one wanted to wait.
    """
    settings = read_settings(asked)
    outbox = Outbox(connect(settings.endpoint), settings.bucket("outbox"))
    folder = _folder(outbox, asked)
    answer = wait_for(lambda: outbox.read(folder, PROCESSED), asked.wacht or 0.0)
    if answer is None and asked.wacht is not None:
        raise CommandError(Exit.RETRY, "Nog niet verwerkt.")
    document = json.loads(answer or outbox.read(folder, RECEIPT) or b"{}")
    if asked.json:
        sys.stdout.write(f"{json.dumps(document)}\n")
    else:
        sys.stdout.write(f"{_sentence(document)}\n")
    return _exit_code(document)


def _folder(outbox: Outbox, asked: Namespace) -> str:
    if is_delivery_id(asked.what):
        return outbox.folder(asked.what)
    if asked.centre is None:
        text = "Dit is geen aanleveringsnummer; geef bij een bestand ook --centre."
        raise CommandError(Exit.USAGE, text)
    found = outbox.folders(asked.centre, Path(asked.what).name)
    if not found:
        raise CommandError(Exit.RETRY, "Er is nog geen bestand met deze naam ontvangen.")
    return found[-1]


def _sentence(document: dict[str, Any]) -> str:
    told = f"{document['delivery_id']}: {document['status']}"
    if "counts" not in document:
        return f"{told}, nog niet verwerkt."
    counts = document["counts"]
    return (
        f"{told}. {counts['records']} records: {counts['accepted']} goed "
        f"({counts['new']} nieuw, {counts['changed']} gewijzigd, "
        f"{counts['unchanged']} ongewijzigd), {counts['refused']} geweigerd."
    )


def _exit_code(document: dict[str, Any]) -> Exit:
    status = Status(document["status"])
    if status is Status.FAILED:
        return Exit.RETRY
    refused = document.get("counts", {}).get("refused", 0)
    return Exit.FINDINGS if status is Status.REFUSED or refused else Exit.GOOD
