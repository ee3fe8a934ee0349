"""Whether a file is of the centre that delivers it."""

from __future__ import annotations

import pytest

from databroker.delivery import Centre
from databroker.records import Records
from databroker.rules import check_centre
from tests.support.interventions import interventie


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        (["MCX-001", "MCX-002"], None),
        (["mcx-001", None, " MCX-002 "], None),
        (["123456", "zonder"], None),
        ([], None),
        (["MCY-001", "MCY-002"], "BF-009"),
        (["MCY-001", "123456"], "BF-009"),
        (["MCX-001", "MCY-002"], "BF-010"),
        (["MCY-001", "MCZ-002"], "BF-010"),
        ([f"MCX-{n:03d}" for n in range(19)] + ["MXC-001"], None),
        ([f"MCX-{n:03d}" for n in range(18)] + ["MCY-001", "MCY-002"], "BF-010"),
    ],
)
def test_a_file_of_another_centre_is_refused_and_a_slip_is_not(
    numbers: list[str | None], code: str | None
) -> None:
    records = Records.of({"interv_nr": numbers}, range(2, 2 + len(numbers)))

    finding = check_centre(records, interventie(), Centre("MCX"))

    assert (finding.code if finding else None) == code
