"""What the page can ask for: the same functions as the commands, one file at a time.

The file that was checked is kept in memory, and what was made of it as well; that is what is
delivered: nothing is written on disk.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import TYPE_CHECKING, Any

from aanleveren import check as checking
from aanleveren.logbook import noting
from aanleveren.outcome import CommandError, Exit
from aanleveren.window import pseudonyms
from databroker.dataset import datasets, find_dataset
from databroker.findings import Finding, Level
from databroker.report.summary import grouped, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aanleveren.account import Account
    from aanleveren.deliver import Sender
    from aanleveren.outbox import Outbox
    from aanleveren.settings import Settings
    from aanleveren.window.pseudonyms import Pseudonymised
    from databroker.check import Checked
    from databroker.dataset import Dataset

_ROWS_SHOWN = 20
_PAGE = "de pagina"
_ORIGINAL, _PSEUDONYMISED = "original", "pseudonymised"
_NOT_PSEUDONYMISED = "Dit bestand is niet gepseudonimiseerd."
_ORIGINAL_IS_A_TEST = "Na het pseudonimiseren kan het oorspronkelijke bestand alleen als test weg."


@dataclass(frozen=True, slots=True)
class _CheckedFile:
    number: str
    name: str
    content: bytes = field(repr=False)
    settings: Settings
    can_pseudonymise: bool
    pseudonymised: Pseudonymised | None = None

    def load(self, asked: Mapping[str, str], kind: str | None) -> tuple[str, bytes]:
        """Give the name and the content that go; never the original by mistake.

        Raises:
            CommandError: what was chosen is not there, or may not go so.
        """
        done = self.pseudonymised
        chosen = asked.get("content") or (_PSEUDONYMISED if done else _ORIGINAL)
        if chosen == _PSEUDONYMISED and done:
            return done.name, done.content
        if chosen != _ORIGINAL:
            raise CommandError(Exit.USAGE, _NOT_PSEUDONYMISED)
        if done and kind != "test":
            raise CommandError(Exit.USAGE, _ORIGINAL_IS_A_TEST)
        return self.name, self.content


class Desk:
    """Checks, delivers, follows and fetches for the page; what it gives can be written as JSON."""

    def __init__(self, settings: Settings) -> None:
        """Start with what the command was told; the page may tell otherwise."""
        self._settings = settings
        self._file: _CheckedFile | None = None
        self._sender: Sender | None = None
        self._sent = self._size = 0
        self._delivered_as: set[tuple[str, str]] = set()
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
            self._forget()
            checked = checking.check(content, name, settings)
            entry.outcome = checking.outcome_of(checked)
            offer = pseudonyms.offer_for(checked, settings)
            number = secrets.token_urlsafe(8)
            self._file = _CheckedFile(number, name, content, settings, offer.can)
        return _told(checked) | {"file": number, "pseudonymise": asdict(offer)}

    def pseudonymise(self, asked: Mapping[str, str], typed: Account | None) -> dict[str, Any]:
        """Make pseudonyms of the personal data in the file that was checked.

        Of `typed`, the account when it was not kept on this machine, nothing stays here. The page
        is asked for one when there is none.

        Raises:
            CommandError: no such file was checked, or ZorgTTP refuses or is away.
        """
        with noting(self._settings.logboek, "venster:versleutel") as entry:
            file = self._checked(asked)
            if not file.can_pseudonymise or file.pseudonymised:
                raise CommandError(Exit.USAGE, "Dit bestand kan niet gepseudonimiseerd worden.")
            account, entry.outcome = pseudonyms.account_or_why_not(typed)
            if account is None:
                return {"account": entry.outcome.fault}
            # Others are answered meanwhile: a large file takes minutes.
            done = pseudonyms.pseudonymise(file.content, file.name, file.settings, account)
            with self._one_at_a_time:
                if self._file is not file:
                    raise CommandError(Exit.USAGE, "Er is intussen een ander bestand gekozen.")
                self._file = replace(file, pseudonymised=done)
            entry.outcome = checking.outcome_of(done.checked)
        return _told(done.checked) | {"name": done.name}

    def pseudonymised(self, asked: Mapping[str, str]) -> bytes:
        """Give the pseudonymised file, for who wants to keep it.

        Raises:
            CommandError: there is none.
        """
        done = self._checked(asked).pseudonymised
        if done is None:
            raise CommandError(Exit.USAGE, _NOT_PSEUDONYMISED)
        return done.content

    def forget(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Keep nothing of a file, unless another one took its place already."""
        with self._one_at_a_time:
            if self._file and self._file.number == asked.get("file"):
                self._forget()
        return {}

    def deliver(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Put the file in the inbox: as it was checked, or pseudonymised once that was done.

        Raises:
            CommandError: no such file was checked, or it was not delivered.
        """
        from aanleveren.deliver import Sender  # noqa: PLC0415 - a check needs no network

        with self._one_at_a_time, noting(self._settings.logboek, "venster:lever"):
            file = self._checked(asked)
            settings = file.settings.having(_PAGE, {"soort": asked.get("kind", "")})
            name, content = file.load(asked, settings.soort)
            delivered_as = (name, settings.need("soort"))
            if delivered_as in self._delivered_as:
                raise CommandError(Exit.USAGE, "Dit bestand is al zo aangeleverd.")
            self._sent, self._size = 0, len(content)
            sender = Sender.of(settings, name, answered=True)
            sender.send(io.BytesIO(content), self._moved)
            self._sender = sender
            self._delivered_as.add(delivered_as)
        return {"place": sender.place}

    def progress(self) -> dict[str, Any]:
        """Tell how many bytes of the file went."""
        return {"sent": self._sent, "size": self._size}

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

    def _checked(self, asked: Mapping[str, str]) -> _CheckedFile:
        file = self._file
        if file is None or file.number != asked.get("file"):
            raise CommandError(Exit.USAGE, "Controleer het bestand eerst (opnieuw).")
        return file

    def _forget(self) -> None:
        self._file = self._sender = None
        self._sent = self._size = 0
        self._delivered_as = set()

    def _chosen(self, asked: Mapping[str, str]) -> Settings:
        told = {name: asked[name] for name in ("dataset", "centre") if name in asked}
        return self._settings.having(_PAGE, told)

    def _moved(self, more: int) -> None:
        self._sent += more


def _told(checked: Checked) -> dict[str, Any]:
    verdict = judge(checked.counts, checked.findings)
    return {
        "dataset": f"{checked.dataset.label} {checked.dataset.version}",
        "verdict": {"word": verdict.word, "tone": verdict.tone, "sentence": verdict.sentence},
        "counts": asdict(checked.counts),
        "groups": _groups(checked.findings, checked.dataset),
    }


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
