"""What Sessions promise, kept by the fake and by KMS with S3 alike."""

import datetime as dt
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from databroker.adapters.files import S3Remains
from databroker.adapters.sessions import S3Sessions
from databroker.delivery import Centre
from databroker.ports import ZorgTtpSession
from tests.support.builders import RECEIVED_AT, a_delivery, another_delivery
from tests.support.cloud import REGION, a_cloud
from tests.support.memory import MemorySessions
from tests.support.workflow import objects

BUCKET = "intake-workbench-bucket"
SESSION = ZorgTtpSession("canary-session", RECEIVED_AT + dt.timedelta(minutes=15))


@pytest.fixture
def sealed():
    with a_cloud():
        key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
        yield S3Sessions(BUCKET, key)


@pytest.fixture(params=["memory", "s3"])
def sessions(request):
    if request.param == "memory":
        return MemorySessions()
    return request.getfixturevalue("sealed")


def test_a_session_is_found_for_its_own_delivery(sessions):
    sessions.keep(a_delivery(), SESSION)

    assert sessions.find(a_delivery()) == SESSION
    assert sessions.find(another_delivery(2)) is None


def test_a_later_session_takes_the_place_of_the_first(sessions):
    later = ZorgTtpSession("another", SESSION.ends + dt.timedelta(minutes=1))
    sessions.keep(a_delivery(), SESSION)

    sessions.keep(a_delivery(), later)

    assert sessions.find(a_delivery()) == later


def test_what_lies_in_the_bucket_says_nothing_and_goes_with_the_tables(sealed):
    sealed.keep(a_delivery(), SESSION)
    lying = objects(BUCKET)

    S3Remains(BUCKET).delete_all(a_delivery().delivery_id)

    assert len(lying) == 1
    assert b"canary" not in b"".join(lying.values())
    assert objects(BUCKET) == {}
    assert sealed.find(a_delivery()) is None


def test_a_session_cannot_be_opened_for_another_centre(sealed):
    sealed.keep(a_delivery(), SESSION)

    with pytest.raises(ClientError):
        sealed.find(replace(a_delivery(), centre=Centre("MCY")))


def test_a_session_cannot_be_printed():
    assert "canary" not in repr(SESSION)
