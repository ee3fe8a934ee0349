"""`lever`: puts a file in the inbox of NHR."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aanleveren.files import opened, size_of
from aanleveren.outbox import Outbox, id_of
from aanleveren.outcome import CommandError, Exit, Outcome
from aanleveren.progress import watch_of
from aanleveren.s3 import connect, upload
from aanleveren.waiting import wait_for
from databroker.delivery import Centre, is_inbox_key

if TYPE_CHECKING:
    from argparse import Namespace
    from typing import BinaryIO

    from aanleveren.progress import Moved
    from aanleveren.settings import Settings


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Deliver the file; print its place, or when asked to wait the number NHR gave it.

    Raises:
        CommandError: it was not delivered, or no receipt came in time.
    """
    watch = watch_of(asked, settings)
    sender = Sender.of(settings, asked.file.name, answered=asked.wacht is not None)
    with opened(asked.file) as content, watch("Versturen", size_of(content)) as moved:
        sender.send(content, moved)
    if asked.wacht is None:
        _tell(asked, sender.place, {"place": sender.place, "delivery_id": None})
        return Outcome(Exit.GOOD)
    with watch("Wachten op de ontvangstbevestiging"):
        number = wait_for(sender.receipt, asked.wacht)
    if number is None:
        text = "Verstuurd, maar er is nog geen ontvangstbevestiging; lever niet opnieuw aan."
        raise CommandError(Exit.RETRY, text)
    _tell(asked, number, {"place": sender.place, "delivery_id": number})
    return Outcome(Exit.GOOD, delivery_id=number)


@dataclass(frozen=True, slots=True)
class Sender:
    """The way of one file to NHR, and of its receipt back."""

    inbox: str
    key: str
    endpoint: str | None
    outbox: Outbox | None
    centre: Centre
    file_name: str
    before: frozenset[str]
    """What was there already for a file of this name: its receipt is none of these."""

    @classmethod
    def of(cls, settings: Settings, file_name: str, *, answered: bool) -> Sender:
        """Find the way of a file; `answered` tells whether one wants to know of its receipt.

        Raises:
            CommandError: a setting is missing, NHR would not see such a file, or the outbox
                cannot be reached.
        """
        inbox, centre = settings.need("inbox"), Centre(settings.need("centre"))
        folder = f"epd/{centre}/{settings.need('dataset')}/{settings.need('soort')}"
        key = f"{folder}/{file_name}"
        if not is_inbox_key(key):
            text = "De dataset of de bestandsnaam kan niet; de NHR zou dit bestand niet zien."
            raise CommandError(Exit.USAGE, text)
        outbox = Outbox.of(settings) if answered else None
        before = outbox.folders(centre, file_name) if outbox else ()
        return cls(inbox, key, settings.endpoint, outbox, centre, file_name, frozenset(before))

    @property
    def place(self) -> str:
        """Give where the file comes to stand."""
        return f"s3://{self.inbox}/{self.key}"

    def send(self, content: BinaryIO, moved: Moved) -> None:
        """Put the file in the inbox; `moved` hears of every part that went.

        Raises:
            CommandError: it was not delivered.
        """
        upload(connect(self.endpoint), self.inbox, self.key, content, moved)

    def receipt(self) -> str | None:
        """Give the number that NHR gave the delivery; None as long as there is none.

        Raises:
            CommandError: the outbox cannot be reached.
        """
        found = self.outbox.folders(self.centre, self.file_name) if self.outbox else ()
        new = [folder for folder in found if folder not in self.before]
        return id_of(new[-1]) if new else None


def _tell(asked: Namespace, line: str, document: dict[str, str | None]) -> None:
    sys.stdout.write(f"{json.dumps(document) if asked.json else line}\n")
