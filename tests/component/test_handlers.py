"""Each handler with its example event: what it answers is what the next example event holds."""

import json

import boto3
import pytest

from databroker.adapters.ledger import DynamoLedger
from databroker.delivery import DeliveryId, Status, outbox_prefix
from databroker.ports import DeliveryClosedError
from tests.support.workflow import FUNCTIONS, INBOX, ROOT, handler_of, items, objects, run

DELIVERY_ID = DeliveryId("MCX-20260305-0123456789abcdef")

ANSWERS = [
    ("check_structure", "pseudonymise", "structure"),
    ("pseudonymise", "exchange_pseudonyms", "privacy"),
    ("exchange_pseudonyms", "dispose_source", "exchanged"),
    ("dispose_source", "validate", "disposed"),
    ("validate", "find_conflicts", "validated"),
    ("find_conflicts", "ingest", "compared"),
    ("ingest", "write_report", "ingested"),
    ("write_report", "notify", "report"),
]


@pytest.mark.parametrize(("name", "after", "place"), ANSWERS)
def test_a_function_answers_what_the_next_one_expects(up_to, event_of, name, after, place):
    up_to(name)

    answer = run(name, event_of(name))

    assert answer == event_of(after)[place]
    assert set(event_of(name)) == set(event_of(after)) - {place}


@pytest.mark.parametrize(("name", "after", "place"), ANSWERS)
def test_a_function_that_is_called_again_answers_the_same(up_to, event_of, name, after, place):
    up_to(name)
    run(name, event_of(name))

    assert run(name, event_of(name)) == event_of(after)[place]


def test_the_door_claims_answers_and_starts(workflow, event_of):
    event = event_of("admit_delivery")

    answer = run("admit_delivery", event)

    assert answer == {"batchItemFailures": []}
    (delivery_id,) = workflow.executions()
    ledger = DynamoLedger("ledger-table")
    notice = json.loads(event["Records"][0]["body"])["detail"]["object"]
    assert ledger.delivery(DeliveryId(delivery_id)).source.key == notice["key"]
    assert "ontvangen.json" in workflow.documents(delivery_id)


def test_a_test_is_anonymised(up_to, event_of):
    up_to("pseudonymise")

    answer = run("anonymise", event_of("anonymise"))

    assert answer == {"accepted": True, "records": 3}


def test_the_source_is_gone_when_it_says_so(up_to, event_of):
    up_to("dispose_source")
    assert objects(INBOX)
    assert objects("intake-workbench-bucket")

    run("dispose_source", event_of("dispose_source"))

    assert objects(INBOX) == {}
    assert objects("intake-workbench-bucket") == {}


def test_one_mail_goes_out_however_often_it_is_asked(workflow, up_to, event_of):
    up_to("notify")

    first = run("notify", event_of("notify"))
    again = run("notify", event_of("notify"))

    assert (first, again) == ({"recipients": 1}, {"recipients": 0})
    assert len(workflow.mails()) == 1


def test_a_delivery_that_failed_is_closed_once(workflow, up_to, event_of):
    up_to("pseudonymise")

    first = run("fail_delivery", event_of("fail_delivery"))
    again = run("fail_delivery", event_of("fail_delivery"))

    assert (first, again) == ({"closed": True}, {"closed": True})
    assert DynamoLedger("ledger-table").ending(DELIVERY_ID).status is Status.FAILED
    assert objects(INBOX) == {}
    assert objects("intake-workbench-bucket") == {}
    assert len(workflow.mails()) == 1
    processed = json.loads(workflow.documents(DELIVERY_ID)["verwerkt.json"])
    assert (processed["status"], processed["findings"][0]["code"]) == ("mislukt", "BF-016")


def test_what_was_told_stays_told_when_the_execution_fails_afterwards(workflow, up_to, event_of):
    up_to("pseudonymise")
    run("fail_delivery", event_of("fail_delivery"))
    event = event_of("close_delivery")
    event["detail"]["status"] = "FAILED"

    run("close_delivery", event)

    processed = json.loads(workflow.documents(DELIVERY_ID)["verwerkt.json"])
    assert [finding["code"] for finding in processed["findings"]] == ["BF-016"]
    assert len(workflow.mails()) == 1


@pytest.mark.parametrize("name", ["validate", "ingest", "write_report"])
def test_nobody_goes_on_with_a_delivery_that_was_closed(up_to, event_of, name):
    up_to(name)
    run("fail_delivery", event_of("fail_delivery"))

    with pytest.raises(DeliveryClosedError):
        run(name, event_of(name))


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_an_execution_that_was_stopped_closes_its_delivery(workflow, up_to, event_of, status):
    up_to("pseudonymise")
    event = event_of("close_delivery")
    event["detail"]["status"] = status

    run("close_delivery", event)

    assert DynamoLedger("ledger-table").ending(DELIVERY_ID).status is Status.FAILED
    assert objects(INBOX) == {}
    assert objects("intake-workbench-bucket") == {}
    assert len(workflow.mails()) == 1


def test_closing_after_the_report_leaves_what_was_registered(workflow, up_to, event_of):
    up_to("notify")
    before = items("registry-table")

    run("close_delivery", event_of("close_delivery"))

    assert DynamoLedger("ledger-table").ending(DELIVERY_ID).status is Status.PROCESSED
    assert items("registry-table") == before
    assert len(workflow.mails()) == 1
    processed = json.loads(workflow.documents(DELIVERY_ID)["verwerkt.json"])
    assert processed["status"] == "verwerkt"
    assert [finding["code"] for finding in processed["findings"]] == ["F-003", "BW-003"]


def test_what_the_hospital_was_told_of_a_fault_is_not_taken_back(workflow, up_to, event_of):
    up_to("pseudonymise")
    run("fail_delivery", event_of("fail_delivery"))

    run("close_delivery", event_of("close_delivery"))

    processed = json.loads(workflow.documents(DELIVERY_ID)["verwerkt.json"])
    assert processed["findings"][0]["code"] == "BF-016"
    assert len(workflow.mails()) == 1


def test_a_delivery_whose_paper_got_lost_is_told_all_the_same(workflow, up_to, event_of):
    delivery = up_to("notify")
    s3 = boto3.client("s3")
    for name in ("verwerkt.json", "rapportage.xlsx"):
        s3.delete_object(Bucket="outbox-bucket", Key=outbox_prefix(delivery) + name)

    run("fail_delivery", event_of("fail_delivery"))

    processed = json.loads(workflow.documents(DELIVERY_ID)["verwerkt.json"])
    assert (processed["status"], processed["counts"]["new"]) == ("verwerkt", 2)
    assert len(workflow.mails()) == 1


@pytest.mark.parametrize("name", [name for name, _, _ in ANSWERS])
def test_no_function_works_on_a_delivery_that_was_closed(up_to, event_of, name):
    up_to(name)
    run("close_delivery", event_of("close_delivery"))

    with pytest.raises(DeliveryClosedError):
        run(name, event_of(name))


def test_the_account_is_read_for_every_delivery_so_that_a_new_password_works(up_to, event_of):
    up_to("pseudonymise")
    secret = "databroker/test/zorgttp/centra/MCX"
    boto3.client("secretsmanager").put_secret_value(
        SecretId=secret, SecretString=json.dumps({"username": "mcx-aanleveraar", "password": "x"})
    )

    assert run("pseudonymise", event_of("pseudonymise"))["accepted"] is False


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_missing_setting_stops_the_function_and_names_it(workflow, monkeypatch, name):
    assert workflow.calls == []
    monkeypatch.delenv("LEDGER_TABLE")
    handler_of(name).wiring.cache_clear()

    with pytest.raises(Exception, match="LEDGER_TABLE"):
        handler_of(name).wiring()


def test_every_function_has_an_example_event():
    assert {path.stem for path in ROOT.glob("events/*.json")} == set(FUNCTIONS)


@pytest.mark.parametrize(
    "change",
    [
        lambda notice: notice["detail"]["object"].pop("sequencer"),
        lambda notice: notice.update(time="2026-03-05T09:30:00"),
        lambda notice: notice.update(time="gisteren"),
    ],
)
def test_a_notice_that_misses_something_is_logged_without_its_content_and_offered_again(
    workflow, event_of, change, caplog
):
    event = event_of("admit_delivery")
    notice = json.loads(event["Records"][0]["body"])
    change(notice)
    event["Records"][0]["body"] = json.dumps(notice)

    answer = run("admit_delivery", event)

    assert answer["batchItemFailures"] == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert workflow.executions() == []
    (line,) = caplog.records
    assert (line.event, line.error) == ("DB-003", "ValidationError")
    assert "kwartaal" not in repr(vars(line))


def test_a_file_that_is_far_too_large_is_refused_without_being_read(workflow, delivery, event_of):
    table = boto3.resource("dynamodb").Table("ledger-table")
    key = {"pk": f"DELIVERY#{delivery.delivery_id}", "sk": "DELIVERY"}
    table.update_item(
        Key=key,
        UpdateExpression="SET #size = :size",
        ExpressionAttributeNames={"#size": "size"},
        ExpressionAttributeValues={":size": "50000000000"},
    )
    boto3.client("s3").delete_object(Bucket=INBOX, Key=delivery.source.key)

    answer = run("check_structure", event_of("check_structure"))

    assert answer == {"accepted": False, "records": 0}
    papers = objects("workbench-bucket")
    (paper,) = (json.loads(body) for key, body in papers.items() if key.endswith("structure.json"))
    assert [finding["code"] for finding in paper["findings"]] == ["BF-003"]
    assert workflow.mails() == []
