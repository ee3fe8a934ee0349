"""After any delivery, no personal data anywhere: not in a bucket, table, log, mail or history."""

import datetime as dt
import json

import boto3
import pytest

from databroker.ports import PseudonymServiceUnavailableError
from simulators.hospital.deliveries import make_delivery
from simulators.hospital.files import write_csv, write_xlsx
from tests.support.cloud import BUCKETS, TABLES
from tests.support.sinks import leaks
from tests.support.workflow import items, objects

TODAY = dt.date(2026, 3, 5)
PERSONAL = ("bsn", "geb_naam", "partnernaam", "pat_nr", "geb_datum", "postcode")
SHORT = 6
"""A shorter value (the surname Vos, a postcode of -1) is found everywhere by chance."""


@pytest.fixture
def planted(tmp_path):
    """Give a delivery with mistakes of every kind, its file, and the personal data in it."""

    def make(kind):
        # A number as long as it can be: seven digits in a row do turn up in a pseudonym.
        delivery = make_delivery(
            40, today=TODAY, errors=0.5, seed=11, bsn=True, first_number=90_000_001
        )
        path = tmp_path / f"file.{kind}"
        (write_csv if kind == "csv" else write_xlsx)(delivery, path)
        places = [delivery.columns.index(name) for name in PERSONAL]
        secrets = {row[place].strip() for row in delivery.rows for place in places}
        dates = {row[delivery.columns.index("interv_datum")] for row in delivery.rows}
        return path.read_bytes(), {one for one in secrets - dates if len(one) >= SHORT}

    return make


def every_sink(workflow, outcome, caplog):
    sinks = {f"{bucket}/{key}": body for bucket in BUCKETS for key, body in objects(bucket).items()}
    sinks |= {table: json.dumps(items(table)).encode() for table in TABLES}
    sinks["history"] = outcome.history.encode()
    sinks["mails"] = repr([vars(mail) for mail in workflow.mails()]).encode()
    sinks["logs"] = repr([vars(record) for record in caplog.records]).encode()
    return sinks


@pytest.mark.parametrize("kind", ["productie", "test"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_delivery_leaves_no_personal_data(workflow, planted, caplog, kind, form):
    content, secrets = planted(form)

    outcome = workflow.deliver(content, kind, name=f"kwartaal.{form}")

    assert outcome.processed["counts"]["accepted"] > 0
    assert len(secrets) > 30
    assert leaks(secrets, every_sink(workflow, outcome, caplog)) == []


def test_a_refused_file_leaves_no_personal_data(workflow, planted, caplog):
    content, secrets = planted("csv")
    foreign = content.replace(b"MCX-", b"MCY-")

    outcome = workflow.deliver(foreign)

    assert outcome.processed["status"] == "geweigerd"
    assert leaks(secrets, every_sink(workflow, outcome, caplog)) == []


@pytest.mark.parametrize("function", ["check_structure", "pseudonymise", "validate", "ingest"])
def test_a_fault_leaves_no_personal_data(workflow, planted, caplog, function):
    content, secrets = planted("csv")
    workflow.faults[function] = [PseudonymServiceUnavailableError("503")] * 9

    outcome = workflow.deliver(content)

    assert outcome.status == "FAILED"
    assert leaks(secrets, every_sink(workflow, outcome, caplog)) == []


def test_no_password_is_written_down(workflow, planted, caplog):
    content, _ = planted("csv")

    outcome = workflow.deliver(content)

    assert (
        leaks({"mcx-ontwikkeling", "nhr-ontwikkeling"}, every_sink(workflow, outcome, caplog)) == []
    )


def test_the_search_finds_what_is_there(workflow):
    assert workflow.calls == []
    boto3.client("s3").put_object(Bucket="workbench-bucket", Key="x", Body=b"..999990019..")

    assert leaks({"999990019"}, {"x": objects("workbench-bucket")["x"]}) == [("x", "999990019")]


def test_the_state_holds_ids_counts_and_codes_only(workflow, planted):
    content, _ = planted("csv")
    cells = {
        cell for line in content.decode("utf-8-sig").splitlines()[1:] for cell in line.split(";")
    }

    outcome = workflow.deliver(content)

    telling = {cell for cell in cells if len(cell) >= SHORT}
    assert leaks(telling, {"history": outcome.history.encode()}) == []
    assert "kwartaal" not in outcome.history
