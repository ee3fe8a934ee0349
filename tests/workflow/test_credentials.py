"""What somebody types to log in at ZorgTTP: used once, and found nowhere afterwards."""

import datetime as dt
import json
from dataclasses import replace

import boto3
import pytest
import urllib3
from moto.ses.models import ses_backends

from databroker.adapters.ledger import DynamoLedger
from databroker.delivery import Source
from simulators.zorgttp.settings import Role, read_settings
from tests.support.builders import a_delivery
from tests.support.workflow import INBOX, MACHINE, items, objects, records, run

CANARY = "ZTTP-CANARY-wachtwoord"
KEY = "web/MCX-20260305-0123456789abcdef/bestand.csv"


@pytest.fixture
def delivered(workflow, a_file):  # noqa: ARG001 - it lies in the workflow's inbox
    """Put a file where the page puts it, and claim it as the API will."""
    content = a_file(6)
    answer = boto3.client("s3").put_object(Bucket=INBOX, Key=KEY, Body=content)
    source = Source(INBOX, KEY, answer["ETag"].strip('"'), len(content))
    delivery = replace(a_delivery(), source=source, received_at=dt.datetime.now(dt.UTC))
    assert DynamoLedger("ledger-table").claim(delivery)
    return delivery


def log_in(delivery, password, username="mcx-aanleveraar", centre="MCX", user="iemand"):
    typed = {"delivery_id": delivery.delivery_id, "centre": centre, "user": user}
    return run("log_in_at_zorgttp", typed | {"username": username, "password": password})["login"]


def process(workflow, delivery):
    state = {
        "v": 1,
        "delivery_id": delivery.delivery_id,
        "centre": delivery.centre,
        "dataset": delivery.dataset,
        "kind": "productie",
    }
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=MACHINE, name=delivery.delivery_id, input=json.dumps(state)
    )
    return workflow.follow(delivery.delivery_id)


def everything():
    """Give all that was written down anywhere: objects, tables, mails, histories."""
    kept = [str(objects(each["Name"])) for each in boto3.client("s3").list_buckets()["Buckets"]]
    kept += [str(items(name)) for name in ("ledger-table", "registry-table")]
    kept += [str(vars(mail)) for backend in ses_backends.values() for region in backend.values()
             for mail in region.sent_messages]  # fmt: skip
    machine = boto3.client("stepfunctions")
    for execution in machine.list_executions(stateMachineArn=MACHINE)["executions"]:
        kept.append(str(machine.get_execution_history(executionArn=execution["executionArn"])))
    return "".join(kept)


def test_a_password_that_somebody_types_is_found_nowhere(workflow, delivered, caplog, capsys):
    settings = read_settings()
    mine = settings.account(Role.SOURCE, "MCX")
    password = mine.password
    assert log_in(delivered, CANARY) == "geweigerd"
    assert log_in(delivered, password) == "geopend"
    between = everything()

    outcome = process(workflow, delivered)

    told = everything() + between + caplog.text + "".join(capsys.readouterr())
    told += str([record.__dict__ for record in caplog.records])
    assert outcome.processed["counts"]["new"] == len(records()) == 6
    assert CANARY not in told
    # The accounts of the simulator are in its settings and in the secret of the hospital only.
    assert password not in told
    assert "mcx-aanleveraar" not in told
    assert objects("intake-workbench-bucket") == {}


@pytest.mark.parametrize("function", ["pseudonymise", "exchange_pseudonyms", "validate"])
def test_nor_is_it_after_a_crash(workflow, delivered, function, caplog):
    log_in(delivered, CANARY)
    log_in(delivered, read_settings().account(Role.SOURCE, "MCX").password)
    workflow.faults[function] = [RuntimeError("boom")]

    outcome = process(workflow, delivered)

    assert outcome.status == "FAILED"
    told = everything() + caplog.text
    assert CANARY not in told
    assert objects("intake-workbench-bucket") == {}


def test_without_a_login_the_account_of_the_hospital_is_not_used(workflow, delivered):
    outcome = process(workflow, delivered)

    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-015"])
    assert workflow.zorgttp_calls()["sessions"] == 0


def test_an_account_of_another_centre_opens_nothing(delivered):
    other = read_settings().account(Role.SOURCE, "MCY")

    assert log_in(delivered, other.password, other.username) == "geweigerd"
    assert objects("intake-workbench-bucket") == {}


def test_five_tries_and_then_no_call(workflow, delivered):
    outcomes = [log_in(delivered, CANARY) for _ in range(6)]

    assert outcomes == ["geweigerd"] * 5 + ["te vaak"]
    counts = urllib3.request("GET", f"{workflow.zorgttp_url}/counts").json()
    assert counts["sessions"] == 5
    assert log_in(delivered, CANARY, user="iemand anders") == "geweigerd"


def test_a_delivery_of_a_person_waits_no_longer_than_the_session(workflow, delivered):
    log_in(delivered, read_settings().account(Role.SOURCE, "MCX").password)
    workflow.zorgttp_goes_wrong({"call": "/pseudonymise", "kind": "status", "status": 500})
    table = boto3.client("dynamodb")
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=20)
    table.update_item(
        TableName="ledger-table",
        Key={"pk": {"S": f"DELIVERY#{delivered.delivery_id}"}, "sk": {"S": "DELIVERY"}},
        UpdateExpression="SET received_at = :then",
        ExpressionAttributeValues={":then": {"S": long_ago.isoformat()}},
    )

    outcome = process(workflow, delivered)

    assert outcome.status == "FAILED"
    assert (outcome.processed["status"], outcome.codes) == ("mislukt", ["BF-016"])
    assert "Wacht op ZorgTTP" not in outcome.states
