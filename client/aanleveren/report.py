"""`rapport`: fetches the Excel report of a delivery."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aanleveren.outbox import Outbox
from aanleveren.outcome import CommandError, Exit, Outcome
from databroker.report.summary import WORKBOOK

if TYPE_CHECKING:
    from argparse import Namespace

    from aanleveren.settings import Settings


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Write the report to a file and print where it is.

    Raises:
        CommandError: there is no such delivery, no report yet, or the file cannot be written.
    """
    content = fetch(Outbox.of(settings), asked.delivery_id)
    place = asked.naar or Path(file_name(asked.delivery_id))
    try:
        place.write_bytes(content)
    except OSError as error:
        text = "De rapportage kan daar nu niet worden weggeschreven; staat die nog open in Excel?"
        raise CommandError(Exit.RETRY, text) from error
    told = json.dumps({"delivery_id": asked.delivery_id, "file": str(place)})
    sys.stdout.write(f"{told if asked.json else place}\n")
    return Outcome(Exit.GOOD, delivery_id=asked.delivery_id)


def fetch(outbox: Outbox, delivery_id: str) -> bytes:
    """Give the report of a delivery.

    Raises:
        CommandError: there is no such delivery, or no report yet.
    """
    content = outbox.read(outbox.folder(delivery_id), WORKBOOK)
    if content is None:
        raise CommandError(Exit.RETRY, "Er is nog geen rapportage.")
    return content


def file_name(delivery_id: str) -> str:
    """Name the report of a delivery, where a hospital did not."""
    return f"{delivery_id}.xlsx"
