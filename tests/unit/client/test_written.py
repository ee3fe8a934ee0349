import pytest

from aanleveren.written import as_csv, as_xml
from databroker.dataset import find_dataset
from databroker.intake import read_delivery
from databroker.records import Records
from tests.support.interventions import an_intervention

DATASET = find_dataset("pmicd-interventie")


def records(rows, **cells):
    """Make records on these rows; `cells` are those of the second of them."""
    interventions = [an_intervention(interv_nr=f"MCX-26-{row:06d}") for row in rows]
    interventions[1] |= cells
    return Records.of(
        {name: [each[name] for each in interventions] for name in interventions[0]}, rows
    )


@pytest.mark.parametrize("form", ["csv", "xml"])
@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ((2, 3, 4), {}),
        ((2, 5, 9), {}),
        ((2, 3, 5, 6), {"lengte": "17\n0"}),
        ((2, 3, 8, 9), {"lengte": "1\n7\n0", "gewicht": "7\n1"}),
    ],
    ids=["one after the other", "empty lines", "a cell of two lines", "more of them"],
)
def test_every_record_stands_on_its_own_line_again(form, rows, cells):
    made = records(rows, **cells)
    content = as_csv(made) if form == "csv" else as_xml(made, DATASET)

    again = read_delivery(content, f"file.{form}", [DATASET]).records

    assert again.rows == list(rows)
    assert again.column("lengte") == made.column("lengte")
