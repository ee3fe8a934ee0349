"""Delivers a file as a hospital's EPD does, and follows it to its end as an operator does."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from local.outputs import Credentials, Outputs
from local.processes import StackError

DATASET = "pmicd-interventie"
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 180.0


@dataclass
class Delivery:
    """One file on its way, and what is known of it so far."""

    centre: str
    kind: str
    file: Path
    delivery_id: str = ""
    passed: list[str] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    report: Path | None = None

    @property
    def answers(self) -> str:
        """The prefix in the outbox at which the answers to this file appear."""
        return f"outbox/{self.centre}/{self.file.name}/"


class Hospital:
    """The EPD of one hospital, and the operator who looks on; both as the stack told of them."""

    def __init__(self, told: Outputs, centre: str) -> None:
        self._centre = centre
        self._names = told["outputs"]
        self._epd = _client("s3", told, told["epd"][centre])
        self._console = _client("stepfunctions", told, told["operator"])

    def deliver(self, file: Path, kind: str, dataset: str = DATASET) -> Delivery:
        """Put a file in the inbox; the databroker will find it there by itself."""
        delivery = Delivery(self._centre, kind, file)
        before = self._answered(delivery)
        self.put(file, kind, dataset)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (new := self._answered(delivery) - before):
            _give_up_after(deadline, "the inbox did not answer with ontvangen.json")
            time.sleep(POLL_SECONDS)
        delivery.delivery_id = new.pop()
        return delivery

    def put(self, file: Path, kind: str, dataset: str = DATASET) -> None:
        """Put a file in the inbox and look no further; this will return when it is stored."""
        self._epd.put_object(
            Bucket=self._names["InboxBucket"],
            Key=f"epd/{self._centre}/{dataset}/{kind}/{file.name}",
            Body=file.read_bytes(),
        )

    def follow(self, delivery: Delivery) -> Iterator[Delivery]:
        """Watch a delivery; this will give it at every look, until it has an outcome.

        Raises:
            StackError: it has no outcome after minutes, or ended without one.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        execution = self._names["DeliveryStateMachineArn"].replace(":stateMachine:", ":execution:")
        execution = f"{execution}:{delivery.delivery_id}"
        status: str | None = None
        while status in {None, "RUNNING"}:
            _give_up_after(deadline, f"{delivery.delivery_id} still runs")
            status = self._status(execution)
            delivery.passed = self._passed(execution) if status else []
            yield delivery
            time.sleep(POLL_SECONDS)
        if status != "SUCCEEDED":
            raise StackError(f"{delivery.delivery_id} ended as {status} after {delivery.passed}")
        delivery.outcome = json.loads(self._fetch(delivery, "verwerkt.json"))
        yield delivery

    def fetch_report(self, delivery: Delivery, place: Path) -> None:
        """Fetch the Excel report from the outbox; it will lie at `place`."""
        place.write_bytes(self._fetch(delivery, "rapportage.xlsx"))
        delivery.report = place

    def _answered(self, delivery: Delivery) -> set[str]:
        listed = self._epd.list_objects_v2(
            Bucket=self._names["OutboxBucket"], Prefix=delivery.answers, Delimiter="/"
        )
        found = listed.get("CommonPrefixes", [])
        return {one["Prefix"].removeprefix(delivery.answers).strip("/") for one in found}

    def _status(self, execution: str) -> str | None:
        """Look how it goes; this will be nothing when it is about to start: the receipt is first."""
        try:
            status: str = self._console.describe_execution(executionArn=execution)["status"]
        except self._console.exceptions.ExecutionDoesNotExist:
            return None
        return status

    def _passed(self, execution: str) -> list[str]:
        """Name the tasks that a delivery came by, in the words that operators see."""
        history = self._console.get_execution_history(executionArn=execution, maxResults=500)
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in history["events"]
            if event["type"] in ("TaskStateEntered", "SucceedStateEntered", "FailStateEntered")
        ]

    def _fetch(self, delivery: Delivery, name: str) -> bytes:
        key = f"{delivery.answers}{delivery.delivery_id}/{name}"
        answer = self._epd.get_object(Bucket=self._names["OutboxBucket"], Key=key)
        content: bytes = answer["Body"].read()
        return content


def _client(service: str, told: Outputs, who: Credentials) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]  # the stubs want a literal
        endpoint_url=told["endpoint_url"],
        region_name=told["region"],
        aws_access_key_id=who["access_key_id"],
        aws_secret_access_key=who["secret_access_key"],
        aws_session_token=who["session_token"],
    )


def _give_up_after(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise StackError(f"{what} after {PATIENCE_SECONDS:.0f} s")
