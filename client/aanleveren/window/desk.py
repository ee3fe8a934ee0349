"""What the page can ask for: the same functions as the commands, one file at a time.

The file that was checked is kept in memory, and is what is delivered: nothing is written on disk.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

from aanleveren import check as checking
from aanleveren.logbook import noting
from aanleveren.outcome import CommandError, Exit
from databroker.dataset import datasets, find_dataset
from databroker.findings import Finding, Level
from databroker.report.summary import grouped, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aanleveren.deliver import Sender
    from aanleveren.outbox import Outbox
    from aanleveren.settings import Settings
    from databroker.dataset import Dataset

_ROWS_SHOWN = 20
_PAGE = "de pagina"


@dataclass(frozen=True, slots=True)
class _CheckedFile:
    number: str
    name: str
    content: bytes
    settings: Settings


class Desk:
    """Checks, delivers, follows and fetches for the page; what it gives can be written as JSON."""

    def __init__(self, settings: Settings) -> None:
        """Start with what the command was told; the page may tell otherwise."""
        self._settings = settings
        self._file: _CheckedFile | None = None
        self._sender: Sender | None = None
        self._sent = 0
        self._delivered_as: set[str] = set()
        self._one_at_a_time = Lock()

    def start(self) -> dict[str, Any]:
        """Give what the page opens with: what can be chosen, what was chosen, what can be done."""
        newest = {each.id: each for each in reversed(datasets())}
        settings = self._settings
        return {
            "datasets": [_choice(each) for each in newest.values()],
            "dataset": settings.dataset,
            "centre": settings.centre,
            "kind": settings.soort,
            "why_not_deliver": _why_not_deliver(settings),
            # The place of `versleutel` on the page: it shows when the command is there.
            "can_pseudonymise": find_spec("aanleveren.pseudonymise") is not None,
            "version": _version(),
        }

    def most_bytes(self, asked: Mapping[str, str]) -> int:
        """Give how large a file may be for the dataset that was chosen.

        Raises:
            CommandError: there is no such dataset.
        """
        return checking.most_bytes(self._chosen(asked))

    def check(self, asked: Mapping[str, str], content: bytes) -> dict[str, Any]:
        """Check a file, and keep it to be delivered.

        Raises:
            CommandError: the dataset or the centre cannot be what was chosen.
        """
        settings, name = self._chosen(asked), asked.get("name", "")
        with self._one_at_a_time, noting(settings.logboek, "venster:controleer") as entry:
            self._file = None
            checked = checking.check(content, name, settings)
            entry.outcome = checking.outcome_of(checked)
            self._file = _CheckedFile(secrets.token_urlsafe(8), name, content, settings)
            self._sender, self._sent, self._delivered_as = None, 0, set()
        verdict = judge(checked.counts, checked.findings)
        return {
            "file": self._file.number,
            "dataset": f"{checked.dataset.label} {checked.dataset.version}",
            "verdict": {"word": verdict.word, "tone": verdict.tone, "sentence": verdict.sentence},
            "counts": asdict(checked.counts),
            "groups": _groups(checked.findings, checked.dataset),
        }

    def deliver(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Put the file that was checked in the inbox.

        Raises:
            CommandError: no such file was checked, or it was not delivered.
        """
        from aanleveren.deliver import Sender  # noqa: PLC0415 - a check needs no network

        with self._one_at_a_time, noting(self._settings.logboek, "venster:lever"):
            file = self._file
            if file is None or file.number != asked.get("file"):
                raise CommandError(Exit.USAGE, "Controleer het bestand eerst (opnieuw).")
            settings = file.settings.having(_PAGE, {"soort": asked.get("kind", "")})
            if settings.soort in self._delivered_as:
                raise CommandError(Exit.USAGE, "Dit bestand is al zo aangeleverd.")
            self._sent = 0
            sender = Sender.of(settings, file.name, answered=True)
            sender.send(io.BytesIO(file.content), self._moved)
            self._sender = sender
            self._delivered_as.add(settings.need("soort"))
        return {"place": sender.place}

    def progress(self) -> dict[str, Any]:
        """Tell how many bytes of the file went."""
        return {"sent": self._sent, "size": len(self._file.content) if self._file else 0}

    def receipt(self) -> dict[str, Any]:
        """Give the number of the delivery, None as long as NHR gave none.

        Raises:
            CommandError: nothing was delivered, or the outbox cannot be reached.
        """
        if self._sender is None:
            raise CommandError(Exit.USAGE, "Er is niets verstuurd.")
        return {"delivery_id": self._sender.receipt()}

    def status(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Tell how a delivery stands, and what was found when it is processed.

        Raises:
            CommandError: there is no such delivery, or the outbox cannot be reached.
        """
        from aanleveren import follow  # noqa: PLC0415 - a check needs no network

        outbox = self._outbox()
        document = follow.standing(outbox, outbox.folder(asked.get("delivery", "")))
        dataset = find_dataset(document["dataset"], document.get("dataset_version"))
        findings = [_finding_of(each) for each in document.get("findings", ())]
        return {
            "status": document["status"],
            "sentence": follow.sentence(document),
            "processed": "counts" in document,
            "groups": _groups(findings, dataset),
        }

    def report(self, asked: Mapping[str, str]) -> bytes:
        """Give the report of a delivery.

        Raises:
            CommandError: there is no such delivery, or no report yet.
        """
        from aanleveren.report import fetch  # noqa: PLC0415 - a check needs no network

        return fetch(self._outbox(), asked.get("delivery", ""))

    def _outbox(self) -> Outbox:
        from aanleveren.outbox import Outbox  # noqa: PLC0415 - a check needs no network

        return Outbox.of(self._settings)

    def _chosen(self, asked: Mapping[str, str]) -> Settings:
        told = {name: asked[name] for name in ("dataset", "centre") if name in asked}
        return self._settings.having(_PAGE, told)

    def _moved(self, more: int) -> None:
        self._sent += more


def _choice(dataset: Dataset) -> dict[str, Any]:
    return {"id": dataset.id, "label": dataset.label, "most_bytes": dataset.max_bytes}


def _why_not_deliver(settings: Settings) -> str | None:
    try:
        from aanleveren import s3  # noqa: F401, PLC0415 - is it there, and only now

        settings.need("inbox")
        settings.need("outbox")
    except CommandError as error:
        return str(error)
    return None


def _version() -> str | None:
    try:
        return version("aanleveren")
    except PackageNotFoundError:  # run from its source
        return None


def _finding_of(told: Mapping[str, Any]) -> Finding:
    """Read a finding of `verwerkt.json`; a rule on trial is known by a level that is not its own."""
    names = ("code", "message", "fix", "row", "cell", "interv_nr", "field", "value")
    finding = Finding(**{name: told[name] for name in names})
    trial = Level(told["level"]) is not finding.level
    return Finding(**{name: told[name] for name in names}, trial=trial)


def _groups(findings: Iterable[Finding], dataset: Dataset | None) -> list[dict[str, Any]]:
    return [
        {
            "code": group.example.code,
            "severity": group.example.level.severity,
            "refuses": group.example.level.refuses,
            "field": group.example.field,
            "label": dataset.label_of(group.example.field) if dataset else "",
            "count": group.count,
            "rows": group.rows[:_ROWS_SHOWN],
            "more": max(len(group.rows) - _ROWS_SHOWN, 0),
            "message": group.example.message,
            "fix": group.example.fix,
            "link": dataset.rule_link(group.example.code) if dataset else None,
        }
        for group in grouped(findings)
    ]
