"""One report, and the words and figures every document is made of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.delivery import Change, Counts, Kind, Status
from databroker.findings import READING_ORDER, Level
from databroker.records import Records
from databroker.report.summary import (
    RecordLine,
    Tone,
    counts_of,
    processed_json,
    pseudonyms_csv,
    received_json,
    record_lines,
)
from tests.support.reports import a_delivery, a_finding, a_report

CODES = ("BF-020", "F-001", "TF-001", "W-304", "TW-002", "BW-002")


def test_what_refuses_is_read_first_and_then_from_top_to_bottom():
    findings = [
        a_finding("BW-002", row=None),
        a_finding("W-304", row=2),
        a_finding("TF-001", row=2),
        a_finding("F-105", row=9),
        a_finding("F-001", row=3),
        a_finding("BF-020", row=None),
        a_finding("TW-002", row=2),
    ]

    ordered = a_report(findings=findings).findings_in_order

    assert [(finding.code, finding.row) for finding in ordered] == [
        ("BF-020", None),
        ("F-001", 3),
        ("F-105", 9),
        ("TF-001", 2),
        ("W-304", 2),
        ("TW-002", 2),
        ("BW-002", None),
    ]


def test_the_reading_order_knows_every_level():
    assert sorted(READING_ORDER) == sorted(Level)


def test_findings_are_gathered_by_code_and_variable():
    findings = [
        a_finding("F-001", row=9, field="lengte"),
        a_finding("F-001", row=4, field="lengte", message="de eerste"),
        a_finding("F-001", row=5, field="gewicht"),
        a_finding("BW-002", row=None, field=None),
    ]

    groups = a_report(findings=findings).groups

    assert [(group.example.code, group.example.field, group.rows) for group in groups] == [
        ("F-001", "gewicht", (5,)),
        ("F-001", "lengte", (4, 9)),
        ("BW-002", None, ()),
    ]
    assert groups[1].example.message == "de eerste"


def test_a_record_is_refused_by_an_error_of_its_own_only():
    findings = [a_finding("F-001", row=2), a_finding("TF-001", row=3), a_finding("W-304", row=4)]

    lines = record_lines(
        [(2, "MCX-1"), (3, "MCX-2"), (4, "MCX-3"), (5, None)],
        findings,
        {2: Change.NEW, 4: Change.CHANGED, 5: Change.UNCHANGED},
    )

    assert [(line.row, line.accepted, line.change) for line in lines] == [
        (2, False, None),
        (3, False, None),
        (4, True, Change.CHANGED),
        (5, True, Change.UNCHANGED),
    ]
    assert lines[2].findings == {Level.RECORD_WARNING: 1}


def test_a_refused_file_refuses_every_record():
    lines = record_lines([(2, "MCX-1"), (3, "MCX-2")], [a_finding("BF-020", row=None)], {})

    assert counts_of(lines) == Counts(records=2, accepted=0, refused=2)


@given(
    st.lists(st.tuples(st.sampled_from(CODES), st.integers(2, 12)), max_size=30),
    st.dictionaries(st.integers(2, 12), st.sampled_from(Change)),
)
def test_accepted_and_refused_make_the_records(made, changes):
    findings = [a_finding(code, row=row) for code, row in made]

    counts = counts_of(record_lines([(row, None) for row in range(2, 13)], findings, changes))

    assert counts.accepted + counts.refused == counts.records == 11
    assert counts.new + counts.changed + counts.unchanged <= counts.accepted


@pytest.mark.parametrize(
    ("status", "counts", "codes", "word", "tone"),
    [
        (Status.PROCESSED, Counts(2, 2), (), "Geaccepteerd", Tone.GOOD),
        (Status.PROCESSED, Counts(2, 2), ("TW-001",), "Geaccepteerd", Tone.GOOD),
        (Status.TESTED, Counts(2, 2), ("W-304",), "Geaccepteerd met waarschuwingen", Tone.MIXED),
        (Status.PROCESSED, Counts(2, 1, 1), ("F-001",), "Deels geaccepteerd", Tone.MIXED),
        (Status.REFUSED, Counts(2, 0, 2), ("BF-020",), "Geweigerd", Tone.BAD),
        (Status.TESTED, Counts(2, 0, 2), ("F-001",), "Geweigerd", Tone.BAD),
        (Status.FAILED, Counts(), (), "Mislukt", Tone.BAD),
    ],
)
def test_the_verdict_is_a_word_and_a_colour(status, counts, codes, word, tone):
    report = a_report(status=status, counts=counts, findings=[a_finding(code) for code in codes])

    assert (report.verdict.word, report.verdict.tone) == (word, tone)


def test_the_receipt_says_what_was_received():
    receipt = received_json(a_delivery(kind=Kind.TEST))

    assert receipt == {
        "delivery_id": "MCX-20261122-0123456789abcdef",
        "centre": "MCX",
        "dataset": "pmicd-interventie",
        "kind": "test",
        "file_name": "kwartaal 3.csv",
        "received_at": "2026-11-22T07:14:03+00:00",
        "status": "ontvangen",
    }


def test_the_outcome_for_machines_is_what_the_contract_says():
    findings = [
        a_finding("W-304", row=3, cell="PMICD_NHR!M3", field="LVEF", value="25"),
        a_finding("F-001", row=2),
    ]

    outcome = processed_json(
        a_report(findings=findings, counts=Counts(2, 1, 1, new=1)),
    )

    assert " ".join(outcome) == (
        "delivery_id centre dataset dataset_version kind file_name sha256 received_at finished_at "
        "status counts findings"
    )
    assert outcome["finished_at"] == "2026-11-22T07:14:12+00:00"
    assert outcome["dataset_version"] == "22.2"
    assert outcome["status"] == "verwerkt"
    assert outcome["counts"] == {
        "records": 2,
        "accepted": 1,
        "refused": 1,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
    }
    assert [finding["code"] for finding in outcome["findings"]] == ["F-001", "W-304"]
    assert outcome["findings"][1] == {
        "code": "W-304",
        "level": "W",
        "row": 3,
        "cell": "PMICD_NHR!M3",
        "interv_nr": "MCX-100001",
        "field": "LVEF",
        "value": "25",
        "message": "Lengte: verplicht veld is leeg.",
        "fix": "Vul het veld.",
    }
    assert json.loads(json.dumps(outcome)) == outcome


def test_a_refused_record_is_led_back_by_its_row_and_its_number_is_not_repeated():
    clean = Records.of(
        {"interv_nr": ["MCX-100001", "=1;2", None], "ps_pat": ["DP-L-A-a", "DP-L-A-b", None]},
        [2, 3, 5],
    )
    records = [
        RecordLine(2, "MCX-100001", accepted=True, change=None, findings={}),
        RecordLine(3, "=1;2", accepted=False, change=None, findings={}),
        RecordLine(5, None, accepted=False, change=None, findings={}),
    ]

    content = pseudonyms_csv(records, clean)

    assert content.decode().splitlines() == [
        "rij;interv_nr;ps_pat",
        "2;MCX-100001;DP-L-A-a",
        "3;;DP-L-A-b",
        "5;;",
    ]
