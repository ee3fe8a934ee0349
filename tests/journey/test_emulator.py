"""What the local stack relies on in its emulator, and fits or puts back; a new version must pass.

The emulator is pinned. When one of these fails after an upgrade, look at `local/fitting.py`,
`local/restoring.py` and `local/nursery.py` before anything else.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError


def test_a_request_without_credentials_is_refused(told):
    address = f"{told['endpoint_url']}/{told['outputs']['OutboxBucket']}?list-type=2"

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address)  # noqa: S310  # our own address

    with refused.value as answer:
        assert answer.code == 403


@pytest.mark.parametrize("key", ["outbox/MCY/a.json", "elsewhere.json"])
def test_an_epd_cannot_read_what_is_not_for_its_hospital(told, client, key):
    bucket = told["outputs"]["OutboxBucket"]
    client("s3").put_object(Bucket=bucket, Key=key, Body=b"{}")

    with pytest.raises(ClientError, match="AccessDenied"):
        client("s3", "MCX").get_object(Bucket=bucket, Key=key)


def test_an_epd_cannot_deliver_for_another_hospital(told, client):
    key = "epd/MCY/pmicd-interventie/test/a.csv"

    with pytest.raises(ClientError, match="AccessDenied"):
        client("s3", "MCX").put_object(Bucket=told["outputs"]["InboxBucket"], Key=key, Body=b"a")


def test_an_epd_role_is_assumed_with_its_external_id_only(client):
    roles = client("iam").list_roles()["Roles"]
    role = next(role["Arn"] for role in roles if "EpdRole" in role["RoleName"])

    with pytest.raises(ClientError, match="AccessDenied"):
        client("sts").assume_role(RoleArn=role, RoleSessionName="epd", ExternalId="wrong" * 8)


def test_buckets_have_the_encryption_and_the_lifecycle_of_the_template(told, client):
    bucket, s3 = told["outputs"]["InboxBucket"], client("s3")

    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=bucket)

    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "aws:kms"
    assert default["KMSMasterKeyID"] == told["outputs"]["IntakeKeyArn"]
    assert lifecycle["Rules"][0]["Expiration"] == {"Days": 1}


def test_tables_have_the_expiry_and_the_recovery_of_the_template(told, client):
    table, dynamodb = told["outputs"]["LedgerTable"], client("dynamodb")

    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]

    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires")
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_an_exception_of_a_function_reaches_the_caller_by_its_name(client):
    functions = client("lambda").list_functions()["Functions"]
    name = next(f["FunctionName"] for f in functions if "ValidateFunction" in f["FunctionName"])

    answer = client("lambda").invoke(FunctionName=name, Payload=b'{"odd": true}')

    assert answer["FunctionError"]
    error = json.load(answer["Payload"])
    assert error["errorType"] not in {"", "Runtime.HandlerError", "Runtime.ExitError"}
    assert error["errorMessage"]
