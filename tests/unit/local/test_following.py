"""Following a delivery: what is told, also before there is anything to see."""

import io
import json
from pathlib import Path

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from local.following import Delivery, Hospital

NOBODY = {"access_key_id": "none", "secret_access_key": "none", "session_token": "none"}
TOLD = {
    "endpoint_url": "http://127.0.0.1:1",
    "region": "eu-central-1",
    "outputs": {
        "InboxBucket": "inbox",
        "OutboxBucket": "outbox",
        "DeliveryStateMachineArn": "arn:aws:states:eu-central-1:000000000000:stateMachine:delivery",
    },
    "epd": {"MCX": NOBODY},
    "operator": NOBODY,
}
PROCESSED = b'{"status": "verwerkt"}'


@pytest.fixture
def hospital():
    return Hospital(TOLD, "MCX")


def test_a_delivery_can_be_followed_from_before_its_execution_starts(hospital):
    delivery = Delivery("MCX", "productie", Path("file.csv"), "MCX-20260305-0123456789abcdef")

    with Stubber(hospital._console) as console, Stubber(hospital._epd) as epd:
        console.add_client_error("describe_execution", "ExecutionDoesNotExist")
        console.add_response("describe_execution", an_execution("SUCCEEDED"))
        console.add_response("get_execution_history", {"events": []})
        epd.add_response(
            "get_object", {"Body": StreamingBody(io.BytesIO(PROCESSED), len(PROCESSED))}
        )
        looks = list(hospital.follow(delivery))

    assert len(looks) == 3
    assert delivery.outcome == json.loads(PROCESSED)


def an_execution(status):
    arn = TOLD["outputs"]["DeliveryStateMachineArn"]
    return {"executionArn": arn, "stateMachineArn": arn, "status": status, "startDate": 0}
