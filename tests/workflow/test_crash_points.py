"""Whatever breaks, at whichever call to AWS: the delivery ends as if nothing had happened.

One small delivery is taken through the functions one by one, without the interpreter. A function
that crashes between two effects leaves the same as one that crashes just before the second, so only
calls with an effect are crashed, and the answer of the function; a read whose answer is lost is one
that was throttled. Each function stumbles once in a delivery: that is as many deliveries as the
longest function has calls, instead of as many as all have together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from databroker.adapters import aws
from databroker.ports import TemporaryFailureError
from tests.support.cloud import ACCOUNT, BUCKETS, TABLES
from tests.support.files import three_records
from tests.support.wire import BUSY, CRASH, LOST, THROTTLED, Crash, Fault, Wire, changes
from tests.support.workflow import INBOX, MACHINE, Workflow, a_workflow, items, objects, run

DOOR = "admit_delivery"
JOURNEY = {
    "check_structure": "structure",
    "pseudonymise": "privacy",
    "dispose_source": "disposed",
    "exchange_pseudonyms": "exchanged",
    "validate": "validated",
    "find_conflicts": "compared",
    "ingest": "ingested",
    "write_report": "report",
    "notify": "notified",
}
TRIES = 3
OF_THIS_DELIVERY = {"delivery_id", "finished_at"}


@dataclass(frozen=True)
class End:
    """What can be told of a delivery when all is over."""

    processed: dict[str, Any]
    documents: set[str]
    registry: list[str]
    status: str
    in_the_intake_zone: set[str]
    started: int


@dataclass
class World:
    """One stack for all scenarios, wiped between two."""

    workflow: Workflow
    wire: Wire

    def deliver(self, faults: dict[str, Fault]) -> tuple[End, int]:
        """Take a delivery from door to mail; give how it ended, and the number of mails."""
        state = self.admit(faults)
        for function, place in JOURNEY.items():
            state[place] = self.insist(function, state)
        return self.end(state)

    def deliver_until(self, function: str, faults: dict[str, Fault]) -> tuple[End, int]:
        """Let one function fail for good; then the workflow closes the delivery, and so does the rule."""
        state = self.admit(faults)
        for earlier, place in JOURNEY.items():
            if earlier == function:
                break
            state[place] = self.insist(earlier, state)
        with pytest.raises(Crash):
            self.call(function, state)
        self.insist("fail_delivery", state | {"fault": {"Error": "Lambda.Unknown", "Cause": ""}})
        detail = {"name": state["delivery_id"], "status": "FAILED"}
        self.insist("close_delivery", {"detail": detail})
        return self.end(state)

    def admit(self, faults: dict[str, Fault]) -> dict[str, Any]:
        self.wipe()
        event = self.workflow.put(three_records())
        self.wire.faults = dict(faults)
        self.insist(DOOR, event)
        (entry,) = self.deliveries()
        delivery_id = entry["pk"]["S"].removeprefix("DELIVERY#")
        arn = MACHINE.replace(":stateMachine:", ":execution:") + f":{delivery_id}"
        started = boto3.client("stepfunctions").describe_execution(executionArn=arn)
        state: dict[str, Any] = json.loads(started["input"])
        return state

    def insist(self, function: str, event: dict[str, Any]) -> Any:
        """Call a function until it answers, as SQS and Step Functions do."""
        for _ in range(TRIES):
            try:
                answer = self.call(function, event)
            except (Crash, TemporaryFailureError):
                continue
            if function != DOOR or answer == {"batchItemFailures": []}:
                return answer
        raise AssertionError(f"{function} does not recover")

    def call(self, function: str, event: dict[str, Any]) -> Any:
        return self.wire.during(function, lambda: run(function, event))

    def deliveries(self) -> list[dict[str, Any]]:
        return [item for item in items("ledger-table") if item["sk"]["S"] == "DELIVERY"]

    def end(self, state: dict[str, Any]) -> tuple[End, int]:
        assert self.wire.faults == {}, "a fault that never happened"
        documents = self.workflow.documents(state["delivery_id"])
        processed = json.loads(documents["verwerkt.json"])
        (entry,) = self.deliveries()
        end = End(
            {name: processed[name] for name in processed if name not in OF_THIS_DELIVERY},
            set(documents),
            sorted(repr(without_id(item)) for item in items("registry-table")),
            entry["status"]["S"],
            {*objects(INBOX), *objects("intake-workbench-bucket")},
            self.workflow.executions().count(state["delivery_id"]),
        )
        return end, len(self.workflow.mails())

    def wipe(self) -> None:
        s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
        for bucket in BUCKETS:
            for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=found["Key"])
        for table in TABLES:
            for item in items(table):
                key = {name: item[name] for name in ("pk", "sk")}
                dynamodb.delete_item(TableName=table, Key=key)
        self.workflow.forget_mails()


def without_id(item):
    return {name: value for name, value in sorted(item.items()) if name != "delivery_id"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in ACCOUNT.items():
            monkeypatch.setenv(name, value)
        wire = Wire()
        with a_workflow(monkeypatch, tmp_path_factory.mktemp("home"), runs=False) as workflow:
            wire.install(monkeypatch)
            yield World(workflow, wire)


@pytest.fixture(scope="module")
def undisturbed(world):
    """Give how a delivery ends when nothing breaks, and the calls of every function."""
    end, mails = world.deliver({})
    assert mails == 1
    assert end.processed["counts"]["new"] == len([x for x in end.registry if "RECORD#" in x]) == 2
    assert (end.status, end.in_the_intake_zone, end.started) == ("verwerkt", set(), 1)
    return end, {function: tuple(calls) for function, calls in world.wire.calls.items()}


@pytest.fixture(autouse=True)
def rested_clients():
    """Botocore retries less the more it had to; each test begins anew."""
    aws.client.cache_clear()


def crashes(calls):
    return [*(Fault(n, CRASH) for n in effects(calls)), Fault(len(calls), CRASH)]


def effects(calls):
    return [number for number, call in enumerate(calls) if changes(call)]


def one_of_each(calls):
    return list({call: number for number, call in enumerate(calls)}.values())


PLANS = {
    CRASH: crashes,
    LOST: lambda calls: [Fault(n, LOST) for n in effects(calls)],
    THROTTLED: lambda calls: [Fault(n, THROTTLED) for n in range(len(calls))],
    BUSY: lambda calls: [Fault(n, BUSY) for n in one_of_each(calls)],
}


def most_mails(calls, faults):
    """SES knows no "once": when the fault comes between sending and noting, the mail goes again."""
    fault = faults.get("notify")
    where = fault and (*calls["notify"], "answer")[fault.number]
    twice = {
        (LOST, "sesv2.SendEmail"),
        (CRASH, "dynamodb.UpdateItem"),
        (BUSY, "dynamodb.UpdateItem"),
    }
    return 2 if fault and (fault.how, where) in twice else 1


@pytest.mark.parametrize("how", PLANS)
def test_a_fault_that_passes_changes_nothing(world, undisturbed, how):
    expected, calls = undisturbed
    plans = {function: PLANS[how](mine) for function, mine in calls.items()}
    longest = max(len(plan) for plan in plans.values())
    assert longest > 4

    for round_number in range(longest):
        faults = {
            function: plan[round_number]
            for function, plan in plans.items()
            if round_number < len(plan)
        }

        end, mails = world.deliver(faults)

        assert end == expected, faults
        assert 1 <= mails <= most_mails(calls, faults), faults


@pytest.mark.parametrize("function", JOURNEY)
def test_a_crash_that_is_not_retried_ends_clearly(world, undisturbed, function):
    expected, calls = undisturbed

    for fault in crashes(calls[function]):
        end, mails = world.deliver_until(function, {function: fault})

        assert end.in_the_intake_zone == set(), fault
        assert end.processed["status"] == end.status, fault
        assert end.status == ("verwerkt" if is_final(function, calls, fault) else "mislukt"), fault
        assert set(end.registry) <= set(expected.registry), fault
        assert 1 <= mails <= most_mails(calls, {function: fault}), fault


def is_final(function, calls, fault):
    """Tell whether the ledger had the last word before the crash: the second update of the report."""
    before = calls[function][: fault.number]
    return function == "notify" or (
        function == "write_report" and before.count("dynamodb.UpdateItem") == 2
    )


@pytest.mark.parametrize("closing", ["fail_delivery", "close_delivery"])
def test_closing_may_itself_be_disturbed(world, undisturbed, closing):
    _, calls = undisturbed
    broken = {"validate": Fault(len(calls["validate"]), CRASH)}
    expected, _ = world.deliver_until("validate", broken)
    mine = world.wire.calls[closing]

    for fault in crashes(mine):
        end, mails = world.deliver_until("validate", broken | {closing: fault})

        assert end == expected, fault
        assert 1 <= mails <= 2, fault
