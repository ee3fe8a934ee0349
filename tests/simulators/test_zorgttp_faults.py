"""What goes wrong when the simulator is told to let it, and only then."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from databroker.privacy.pseudonyms import definitive_type, temporary_type
from simulators.zorgttp.faults import Plan, read_faults
from simulators.zorgttp.settings import DEVELOPMENT, read_settings
from simulators.zorgttp.tampering import TAMPERINGS, tamper
from tests.simulators.parties import PERSON, Client, running

CALLS = ("/session", "/pseudonymise", "/exchange", "/reverse", "/rekey")
PEOPLE = [PERSON | {"PN": f"P{number}"} for number in range(9)]
QUESTION = {"pseudonymTypes": ["L"], "records": PEOPLE}


def a_fault(kind, call="/pseudonymise", **more):
    return {"call": call, "kind": kind, **more}


def with_fault(client, kind, call="/pseudonymise", **more):
    status, answer = client.put("/faults", [a_fault(kind, call, **more)])
    assert (status, answer) == (200, {"faults": 1})


def question_of(simulator, call):
    """Give who asks, what, and what is answered when nothing goes wrong."""
    if call == "/session":
        account = simulator.settings.accounts[0]
        login = {"username": account.username, "password": account.password}
        return Client(simulator.url), login
    mcx, nhr = simulator.mcx, simulator.nhr
    tokens = mcx.tokens(*PEOPLE, kind="L")
    lasting = nhr.exchange(*tokens, batch="x-1")
    questions = {
        "/pseudonymise": (mcx, QUESTION),
        "/exchange": (nhr, {"batch": "x-1", "tokens": tokens}),
        "/reverse": (mcx, {"pseudonyms": lasting}),
        "/rekey": (nhr, {"pseudonyms": lasting}),
    }
    return questions[call]


def plan_of(*faults):
    return Plan(read_faults(json.dumps(faults).encode()))


def played(plan, calls, call="/pseudonymise"):
    """Tell of each call whether a fault played in it."""
    return [plan.due(call) is not None for _ in range(calls)]


def test_without_faults_nothing_goes_wrong(simulator):
    for call in CALLS:
        client, question = question_of(simulator, call)
        assert client.post(call, question)[0] == 200
    assert not [name for name in Client(simulator.url).counts() if name.startswith("faults")]


@pytest.mark.parametrize("call", CALLS)
def test_a_status_comes_in_place_of_the_work(simulator, call):
    client, question = question_of(simulator, call)
    before = client.counts()
    with_fault(client, "status", call, status=503, retry_after=7, code="9999")

    response = client.request("POST", call, question)

    assert (response.status, response.json()) == (503, {"code": "9999"})
    assert response.headers["Retry-After"] == "7"
    own = call[1:]
    assert client.counts() == before | {
        f"{own}.calls": before.get(f"{own}.calls", 0) + 1,
        "faults.status": 1,
    }


@pytest.mark.parametrize("status", [200, 204, 304, 404, 429, 500])
def test_any_status_can_be_had_and_has_no_body_unless_it_is_given_a_code(mcx, status):
    with_fault(mcx, "status", status=status)

    response = mcx.request("POST", "/pseudonymise", QUESTION)

    assert (response.status, response.data) == (status, b"")
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("call", CALLS)
def test_a_cut_connection_ends_halfway_the_body_and_the_work_was_done(simulator, call):
    client, question = question_of(simulator, call)
    whole = client.request("POST", call, question)
    before = client.counts()
    with_fault(client, "cut", call, times=1)

    response = client.request("POST", call, question, preload_content=False)
    with pytest.raises(ProtocolError):
        response.read()

    assert abs(int(response.headers["Content-Length"]) - len(whole.data)) < 30
    counts = client.counts()
    assert counts["faults.cut"] == 1
    assert sum(counts.values()) - sum(before.values()) > 2
    assert client.post(call, question)[0] == 200


@pytest.mark.parametrize("call", CALLS)
def test_a_timeout_is_never_answered_and_other_calls_are(simulator, call):
    client, question = question_of(simulator, call)
    with_fault(client, "timeout", call, times=1)

    with pytest.raises(ReadTimeoutError):
        client.request("POST", call, question, timeout=0.2)

    assert client.post(call, question)[0] == 200


def test_a_page_of_a_proxy_is_html_with_a_good_status(mcx):
    with_fault(mcx, "html")

    response = mcx.request("POST", "/pseudonymise", QUESTION)

    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"<html" in response.data or b"<!doctype html" in response.data


@pytest.mark.parametrize("call", CALLS)
def test_a_malformed_answer_arrives_whole_and_is_no_json(simulator, call):
    client, question = question_of(simulator, call)
    with_fault(client, "malformed", call)

    response = client.request("POST", call, question)

    assert (response.status, response.data[:1]) == (200, b"{")
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.data)


def test_a_large_answer_is_ten_megabytes(mcx):
    with_fault(mcx, "large")

    response = mcx.request("POST", "/pseudonymise", QUESTION)

    assert response.status == 200
    assert len(response.data) > 10 * 1024 * 1024


def test_an_empty_answer_has_a_good_status(mcx):
    with_fault(mcx, "empty")

    response = mcx.request("POST", "/pseudonymise", QUESTION)

    assert (response.status, response.data) == (200, b"")


def test_a_redirect_goes_to_another_host_of_this_machine(mcx):
    with_fault(mcx, "redirect")
    response = mcx.request("POST", "/pseudonymise", QUESTION, redirect=False)
    with_fault(mcx, "redirect", location="http://localhost:8123/elders")
    other = mcx.request("POST", "/pseudonymise", QUESTION, redirect=False)

    assert response.status == other.status == 302
    assert response.headers["Location"] == "http://127.0.0.2:9/"
    assert other.headers["Location"] == "http://localhost:8123/elders"


def test_a_delay_holds_up_its_own_call_only(mcx):
    with_fault(mcx, "latency", seconds=3600, times=1)

    with pytest.raises(ReadTimeoutError):
        mcx.request("POST", "/pseudonymise", QUESTION, timeout=0.2)

    assert mcx.post("/pseudonymise", QUESTION)[0] == 200


def test_a_delay_that_passes_is_followed_by_the_answer(mcx):
    with_fault(mcx, "latency", seconds=0.01)

    assert mcx.post("/pseudonymise", QUESTION)[0] == 200


@pytest.mark.parametrize(
    ("call", "kind"),
    [each for each in product(CALLS[1:], TAMPERINGS) if each != ("/reverse", "wrong_type")],
)
def test_tampering_changes_the_records_of_the_answer(simulator, call, kind):
    client, question = question_of(simulator, call)
    with_fault(client, kind, call)
    _, result = client.post(call, question)
    client.request("DELETE", "/faults", "")
    _, honest = client.post(call, question)

    sizes = {"short": 8, "long": 10}
    assert result["statistics"]["pseudonymTotal"] == 9
    assert len(result["records"]) == sizes.get(kind, 9)
    assert result["records"] != honest["records"]
    assert client.counts()[f"faults.{kind}"] == 1


def test_a_token_can_come_under_another_type(mcx):
    with_fault(mcx, "wrong_type")
    _, result = mcx.post("/pseudonymise", {"pseudonymTypes": ["C", "L"], "records": PEOPLE})
    _, alone = mcx.post("/pseudonymise", QUESTION)

    for records, wrong in ((result["records"], 2), (alone["records"], 1)):
        told = [
            (kind, temporary_type(token))
            for record in records
            for kind, token in record["pseudonyms"].items()
        ]
        assert sum(kind != own for kind, own in told) == wrong


def test_a_definitive_pseudonym_can_come_under_another_type(simulator):
    nhr, question = question_of(simulator, "/exchange")
    with_fault(nhr, "wrong_type", "/exchange")

    _, result = nhr.post("/exchange", question)

    kinds = [definitive_type(record["pseudonym"]) for record in result["records"]]
    assert sorted(kinds, key="L".__eq__) == ["C", *["L"] * 8]


@pytest.mark.parametrize("call", CALLS)
def test_a_cached_answer_is_the_one_before(simulator, call):
    client, question = question_of(simulator, call)
    _, before = client.post(call, question)
    with_fault(client, "cached", call, times=1)

    _, cached = client.post(call, question)
    _, fresh = client.post(call, question)

    assert cached == before
    assert (fresh != before) is True


def test_a_cached_answer_is_of_the_same_size_when_there_was_one(mcx):
    def ask(size):
        return mcx.post("/pseudonymise", QUESTION | {"records": PEOPLE[:size]})[1]

    two, _three = ask(2), ask(3)
    with_fault(mcx, "cached")

    assert ask(2) == two
    assert len(ask(5)["records"]) == 3


def test_a_refusal_is_not_tampered_with_nor_comes_from_the_cache(mcx):
    _, before = mcx.post("/pseudonymise", QUESTION)
    mcx.post("/pseudonymise", "")
    with_fault(mcx, "cached")

    assert mcx.post("/pseudonymise", "") == (422, {"code": "2001"})
    assert mcx.post("/pseudonymise", QUESTION | {"records": PEOPLE[:2]}) == (200, before)


@given(st.sampled_from(sorted(TAMPERINGS)), st.integers(2, 40), st.integers())
def test_tampering_is_the_same_for_the_same_seed_and_leaves_the_answer_it_was_given(
    kind, size, seed
):
    records = [{"pseudonym": f"DP-C-A-{number:022}"} for number in range(size)]
    content = {"statistics": {}, "records": list(records)}

    one = tamper(kind, content, Random(seed))  # noqa: S311 (the same each time)
    other = tamper(kind, content, Random(seed))  # noqa: S311 (the same each time)

    assert one == other
    assert content["records"] == records
    assert one["records"] != records
    in_place = {"reordered", "reversed", "rotated", "swapped"}
    if kind in in_place:
        assert sorted(map(str, one["records"])) == sorted(map(str, records))
    if kind == "swapped":
        differ = [a != b for a, b in zip(one["records"], records, strict=True)]
        assert sum(differ) == 2
    if kind == "duplicated":
        assert any(a == b for a, b in zip(one["records"], one["records"][1:], strict=False))
        assert len({str(each) for each in one["records"]}) == size - 1


@pytest.mark.parametrize("kind", TAMPERINGS)
@pytest.mark.parametrize("records", [[], [{"pseudonym": None}]])
def test_there_may_be_too_few_records_to_tamper_with(kind, records):
    content = {"records": records}

    tampered = tamper(kind, content, Random(1))  # noqa: S311 (the same each time)

    sizes = {"short": 0, "long": 2} if records else {}
    assert len(tampered["records"]) == sizes.get(kind, len(records))


def test_a_fault_lets_so_many_calls_pass_and_plays_so_often():
    plan = plan_of(a_fault("cut", after=2, times=3))

    assert played(plan, 8) == [False, False, True, True, True, False, False, False]


def test_a_fault_plays_in_its_own_call_only():
    plan = plan_of(a_fault("cut", after=1))

    assert played(plan, 5, "/exchange") == [False] * 5
    assert played(plan, 2) == [False, True]


def test_the_first_fault_that_is_due_plays():
    plan = plan_of(a_fault("cut", times=1), a_fault("html", times=1), a_fault("empty"))

    kinds = [due.fault.kind for due in (plan.due("/pseudonymise") for _ in range(3)) if due]

    assert kinds == ["cut", "html", "empty"]


@given(st.integers(), st.floats(0, 1))
def test_a_share_of_the_calls_is_the_same_share_each_time(seed, share):
    fault = a_fault("cut", share=share, seed=seed)

    assert played(plan_of(fault), 30) == played(plan_of(fault), 30)


def test_a_share_is_about_that_part_of_the_calls():
    counts = [sum(played(plan_of(a_fault("cut", share=share)), 1000)) for share in (0, 0.25, 1)]

    assert counts[0] == 0
    assert 200 < counts[1] < 300
    assert counts[2] == 1000


def test_a_tampering_differs_from_time_to_time_and_not_from_run_to_run(mcx):
    def order():
        _, result = mcx.post("/reverse", {"pseudonyms": tokens})
        return [record["value"] for record in result["records"]]

    tokens = mcx.tokens(*PEOPLE, kind="L")
    with_fault(mcx, "reordered", "/reverse", seed=3)
    first = [order(), order()]
    with_fault(mcx, "reordered", "/reverse", seed=3)
    second = [order(), order()]

    assert first == second
    assert first[0] != first[1]


def test_faults_are_replaced_and_taken_away(mcx):
    mcx.put("/faults", [a_fault("html"), a_fault("status", status=500)])
    with_fault(mcx, "status", status=418)
    replaced = mcx.request("POST", "/pseudonymise", QUESTION).status
    gone = mcx.request("DELETE", "/faults", "")

    assert replaced == 418
    assert (gone.status, gone.json()) == (200, {"faults": 0})
    assert mcx.post("/pseudonymise", QUESTION)[0] == 200


IMPOSSIBLE = {
    "unknown kind": a_fault("ontploft"),
    "unknown key": a_fault("cut", soms=True),
    "key of another kind": a_fault("cut", seconds=1),
    "unknown call": a_fault("cut", "/counts"),
    "no call": {"kind": "cut"},
    "no kind": {"call": "/session"},
    "no seconds": a_fault("latency"),
    "no status": a_fault("status"),
    "no such status": a_fault("status", status=99),
    "a share over one": a_fault("cut", share=1.1),
    "never": a_fault("cut", times=0),
    "negative": a_fault("cut", after=-1),
    "text for a number": a_fault("cut", after="1"),
    "records of a session": a_fault("short", "/session"),
    "type of a value": a_fault("wrong_type", "/reverse"),
    "redirect elsewhere": a_fault("redirect", location="http://zorgttp.example/"),
    "redirect to a name like ours": a_fault("redirect", location="http://localhost.example/"),
    "redirect to an account": a_fault("redirect", location="http://localhost@zorgttp.example/"),
}


def test_an_impossible_fault_is_refused_at_once_and_the_others_stay(mcx):
    with_fault(mcx, "status", status=418)

    refusal = mcx.put("/faults", [a_fault("html"), a_fault("ontploft")])

    assert refusal == (422, {"code": "2001"})
    assert mcx.request("POST", "/pseudonymise", QUESTION).status == 418


@pytest.mark.parametrize("fault", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_fault_in_the_settings_is_refused_at_the_start(tmp_path, fault):
    facts = json.loads(DEVELOPMENT.read_text())
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(facts | {"faults": [fault]}))

    with pytest.raises(ValueError, match="faults"):
        read_settings(settings)


@pytest.mark.parametrize("change", [{"fault": []}, {"key_version": "A"}, {"latency": {"ms": 1}}])
def test_an_unknown_setting_is_refused_at_the_start(tmp_path, change):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(json.loads(DEVELOPMENT.read_text()) | change))

    with pytest.raises(ValueError, match="xtra"):
        read_settings(settings)


def test_the_settings_can_hold_faults_and_latency(tmp_path):
    facts = json.loads(DEVELOPMENT.read_text())
    facts |= {"faults": [a_fault("status", "/session", status=503)]}
    facts |= {"latency": {"call_seconds": 0.05, "record_seconds": 0.0005}}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(facts))
    settings = read_settings(path)

    with running(settings) as simulator:
        response = Client(simulator.url).request("POST", "/session", {})

    assert response.status == 503
    assert settings.latency.seconds(1000) == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"faults": [a_fault("ontploft")]}, "ontploft"),
        ({"key_versions": [{"version": "A", "from": "2999-01-01"}]}, "has begun"),
    ],
)
def test_as_a_program_it_does_not_start_with_settings_that_are_impossible(tmp_path, change, told):
    facts = json.loads(DEVELOPMENT.read_text()) | change
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(facts))
    command = [sys.executable, "-m", "simulators.zorgttp", "--settings", str(path)]

    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own command)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert told in ran.stderr
    assert facts["key"] not in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.fixture
def waits(monkeypatch):
    """What the simulator would have waited, instead of waiting."""
    seconds = []

    async def linger(_request, wait):
        seconds.append(wait)

    monkeypatch.setattr("simulators.zorgttp.app.linger", linger)
    return seconds


def test_latency_is_what_is_left_after_the_work_of_the_call(simulator, waits):
    mcx = simulator.mcx
    latency = {"call_seconds": 100, "record_seconds": 10}

    assert mcx.put("/latency", latency) == (200, latency)
    mcx.post("/pseudonymise", QUESTION)

    [wait] = waits
    assert 100 < wait < 100 + 9 * 10


def test_a_call_that_took_longer_than_the_latency_waits_no_more(simulator, waits):
    mcx = simulator.mcx
    mcx.put("/latency", {"call_seconds": 1e-9})
    mcx.post("/pseudonymise", QUESTION)

    assert waits == []


def test_a_delay_comes_on_top_of_the_latency(simulator, waits):
    mcx = simulator.mcx
    mcx.put("/latency", {"call_seconds": 1000})
    with_fault(mcx, "latency", seconds=1000)

    mcx.post("/pseudonymise", QUESTION)

    [wait] = waits
    assert 1000 < wait < 2000


@pytest.mark.parametrize("latency", ["", "[]", {"call_seconds": -1}, {"call_seconds": 1, "x": 1}])
def test_an_impossible_latency_is_refused_at_once(mcx, latency):
    assert mcx.put("/latency", latency) == (422, {"code": "2001"})
    assert mcx.post("/pseudonymise", QUESTION)[0] == 200


def test_calls_that_wait_do_so_side_by_side(mcx):
    mcx.put("/latency", {"call_seconds": 3600})

    def hang(_number):
        with pytest.raises(HTTPError):
            mcx.request("POST", "/pseudonymise", QUESTION, timeout=0.3)

    # More than there are worker threads: a call that waits holds none.
    with ThreadPoolExecutor(60) as pool:
        list(pool.map(hang, range(60)))

    assert mcx.put("/latency", {}) == (200, {"call_seconds": 0, "record_seconds": 0})
    assert mcx.counts()["calls"] == 60
