"""ZorgTTP that is away, refuses, or answers what cannot be right."""

import datetime as dt
import json

import boto3
import pytest

from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.zorgttp import ZorgTtpSource
from databroker.privacy.normalise import NORMALISATION
from databroker.steps import patience
from tests.support.workflow import (
    DISPOSED,
    ENCRYPTED,
    EXCHANGED,
    IN,
    INBOX,
    OUT,
    ROUND,
    items,
    nothing_is_left_in_the_intake_zone,
    objects,
    records,
)

AWAY = {"kind": "status", "status": 500}
WAIT, EXCHANGE_WAIT = "Wacht op ZorgTTP", "Wacht op herstel ZorgTTP"
REST = [*DISPOSED, "Valideer", "Iets goedgekeurd?", *ROUND, *OUT]


class Clock:
    """Time that goes on by what a step says it waits, and not otherwise."""

    def __init__(self, monkeypatch, workflow):
        self.now = dt.datetime.now(dt.UTC)
        self.waits = []
        self.statuses = set()
        monkeypatch.setattr(patience, "now", lambda: self.now)
        invoke = workflow.invoke

        def watch(name, body, headers):
            answer = invoke(name, body, headers)
            seconds = json.loads(answer).get("wait_seconds", 0)
            if seconds:
                delivery_id = json.loads(body)["delivery_id"]
                self.statuses.add(DynamoLedger("ledger-table").status(delivery_id))
                self.waits.append(seconds)
                self.now += dt.timedelta(seconds=seconds)
                self.passed(self.now)
            return answer

        self.passed = lambda _now: None
        workflow.invoke = watch


@pytest.fixture
def clock(monkeypatch, workflow):
    return Clock(monkeypatch, workflow)


def put_now(workflow, clock, content, ago=dt.timedelta(0)):
    before = set(workflow.executions())
    workflow.admit(workflow.put(content, at=(clock.now - ago).isoformat()))
    (name,) = set(workflow.executions()) - before
    return workflow.follow(name)


def normalisation_of(outcome):
    """Read in which version the personal data of a delivery were written."""
    (paper,) = (
        content
        for key, content in objects("workbench-bucket").items()
        if key.endswith(f"{outcome.delivery_id}/papers/privacy.json")
    )
    return json.loads(paper)["normalisation"]


def test_a_delivery_waits_an_hour_for_zorgttp_and_ends_by_itself(
    workflow, clock, a_file, monkeypatch
):
    began = clock.now
    monkeypatch.setenv("ZORGTTP_CALLS", "1")
    workflow.zorgttp_goes_wrong({"call": "/pseudonymise", "after": 3, **AWAY})

    def back_after_an_hour(now):
        assert objects(INBOX)
        if now - began > dt.timedelta(hours=1):
            workflow.zorgttp_goes_wrong()

    clock.passed = back_after_an_hour

    outcome = put_now(workflow, clock, a_file(6))

    waited = [*ENCRYPTED, WAIT] * len(clock.waits)
    assert outcome.states == [*IN, *waited, *ENCRYPTED, *EXCHANGED, *REST]
    assert clock.waits[:6] == [1, 1, 2, 4, 8, 16]
    assert max(clock.waits) == 900
    assert clock.statuses == {"wacht op versleuteling"}
    assert outcome.processed["status"] == "verwerkt"
    assert outcome.processed["counts"]["new"] == len(records()) == 6
    assert len(workflow.mails()) == 1
    assert nothing_is_left_in_the_intake_zone()
    # Nobody twice: six patients, and two sentinels in every batch, who are asked alone as well.
    asked = workflow.zorgttp_calls()
    batches = asked["calls"] - 2
    assert asked["persons"] == 6 + 2 * batches + 2


def test_a_delivery_gives_up_after_a_day_and_says_so(workflow, clock, a_file):
    workflow.zorgttp_goes_wrong({"call": "/session", **AWAY})

    outcome = put_now(workflow, clock, a_file(6), ago=dt.timedelta(hours=22))

    assert outcome.status == "FAILED"
    assert (outcome.processed["status"], outcome.codes) == ("mislukt", ["BF-016"])
    waited = dt.timedelta(seconds=sum(clock.waits))
    assert dt.timedelta(hours=1, minutes=45) <= waited <= dt.timedelta(hours=2)
    assert items("registry-table") == []
    assert len(workflow.mails()) == 1
    assert nothing_is_left_in_the_intake_zone()


def test_a_delivery_waits_for_the_exchange_as_well(workflow, clock, a_file):
    workflow.zorgttp_goes_wrong({"call": "/exchange", "kind": "html", "times": 2})

    outcome = put_now(workflow, clock, a_file(6))

    waited = [*EXCHANGED[:2], EXCHANGE_WAIT] * len(clock.waits)
    assert clock.waits
    assert outcome.states == [*IN, *ENCRYPTED, *waited, *EXCHANGED, *REST]
    assert outcome.processed["counts"]["new"] == 6
    assert DynamoLedger("ledger-table").status(outcome.delivery_id) == "verwerkt"


def test_persons_mixed_up_once_are_asked_again_and_registered_right(workflow, clock, a_file):
    workflow.zorgttp_goes_wrong({"call": "/pseudonymise", "kind": "swapped", "times": 1})

    outcome = put_now(workflow, clock, a_file(30))

    workflow.zorgttp_goes_wrong()
    again = put_now(workflow, clock, a_file(30))
    assert outcome.states == [*IN, *ENCRYPTED, *EXCHANGED, *REST]
    assert outcome.processed["counts"]["new"] == 30
    assert normalisation_of(outcome) == NORMALISATION
    # The same patients, asked of a service that makes no mistakes, are those that were registered.
    assert again.processed["counts"]["unchanged"] == 30


def test_an_answer_back_to_front_that_only_the_exchange_can_see_is_asked_again(
    workflow, clock, a_file, monkeypatch
):
    monkeypatch.setenv("ZORGTTP_READ_BACK", "false")
    right, turned = ZorgTtpSource.pseudonymise, []

    def once_back_to_front(source, types, persons):
        answers, statistics = right(source, types, persons)
        if len(persons) > 5 and not turned:
            turned.append(len(persons))
            answers.reverse()
        return answers, statistics

    monkeypatch.setattr(ZorgTtpSource, "pseudonymise", once_back_to_front)

    outcome = put_now(workflow, clock, a_file(30))

    again = put_now(workflow, clock, a_file(30))
    assert turned
    assert outcome.states == [*IN, *[*ENCRYPTED, *EXCHANGED] * 2, *REST]
    assert again.processed["counts"]["unchanged"] == 30


@pytest.mark.parametrize("read_back", ["true", "false"])
def test_nothing_is_registered_of_answers_that_are_never_right(
    workflow, clock, a_file, monkeypatch, read_back
):
    monkeypatch.setenv("ZORGTTP_READ_BACK", read_back)
    workflow.zorgttp_goes_wrong({"call": "/pseudonymise", "kind": "reordered"})

    outcome = put_now(workflow, clock, a_file(30))

    assert outcome.status == "FAILED"
    assert (outcome.processed["status"], outcome.codes) == ("mislukt", ["BF-016"])
    assert items("registry-table") == []
    assert nothing_is_left_in_the_intake_zone()


def test_an_account_of_another_centre_gets_nothing(workflow, a_file):
    account = {"username": "mcy-aanleveraar", "password": "mcy-ontwikkeling"}
    secrets = boto3.client("secretsmanager")
    names = [each["Name"] for each in secrets.list_secrets()["SecretList"]]
    (secret,) = (name for name in names if name.endswith("MCX"))
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(account))

    outcome = workflow.deliver(a_file(6))

    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-015"])
    assert workflow.zorgttp_calls()["persons"] == 0


def test_a_fatal_code_refuses_the_file_with_that_code(workflow, a_file):
    workflow.zorgttp_goes_wrong(
        {"call": "/pseudonymise", "kind": "status", "status": 422, "code": "2009"}
    )

    outcome = workflow.deliver(a_file(6))

    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-017"])
    assert "2009" in outcome.processed["findings"][0]["message"]
    assert nothing_is_left_in_the_intake_zone()
