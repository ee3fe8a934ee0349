"""What comes twice, or goes wrong, in any state."""

import json

import boto3
import pytest

from databroker.ports import PseudonymServiceUnavailableError, TemporaryFailureError
from tests.support.cloud import CENTRES_PATH, REGISTRY_SECRET
from tests.support.workflow import (
    DEFINITION,
    handler_of,
    items,
    nothing_is_left_in_the_intake_zone,
    records,
    run,
)


def test_a_duplicate_event_is_one_delivery(workflow, a_file):
    event = workflow.put(a_file(6))

    workflow.admit(event)
    workflow.admit(event)
    (name,) = workflow.executions()
    workflow.follow(name)
    workflow.admit(event)

    assert len(workflow.executions()) == 1
    assert len(workflow.mails()) == 1


def test_an_object_outside_the_scheme_is_recorded_and_alarmed(workflow, caplog):
    event = workflow.put(b"a;b", "echt")

    workflow.admit(event)

    assert workflow.executions() == []
    (stray,) = items("ledger-table")
    assert stray["object_key"]["S"] == "epd/MCX/pmicd-interventie/echt/kwartaal 1.csv"
    assert [record.event for record in caplog.records] == ["DB-002"]


def test_a_message_that_cannot_be_understood_is_offered_again(workflow):
    event = workflow.put(b"a;b")
    event["Records"][0]["body"] = "{}"

    answer = run("admit_delivery", event)

    identifier = event["Records"][0]["messageId"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": identifier}]}


TASKS = {
    state["Resource"].removeprefix("${").removesuffix("FunctionArn}"): name
    for name, state in json.loads(DEFINITION.read_text())["States"].items()
    if state["Type"] == "Task"
}
PRODUCTION_TASKS = [name for name in TASKS if name not in {"Anonymise", "FailDelivery"}]


def snake(camel):
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in camel).lstrip("_")


@pytest.mark.parametrize("function", [*PRODUCTION_TASKS, "Anonymise"])
def test_a_fault_in_any_state_ends_clearly_with_nothing_personal_left(workflow, a_file, function):
    workflow.faults[snake(function)] = [RuntimeError("boom")]

    outcome = workflow.deliver(a_file(6), "test" if function == "Anonymise" else "productie")

    assert outcome.status == "FAILED"
    assert outcome.states[-3:] == [TASKS[function], "Handel storing af", "Mislukt"]
    assert nothing_is_left_in_the_intake_zone()
    # What was registered before the fault stays so; a fault never turns success into failure.
    told = "verwerkt" if function == "Notify" else "mislukt"
    assert outcome.processed["status"] == told
    assert len(workflow.mails()) == 1


@pytest.mark.parametrize("function", [*PRODUCTION_TASKS, "Anonymise"])
def test_a_passing_fault_in_any_state_is_tried_again(workflow, a_file, function):
    workflow.faults[snake(function)] = [TemporaryFailureError("SlowDown")]

    outcome = workflow.deliver(a_file(6), "test" if function == "Anonymise" else "productie")

    assert outcome.status == "SUCCEEDED"
    assert outcome.processed["counts"]["accepted"] == 6
    assert len(workflow.mails()) == 1


def test_zorgttp_out_of_reach_is_told_as_such(workflow, a_file):
    workflow.faults["pseudonymise"] = [PseudonymServiceUnavailableError("503")]

    outcome = workflow.deliver(a_file(6))

    assert outcome.status == "FAILED"
    assert (outcome.processed["status"], outcome.codes) == ("mislukt", ["BF-016"])
    assert nothing_is_left_in_the_intake_zone()
    assert items("registry-table") == []


def test_a_crash_after_the_write_and_before_the_answer_writes_nothing_twice(
    workflow, a_file, monkeypatch
):
    app = handler_of("ingest")
    real = app.lambda_handler
    answers = iter([TemporaryFailureError("lost answer"), None])

    def lose_the_first_answer(event, context):
        answer = real(event, context)
        fault = next(answers)
        if fault:
            raise fault
        return answer

    monkeypatch.setattr(app, "lambda_handler", lose_the_first_answer)

    outcome = workflow.deliver(a_file(6))

    assert outcome.processed["counts"]["new"] == 6
    assert {item["version"]["N"] for item in records()} == {"1"}


def test_the_registry_account_refused_is_a_fault_of_ours(workflow, a_file):
    facts = json.dumps({"username": "nhr-register", "password": "verkeerd"})
    boto3.client("secretsmanager").put_secret_value(SecretId=REGISTRY_SECRET, SecretString=facts)

    outcome = workflow.deliver(a_file(6))

    assert (outcome.status, outcome.processed["status"]) == ("FAILED", "mislukt")
    assert outcome.codes == []
    assert items("registry-table") == []


def test_a_profile_that_cannot_be_read_is_a_fault_that_operations_hear_of(workflow, a_file):
    boto3.client("ssm").put_parameter(
        Name=f"{CENTRES_PATH}MCX", Value="{", Type="String", Overwrite=True
    )

    outcome = workflow.deliver(a_file(6))

    assert (outcome.status, outcome.processed["status"]) == ("FAILED", "mislukt")
    (mail,) = workflow.mails()
    assert mail.destinations["ToAddresses"] == ["operatie@databroker.example"]
    assert nothing_is_left_in_the_intake_zone()
