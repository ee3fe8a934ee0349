"""Pseudonymising in the window: over real HTTP to the page, and from there to the simulator."""

from __future__ import annotations

import csv
import gc
import http.client
import io
import json
import logging
import re
import sys
import threading
import urllib.request
from urllib.parse import urlencode

import pytest

import aanleveren as package
from aanleveren import encrypt
from aanleveren.account import Account
from aanleveren.window import pseudonyms
from databroker.adapters import zorgttp as line
from databroker.dataset import find_versions, is_pseudonymised
from databroker.intake import read_delivery
from simulators.hospital import make_delivery, write_csv
from simulators.zorgttp.app import create_app
from simulators.zorgttp.faults import read_faults
from simulators.zorgttp.settings import read_settings
from tests.support.interventions import TODAY, an_intervention, table
from tests.support.serving import serving
from tests.unit.client.browser import SETTINGS, Page

USER, PASSWORD = "mcx-aanleveraar", "mcx-ontwikkeling"
CANARY = "kanarie-8f3c & ü+%"
PERSONAL = ("pat_nr", "geb_naam", "partnernaam", "geb_datum", "bsn", "postcode")
KEY = "epd/MCX/pmicd-interventie/{}/kwartaal 3{}.csv"
NAME = "kwartaal 3-versleuteld.csv"


@pytest.fixture(scope="module")
def simulator():
    with serving(create_app(read_settings())) as address:
        yield address


@pytest.fixture
def settings(simulator):
    return SETTINGS.having("de test", {"zorgttp": simulator})


@pytest.fixture
def page(opened, settings):
    return Page(opened(settings)[0])


@pytest.fixture
def with_account(monkeypatch):
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_GEBRUIKER", USER)
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_WACHTWOORD", PASSWORD)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "file.csv"
    write_csv(make_delivery(30, today=TODAY, bsn=True), path)
    return path.read_bytes()


def pseudonymise(page, file, user=None, password=None):
    typed = urlencode({"user": user, "password": password}) if user is not None else ""
    return page.ask("POST", "/pseudonymise", {"file": file}, typed.encode())


def deliver(page, file, kind="productie", **asked):
    return page.ask("POST", "/deliver", {"file": file, "kind": kind} | asked)


def delivered(nhr):
    """Give what arrived, by its key."""
    found = nhr.list_objects_v2(Bucket="inbox-bucket").get("Contents", ())
    return {
        each["Key"]: nhr.get_object(Bucket="inbox-bucket", Key=each["Key"])["Body"].read()
        for each in found
    }


def header(content):
    return next(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def secrets_of(content):
    records = read_delivery(content, "x.csv", find_versions("pmicd-interventie")).records
    cells = {cell for name in PERSONAL for cell in records.column(name) if cell}
    return {cell for cell in cells if len(cell) > 4}


def calls(simulator):
    """Give how often ZorgTTP was asked anything."""
    with urllib.request.urlopen(f"{simulator}/counts") as answer:  # noqa: S310 - on this machine
        return json.dumps(json.load(answer))


def held(thing):
    """Give every text in the attributes of an object of the program, however deep."""
    todo, seen = [thing], set()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, (str, bytes)):
            yield each if isinstance(each, str) else each.decode(errors="replace")
        elif isinstance(each, dict):
            todo += [*each.keys(), *each.values()]
        elif isinstance(each, (list, tuple, set, frozenset)):
            todo += each
        elif type(each).__module__.split(".")[0] in {"aanleveren", "databroker"}:
            slots = [name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ())]
            todo += [getattr(each, name) for name in slots if hasattr(each, name)]
            todo.append(getattr(each, "__dict__", {}))


def lives_on(secret):
    """Tell whether an account or a line to ZorgTTP with this password is still there."""
    gc.collect()
    kinds = (Account, line.Account, line.ZorgTtpSource, line._Line)
    found = [each for each in gc.get_objects() if isinstance(each, kinds)]
    return any(secret in text for each in found for text in held(each))


# --- when it is offered ----------------------------------------------------------------------------
def test_a_file_with_personal_data_can_be_pseudonymised_and_nothing_is_asked_yet(
    page, content, simulator
):
    before = calls(simulator)

    assert page.check(content).told["pseudonymise"] == {"can": True, "hint": None}
    assert calls(simulator) == before


def test_without_an_address_one_reads_what_is_needed_and_cannot(opened, content):
    page = Page(opened(SETTINGS)[0])

    told = page.check(content).told

    assert told["pseudonymise"]["can"] is False
    assert "instelling zorgttp" in told["pseudonymise"]["hint"]
    assert pseudonymise(page, told["file"], USER, PASSWORD).status == 400


@pytest.mark.parametrize("missing", ["pydantic", "urllib3"])
@pytest.mark.parametrize("address", [None, "http://127.0.0.1:9"])
def test_without_the_extra_it_is_not_there(opened, content, monkeypatch, missing, address):
    told_of = SETTINGS.having("de test", {"zorgttp": address} if address else {})
    for module in ("aanleveren.zorgttp", "databroker.adapters.zorgttp"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.delattr(package, "zorgttp", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)

    told = Page(opened(told_of)[0]).check(content).told

    assert told["pseudonymise"] == {"can": False, "hint": None}


@pytest.mark.usefixtures("with_account")
def test_what_needs_no_pseudonyms_is_not_offered_them(page, content, csv_of):
    done = page.check(content).told["file"]
    pseudonymise(page, done)
    ready = page.ask("GET", "/pseudonymised", {"file": done}).content
    answers = {
        "pseudonymised": page.check(ready),
        "refused": page.check(b"iets;anders\r\n1;2\r\n"),
        "no personal data": page.check(
            csv_of(table("bases.csv", "pmicd-followup")[0]).read_bytes(), dataset="pmicd-followup"
        ),
    }

    assert answers["refused"].told["counts"]["accepted"] == 0
    assert answers["no personal data"].told["counts"]["accepted"] == 1
    for answer in answers.values():
        assert answer.told["pseudonymise"] == {"can": False, "hint": None}
    last = answers["no personal data"].told["file"]
    assert pseudonymise(page, last).status == 400


# --- the road --------------------------------------------------------------------------------------
@pytest.mark.usefixtures("with_account")
def test_a_file_is_checked_pseudonymised_and_delivered_without_personal_data(page, nhr, content):
    secrets = secrets_of(content)
    file = page.check(content).told["file"]

    done = pseudonymise(page, file)
    sent = deliver(page, file)
    progress = page.ask("GET", "/progress").told
    saved = page.ask("GET", "/pseudonymised", {"file": file})

    key = KEY.format("productie", "-versleuteld")
    assert (done.status, done.told["name"]) == (200, NAME)
    assert sent.told["place"] == f"s3://inbox-bucket/{key}"
    assert list(delivered(nhr)) == [key]
    arrived = delivered(nhr)[key]
    assert is_pseudonymised(header(arrived))
    assert not set(PERSONAL) & set(header(arrived))
    assert len(secrets) > 30
    assert [secret for secret in secrets if secret.encode() in arrived] == []
    assert saved.content == arrived
    assert progress == {"sent": len(arrived), "size": len(arrived)}


@pytest.mark.usefixtures("with_account")
def test_it_tells_what_the_command_tells(page, aanleveren, tmp_path, settings):
    path = tmp_path / "kwartaal 3.csv"
    write_csv(make_delivery(60, today=TODAY, errors=0.7, bsn=True), path)
    address = ("--dataset", "pmicd-interventie", "--centre", "MCX", "--zorgttp", settings.zorgttp)
    file = page.check(path.read_bytes()).told["file"]

    done = pseudonymise(page, file).told
    told = aanleveren("versleutel", path, *address, "--json").document

    assert done["counts"] == told["counts"]
    assert done["counts"]["refused"] > 0
    found = {each["code"] for each in told["findings"]}
    assert {group["code"] for group in done["groups"]} == found
    assert done["verdict"]["tone"] == "geel"


@pytest.mark.usefixtures("with_account")
def test_no_value_of_a_person_is_in_the_answer(page, tmp_path):
    delivery = make_delivery(100, today=TODAY, errors=0.9, bsn=True)
    write_csv(delivery, tmp_path / "x.csv")
    file = page.check((tmp_path / "x.csv").read_bytes()).told["file"]

    told = pseudonymise(page, file).content.decode()

    rows = [dict(zip(delivery.columns, row, strict=True)) for row in delivery.rows]
    public = {cell for row in rows for name, cell in row.items() if name not in PERSONAL}
    secret = {row[name] for row in rows for name in PERSONAL if len(row[name]) > 4} - public
    assert len(secret) > 50
    assert [each for each in secret if each in told] == []


@pytest.mark.usefixtures("with_account")
def test_the_original_goes_as_a_test_only_once_there_is_something_better(page, nhr, content):
    file = page.check(content).told["file"]
    too_soon = deliver(page, file, content="pseudonymised")
    pseudonymise(page, file)

    answers = [
        deliver(page, file, "test", content="original"),
        deliver(page, file, "productie", content="original"),
        deliver(page, file, "test", content="iets anders"),
        deliver(page, file, "test", content="pseudonymised"),
        deliver(page, file, "test"),
    ]

    assert too_soon.status == 400
    assert [each.status for each in answers] == [200, 400, 400, 200, 400]
    assert "alleen als test" in answers[1].told["error"]
    found = delivered(nhr)
    assert set(found) == {KEY.format("test", ""), KEY.format("test", "-versleuteld")}
    assert found[KEY.format("test", "")] == content


@pytest.mark.usefixtures("with_account")
def test_a_file_is_pseudonymised_once(page, content, simulator):
    file = page.check(content).told["file"]
    first = pseudonymise(page, file)
    before = calls(simulator)

    assert (first.status, pseudonymise(page, file).status) == (200, 400)
    assert calls(simulator) == before


# --- whose account ---------------------------------------------------------------------------------
def test_without_an_account_the_page_is_asked_for_one_and_zorgttp_for_nothing(
    page, content, simulator
):
    file = page.check(content).told["file"]
    before = calls(simulator)

    asked = pseudonymise(page, file)
    typed = pseudonymise(page, file, USER, PASSWORD)

    assert (asked.status, list(asked.told)) == (200, ["account"])
    assert "Er is geen account van ZorgTTP" in asked.told["account"]
    assert (typed.status, typed.told["name"]) == (200, NAME)
    assert calls(simulator) != before


def test_half_an_account_on_this_machine_is_told(page, content, monkeypatch):
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_GEBRUIKER", USER)
    file = page.check(content).told["file"]

    assert "AANLEVEREN_ZORGTTP_WACHTWOORD" in pseudonymise(page, file).told["account"]


def test_what_is_typed_goes_before_what_is_kept(page, content, monkeypatch):
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_GEBRUIKER", USER)
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_WACHTWOORD", "verouderd")
    file = page.check(content).told["file"]

    assert pseudonymise(page, file).status == 403
    assert pseudonymise(page, file, USER, PASSWORD).status == 200


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [("", CANARY, 400), (USER, "", 400), ("  ", CANARY, 400), (USER, CANARY * 400, 413)],
)
def test_what_cannot_be_an_account_is_asked_of_nobody(
    page, content, simulator, user, password, status
):
    file = page.check(content).told["file"]
    before = calls(simulator)

    answer = pseudonymise(page, file, user, password)

    assert (answer.status, calls(simulator)) == (status, before)
    assert answer.told["error"]
    assert "kanarie" not in answer.content.decode()


@pytest.mark.parametrize("accepted", [True, False])
def test_what_was_typed_is_used_once_and_is_nowhere_after(
    opened, nhr, content, settings, tmp_path, caplog, capfd, accepted
):
    caplog.set_level(logging.DEBUG)
    log = tmp_path / "log.txt"
    known = read_settings()
    if accepted:
        mine = known.account("source", "MCX").model_copy(update={"password": CANARY})
        known = known.changed(accounts=(mine,))
    with serving(create_app(known)) as address:
        told_of = settings.having("de test", {"zorgttp": address, "logboek": str(log)})
        page = Page(opened(told_of)[0])
        file = page.check(content).told["file"]
        answers = [pseudonymise(page, file, USER, CANARY)]
        sent = deliver(page, file, content="pseudonymised")
        answers += [sent, page.ask("GET", "/start"), page.ask("GET", "/progress")]
        answers += [page.ask("GET", "/pseudonymised", {"file": file}), pseudonymise(page, file)]
    said = [f"{each.content.decode()}{each.headers}" for each in answers]
    said += [f"{each.getMessage()}{vars(each)}" for each in caplog.records]
    said += [log.read_text(), *capfd.readouterr(), *held(page.window)]

    assert answers[0].status == (200 if accepted else 403)
    if not accepted:
        text = "ZorgTTP weigert dit account, of het is niet van dit centrum."
        assert answers[0].told == {"error": text, "exit": 4}
    assert len(delivered(nhr)) == accepted
    assert [each for each in said if "kanarie" in each] == []
    assert not lives_on(CANARY)


def test_a_fault_of_the_program_tells_no_password(page, content, monkeypatch, capfd):
    def break_down(*_, **__):
        raise LookupError(CANARY)

    monkeypatch.setattr(encrypt, "encrypt", break_down)
    file = page.check(content).told["file"]
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        pseudonymise(page, file, USER, CANARY)

    assert page.ask("GET", "/stay").status == 200
    told = "".join(capfd.readouterr())
    assert "LookupError" in told
    assert "kanarie" not in told
    assert not lives_on(CANARY)


# --- when it goes wrong ----------------------------------------------------------------------------
@pytest.mark.usefixtures("with_account")
def test_zorgttp_that_is_away_is_told_and_one_can_try_again(opened, nhr, content, settings):
    page = Page(opened(settings.having("de test", {"zorgttp": "http://127.0.0.1:9"}))[0])
    file = page.check(content).told["file"]

    answer = pseudonymise(page, file)

    assert (answer.status, answer.told["exit"]) == (503, 3)
    assert "niet te bereiken" in answer.told["error"]
    assert page.ask("GET", "/pseudonymised", {"file": file}).status == 400
    assert deliver(page, file, content="pseudonymised").status == 400
    assert delivered(nhr) == {}


@pytest.mark.parametrize(
    ("fault", "status", "exit_code", "told"),
    [
        ({"kind": "status", "status": 422, "code": "2003"}, 422, 1, "fatale fout (2003)"),
        ({"kind": "short"}, 503, 3, "Het antwoord van ZorgTTP klopt niet"),
        ({"kind": "html"}, 503, 3, "niet te bereiken"),
    ],
)
@pytest.mark.usefixtures("with_account")
def test_what_zorgttp_does_wrong_is_told_in_words_and_nothing_is_kept_of_it(
    opened, nhr, content, fault, status, exit_code, told
):
    faults = read_faults(json.dumps([{"call": "/pseudonymise"} | fault]).encode())
    with serving(create_app(read_settings().changed(faults=faults))) as address:
        page = Page(opened(SETTINGS.having("de test", {"zorgttp": address}))[0])
        file = page.check(content).told["file"]
        answer = pseudonymise(page, file)

    assert (answer.status, answer.told["exit"]) == (status, exit_code)
    assert told in answer.told["error"]
    assert page.ask("GET", "/pseudonymised", {"file": file}).status == 400
    assert deliver(page, file, content="pseudonymised").status == 400
    assert delivered(nhr) == {}


@pytest.mark.usefixtures("with_account")
def test_an_address_that_is_not_safe_is_refused(opened, content, settings):
    page = Page(opened(settings.having("de test", {"zorgttp": "http://zorgttp.example"}))[0])
    file = page.check(content).told["file"]

    answer = pseudonymise(page, file)

    assert (answer.status, answer.told["exit"]) == (400, 2)
    assert "https" in answer.told["error"]


def test_what_is_done_is_in_the_log(opened, content, settings, tmp_path):
    log = tmp_path / "log.txt"
    page = Page(opened(settings.having("de test", {"logboek": str(log)}))[0])
    file = page.check(content).told["file"]

    pseudonymise(page, file)
    pseudonymise(page, file, USER, "fout")
    pseudonymise(page, file, USER, PASSWORD)

    lines = [each for each in log.read_text().splitlines() if " venster:versleutel " in each]
    assert [re.search(r"exit=(\d)", each)[1] for each in lines] == ["4", "4", "0"]
    assert " records=30 " in lines[2]
    for word in ("kwartaal", USER, PASSWORD):
        assert word not in log.read_text()


# --- another file ----------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["another file", "a choice"])
@pytest.mark.usefixtures("with_account")
def test_another_file_forgets_all_of_the_old_one(page, nhr, content, csv_of, how):
    file = page.check(content).told["file"]
    pseudonymise(page, file)
    ready = page.ask("GET", "/pseudonymised", {"file": file}).content
    old = [ready.splitlines()[1].decode(), content.splitlines()[1].decode()]
    there = [text for text in held(page.window) if any(each in text for each in old)]

    if how == "a choice":
        page.ask("POST", "/forget", {"file": file})
    else:
        other = csv_of(an_intervention()).read_bytes()
        new = page.check(other).told["file"]
        page.ask("POST", "/forget", {"file": file})  # which comes too late to matter

    assert len(there) == 2
    assert not [text for text in held(page.window) if any(each in text for each in old)]
    assert page.ask("GET", "/pseudonymised", {"file": file}).status == 400
    assert pseudonymise(page, file).status == 400
    assert deliver(page, file).status == 400
    assert delivered(nhr) == {}
    if how == "another file":
        assert deliver(page, new, content="pseudonymised").status == 400
        assert deliver(page, new).status == 200
        assert delivered(nhr) == {KEY.format("productie", ""): other}


@pytest.mark.usefixtures("with_account")
def test_a_file_chosen_meanwhile_is_not_taken_for_the_one_under_way(
    page, nhr, content, csv_of, monkeypatch
):
    begun, go_on, answers = threading.Event(), threading.Event(), []
    whole = pseudonyms.pseudonymise

    def slow(*asked):
        begun.set()
        assert go_on.wait(10)
        return whole(*asked)

    monkeypatch.setattr(pseudonyms, "pseudonymise", slow)
    file = page.check(content).told["file"]
    asking = threading.Thread(target=lambda: answers.append(pseudonymise(page, file)))
    asking.start()
    assert begun.wait(10)
    alive = page.ask("GET", "/stay").status
    new = page.check(csv_of(an_intervention()).read_bytes()).told["file"]
    go_on.set()
    asking.join(20)

    assert alive == 200
    assert (answers[0].status, list(answers[0].told)) == (400, ["error", "exit"])
    assert "ander bestand" in answers[0].told["error"]
    assert page.ask("GET", "/pseudonymised", {"file": new}).status == 400
    assert deliver(page, new, content="pseudonymised").status == 400
    assert delivered(nhr) == {}


# --- the page --------------------------------------------------------------------------------------
def test_the_account_is_asked_as_a_secret_and_never_goes_in_an_address(page):
    html = page.ask("GET", "/").content.decode()
    script = page.ask("GET", "/page.js").content.decode()

    password = re.search(r'<input id="account-password"[^>]*>', html)[0]
    user = re.search(r'<input id="account-user"[^>]*>', html)[0]
    assert 'type="password"' in password
    assert 'autocomplete="off"' in password
    assert 'autocomplete="off"' in user
    assert re.search(r'<form id="pseudonymise-form"[^>]* autocomplete="off"', html)
    assert re.search(r'<fieldset id="account" disabled hidden>', html)
    assert 'tell("POST", "pseudonymise", { file }, typedAccount())' in script
    assert not re.search(r"localStorage|sessionStorage|cookie|console\.log", script)
