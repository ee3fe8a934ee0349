"""The mail that the local stack sends: received by SMTP, kept as files, one per reader."""

import json
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TypedDict, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mail(TypedDict):
    """One mail as one reader got it."""

    to: str
    subject: str
    text: str
    html: str
    received_at: str


class Mailbox:
    """Every mail ever received, in a directory that outlives the process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def mails(self) -> list[Mail]:
        """List all mail; this will have the newest last."""
        return [json.loads(file.read_text()) for file in sorted(self._directory.glob("*.json"))]

    def keep(self, mail: Mail) -> None:
        """Keep one mail; this will be there after a restart, and never half written."""
        number = sum(1 for _ in self._directory.glob("*.json")) + 1
        file = self._directory / f"{number:06d}.json"
        unfinished = file.with_suffix(".tmp")
        unfinished.write_text(json.dumps(mail, ensure_ascii=False))
        unfinished.replace(file)

    async def handle_DATA(  # noqa: N802  # the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take one message from the wire; this will keep it once for each of its readers."""
        del server, session
        content = cast("bytes", envelope.content)
        message = message_from_bytes(content, policy=policy.default)
        for reader in envelope.rcpt_tos:
            self.keep(_read(message, reader))
        return "250 Message accepted for delivery"


def _read(message: EmailMessage, reader: str) -> Mail:
    return {
        "to": reader,
        "subject": str(message["subject"] or ""),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def sink(mailbox: Mailbox, port: int) -> Controller:
    """Make the SMTP server that fills the mailbox; this will listen on this machine only."""
    return Controller(mailbox, hostname="127.0.0.1", port=port)
