"""What AWS and operations may get wrong, and the name it gets."""

import datetime as dt
import json

import boto3
import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.stub import Stubber

from databroker.adapters import aws
from databroker.adapters.directory import SsmCentres, account
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.registry import DynamoRegistry
from databroker.delivery import Centre, DeliveryId
from databroker.ports import (
    CredentialsRefusedError,
    ProfileUnreadableError,
    TemporaryFailureError,
    Write,
)
from tests.support.builders import a_delivery
from tests.support.cloud import a_cloud

PASSING = [
    ("ThrottlingException", 400),
    ("ProvisionedThroughputExceededException", 400),
    ("SlowDown", 503),
    ("TooManyRequestsException", 429),
    ("RequestTimeout", 400),
    ("SomethingNobodyEverHeardOf", 500),
]


REGISTRY = DynamoRegistry("registry-table")


@pytest.fixture
def dynamodb():
    """Answer for DynamoDB, whatever the registry asks."""
    with a_cloud(), Stubber(aws.client("dynamodb")) as stub:
        yield stub


@pytest.mark.parametrize(("code", "status"), PASSING)
def test_a_fault_that_passes_is_temporary_and_named_by_its_code(code, status):
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

    with pytest.raises(TemporaryFailureError, match=code), aws.passing_faults():
        raise ClientError(answer, "PutItem")


def test_a_fault_that_stays_is_what_it_was():
    answer = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}

    with pytest.raises(ClientError, match="AccessDenied"), aws.passing_faults():
        raise ClientError(answer, "PutItem")


def test_an_answer_that_breaks_off_is_temporary():
    with pytest.raises(TemporaryFailureError, match="IncompleteRead"), aws.passing_faults():
        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)


def cancelled(stub, *reasons):
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": reason} for reason in reasons]},
    )


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_was_throttled_is_temporary(dynamodb, reason):
    cancelled(dynamodb, "None", reason)

    with pytest.raises(TemporaryFailureError, match=reason):
        REGISTRY.register(a_delivery(), [Write("MCX-1", 0, {"lengte": "1"})])


def test_a_transaction_that_can_never_be_is_no_lost_race(dynamodb):
    cancelled(dynamodb, "ConditionalCheckFailed", "ValidationError")

    with pytest.raises(ClientError, match="TransactionCanceled"):
        REGISTRY.register(a_delivery(), [Write("MCX-1", 0, {"lengte": "1"})])


def test_what_dynamodb_did_not_get_to_is_asked_again_and_not_at_once(dynamodb, monkeypatch):
    waits = []
    monkeypatch.setattr("databroker.adapters.registry.time.sleep", waits.append)
    keys = {"registry-table": {"Keys": [{"pk": {"S": "RECORD#MCX#1"}, "sk": {"S": "NOW"}}]}}
    for _ in range(2):
        dynamodb.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": keys})
    dynamodb.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": {}})

    assert REGISTRY.look_up(Centre("MCX"), ["1"]) == {}

    assert waits == sorted(waits)
    assert len(waits) == 2
    assert all(wait > 0 for wait in waits)


def test_what_dynamodb_never_gets_to_is_a_temporary_failure(dynamodb, monkeypatch):
    monkeypatch.setattr("databroker.adapters.registry.time.sleep", lambda _seconds: None)
    keys = {"registry-table": {"Keys": [{"pk": {"S": "RECORD#MCX#1"}, "sk": {"S": "NOW"}}]}}
    for _ in range(8):
        dynamodb.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": keys})

    with pytest.raises(TemporaryFailureError, match="UnprocessedKeys"):
        REGISTRY.look_up(Centre("MCX"), ["1"])


@pytest.mark.parametrize(
    "content", ["wachtwoord", '"wachtwoord"', '{"username": "wachtwoord"}', "[]", "", "{"]
)
def test_an_account_that_cannot_be_read_is_no_account(content):
    with a_cloud():
        secret = content or "leeg"
        boto3.client("secretsmanager").create_secret(Name="geheim", SecretString=secret)

        with pytest.raises(CredentialsRefusedError) as told:
            account("geheim", "MCX")

    assert "wachtwoord" not in repr(told.value)
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    "content",
    ["x", "{}", json.dumps({"name": "Jansen", "emails": []}), json.dumps({"name": "Jansen"})],
)
def test_a_profile_that_cannot_be_read_is_told_without_its_content(content):
    with a_cloud():
        boto3.client("ssm").put_parameter(Name="/centra/MCY", Value=content, Type="String")

        with pytest.raises(ProfileUnreadableError, match="MCY") as told:
            SsmCentres("/centra/").find(Centre("MCY"))

    assert "Jansen" not in repr(told.value)
    assert told.value.__suppress_context__


def test_what_a_decision_hangs_on_is_read_consistently(dynamodb):
    key = {"pk": {"S": "RECORD#MCX#1"}, "sk": {"S": "NOW"}}
    asked = {"registry-table": {"Keys": [key], "ConsistentRead": True}}
    dynamodb.add_response("batch_get_item", {"Responses": {}}, {"RequestItems": asked})
    entry = {"pk": {"S": "DELIVERY#MCX-1"}, "sk": {"S": "DELIVERY"}}
    question = {"TableName": "ledger-table", "Key": entry, "ConsistentRead": True}
    dynamodb.add_response("get_item", {"Item": entry}, question)

    assert REGISTRY.look_up(Centre("MCX"), ["1"]) == {}
    assert DynamoLedger("ledger-table").ending(DeliveryId("MCX-1")) is None

    dynamodb.assert_no_pending_responses()


def test_a_stray_object_is_forgotten_after_ninety_days():
    with a_cloud():
        seen_at = dt.datetime(2026, 3, 5, 9, 30, tzinfo=dt.UTC)
        ledger = DynamoLedger("ledger-table")

        ledger.record_stray("epd/x", "key outside the scheme", seen_at)
        ledger.record_stray("epd/x", "key outside the scheme", seen_at)

        (item,) = boto3.client("dynamodb").scan(TableName="ledger-table")["Items"]
        assert item["pk"]["S"] == "STRAY"
        assert (item["object_key"]["S"], item["reason"]["S"]) == (
            "epd/x",
            "key outside the scheme",
        )
        assert int(item["expires"]["N"]) == (seen_at + dt.timedelta(days=90)).timestamp()
