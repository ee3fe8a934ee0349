"""The answers of the simulated hospital against the rules of the databroker, and the other way."""

import datetime as dt

import pytest

from databroker.dataset import find_dataset
from databroker.delivery import Centre
from databroker.privacy.identity import check_identity, minimise
from databroker.records import Records
from databroker.rules import Context
from databroker.validation import validate
from simulators.hospital import make_delivery

TODAY = dt.date(2026, 11, 22)
DATASET = find_dataset("pmicd-interventie", "22.2")


def findings_of(delivery):
    cells = zip(*delivery.rows, strict=True)
    columns = {
        name: [cell or None for cell in column]
        for name, column in zip(delivery.columns, cells, strict=True)
    }
    records = Records.of(columns, range(2, len(delivery.rows) + 2))
    context = Context(TODAY, Centre(delivery.centre))
    identity = check_identity(records, DATASET, context)
    validation = validate(
        minimise(identity.clean, DATASET, context), DATASET, context, identity.findings
    )
    return identity.findings + validation.findings


@pytest.mark.parametrize("bsn", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_delivery_without_mistakes_gives_no_finding_at_all(seed, bsn):
    delivery = make_delivery(400, today=TODAY, seed=seed, bsn=bsn)

    findings = findings_of(delivery)

    assert findings == []


@pytest.mark.parametrize("bsn", [False, True])
@pytest.mark.parametrize("errors", [0.03, 0.9])
def test_the_findings_are_the_answers_no_more_and_no_fewer(errors, bsn):
    delivery = make_delivery(1_200, today=TODAY, seed=5, errors=errors, bsn=bsn)

    found = {
        (finding.row, finding.code, finding.field)
        for finding in findings_of(delivery)
        if not finding.code.startswith("B")
    }

    assert found == set(delivery.planted)
