"""The whole workflow on moto's interpreter: the real definition, the real handlers, the simulator."""

from __future__ import annotations

import importlib
import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from moto.awslambda.models import LambdaBackend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import Role, read_settings
from tests.support.cloud import (
    CENTRES_PATH,
    MAIL_FROM,
    REGION,
    REGISTRY_SECRET,
    SECRET_PREFIX,
    a_cloud,
)
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "statemachine" / "delivery.asl.json"
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/app.py"))
INBOX, OUTBOX = "inbox-bucket", "outbox-bucket"
MACHINE = f"arn:aws:states:{REGION}:{DEFAULT_ACCOUNT_ID}:stateMachine:delivery"


DOOR = ["Controleer structuur", "Structuur in orde?"]
IN = [*DOOR, "Productie of test?"]
OUT = ["Maak uploadrapportage", "Verstuur bericht", "Klaar"]
DISPOSED = ["Verwijder bronbestand", "Te valideren?"]
ENCRYPTED = ["Versleutel met ZorgTTP", "Versleuteld?"]
EXCHANGED = ["Haal pseudoniemen op", "Niemand verwisseld?"]
PRODUCTION = [*IN, *ENCRYPTED, *EXCHANGED, *DISPOSED, "Valideer"]
ROUND = ["Vergelijk met database", "Lees in", "Wedloop verloren?"]


@dataclass
class Outcome:
    """What became of one delivery."""

    delivery_id: str
    status: str
    states: list[str]
    documents: dict[str, bytes]
    history: str

    @property
    def processed(self) -> dict[str, Any]:
        processed: dict[str, Any] = json.loads(self.documents["verwerkt.json"])
        return processed

    @property
    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.processed["findings"]]


@dataclass
class Workflow:
    """The stack as far as moto has it; `faults` are raised by a function before it does anything."""

    zorgttp_url: str
    monkeypatch: pytest.MonkeyPatch
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    puts: int = 0

    def put(
        self,
        content: bytes,
        kind: str = "productie",
        *,
        name: str = "kwartaal 1.csv",
        centre: str = "MCX",
        dataset: str = "pmicd-interventie",
        at: str | None = None,
    ) -> dict[str, Any]:
        """Put a file in the inbox and give the event that S3 sends, at this moment if told."""
        key = f"epd/{centre}/{dataset}/{kind}/{name}"
        answer = boto3.client("s3").put_object(Bucket=INBOX, Key=key, Body=content)
        self.puts += 1
        example = (ROOT / "events" / "admit_delivery.json").read_text()
        event: dict[str, Any] = json.loads(example)
        notice = json.loads(event["Records"][0]["body"])
        notice["detail"]["object"] = {
            "key": key,
            "size": len(content),
            "etag": answer["ETag"].strip('"'),
            "sequencer": f"{self.puts:016X}",
        }
        notice["time"] = at or notice["time"]
        event["Records"][0]["body"] = json.dumps(notice)
        return event

    def admit(self, event: dict[str, Any]) -> None:
        """Let the function at the door handle the event."""
        answer = run("admit_delivery", event)
        assert answer == {"batchItemFailures": []}

    def deliver(self, content: bytes, kind: str = "productie", **where: str) -> Outcome:
        """Put a file and follow it to its end."""
        before = set(self.executions())
        self.admit(self.put(content, kind, **where))
        (name,) = set(self.executions()) - before
        return self.follow(name)

    def executions(self) -> list[str]:
        """Name the executions there are."""
        listed = boto3.client("stepfunctions").list_executions(stateMachineArn=MACHINE)
        return [execution["name"] for execution in listed["executions"]]

    def follow(self, name: str) -> Outcome:
        """Wait for an execution and gather what it left."""
        machine = boto3.client("stepfunctions")
        arn = MACHINE.replace(":stateMachine:", ":execution:") + f":{name}"
        deadline = time.monotonic() + 120
        while machine.describe_execution(executionArn=arn)["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.02)
        history = machine.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        states = [
            event["stateEnteredEventDetails"]["name"]
            for event in history
            if "stateEnteredEventDetails" in event
        ]
        status = machine.describe_execution(executionArn=arn)["status"]
        return Outcome(name, status, states, self.documents(name), json.dumps(history, default=str))

    def documents(self, delivery_id: str) -> dict[str, bytes]:
        """Fetch what stands in the outbox for a delivery."""
        return {
            key.rsplit("/", 1)[1]: content
            for key, content in objects(OUTBOX).items()
            if f"/{delivery_id}/" in key
        }

    def zorgttp_calls(self) -> dict[str, int]:
        """Ask the simulator how often it was called."""
        counts: dict[str, int] = urllib3.request("GET", f"{self.zorgttp_url}/counts").json()
        return counts

    def zorgttp_goes_wrong(self, *faults: dict[str, Any]) -> None:
        """Let the simulator play these faults from now on, and no others."""
        told = urllib3.request("PUT", f"{self.zorgttp_url}/faults", json=list(faults))
        assert told.status == 200, told.data

    def mails(self) -> list[Any]:
        """Give the mails that SES was handed."""
        return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)

    def forget_mails(self) -> None:
        """Begin with an empty mailbox."""
        ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages.clear()

    def _raise_planned(self, name: str) -> None:
        if self.faults.get(name):
            raise self.faults[name].pop(0)

    def invoke(self, name: str, body: str, headers: dict[str, str]) -> bytes:
        """Do what Lambda does with a function that may raise."""
        self.calls.append(name)
        try:
            self._raise_planned(name)
            return json.dumps(run(name, json.loads(body))).encode()
        except Exception as error:  # noqa: BLE001 - Lambda catches everything, so does its stand-in
            headers["x-amz-function-error"] = "Unhandled"
            return json.dumps(
                {"errorMessage": str(error), "errorType": type(error).__name__}
            ).encode()


def objects(bucket: str) -> dict[str, bytes]:
    """Read every object of a bucket."""
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        found["Key"]: s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        for found in listed
    }


def nothing_is_left_in_the_intake_zone() -> bool:
    """Tell whether every file, table and answer with personal data is gone."""
    return objects(INBOX) == {} and objects("intake-workbench-bucket") == {}


def records() -> list[dict[str, Any]]:
    """Read the registered procedures."""
    return [item for item in items("registry-table") if item["pk"]["S"].startswith("RECORD#")]


def items(table: str) -> list[dict[str, Any]]:
    """Read every item of a table."""
    return list(boto3.client("dynamodb").scan(TableName=table)["Items"])


def handler_of(name: str) -> Any:
    """Import the module of a function."""
    return importlib.import_module(f"functions.{name}.app")


def run(name: str, event: dict[str, Any]) -> Any:
    """Call a handler as Lambda does."""
    context = SimpleNamespace(
        function_name=name,
        memory_limit_in_mb=256,
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:{name}",
        aws_request_id="00000000-0000-0000-0000-000000000000",
        get_remaining_time_in_millis=lambda: 60_000,
    )
    return handler_of(name).lambda_handler(event, context)


@contextmanager
def a_workflow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, runs: bool = True
) -> Iterator[Workflow]:
    """Set everything up: resources, handlers, state machine and ZorgTTP.

    Unless it `runs`, an execution that starts stands still.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    app = create_app(read_settings())
    config: dict[str, object] = {"stepfunctions": {"execute_state_machine": runs}}
    with serving(app) as url, a_cloud(config):
        monkeypatch.setenv("ZORGTTP_URL", url)
        workflow = Workflow(url, monkeypatch)
        monkeypatch.setenv(
            "INTAKE_KEY_ID", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
        )
        _put_secrets()
        for name in FUNCTIONS:
            handler_of(name).wiring.cache_clear()
        monkeypatch.setattr(LambdaBackend, "invoke", _invoker(workflow))
        boto3.client("stepfunctions").create_state_machine(
            name="delivery", definition=definition(), roleArn=ROLE
        )
        yield workflow


def definition() -> str:
    """Give the definition with its substitutions, and tries that do not make a test wait."""
    text = DEFINITION.read_text()
    for name in FUNCTIONS:
        camel = "".join(part.capitalize() for part in name.split("_"))
        arn = f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:{name}"
        text = text.replace(f"${{{camel}FunctionArn}}", arn)
    assert "${" not in text
    text = re.sub(r'"IntervalSeconds": \d+', '"IntervalSeconds": 1', text)
    text = re.sub(r'"BackoffRate": [\d.]+', '"BackoffRate": 1.0', text)
    text = re.sub(r'"SecondsPath": "[^"]+"', '"Seconds": 0', text)
    return re.sub(r'"MaxDelaySeconds": \d+', '"MaxDelaySeconds": 2', text)


def _invoker(workflow: Workflow) -> Callable[..., bytes]:
    def invoke(
        _self: LambdaBackend,
        function_name: str,
        _qualifier: str | None,
        body: Any,
        _headers: Any,
        response_headers: dict[str, str],
    ) -> bytes:
        name = function_name.rsplit(":", 1)[-1]
        text = body.decode() if isinstance(body, bytes) else body
        return workflow.invoke(name, text, response_headers)

    return invoke


def _put_secrets() -> None:
    secrets = boto3.client("secretsmanager")
    accounts = read_settings()
    for place, account in {
        f"{SECRET_PREFIX}MCX": accounts.account(Role.SOURCE, "MCX"),
        REGISTRY_SECRET: accounts.account(Role.REGISTRY, "NHR"),
    }.items():
        facts = {"username": account.username, "password": account.password}
        secrets.create_secret(Name=place, SecretString=json.dumps(facts))


ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/delivery"
ENVIRONMENT = {
    "LEDGER_TABLE": "ledger-table",
    "REGISTRY_TABLE": "registry-table",
    "INBOX_BUCKET": INBOX,
    "INTAKE_WORKBENCH_BUCKET": "intake-workbench-bucket",
    "WORKBENCH_BUCKET": "workbench-bucket",
    "OUTBOX_BUCKET": OUTBOX,
    "STATE_MACHINE_ARN": MACHINE,
    "CENTRES_PATH": CENTRES_PATH,
    "ZORGTTP_SECRET_PREFIX": SECRET_PREFIX,
    "ZORGTTP_REGISTRY_SECRET": REGISTRY_SECRET,
    "ZORGTTP_REGISTRY": "NHR",
    "ZORGTTP_SENTINELS": "true",
    "ZORGTTP_READ_BACK": "true",
    "ZORGTTP_CALLS": "2",
    "ZORGTTP_FIRST_WAIT": "1",
    "MAIL_FROM": MAIL_FROM,
    "OPERATIONS_EMAIL": "operatie@databroker.example",
    "PAGE_URL": "https://databroker.example",
    "POWERTOOLS_SERVICE_NAME": "databroker",
}
