"""Every road a delivery can take, on moto's interpreter with the real handlers."""

import datetime as dt
import io
import json

import boto3
import pytest
from openpyxl import load_workbook

from databroker.dataset import find_dataset
from simulators.hospital.deliveries import make_delivery
from simulators.hospital.files import write_csv, write_fhir, write_xml
from tests.support.cloud import SECRET_PREFIX
from tests.support.workflow import (
    DISPOSED,
    DOOR,
    ENCRYPTED,
    IN,
    INBOX,
    OUT,
    PRODUCTION,
    ROOT,
    ROUND,
    items,
    nothing_is_left_in_the_intake_zone,
    records,
)

TODAY = dt.date(2026, 3, 5)


# --- the good roads ----------------------------------------------------------------------------
def test_a_production_delivery_is_registered_reported_and_mailed(workflow, a_file):
    outcome = workflow.deliver(a_file(6))

    assert outcome.status == "SUCCEEDED"
    assert outcome.states == [*PRODUCTION, "Iets goedgekeurd?", *ROUND, *OUT]
    assert outcome.processed["status"] == "verwerkt"
    assert outcome.processed["counts"] == {
        "records": 6,
        "accepted": 6,
        "refused": 0,
        "new": 6,
        "changed": 0,
        "unchanged": 0,
    }
    assert set(outcome.documents) == {
        "ontvangen.json",
        "verwerkt.json",
        "rapportage.xlsx",
        "pseudoniemen.csv",
    }
    assert len(records()) == 6
    assert [mail.destinations["ToAddresses"] for mail in workflow.mails()] == [["data@mcx.example"]]
    assert nothing_is_left_in_the_intake_zone()


def test_a_test_delivery_calls_nobody_and_writes_nothing(workflow, a_file):
    outcome = workflow.deliver(a_file(6, errors=0.5), "test")

    assert outcome.states == [
        *IN,
        "Anonimiseer voor test",
        *DISPOSED,
        "Valideer",
        "Iets goedgekeurd?",
        *OUT,
    ]
    assert outcome.processed["status"] == "getest"
    assert outcome.processed["counts"]["new"] == 0
    assert items("registry-table") == []
    assert sum(workflow.zorgttp_calls().values()) == 0
    assert nothing_is_left_in_the_intake_zone()


@pytest.mark.parametrize(
    ("place", "old_name", "version"),
    [("", True, "22.2"), ("", False, "25.1"), ("@25.1", True, "25.1"), ("@22.2", False, "22.2")],
)
def test_the_key_or_else_the_header_chooses_the_version_for_every_step(
    workflow, a_file, place, old_name, version
):
    content = a_file(6)
    if not old_name:
        content = content.replace(b"ICD_PMfunctie", b"ICD_PM_indicatie", 1)

    outcome = workflow.deliver(content, dataset=f"pmicd-interventie{place}")

    assert outcome.codes == []
    assert outcome.processed["dataset_version"] == version
    assert outcome.processed["counts"]["new"] == 6


def follow_ups():
    lines = (ROOT / "tests" / "rules" / "pmicd-followup" / "bases.csv").read_text().splitlines()
    header, good, *_ = [line.partition(",")[2] for line in lines]
    bad = good.replace("MCX-000123", "MCX-000124").replace("20-05-2026", "01-01-2026")
    return "\r\n".join([header, good, bad]).encode()


def test_follow_up_can_be_tested_whole(workflow):
    event = workflow.put(follow_ups(), "test", dataset="pmicd-followup", at="2026-06-30T09:00:00Z")
    workflow.admit(event)

    outcome = workflow.follow(*workflow.executions())

    assert outcome.processed["status"] == "getest"
    assert outcome.processed["dataset_version"] == "25.1"
    assert outcome.processed["counts"]["accepted"] == 1
    assert [(f["row"], f["code"]) for f in outcome.processed["findings"] if f["row"]] == [
        (3, "F-601"),
        (3, "W-601"),
        (3, "W-602"),
    ]


def test_follow_up_for_real_is_refused_before_it_is_read(workflow):
    outcome = workflow.deliver(follow_ups(), dataset="pmicd-followup")

    assert outcome.states == [*DOOR, *DISPOSED, *OUT]
    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-026"])
    assert items("registry-table") == []
    assert nothing_is_left_in_the_intake_zone()


def test_good_records_go_in_and_bad_ones_are_told_row_by_row(workflow, tmp_path):
    planted = make_delivery(60, today=TODAY, errors=0.3, seed=4)
    write_csv(planted, tmp_path / "file.csv")

    outcome = workflow.deliver((tmp_path / "file.csv").read_bytes())

    told = {(f["row"], f["code"], f["field"]) for f in outcome.processed["findings"] if f["row"]}
    assert told == {tuple(answer) for answer in planted.planted if answer.code not in COUNTED}
    counts = outcome.processed["counts"]
    assert counts["accepted"] == counts["new"] == len(records())
    assert counts["accepted"] + counts["refused"] == 60
    assert counts["refused"] > 0


def test_the_report_says_what_each_variable_is_and_accepts_and_where_codes_are_explained(
    workflow, tmp_path
):
    write_csv(make_delivery(60, today=TODAY, errors=0.3, seed=4), tmp_path / "file.csv")

    outcome = workflow.deliver((tmp_path / "file.csv").read_bytes())

    report = load_workbook(io.BytesIO(outcome.documents["rapportage.xlsx"]))
    (header, *lines) = report["Meldingen"].iter_rows(values_only=True, max_col=12)
    assert header[4:6] == ("Variabele", "Omschrijving")
    assert header[10:] == ("Toegestaan", "Uitleg")
    dataset = find_dataset("pmicd-interventie", outcome.processed["dataset_version"])
    told = [line for line in lines if line[2]]
    assert told
    assert [line for line in told if dataset.labels.get(line[4]) != line[5]] == []
    assert [line for line in told if dataset.allowed_in(line[4]) != (line[10] or "")] == []
    assert [line for line in told if dataset.rule_link(line[2]) != line[11]] == []
    legend = [cell.value or "" for cell in report["Legenda"]["A"]]
    assert f"{dataset.rule_page}#f-001" in legend[-1]


COUNTED = {"W-005", "W-006"}


@pytest.mark.parametrize(("write", "extension"), [(write_xml, "xml"), (write_fhir, "json")])
def test_the_same_delivery_in_another_format_ends_the_same(workflow, tmp_path, write, extension):
    planted = make_delivery(40, today=TODAY, errors=0.3, seed=4)
    path = tmp_path / f"file.{extension}"
    write_csv(planted, tmp_path / "file.csv")
    write(planted, path)

    as_csv = workflow.deliver((tmp_path / "file.csv").read_bytes(), "test")
    other = workflow.deliver(path.read_bytes(), "test", name=path.name)

    assert other.states == as_csv.states
    assert but_for_the_file(other.processed) == but_for_the_file(as_csv.processed)
    cells = [finding["cell"] for finding in other.processed["findings"] if finding["row"]]
    beginning = {"xml": "/aanlevering/record[", "json": "Bundle.entry["}[extension]
    assert any(cells)
    assert all(cell is None or cell.startswith(beginning) for cell in cells)


@pytest.mark.parametrize(("write", "extension"), [(write_xml, "xml"), (write_fhir, "json")])
def test_the_same_records_in_another_format_are_unchanged(workflow, tmp_path, write, extension):
    delivery = make_delivery(6, today=TODAY)
    write_csv(delivery, tmp_path / "file.csv")
    write(delivery, tmp_path / f"file.{extension}")
    workflow.deliver((tmp_path / "file.csv").read_bytes())

    content = (tmp_path / f"file.{extension}").read_bytes()
    again = workflow.deliver(content, name=f"file.{extension}")

    assert again.processed["counts"]["unchanged"] == 6
    assert again.codes == ["TW-001"]
    assert nothing_is_left_in_the_intake_zone()


def but_for_the_file(processed):
    of_file = {"delivery_id", "file_name", "sha256", "received_at", "finished_at"}
    rest = {name: fact for name, fact in processed.items() if name not in of_file}
    findings = [finding | {"cell": None} for finding in processed["findings"]]
    return rest | {"findings": findings}


def test_delivering_again_changes_nothing_and_says_so(workflow, a_file):
    workflow.deliver(a_file(6))

    again = workflow.deliver(a_file(6))

    assert again.processed["counts"]["unchanged"] == 6
    assert sorted(again.codes) == ["BW-002", "TW-001"]
    assert {item["version"]["N"] for item in records()} == {"1"}


def test_a_correction_is_registered_as_the_next_version(workflow, a_file):
    workflow.deliver(a_file(6))
    header, first, *rest = a_file(6).decode("utf-8-sig").splitlines()
    column = header.split(";").index("kreatinine_gehalte")
    cells = first.split(";")
    cells[column] = "123"
    corrected = "\r\n".join([header, ";".join(cells), *rest])

    outcome = workflow.deliver(corrected.encode())

    counts = outcome.processed["counts"]
    assert (counts["changed"], counts["unchanged"]) == (1, 5)
    assert sorted(outcome.codes) == ["TW-001", "TW-002"]
    assert sorted(item["version"]["N"] for item in records()) == ["1"] * 5 + ["2"]


# --- what is refused ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "where", "code"),
    [
        (b"", {}, "BF-002"),
        (b"%PDF-1.7 geen tabel", {"name": "verslag.pdf"}, "BF-001"),
        (b"a;b\r\n1;2\r\n", {}, "BF-006"),
        (b"interv_nr;lengte\r\nMCX-1234;180\r\n", {}, "BF-007"),
        (b"a;b\r\n1;2\r\n", {"dataset": "pmicd-onbekend"}, "BF-024"),
        (b"a;b\r\n1;2\r\n", {"dataset": "pmicd-interventie@99.9"}, "BF-024"),
        (b"a;b\r\n1;2\r\n", {"centre": "ZZZ"}, "BF-024"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_plain_dutch(workflow, content, where, code):
    outcome = workflow.deliver(content, **where)

    assert outcome.status == "SUCCEEDED"
    assert outcome.states == [*DOOR, *DISPOSED, *OUT]
    assert outcome.processed["status"] == "geweigerd"
    assert code in outcome.codes
    assert all(f["message"] and f["fix"] for f in outcome.processed["findings"])
    assert "rapportage.xlsx" in outcome.documents
    assert len(workflow.mails()) == 1
    assert nothing_is_left_in_the_intake_zone()
    assert items("registry-table") == []


def test_the_file_of_another_centre_is_refused(workflow, a_file):
    outcome = workflow.deliver(a_file(6, centre="MCY"))

    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-009"])
    assert outcome.processed["counts"]["refused"] == 6


def test_a_file_that_vanished_before_it_was_read_is_refused(workflow, a_file):
    event = workflow.put(a_file(6))
    key = json.loads(event["Records"][0]["body"])["detail"]["object"]["key"]
    boto3.client("s3").delete_object(Bucket=INBOX, Key=key)

    workflow.admit(event)
    (name,) = workflow.executions()
    outcome = workflow.follow(name)

    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-025"])


@pytest.mark.parametrize("password", ["verkeerd", None])
def test_refused_zorgttp_credentials_refuse_the_file(workflow, a_file, password):
    secrets = boto3.client("secretsmanager")
    if password:
        facts = json.dumps({"username": "mcx-aanleveraar", "password": password})
        secrets.put_secret_value(SecretId=f"{SECRET_PREFIX}MCX", SecretString=facts)
    else:
        secrets.delete_secret(SecretId=f"{SECRET_PREFIX}MCX", ForceDeleteWithoutRecovery=True)

    outcome = workflow.deliver(a_file(6))

    assert outcome.status == "SUCCEEDED"
    assert outcome.states == [*IN, *ENCRYPTED, *DISPOSED, *OUT]
    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-015"])
    assert outcome.processed["counts"] == {
        "records": 6,
        "accepted": 0,
        "refused": 6,
        "new": 0,
        "changed": 0,
        "unchanged": 0,
    }
    assert nothing_is_left_in_the_intake_zone()
    assert items("registry-table") == []


def test_a_delivery_without_one_good_record_is_not_compared(workflow, a_file):
    bad = a_file(6).replace(b"MCX-1", b"MCX-X1")

    outcome = workflow.deliver(bad)

    assert outcome.states == [*PRODUCTION, "Iets goedgekeurd?", *OUT]
    assert outcome.processed["status"] == "geweigerd"
    assert "BF-020" in outcome.codes
    assert items("registry-table") == []
