"""A running simulator, and the parties that talk to it over HTTP."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import urllib3

from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import Account, Role, Settings
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

PERSON = {"G": "M", "GD": "19930515", "PC": "1234AA", "PN": "1234567"}
VERSION_B = {"version": "B", "from": "2024-01-01"}
VERSIONS = [{"version": "A", "from": "2020-01-01", "until": "2025-01-01"}, VERSION_B]
"""The clock starts in version A; B comes six weeks later, and A is over after another year."""
IN_B = 1_704_153_600.0
AFTER_A = 1_735_776_000.0


@dataclass
class Client:
    """One account that talks to the simulator."""

    url: str
    session: str = ""

    def request(self, method: str, path: str, body: Any, **options: Any) -> BaseHTTPResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.session}"}
        options = {"retries": False, "timeout": 30, **options}
        with urllib3.PoolManager() as pool:
            return pool.request(method, self.url + path, body=text, headers=headers, **options)

    def post(self, path: str, question: Any) -> tuple[int, Any]:
        response = self.request("POST", path, question)
        return response.status, response.json()

    def put(self, path: str, body: Any) -> tuple[int, Any]:
        response = self.request("PUT", path, body)
        return response.status, response.json()

    def log_in(self, account: Account) -> Client:
        login = {"username": account.username, "password": account.password}
        _, session = self.post("/session", login)
        return replace(self, session=session["session"])

    def tokens(self, *persons: dict[str, str], kind: str = "C") -> list[str]:
        question = {"pseudonymTypes": [kind], "records": persons}
        _, result = self.post("/pseudonymise", question)
        return [record["pseudonyms"][kind] for record in result["records"]]

    def token(self, kind: str = "C", **person: str) -> str:
        [token] = self.tokens(PERSON | person, kind=kind)
        return token

    def exchange(self, *tokens: str, batch: str = "x-1") -> list[str]:
        """Exchange tokens; what is refused is given by its code."""
        _, result = self.post("/exchange", {"batch": batch, "tokens": tokens})
        return answers(result)

    def rekey(self, *pseudonyms: str) -> list[str]:
        _, result = self.post("/rekey", {"pseudonyms": pseudonyms})
        return answers(result)

    def reverse(self, *pseudonyms: str) -> list[str]:
        _, result = self.post("/reverse", {"pseudonyms": pseudonyms})
        return answers(result, "value")

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.request("GET", "/counts", "").json()
        return counts


class Clock:
    """A clock that stands still until it is told otherwise."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Simulator:
    """A running simulator and the parties that have logged in."""

    settings: Settings
    clock: Clock
    url: str

    def log_in(self, role: Role, name: str) -> Client:
        return Client(self.url).log_in(self.settings.account(role, name))

    @property
    def mcx(self) -> Client:
        return self.log_in(Role.SOURCE, "MCX")

    @property
    def mcy(self) -> Client:
        return self.log_in(Role.SOURCE, "MCY")

    @property
    def nhr(self) -> Client:
        return self.log_in(Role.REGISTRY, "NHR")


@contextmanager
def running(settings: Settings, clock: Clock | None = None) -> Iterator[Simulator]:
    clock = clock or Clock()
    with serving(create_app(settings, clock)) as url:
        yield Simulator(settings, clock, url)


def another_registry(settings: Settings) -> Settings:
    """Add the registry ANDERS and its one centre, MCZ."""
    shared = {"registry": "ANDERS", "password": "ontwikkeling"}
    accounts = [
        {"role": "registry", "name": "ANDERS", "username": "ander-register"} | shared,
        {"role": "source", "name": "MCZ", "username": "mcz-aanleveraar"} | shared,
    ]
    return settings.changed(accounts=[*settings.accounts, *accounts])


def answers(result: Any, name: str = "pseudonym") -> list[str]:
    """Give the text of each record, or else its one code."""
    return [record[name] or record["diagnostics"][0]["code"] for record in result["records"]]
