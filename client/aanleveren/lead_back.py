"""`herleid`: which patient of the hospital a record is about, asked of ZorgTTP by the hospital itself."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING

from aanleveren.logbook import note
from aanleveren.outbox import Outbox
from aanleveren.outcome import CommandError, Exit, Outcome
from aanleveren.progress import someone_watches
from aanleveren.zorgttp import connect, plain_faults
from databroker.report.summary import PSEUDONYMS_LIST

if TYPE_CHECKING:
    from argparse import Namespace

    from aanleveren.settings import Settings


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Print the patient number of one record, once it is in the log file that somebody asked.

    Raises:
        CommandError: there is no log file, no such delivery or record, or ZorgTTP refuses or is away.
    """
    audit = settings.logboek
    if audit is None:
        text = "Herleiden wordt vastgelegd: geef een logboek (--logboek, of in het configbestand)."
        raise CommandError(Exit.USAGE, text)
    outbox = Outbox.of(settings)
    content = outbox.read(outbox.folder(asked.delivery_id), PSEUDONYMS_LIST)
    if content is None:
        text = "Van deze aanlevering zijn (nog) geen pseudoniemen; een test heeft ze niet."
        raise CommandError(Exit.RETRY, text)
    pseudonym = _find(content.decode("utf-8-sig"), asked)
    source = connect(settings, may_ask=someone_watches(asked, settings))
    if not note(audit, "herleid gevraagd", Outcome(Exit.GOOD, delivery_id=asked.delivery_id), 0.0):
        raise CommandError(Exit.RETRY, f"Het logboek {audit} kan niet worden geschreven.")
    with plain_faults():
        (number,) = source.reverse([pseudonym])
    if number is None:
        raise CommandError(Exit.DENIED, "ZorgTTP kan dit pseudoniem niet herleiden.")
    told = json.dumps({"delivery_id": asked.delivery_id, "pat_nr": number})
    sys.stdout.write(f"{told if asked.json else number}\n")
    return Outcome(Exit.GOOD, {"herleid": 1}, asked.delivery_id)


def _find(content: str, asked: Namespace) -> str:
    for line in csv.DictReader(io.StringIO(content), delimiter=";"):
        if line["rij"] == str(asked.rij) or line["interv_nr"] == asked.interv_nr:
            if line["ps_pat"]:
                return line["ps_pat"]
            raise CommandError(Exit.USAGE, "Dit record is geweigerd en heeft geen pseudoniem.")
    raise CommandError(Exit.USAGE, "Er is geen record met deze rij of dit interventienummer.")
