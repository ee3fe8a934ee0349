"""The simulator itself: the JSON of the slides, its sessions, its tokens, and what it keeps quiet."""

from __future__ import annotations

import argparse
import base64
import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from databroker.privacy.pseudonyms import temporary_type
from simulators.zorgttp.__main__ import loopback
from simulators.zorgttp.settings import Role, read_settings
from simulators.zorgttp.third_party import ZorgTtp
from tests.simulators.parties import PERSON, Client, another_registry, running
from tests.support.people import TEST_BSNS
from tests.support.slides import ANSWERED, ASKED, SAMPLE


def test_the_question_of_the_slides_gets_the_answer_of_the_slides(mcx):
    status, result = mcx.post("/pseudonymise", ASKED)

    assert status == 200
    assert list(result) == ["statistics", "records"]
    assert list(result["statistics"]) == ["pseudonymTotal", "errorTotal", "speed"]
    assert (result["statistics"]["pseudonymTotal"], result["statistics"]["errorTotal"]) == (1, 0)
    assert type(result["statistics"]["speed"]) is int
    [record] = result["records"]
    assert list(record) == ["pseudonyms", "diagnostics"]
    assert list(record["pseudonyms"]) == ["C"]
    assert record["diagnostics"] == []
    token = record["pseudonyms"]["C"]
    assert temporary_type(token) == temporary_type(SAMPLE) == "C"
    result["statistics"]["speed"] = 200
    record["pseudonyms"]["C"] = SAMPLE
    assert json.dumps(result) == json.dumps(json.loads(ANSWERED % SAMPLE))


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
        ("GD", "1993W051", "3003"),
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


@pytest.mark.parametrize("bsn", TEST_BSNS)
def test_the_published_test_numbers_pass_the_elfproef(mcx, bsn):
    assert mcx.token("B", BSN=bsn).startswith("WS")


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_there_is_one_answer_for_each_record_whatever_is_wrong_with_it(mcx, size):
    persons = [{} if number % 2 else PERSON for number in range(size)]

    _, result = mcx.post("/pseudonymise", {"pseudonymTypes": ["C"], "records": persons})

    assert [bool(each["pseudonyms"]) for each in result["records"]] == [
        bool(person) for person in persons
    ]


@pytest.mark.parametrize(("role", "name"), [(Role.SOURCE, "MCX"), (Role.REGISTRY, "NHR")])
def test_a_session_tells_whose_account_it_is_of(simulator, role, name):
    account = simulator.settings.account(role, name)
    login = {"username": account.username, "password": account.password}

    status, session = Client(simulator.url).post("/session", login)

    assert status == 200
    assert list(session) == ["session", "expires_in", "source"]
    assert (session["expires_in"], session["source"]) == (900, name)


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

    ended = mcx.post("/pseudonymise", ASKED)
    without = Client(simulator.url).post("/pseudonymise", ASKED)

    assert ended == without == (401, {"code": "200"})


def test_each_side_has_its_own_calls(mcx, nhr):
    of_the_registry = [
        ("/exchange", {"batch": "x-1", "tokens": [mcx.token()]}),
        ("/rekey", {"pseudonyms": []}),
    ]
    of_a_centre = [("/pseudonymise", ASKED), ("/reverse", {"pseudonyms": []})]

    refusals = [mcx.post(*call) for call in of_the_registry]
    refusals += [nhr.post(*call) for call in of_a_centre]

    assert refusals == [(403, {"code": "303"})] * 4


def test_an_exchange_answers_each_token_in_order_and_counts(mcx, nhr):
    tokens = [mcx.token(), "onzin", mcx.token(PC="4321ZZ")]

    status, result = nhr.post("/exchange", {"batch": "x-1", "tokens": tokens})

    assert status == 200
    assert list(result) == ["statistics", "records"]
    assert (result["statistics"]["pseudonymTotal"], result["statistics"]["errorTotal"]) == (2, 1)
    first, bad, last = result["records"]
    assert bad == {"pseudonym": None, "diagnostics": [{"code": "2101"}]}
    assert first["diagnostics"] == last["diagnostics"] == []
    assert [first["pseudonym"]] == nhr.exchange(mcx.token())
    assert [last["pseudonym"]] == nhr.exchange(mcx.token(PC="4321ZZ"))


def test_a_definitive_pseudonym_is_the_same_after_years_and_over_centres(simulator, mcx, nhr):
    tokens = [mcx.token(), mcx.token(), simulator.mcy.token()]

    assert len(set(tokens)) == 3
    assert len(set(nhr.exchange(*tokens))) == 1


def test_a_definitive_pseudonym_depends_on_the_key_alone(nhr, mcx):
    with running(read_settings().changed(key="een andere sleutel")) as other:
        token = other.mcx.token()
        there = other.nhr.exchange(token)

    assert nhr.exchange(mcx.token()) != there
    assert nhr.exchange(token, *there) == ["2101", "2101"]


def test_a_token_outlives_a_restart(mcx, nhr):
    token = mcx.token()
    with running(read_settings()) as restarted:
        after = restarted.nhr.exchange(token)

    assert after == nhr.exchange(token)


def test_a_token_is_exchanged_in_one_batch_as_often_as_it_likes(mcx, nhr):
    token = mcx.token()
    first = nhr.exchange(token, token, batch="x-1")

    assert nhr.exchange(token, batch="x-2") == ["2104"]
    assert nhr.exchange(token, token, batch="x-1") == first


def test_a_token_written_otherwise_is_still_the_same_token(mcx, nhr):
    token = mcx.token()
    text = token.rstrip("=")
    assert text != token, "only padded base64 can be written in another way"
    # The last digit of padded base64 has bits that decode to nothing.
    other = text[:-1] + chr(ord(text[-1]) + 1) + token[len(text) :]
    nhr.exchange(token, batch="x-1")

    assert nhr.exchange(other, batch="x-2") == ["2104"]


def test_an_item_that_is_refused_uses_up_no_token(mcx, nhr):
    token = mcx.token()
    nhr.post("/exchange", {"batch": "x-1", "tokens": [token] * 1001})

    assert nhr.exchange(token, batch="x-2")[0].startswith("DP-")


def test_a_token_of_another_registry_is_refused():
    with running(another_registry(read_settings())) as simulator:
        token = simulator.mcx.token()

        refused = simulator.log_in(Role.REGISTRY, "ANDERS").exchange(token)

        assert refused == ["2102"]
        assert simulator.nhr.exchange(token, batch="x-2")[0].startswith("DP-")


def test_an_expired_token_is_refused(simulator, mcx):
    token = mcx.token()
    simulator.clock.now += simulator.settings.token_seconds

    assert simulator.nhr.exchange(token) == ["2103"]


def test_a_token_tampered_with_is_unknown(mcx, nhr):
    token = mcx.token()
    forged = [token.replace("-P-C-", "-P-B-"), token.replace("-P-C-A", "-P-C-Z")]
    forged += [token.replace("WS", "WSx", 1), token[:-8], ""]

    assert nhr.exchange(*forged) == ["2101"] * 5


@pytest.mark.parametrize(
    ("call", "items"),
    [("/exchange", "tokens"), ("/rekey", "pseudonyms"), ("/reverse", "pseudonyms")],
)
def test_more_than_a_thousand_are_refused_whole(mcx, nhr, call, items):
    party = mcx if call == "/reverse" else nhr
    batch = {"batch": "x-1"} if call == "/exchange" else {}

    assert party.post(call, batch | {items: ["x"] * 1001}) == (422, {"code": "2002"})
    assert party.post(call, batch | {items: ["x"] * 1000})[0] == 200


@pytest.mark.parametrize("kind", ["C", "L"])
def test_no_personal_data_can_be_read_from_a_token_or_a_pseudonym(mcx, nhr, kind):
    token = mcx.token(kind, PN="1234567")

    [definitive] = nhr.exchange(token)
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
@pytest.mark.parametrize("call", ["/pseudonymise", "/reverse", "/session"])
def test_what_cannot_be_read_is_refused_whole(mcx, call, question):
    assert mcx.post(call, question) == (422, {"code": "2001"})


def test_many_calls_at_a_time_get_their_own_answers(mcx):
    people = [[PERSON | {"PN": f"{call}-{each}"} for each in range(40)] for call in range(8)]

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda persons: mcx.tokens(*persons, kind="L"), people))

    values = [mcx.reverse(*each) for each in tokens]
    assert values == [[person["PN"] for person in persons] for persons in people]


def test_a_call_at_work_holds_up_no_other(mcx, monkeypatch):
    began, answered = Event(), Event()
    at_work = ZorgTtp.pseudonymise

    def until_another_is_answered(*question):
        began.set()
        assert answered.wait(10)
        return at_work(*question)

    monkeypatch.setattr(ZorgTtp, "pseudonymise", until_another_is_answered)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(mcx.token)
        assert began.wait(10)
        mcx.counts()
        answered.set()

        assert slow.result().startswith("WS")


def test_the_counts_are_numbers_of_what_was_asked(mcx, nhr):
    nhr.exchange(mcx.token(), "onzin")
    mcx.post("/pseudonymise", "")

    assert mcx.counts() == {
        "sessions": 2,
        "calls": 1,
        "persons": 1,
        "exchanges": 1,
        "tokens": 1,
        "rekeyed": 0,
        "reversed": 0,
        "session.calls": 2,
        "pseudonymise.calls": 2,
        "pseudonymise.records": 1,
        "pseudonymise.refused.2001": 1,
        "exchange.calls": 1,
        "exchange.records": 2,
        "exchange.diagnostics.2101": 1,
    }


def test_before_anything_is_asked_all_counts_are_nought(simulator):
    counts = Client(simulator.url).counts()

    assert set(counts) >= {"sessions", "calls", "persons", "exchanges", "tokens"}
    assert sum(counts.values()) == 0


def test_the_log_holds_counts_and_no_values(simulator, caplog):
    caplog.set_level(logging.DEBUG)
    mcx, nhr = simulator.mcx, simulator.nhr
    token = mcx.token("L", PN="1234567")
    mcx.post("/exchange", {"batch": "x-1", "tokens": [token]})
    [pseudonym] = nhr.exchange(token)
    mcx.reverse(pseudonym)
    nhr.rekey(pseudonym)
    mcx.put("/faults", [{"call": "/reverse", "kind": "cut", "times": 1}, {"kind": "1234567"}])

    text = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("simulators")
    )

    assert '{"call": "pseudonymise", "account": "MCX", "count": 1}' in text
    assert '{"call": "exchange", "code": "303"}' in text
    for value in ("1234567", "19930515", token, pseudonym, mcx.session, "mcx-ontwikkeling"):
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


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])  # noqa: S104 (it is refused)
def test_as_a_program_it_refuses_to_start_anywhere_else(host):
    command = [sys.executable, "-m", "simulators.zorgttp", "--host", host]

    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own command)

    assert ran.returncode == 2
    assert "this machine only" in ran.stderr
    assert ran.stdout == ""
