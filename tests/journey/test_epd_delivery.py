"""A hospital's file goes in at one end; a registered procedure, a report and a mail come out."""

import datetime as dt
import io
import json
import time
from pathlib import Path

import pytest
import urllib3
from botocore.exceptions import ClientError
from openpyxl import load_workbook

from local.following import Hospital
from simulators.hospital import make_delivery, write_csv, write_xlsx
from tests.journey.conftest import wait_until
from tests.support.sinks import leaks
from tests.support.workflow import a_workflow

TODAY = dt.datetime.now(dt.UTC).date()
PERSONAL = ("bsn", "geb_naam", "partnernaam", "pat_nr", "geb_datum", "postcode")
VOLATILE = ("delivery_id", "received_at", "finished_at")


@pytest.fixture
def hospital(told):
    return Hospital(told, "MCX")


@pytest.fixture
def deliver(hospital, tmp_path):
    """Write a synthetic delivery, put it in the inbox and follow it to its end."""

    def send(kind, size=20, *, name=None, form="csv", **how):
        data = make_delivery(size, today=TODAY, **how)
        path = tmp_path / (name or f"aanlevering-{time.monotonic_ns()}.{form}")
        (write_csv if form == "csv" else write_xlsx)(data, path)
        delivery = hospital.deliver(path, kind)
        for _ in hospital.follow(delivery):
            pass
        return delivery, data, path

    return send


@pytest.fixture
def document(client, told):
    """Fetch a document of a delivery with the credentials of its EPD."""

    def fetch(delivery, name):
        key = f"{delivery.answers}{delivery.delivery_id}/{name}"
        answer = client("s3", "MCX").get_object(Bucket=told["outputs"]["OutboxBucket"], Key=key)
        return answer["Body"].read()

    return fetch


def scan(client, table):
    pages = client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def zorgttp_calls(told):
    return urllib3.request("GET", f"{told['zorgttp_url']}/counts").json()


def mails_about(mails, delivery):
    return [mail for mail in mails() if delivery.delivery_id in mail["text"]]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_becomes_registered_procedures_a_report_and_a_mail(
    deliver, document, client, told, mails, form
):
    first = 200_001 if form == "csv" else 300_001
    delivery, data, _ = deliver("productie", 30, errors=0.2, first_number=first, form=form)

    counts = delivery.outcome["counts"]
    assert delivery.outcome["status"] == "verwerkt"
    assert counts["accepted"] + counts["refused"] == 30
    assert counts["new"] == counts["accepted"] > 0

    stored = [
        item
        for item in scan(client, told["outputs"]["RegistryTable"])
        if item.get("delivery_id", {}).get("S") == delivery.delivery_id
    ]
    assert len(stored) == counts["accepted"]

    answers = {(one.row, one.code, one.field) for one in data.planted if one.row}
    found = {(f["row"], f["code"], f["field"]) for f in delivery.outcome["findings"] if f["row"]}
    assert found == answers

    report = load_workbook(io.BytesIO(document(delivery, "rapportage.xlsx")))
    assert report.sheetnames == [
        "Samenvatting",
        "Meldingen",
        "Records",
        "Volledigheid",
        "Legenda",
    ]
    assert report["Records"].max_row >= 31

    wait_until(lambda: mails_about(mails, delivery))
    (mail,) = mails_about(mails, delivery)
    assert mail["subject"] == "NHR PM/ICD: verwerking van uw bestand is afgerond"
    assert f"Nieuw:                      {counts['new']}" in mail["text"]
    assert delivery.file.name not in mail["text"] + mail["html"]


def test_the_receipt_comes_at_once_and_tells_who_and_when(deliver, document):
    delivery, _, path = deliver("test", 3)

    receipt = json.loads(document(delivery, "ontvangen.json"))

    assert receipt["delivery_id"] == delivery.delivery_id
    assert (receipt["centre"], receipt["kind"], receipt["file_name"]) == ("MCX", "test", path.name)
    assert receipt["status"] == "ontvangen"


def test_a_test_delivery_writes_nothing_and_asks_nothing_of_zorgttp(deliver, client, told):
    table = told["outputs"]["RegistryTable"]
    before, calls = scan(client, table), zorgttp_calls(told)

    delivery, _, _ = deliver("test", 20, first_number=400_001)

    assert delivery.outcome["status"] == "getest"
    assert scan(client, table) == before
    assert zorgttp_calls(told) == calls


def test_the_same_file_again_is_recognised_and_changes_nothing(deliver):
    deliver("productie", 10, first_number=500_001)

    again, _, _ = deliver("productie", 10, first_number=500_001)

    assert again.outcome["counts"]["unchanged"] == 10
    assert {finding["code"] for finding in again.outcome["findings"]} == {"BW-002", "TW-001"}


def test_both_interpreters_tell_the_hospital_the_same(deliver, document, monkeypatch, tmp_path):
    delivery, _, path = deliver("productie", 40, errors=0.3, first_number=600_001, seed=3)
    here = json.loads(document(delivery, "verwerkt.json"))

    with a_workflow(monkeypatch, tmp_path) as workflow:
        there = workflow.deliver(
            path.read_bytes(), "productie", name=path.name, at=here["received_at"]
        ).processed

    for moment in VOLATILE:
        del here[moment], there[moment]
    assert here == there
    assert here["counts"]["refused"] > 0


def test_wrong_zorgttp_credentials_are_told_and_the_file_can_be_offered_again(deliver, client):
    secrets = client("secretsmanager")
    listed = secrets.list_secrets()["SecretList"]
    (name,) = [one["Name"] for one in listed if one["Name"].endswith("/centra/MCX")]
    good = secrets.get_secret_value(SecretId=name)["SecretString"]
    secrets.put_secret_value(SecretId=name, SecretString=good.replace("ontwikkeling", "verkeerd"))
    try:
        refused, _, _ = deliver("productie", 5, name="eerst.csv", first_number=700_001)
    finally:
        secrets.put_secret_value(SecretId=name, SecretString=good)
    accepted, _, _ = deliver("productie", 5, name="eerst.csv", first_number=700_001)

    assert refused.outcome["status"] == "geweigerd"
    assert [finding["code"] for finding in refused.outcome["findings"]] == ["BF-015"]
    assert refused.outcome["counts"]["refused"] == 5
    assert accepted.outcome["counts"]["new"] == 5


def test_a_delivery_waits_for_zorgttp_and_goes_on_by_itself(hospital, client, told, tmp_path):
    away = {"call": "/pseudonymise", "kind": "status", "status": 500}
    path = tmp_path / "wacht.csv"
    write_csv(make_delivery(5, today=TODAY, first_number=710_001), path)
    before = zorgttp_calls(told)["persons"]

    def status():
        key = {"pk": {"S": f"DELIVERY#{delivery.delivery_id}"}, "sk": {"S": "DELIVERY"}}
        table = told["outputs"]["LedgerTable"]
        item = client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        return item["status"]["S"]

    urllib3.request("PUT", f"{told['zorgttp_url']}/faults", json=[away])
    try:
        delivery = hospital.deliver(path, "productie")
        wait_until(lambda: status() == "wacht op versleuteling")
    finally:
        urllib3.request("DELETE", f"{told['zorgttp_url']}/faults")
    for _ in hospital.follow(delivery):
        pass

    assert delivery.outcome["status"] == status() == "verwerkt"
    assert delivery.outcome["counts"]["new"] == 5
    # Nobody twice: five patients, and two sentinels in every batch, who are asked alone as well.
    assert zorgttp_calls(told)["persons"] - before <= 5 + 2 + 2 * 5


def test_an_object_outside_the_scheme_is_recorded(client, told):
    client("s3", "MCX").put_object(
        Bucket=told["outputs"]["InboxBucket"], Key="epd/MCX/zomaar.csv", Body=b"x"
    )

    def recorded():
        ledger = scan(client, told["outputs"]["LedgerTable"])
        return [
            item for item in ledger if item.get("object_key", {}).get("S") == "epd/MCX/zomaar.csv"
        ]

    wait_until(recorded)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda s3, names: s3.put_object(
            Bucket=names["InboxBucket"], Key="epd/MCY/pmicd-interventie/test/a.csv", Body=b"x"
        ),
        lambda s3, names: s3.get_object(
            Bucket=names["InboxBucket"], Key="epd/MCX/pmicd-interventie/test/a.csv"
        ),
        lambda s3, names: s3.list_objects_v2(Bucket=names["InboxBucket"]),
        lambda s3, names: s3.list_objects_v2(Bucket=names["OutboxBucket"], Prefix="outbox/MCY/"),
        lambda s3, names: s3.list_objects_v2(Bucket=names["WorkbenchBucket"]),
    ],
)
def test_an_epd_stays_in_its_own_corner(client, told, attempt):
    with pytest.raises(ClientError, match="AccessDenied"):
        attempt(client("s3", "MCX"), told["outputs"])


def test_a_stopped_execution_is_closed(hospital, client, told, tmp_path, mails):
    """An operator who stops an execution in the console leaves no file behind and no silence."""
    path = tmp_path / "gestopt.csv"
    write_csv(make_delivery(2_000, today=TODAY, first_number=800_001), path)
    machine = told["outputs"]["DeliveryStateMachineArn"]
    delivery = hospital.deliver(path, "test")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{delivery.delivery_id}"

    def started():
        listed = client("stepfunctions").list_executions(stateMachineArn=machine)
        return delivery.delivery_id in {one["name"] for one in listed["executions"]}

    wait_until(started)
    client("stepfunctions").stop_execution(executionArn=arn)

    wait_until(lambda: mails_about(mails, delivery))
    (mail,) = mails_about(mails, delivery)
    assert "technische storing" in mail["text"]
    inbox = client("s3").list_objects_v2(
        Bucket=told["outputs"]["InboxBucket"], Prefix="epd/MCX/pmicd-interventie/test/gestopt.csv"
    )
    assert inbox.get("Contents", []) == []


def test_no_personal_data_is_left_anywhere(deliver, client, told, mails, stack):
    # Numbers as long as they can be: seven digits in a row do turn up in a pseudonym.
    secrets: set[str] = set()
    deliveries = []
    for kind, form, first in (("productie", "csv", 90_000_001), ("test", "xlsx", 91_000_001)):
        delivery, data, _ = deliver(kind, 40, errors=0.4, bsn=True, form=form, first_number=first)
        dates = {row[data.columns.index("interv_datum")] for row in data.rows}
        places = [data.columns.index(name) for name in PERSONAL]
        secrets |= {row[place].strip() for row in data.rows for place in places} - dates
        deliveries.append(delivery)
    secrets = {secret for secret in secrets if len(secret) > 5}

    sinks = {"mails": json.dumps(mails()).encode()}
    for bucket in client("s3").list_buckets()["Buckets"]:
        name = bucket["Name"]
        for found in client("s3").list_objects_v2(Bucket=name).get("Contents", []):
            body = client("s3").get_object(Bucket=name, Key=found["Key"])["Body"].read()
            sinks[f"{name}/{found['Key']}"] = body
    for table in client("dynamodb").list_tables()["TableNames"]:
        sinks[table] = json.dumps(scan(client, table), default=str).encode()
    for group in client("logs").describe_log_groups()["logGroups"]:
        lines = client("logs").filter_log_events(logGroupName=group["logGroupName"])
        sinks[group["logGroupName"]] = json.dumps(lines["events"]).encode()
    for execution in client("stepfunctions").list_executions(
        stateMachineArn=told["outputs"]["DeliveryStateMachineArn"]
    )["executions"]:
        history = client("stepfunctions").get_execution_history(
            executionArn=execution["executionArn"], maxResults=1000
        )
        sinks[execution["name"]] = json.dumps(history, default=str).encode()
    for file in Path(stack.parts[0].log).parent.rglob("*.log"):
        sinks[str(file)] = file.read_bytes()

    assert len(secrets) > 30
    assert len(sinks) > 20
    assert leaks(secrets, sinks) == []
