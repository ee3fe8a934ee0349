"""The papers that a step leaves for the steps after it."""

from __future__ import annotations

import json

from databroker.steps.papers import findings_of, findings_paper
from tests.support.interventions import interventie

DATASET = interventie()
FINDINGS = [
    DATASET.finding("F-005", row=2, cell="PMICD_NHR!L2", column="diabetes", value="99"),
    DATASET.counted("TW-001", 3),
]


def test_a_finding_comes_out_of_a_paper_as_it_went_in_with_both_languages() -> None:
    paper = json.loads(json.dumps(findings_paper(FINDINGS, records=3)))

    assert findings_of(paper) == FINDINGS
    assert paper["records"] == 3
    assert findings_of(paper)[0].message_en.startswith("diabetes: code 99 is not in")


def test_a_paper_of_before_there_was_english_can_be_read() -> None:
    paper = findings_paper(FINDINGS)
    for finding in paper["findings"]:
        del finding["message_en"], finding["fix_en"]

    assert [finding.message for finding in findings_of(paper)] == [
        each.message for each in FINDINGS
    ]
