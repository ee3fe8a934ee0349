"""The databroker's resources on moto, and an adapter for each port."""

from __future__ import annotations

import json
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend

from databroker.adapters import aws

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION: Literal["eu-central-1"] = "eu-central-1"
ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
TABLES = ("ledger-table", "registry-table")
BUCKETS = (
    "inbox-bucket",
    "intake-workbench-bucket",
    "workbench-bucket",
    "outbox-bucket",
)
CENTRES_PATH = "/databroker/test/centra/"
SECRET_PREFIX = "databroker/test/zorgttp/centra/"
REGISTRY_SECRET = "databroker/test/zorgttp/registratie"
MAIL_FROM = "aanleveren@databroker.example"


@contextmanager
def a_cloud(config: dict[str, object] | None = None) -> Iterator[None]:
    """Run with empty tables and buckets; the adapters' clients are made anew."""
    with mock_aws(config=config), _transactions_one_by_one():
        aws.client.cache_clear()
        for table in TABLES:
            boto3.client("dynamodb", region_name=REGION).create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            )
        s3 = boto3.client("s3", region_name=REGION)
        for bucket in BUCKETS:
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        boto3.client("ssm", region_name=REGION).put_parameter(
            Name=f"{CENTRES_PATH}MCX",
            Type="String",
            Value=json.dumps({"name": "Voorbeeldziekenhuis X", "emails": ["data@mcx.example"]}),
        )
        boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity=MAIL_FROM)
        yield
        aws.client.cache_clear()


@contextmanager
def _transactions_one_by_one() -> Iterator[None]:
    """Make a transaction of DynamoDB what it is on AWS: nothing comes in between.

    That of moto copies all tables first, which breaks off when another thread writes meanwhile.
    """
    lock, right = Lock(), DynamoDBBackend.transact_write_items

    def alone(backend: DynamoDBBackend, transact_items: Any) -> None:
        with lock:
            right(backend, transact_items)

    with patch.object(DynamoDBBackend, "transact_write_items", alone):
        yield
