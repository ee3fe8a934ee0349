"""`aanleveren venster`, over real HTTP: the page, and the road of a file through it."""

from __future__ import annotations

import http.client
import json
import re
import sys

import boto3
import pytest

from aanleveren import window as the_window
from aanleveren.settings import Settings
from aanleveren.window import desk as desks
from databroker.dataset import find_dataset
from simulators.hospital import make_delivery, write_csv
from tests.support.cloud import REGION
from tests.support.interventions import TODAY, an_intervention
from tests.support.reports import a_delivery
from tests.unit.client.browser import CHOSEN, SETTINGS, Page

ID = a_delivery().delivery_id
KEY = "epd/MCX/pmicd-interventie/{}/kwartaal 3.csv"
FOLDER = f"outbox/MCX/kwartaal_3.csv/{ID}/"
DATASET = find_dataset("pmicd-interventie")
QUESTIONS = [
    ("GET", "/start"),
    ("POST", "/check"),
    ("POST", "/deliver"),
    ("GET", "/progress"),
    ("GET", "/receipt"),
    ("GET", "/status"),
    ("GET", "/report"),
    ("GET", "/stay"),
    ("POST", "/leave"),
    ("POST", "/forget"),
    ("POST", "/pseudonymise"),
    ("GET", "/pseudonymised"),
    ("GET", "/niets"),
]


# --- the page --------------------------------------------------------------------------------------
def test_the_page_takes_nothing_from_elsewhere_and_runs_nothing_inline(page):
    html = page.ask("GET", "/", Authorization=None).content.decode()
    script = page.ask("GET", "/page.js", Authorization=None).content.decode()
    style = page.ask("GET", "/page.css", Authorization=None).content.decode()

    assert '<html lang="nl">' in html
    assert not re.search(r"https?:|\bon\w+=|style=|<script>|<style", html)
    assert not re.search(r"https?://|innerHTML|eval\(|insertAdjacentHTML", script)
    assert not re.search(r"url\(|@import", style)


def test_every_control_has_a_name_and_every_question_of_the_page_an_answer(page):
    html = page.ask("GET", "/").content.decode()
    script = page.ask("GET", "/page.js").content.decode()

    controls = re.findall(r'<(?:input|select)[^>]* id="([\w-]+)"', html)
    assert controls
    assert [each for each in controls if f'<label for="{each}">' not in html] == []
    assert 'aria-live="polite"' in html
    asked = set(re.findall(r'"(GET|POST)", "(\w+)"', script)) | {("POST", "leave")}
    assert asked == {(method, path[1:]) for method, path in QUESTIONS if path != "/niets"}


def test_every_part_that_the_script_names_is_on_the_page(page):
    html = page.ask("GET", "/").content.decode()
    script = page.ask("GET", "/page.js").content.decode()

    named = set(re.findall(r'\$\("([\w-]+)"\)|show\("([\w-]+)"', script))
    names = {one or other for one, other in named}
    assert names
    assert [name for name in names if f'id="{name}"' not in html] == []


def test_it_opens_with_what_was_told(opened):
    settings = Settings(dataset="pmicd-followup", centre="MCY", soort="test")

    told = Page(opened(settings)[0]).ask("GET", "/start").told

    assert (told["dataset"], told["centre"], told["kind"]) == ("pmicd-followup", "MCY", "test")
    assert {each["id"] for each in told["datasets"]} == {"pmicd-interventie", "pmicd-followup"}
    assert "inbox" in told["why_not_deliver"]


def test_without_boto3_one_checks_and_reads_what_to_install(opened, content, monkeypatch):
    for module in ("s3", "outbox", "deliver", "report", "follow"):
        monkeypatch.delitem(sys.modules, f"aanleveren.{module}", raising=False)
    monkeypatch.delattr(the_window.sys.modules["aanleveren"], "s3", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    page = Page(opened()[0])

    assert "client[s3]" in page.ask("GET", "/start").told["why_not_deliver"]
    assert page.check(content).status == 200


# --- controleer ------------------------------------------------------------------------------------
def test_a_check_is_that_of_the_command(page, content, aanleveren, tmp_path):
    path = tmp_path / "kwartaal 3.csv"
    path.write_bytes(content)
    address = ("--dataset", "pmicd-interventie", "--centre", "MCX")

    shown = page.check(content).told
    told = aanleveren("controleer", path, *address, "--json").document

    assert shown["counts"] == told["counts"]
    assert sum(group["count"] for group in shown["groups"]) == len(told["findings"])
    assert {group["code"] for group in shown["groups"]} == {
        each["code"] for each in told["findings"]
    }


def test_a_rule_is_told_once_with_all_one_needs(page, content):
    (group,) = [each for each in page.check(content).told["groups"] if each["code"] == "F-003"]

    assert group["count"] == 1
    assert group["rows"] == [2]
    assert group["more"] == 0
    assert group["refuses"] is True
    assert (group["field"], group["label"]) == ("lengte", "Lengte")
    assert "geen geheel getal" in group["message"]
    assert group["fix"].startswith("Lever alleen cijfers aan.")
    assert group["link"].endswith("regels.md#f-003")


def test_of_many_rows_the_first_are_told(page, csv_of):
    rows = [an_intervention(interv_nr=f"MCX-26-{each:06d}", lengte="lang") for each in range(50)]

    groups = page.check(csv_of(*rows).read_bytes()).told["groups"]

    (group,) = [each for each in groups if each["code"] == "F-003"]
    assert (group["count"], group["rows"], group["more"]) == (50, list(range(2, 22)), 30)


def test_no_value_of_a_person_is_on_the_page(page, tmp_path):
    delivery = make_delivery(200, today=TODAY, errors=0.9, bsn=True)
    write_csv(delivery, tmp_path / "x.csv")
    personal = ("bsn", "geb_naam", "partnernaam", "pat_nr", "geb_datum", "postcode")
    rows = [dict(zip(delivery.columns, row, strict=True)) for row in delivery.rows]
    public = {cell for row in rows for name, cell in row.items() if name not in personal}
    secret = {row[name] for row in rows for name in personal if len(row[name]) > 3} - public

    told = page.check((tmp_path / "x.csv").read_bytes()).content.decode()

    assert len(secret) > 80
    assert [each for each in secret if each in told] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dataset": "hartkleppen"}, "pmicd-interventie@"),
        ({"centre": "mcx"}, "hoofdletters"),
        ({"centre": ""}, "hoofdletters"),
    ],
)
def test_a_wrong_choice_is_told_in_words(page, content, changes, told):
    answer = page.check(content, **changes)

    assert answer.status == 400
    assert told in answer.told["error"]
    assert answer.told["exit"] == 2


def test_a_file_that_is_too_large_is_refused_before_it_is_read(page):
    answer = page.ask(
        "POST", "/check", CHOSEN, b"interv_nr\n", Content_Length=str(DATASET.max_bytes + 1)
    )

    assert answer.status == 413
    assert f"{DATASET.max_bytes // 1_000_000} MB" in answer.told["error"]


@pytest.mark.parametrize("length", [None, "-1", "x", "1e3"])
def test_a_file_of_no_known_length_is_refused(page, length):
    answer = page.ask("POST", "/check", CHOSEN, b"", Content_Length=length)

    assert answer.status == 411


def test_a_fault_tells_its_kind_and_not_its_text(page, content, monkeypatch, capsys):
    def break_down(*_):
        raise LookupError("Voorbeeld 999990019")

    monkeypatch.setattr(desks.checking, "check_file", break_down)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        page.check(content)

    assert page.ask("GET", "/stay").status == 200
    told = "".join(capsys.readouterr())
    assert "LookupError" in told
    assert "Voorbeeld" not in told


# --- the road --------------------------------------------------------------------------------------
def test_a_file_is_checked_delivered_followed_and_its_report_fetched(page, nhr, content):
    file = page.check(content).told["file"]
    sent = page.ask("POST", "/deliver", {"file": file, "kind": "test"})
    progress = page.ask("GET", "/progress").told
    early = page.ask("GET", "/receipt").told
    tell(nhr, "ontvangen.json", status="ontvangen")
    received = page.ask("GET", "/receipt").told
    under_way = page.ask("GET", "/status", {"delivery": ID}).told
    too_early = page.ask("GET", "/report", {"delivery": ID})
    tell(nhr, "verwerkt.json", **processed())
    nhr.put_object(Bucket="outbox-bucket", Key=f"{FOLDER}rapportage.xlsx", Body=b"PK...")
    done = page.ask("GET", "/status", {"delivery": ID}).told
    report = page.ask("GET", "/report", {"delivery": ID})

    key = KEY.format("test")
    assert sent.told == {"place": f"s3://inbox-bucket/{key}"}
    assert nhr.get_object(Bucket="inbox-bucket", Key=key)["Body"].read() == content
    assert progress == {"sent": len(content), "size": len(content)}
    assert (early["delivery_id"], received["delivery_id"]) == (None, ID)
    assert (under_way["processed"], under_way["groups"]) == (False, [])
    assert (too_early.status, too_early.told["exit"]) == (503, 3)
    assert done["processed"] is True
    assert f"{ID}: getest. 2 records: 1 goed" in done["sentence"]
    assert [(each["code"], each["rows"], each["refuses"]) for each in done["groups"]] == [
        ("TF-001", [2], True),
        ("F-003", [3], False),
    ]
    assert (report.status, report.content) == (200, b"PK...")


def test_a_rule_on_trial_refuses_nothing_on_the_page_either(page, nhr):
    tell(nhr, "ontvangen.json", status="ontvangen")
    tell(nhr, "verwerkt.json", **processed())

    groups = page.ask("GET", "/status", {"delivery": ID}).told["groups"]

    assert {each["code"]: each["refuses"] for each in groups} == {"TF-001": True, "F-003": False}


def test_a_file_is_delivered_as_a_test_and_then_for_real_and_as_neither_twice(page, nhr, content):
    file = page.check(content).told["file"]

    kinds = ("test", "productie", "test", "productie")
    sent = [page.ask("POST", "/deliver", {"file": file, "kind": kind}) for kind in kinds]

    assert [each.status for each in sent] == [200, 200, 400, 400]
    found = nhr.list_objects_v2(Bucket="inbox-bucket")["Contents"]
    assert {each["Key"] for each in found} == {KEY.format("test"), KEY.format("productie")}


@pytest.mark.parametrize("asked", [{}, {"kind": "proef"}, {"file": "iets anders", "kind": "test"}])
def test_nothing_is_delivered_that_was_not_checked_or_chosen(page, nhr, content, asked):
    file = page.check(content).told["file"]

    answer = page.ask("POST", "/deliver", {"file": file} | asked)

    assert answer.status == 400
    assert answer.told["error"]
    assert "Contents" not in nhr.list_objects_v2(Bucket="inbox-bucket")


def test_a_file_that_could_not_be_sent_can_be_sent_again(page, nhr, content):
    file = page.check(content).told["file"]
    asked = {"file": file, "kind": "test"}
    nhr.delete_bucket(Bucket="inbox-bucket")
    first = page.ask("POST", "/deliver", asked)
    nhr.create_bucket(
        Bucket="inbox-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    second = page.ask("POST", "/deliver", asked)

    assert (first.status, first.told["exit"]) == (400, 2)
    assert second.status == 200


def test_who_has_no_access_is_told(page, nhr, content, monkeypatch):  # noqa: ARG001
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    file = page.check(content).told["file"]

    answer = page.ask("POST", "/deliver", {"file": file, "kind": "test"})

    assert (answer.status, answer.told["exit"]) == (403, 4)
    assert "Geen toegang" in answer.told["error"]


def test_what_is_done_is_in_the_log_and_the_name_of_the_file_is_not(
    opened,
    nhr,  # noqa: ARG001
    content,
    tmp_path,
):
    log = tmp_path / "log.txt"
    page = Page(opened(SETTINGS.having("de test", {"logboek": str(log)}))[0])

    file = page.check(content).told["file"]
    page.ask("POST", "/deliver", {"file": file, "kind": "test"})
    page.ask("POST", "/deliver", {"file": file, "kind": "test"})

    checked, delivered, again = log.read_text().splitlines()
    assert re.search(r" venster:controleer exit=1 .* records=4 ", checked)
    assert " venster:lever exit=0 " in delivered
    assert " venster:lever exit=2 " in again
    assert "kwartaal" not in log.read_text()
    assert page.window.token not in log.read_text()


def tell(nhr, name, **document):
    document = {"delivery_id": ID, "dataset": "pmicd-interventie"} | document
    nhr.put_object(Bucket="outbox-bucket", Key=FOLDER + name, Body=json.dumps(document))


def processed():
    finding = {"cell": None, "interv_nr": "MCX-000123", "field": "lengte", "value": None}
    finding |= {"message": "Lengte.", "fix": "Verbeter."}
    return {
        "status": "getest",
        "dataset_version": DATASET.version,
        "counts": {
            "records": 2,
            "accepted": 1,
            "refused": 1,
            "new": 1,
            "changed": 0,
            "unchanged": 0,
        },
        "findings": [
            finding | {"code": "TF-001", "level": "TF", "row": 2},
            finding | {"code": "F-003", "level": "W", "row": 3},
        ],
    }
