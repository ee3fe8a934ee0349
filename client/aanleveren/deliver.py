"""`lever`: puts a file in the inbox of NHR."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aanleveren.files import opened
from aanleveren.outbox import Outbox, id_of
from aanleveren.outcome import CommandError, Exit
from aanleveren.s3 import connect, plain_faults
from aanleveren.settings import read_settings
from aanleveren.waiting import wait_for
from databroker.delivery import is_inbox_key

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


def run(asked: Namespace) -> Exit:
    """Deliver the file; print its place, or when asked to wait the number NHR gave it.

    Raises:
        CommandError: it was not delivered, or no receipt came in time.
    """
    settings = read_settings(asked)
    s3, inbox = connect(settings.endpoint), settings.bucket("inbox")
    key = f"epd/{asked.centre}/{asked.dataset}/{asked.soort}/{asked.file.name}"
    if not is_inbox_key(key):
        text = "De dataset of de bestandsnaam kan niet; de NHR zou dit bestand niet zien."
        raise CommandError(Exit.USAGE, text)
    if asked.wacht is None:
        _put(s3, inbox, key, asked.file)
        sys.stdout.write(f"s3://{inbox}/{key}\n")
        return Exit.GOOD
    outbox = Outbox(s3, settings.bucket("outbox"))
    before = outbox.folders(asked.centre, asked.file.name)
    _put(s3, inbox, key, asked.file)
    new = wait_for(
        lambda: set(outbox.folders(asked.centre, asked.file.name)) - set(before), asked.wacht
    )
    if not new:
        text = "Verstuurd, maar er is nog geen ontvangstbevestiging; lever niet opnieuw aan."
        raise CommandError(Exit.RETRY, text)
    sys.stdout.write(f"{id_of(new.pop())}\n")
    return Exit.GOOD


def _put(s3: S3Client, inbox: str, key: str, file: Path) -> None:
    with opened(file) as content, plain_faults():
        s3.put_object(Bucket=inbox, Key=key, Body=content)
