"""The simulator itself: the JSON of the slides, its sessions, its tokens, and what it keeps quiet."""

from __future__ import annotations

import argparse
import base64
import json
import logging
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from simulators.zorgttp.__main__ import loopback
from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import Account, Role, Settings, read_settings
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SLIDE_REQUEST = """{
  "pseudonymTypes": [
    "C"
  ],
  "records": [
    {
      "G": "M",
      "GD": "19930515",
      "PC": "1234AA"
    }
  ]
}"""
PERSON = {"G": "M", "GD": "19930515", "PC": "1234AA"}


@dataclass
class Client:
    """One account that talks to the simulator."""

    url: str
    session: str = ""

    def post(self, path: str, question: Any) -> tuple[int, Any]:
        body = question if isinstance(question, str) else json.dumps(question)
        headers = {"Authorization": f"Bearer {self.session}"}
        with urllib3.PoolManager() as pool:
            response = pool.request("POST", self.url + path, body=body, headers=headers)
            return response.status, json.loads(response.data)

    def log_in(self, account: Account) -> Client:
        login = {"username": account.username, "password": account.password}
        _, session = self.post("/session", login)
        return replace(self, session=session["session"])

    def token(self, kind: str = "C", **person: str) -> str:
        question = {"pseudonymTypes": [kind], "records": [PERSON | person]}
        _, result = self.post("/pseudonymise", question)
        token: str = result["records"][0]["pseudonyms"][kind]
        return token

    def counts(self) -> dict[str, int]:
        with urllib3.PoolManager() as pool:
            counts: dict[str, int] = pool.request("GET", self.url + "/counts").json()
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


@contextmanager
def running(settings: Settings) -> Iterator[Simulator]:
    clock = Clock()
    with serving(create_app(settings, clock)) as url:
        yield Simulator(settings, clock, url)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(read_settings()) as simulator:
        yield simulator


@pytest.fixture
def mcx(simulator: Simulator) -> Client:
    return simulator.log_in(Role.SOURCE, "MCX")


@pytest.fixture
def nhr(simulator: Simulator) -> Client:
    return simulator.log_in(Role.REGISTRY, "NHR")


def test_the_question_of_the_slides_gets_the_answer_of_the_slides(mcx):
    status, result = mcx.post("/pseudonymise", SLIDE_REQUEST)

    assert status == 200
    assert list(result) == ["statistics", "records"]
    assert list(result["statistics"]) == ["pseudonymTotal", "errorTotal", "speed"]
    assert (result["statistics"]["pseudonymTotal"], result["statistics"]["errorTotal"]) == (1, 0)
    assert type(result["statistics"]["speed"]) is int
    [record] = result["records"]
    assert list(record) == ["pseudonyms", "diagnostics"]
    assert list(record["pseudonyms"]) == ["C"]
    assert record["diagnostics"] == []


def test_statistics_count_pseudonyms_and_errors(mcx):
    persons = [PERSON, PERSON | {"BSN": "123456789"}, {}]

    _, result = mcx.post("/pseudonymise", {"pseudonymTypes": ["C", "B"], "records": persons})

    assert result["statistics"]["pseudonymTotal"] == 2
    assert result["statistics"]["errorTotal"] == 1 + 1 + 4
    assert result["records"][1]["diagnostics"] == [{"code": "3001", "field": "BSN"}]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("GD", "19930230", "3003"),
        ("GD", "15051993", "3003"),
        ("G", "1", "3003"),
        ("PC", "1234 AA", "3003"),
        ("PC", "0234AA", "3003"),
    ],
)
def test_a_value_that_is_not_written_as_agreed_makes_no_pseudonym(mcx, field, value, code):
    question = {"pseudonymTypes": ["C"], "records": [PERSON | {field: value}]}

    _, result = mcx.post("/pseudonymise", question)

    assert result["records"] == [
        {"pseudonyms": {}, "diagnostics": [{"code": code, "field": field}]}
    ]


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [
        ("mcx-aanleveraar", "fout", "200"),
        ("onbekend", "mcx-ontwikkeling", "200"),
        ("mcx-niet-actief", "mcx-ontwikkeling", "200"),
        ("mcx-verlopen", "mcx-ontwikkeling", "999"),
    ],
)
def test_an_account_that_is_no_good_gets_no_session(simulator, username, password, code):
    client = Client(simulator.url)

    refusal = client.post("/session", {"username": username, "password": password})

    assert refusal == (401, {"code": code})


def test_a_session_ends_and_without_one_nothing_is_answered(simulator, mcx):
    simulator.clock.now += simulator.settings.session_seconds

    ended = mcx.post("/pseudonymise", SLIDE_REQUEST)
    without = Client(simulator.url).post("/pseudonymise", SLIDE_REQUEST)

    assert ended == without == (401, {"code": "200"})


def test_only_the_registry_exchanges_and_only_a_centre_pseudonymises(mcx, nhr):
    by_centre = mcx.post("/exchange", {"batch": "x-1", "tokens": [mcx.token()]})
    by_registry = nhr.post("/pseudonymise", SLIDE_REQUEST)

    assert by_centre == by_registry == (403, {"code": "303"})


def test_a_definitive_pseudonym_is_the_same_after_years_and_over_centres(simulator, mcx, nhr):
    mcy = simulator.log_in(Role.SOURCE, "MCY")
    tokens = [mcx.token(), mcx.token(), mcy.token()]

    _, result = nhr.post("/exchange", {"batch": "x-1", "tokens": tokens})

    assert len(set(tokens)) == 3
    assert len(set(result["pseudonyms"])) == 1


def test_a_definitive_pseudonym_depends_on_the_key_alone(nhr, mcx):
    with running(replace(read_settings(), key="een andere sleutel")) as other:
        token = other.log_in(Role.SOURCE, "MCX").token()
        registry = other.log_in(Role.REGISTRY, "NHR")
        _, there = registry.post("/exchange", {"batch": "x-1", "tokens": [token]})

    _, here = nhr.post("/exchange", {"batch": "x-1", "tokens": [mcx.token()]})

    assert here["pseudonyms"] != there["pseudonyms"]
    assert nhr.post("/exchange", {"batch": "x-2", "tokens": [token]}) == (422, {"code": "2101"})


def test_a_token_outlives_a_restart(mcx, nhr):
    token = mcx.token()
    with running(read_settings()) as restarted:
        registry = restarted.log_in(Role.REGISTRY, "NHR")

        _, after = registry.post("/exchange", {"batch": "x-1", "tokens": [token]})

    _, before = nhr.post("/exchange", {"batch": "x-1", "tokens": [token]})
    assert after == before


def test_a_token_of_another_registry_is_refused():
    settings = read_settings()
    other = Account(Role.REGISTRY, "ANDERS", "ANDERS", "ander-register", "ontwikkeling")
    with running(replace(settings, accounts=(*settings.accounts, other))) as simulator:
        token = simulator.log_in(Role.SOURCE, "MCX").token()
        stranger = simulator.log_in(Role.REGISTRY, "ANDERS")

        refusal = stranger.post("/exchange", {"batch": "x-1", "tokens": [token]})

    assert refusal == (422, {"code": "2102"})


def test_an_expired_token_is_refused(simulator, mcx):
    token = mcx.token()
    simulator.clock.now += simulator.settings.token_seconds
    nhr = simulator.log_in(Role.REGISTRY, "NHR")

    refusal = nhr.post("/exchange", {"batch": "x-1", "tokens": [token]})

    assert refusal == (422, {"code": "2103"})


def test_a_token_tampered_with_is_unknown(mcx, nhr):
    token = mcx.token()
    forged = [token.replace("-P-C-", "-P-B-"), token.replace("WS", "WSx", 1), token[:-8], ""]

    refusals = [nhr.post("/exchange", {"batch": "x-1", "tokens": [each]}) for each in forged]

    assert refusals == [(422, {"code": "2101"})] * 4


@pytest.mark.parametrize("kind", ["C", "L"])
def test_no_personal_data_can_be_read_from_a_token_or_a_pseudonym(mcx, nhr, kind):
    token = mcx.token(kind, PN="1234567")

    _, result = nhr.post("/exchange", {"batch": "x-1", "tokens": [token]})

    [definitive] = result["pseudonyms"]
    sealed = base64.b64decode(token.partition("/")[2])
    content = base64.urlsafe_b64decode(definitive.split("-", 3)[3] + "==")
    for secret in (b"19930515", b"1234AA", b"1234567", definitive.encode()):
        assert secret not in sealed
        assert secret not in content
        assert secret.decode() not in token


@pytest.mark.parametrize(
    "question",
    ["", "<html>", "[]", "{}", '{"pseudonymTypes": ["C"], "records": [{"G": 1}]}'],
)
def test_what_cannot_be_read_is_refused_whole(mcx, question):
    assert mcx.post("/pseudonymise", question) == (422, {"code": "2001"})


def test_the_counts_are_numbers_of_what_was_asked(mcx, nhr):
    token = mcx.token()
    nhr.post("/exchange", {"batch": "x-1", "tokens": [token]})

    assert mcx.counts() == {"sessions": 2, "calls": 1, "persons": 1, "exchanges": 1, "tokens": 1}


def test_the_log_holds_counts_and_no_values(simulator, caplog):
    caplog.set_level(logging.DEBUG)
    mcx = simulator.log_in(Role.SOURCE, "MCX")
    token = mcx.token("L", PN="1234567")
    mcx.post("/exchange", {"batch": "x-1", "tokens": [token]})

    text = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("simulators")
    )

    assert '{"call": "pseudonymise", "account": "MCX", "count": 1}' in text
    for value in ("1234567", "19930515", token, mcx.session, "mcx-ontwikkeling"):
        assert value not in text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "zorgttp.example"])  # noqa: S104 (it is refused)
def test_it_listens_on_this_machine_only(host):
    with pytest.raises(argparse.ArgumentTypeError):
        loopback(host)


def test_as_a_program_it_says_where_it_listens_and_stops_when_told():
    command = [sys.executable, "-m", "simulators.zorgttp", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 (our own command)
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]

        counts = Client(url).counts()

        process.terminate()
    assert url.startswith("http://127.0.0.1:")
    assert counts["calls"] == 0
