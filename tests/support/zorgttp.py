"""ZorgTTP in memory: both ports, one bookkeeping, and the promises of the contract tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    Diagnostic,
    Exchanged,
    Pseudonymised,
    Statistics,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INGREDIENTS = {
    "C": ("G", "GD", "PC"),
    "N": ("GN", "GD", "G"),
    "P": ("PNM", "GD", "G"),
    "B": ("BSN",),
    "L": ("PN",),
}
FIELDS = {field for needed in INGREDIENTS.values() for field in needed}
MOST = 1000


@dataclass
class InMemoryZorgTtp:
    """What the centres and the registry share: who asked what, and which token is whose."""

    refuses_account: bool = False
    fatal: str | None = None
    """A code with which every call is refused."""
    calls: int = 0
    persons: list[Mapping[str, str]] = field(default_factory=list)
    """Every person ever asked for."""
    batches: list[str] = field(default_factory=list)
    """The id of every exchange."""
    tokens: dict[str, str] = field(default_factory=dict)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The centre and the patient number behind reversible pseudonyms, of both sorts."""
    exchanged: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock, repr=False)

    def source(self, centre: str = "MCX") -> InMemorySource:
        """Give the side of a centre."""
        return InMemorySource(self, centre)

    def registry(self) -> InMemoryExchange:
        """Give the side of the registry."""
        return InMemoryExchange(self)

    def check_call(self, size: int) -> None:
        """Refuse what is refused whoever asks."""
        if self.refuses_account:
            raise CredentialsRefusedError("refused")
        if self.fatal:
            raise BatchRefusedError(self.fatal)
        if size > MOST:
            raise BatchRefusedError("2002")

    def new_token(self, kind: str, definitive: str) -> str:
        """Make a token that was never made before."""
        with self.lock:
            number = len(self.tokens)
            token = f"WS{number:029d}-P-{kind}-A/{number:08d}"
            self.tokens[token] = definitive
        return token


@dataclass
class InMemorySource:
    """A `PseudonymSource`."""

    service: InMemoryZorgTtp
    centre: str

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> tuple[list[Pseudonymised], Statistics]:
        """See the port."""
        self.service.calls += 1
        self.service.check_call(len(persons))
        if not set(types) <= INGREDIENTS.keys():
            raise BatchRefusedError("2003")
        if any(not person.keys() <= FIELDS for person in persons):
            raise BatchRefusedError("2004")
        self.service.persons += persons
        answers = [self._answer(types, person) for person in persons]
        made = sum(len(answer.pseudonyms) for answer in answers)
        errors = sum(len(answer.diagnostics) for answer in answers)
        return answers, Statistics(made, errors, 1000)

    def reverse(self, pseudonyms: Sequence[str]) -> list[str | None]:
        """See the port."""
        self.service.check_call(len(pseudonyms))
        found = [self.service.owners.get(each) for each in pseudonyms]
        if any(each and each[0] != self.centre for each in found):
            raise CredentialsRefusedError("303")
        return [each and each[1] for each in found]

    def _answer(self, types: Sequence[str], person: Mapping[str, str]) -> Pseudonymised:
        tokens: dict[str, str] = {}
        faulty: dict[str, str] = {}
        for kind in types:
            faults = {name: _fault(name, person.get(name)) for name in INGREDIENTS[kind]}
            faulty |= {name: code for name, code in faults.items() if code}
            if not any(faults.values()):
                definitive = self._definitive(kind, person)
                tokens[kind] = self.service.new_token(kind, definitive)
                if kind == "L":
                    owner = (self.centre, person["PN"])
                    self.service.owners |= {definitive: owner, tokens[kind]: owner}
        said = tuple(Diagnostic(code, name) for name, code in faulty.items())
        return Pseudonymised(tokens, said)

    def _definitive(self, kind: str, person: Mapping[str, str]) -> str:
        scope = self.centre if kind == "L" else "NHR"
        values = "|".join(person[name] for name in INGREDIENTS[kind])
        return f"DP-{kind}-A-{sha256(f'{scope}|{kind}|{values}'.encode()).hexdigest()}"


@dataclass
class InMemoryExchange:
    """A `PseudonymExchange`."""

    service: InMemoryZorgTtp

    def exchange(self, batch_id: str, tokens: Sequence[str]) -> list[Exchanged]:
        """See the port."""
        self.service.check_call(len(tokens))
        self.service.batches.append(batch_id)
        return [self._exchange(batch_id, token) for token in tokens]

    def rekey(self, pseudonyms: Sequence[str]) -> list[Exchanged]:
        """See the port; here no key ever changes."""
        self.service.check_call(len(pseudonyms))
        known = set(self.service.tokens.values())
        return [
            Exchanged(each) if each in known else Exchanged(None, "2101") for each in pseudonyms
        ]

    def _exchange(self, batch_id: str, token: str) -> Exchanged:
        if token not in self.service.tokens:
            return Exchanged(None, "2101")
        if self.service.exchanged.setdefault(token, batch_id) != batch_id:
            return Exchanged(None, "2104")
        return Exchanged(self.service.tokens[token])


def _fault(name: str, value: str | None) -> str | None:
    if value is None:
        return "3002"
    if name == "BSN" and not _passes_elfproef(value):
        return "3001"
    return None


def _passes_elfproef(bsn: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(digit) for w, digit in zip(weights, bsn, strict=True)) % 11 == 0
