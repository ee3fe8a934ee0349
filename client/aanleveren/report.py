"""`rapport`: fetches the Excel report of a delivery."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aanleveren.outbox import Outbox
from aanleveren.outcome import CommandError, Exit
from aanleveren.s3 import connect
from aanleveren.settings import read_settings
from databroker.report.summary import WORKBOOK

if TYPE_CHECKING:
    from argparse import Namespace


def run(asked: Namespace) -> Exit:
    """Write the report to a file and print where it is.

    Raises:
        CommandError: there is no such delivery, no report yet, or the file cannot be written.
    """
    settings = read_settings(asked)
    outbox = Outbox(connect(settings.endpoint), settings.bucket("outbox"))
    content = outbox.read(outbox.folder(asked.delivery_id), WORKBOOK)
    if content is None:
        raise CommandError(Exit.RETRY, "Er is nog geen rapportage.")
    place = asked.naar or Path(f"{asked.delivery_id}.xlsx")
    try:
        place.write_bytes(content)
    except OSError as error:
        text = "De rapportage kan daar nu niet worden weggeschreven; staat die nog open in Excel?"
        raise CommandError(Exit.RETRY, text) from error
    sys.stdout.write(f"{place}\n")
    return Exit.GOOD
