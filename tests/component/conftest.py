"""One delivery at the door: three records, of which one is refused."""

import json
from dataclasses import replace

import boto3
import pytest

from databroker.adapters.ledger import DynamoLedger
from tests.support.builders import a_delivery
from tests.support.files import three_records
from tests.support.workflow import INBOX, ROOT, a_workflow, run


@pytest.fixture
def workflow(monkeypatch, tmp_path):
    with a_workflow(monkeypatch, tmp_path) as running:
        yield running


@pytest.fixture
def event_of():
    """Read the example event of a function."""

    def read(name):
        return json.loads((ROOT / "events" / f"{name}.json").read_text())

    return read


@pytest.fixture
def delivery(workflow):
    """Put the object that the example events are about, and claim it."""
    claimed = a_delivery()
    content = three_records()
    answer = boto3.client("s3").put_object(Bucket=INBOX, Key=claimed.source.key, Body=content)
    source = replace(claimed.source, etag=answer["ETag"].strip('"'), size=len(content))
    claimed = replace(claimed, source=source)
    assert DynamoLedger("ledger-table").claim(claimed)
    assert workflow.executions() == []
    return claimed


@pytest.fixture
def up_to(delivery, event_of):
    """Run the functions of the journey before this one, each with its example event."""
    journey = [
        "check_structure",
        "pseudonymise",
        "exchange_pseudonyms",
        "dispose_source",
        "validate",
        "find_conflicts",
        "ingest",
        "write_report",
        "notify",
    ]

    def walk(name):
        for earlier in journey[: journey.index(name)]:
            run(earlier, event_of(earlier))
        return delivery

    return walk
