"""Where a cell stands in the hospital's own file, also after the table went from step to step."""

import pytest

from databroker.records import Origin, Records

DOCUMENT = Origin(
    None,
    {},
    paths={"lengte": ("Bundle.entry[{}].resource.value", 1), "naam": ("/a/record[{}]/naam", 0)},
    rows=[2, 3],
    numbers=[(0, 7), (9, None)],
)


@pytest.mark.parametrize(
    ("origin", "column", "row", "cell"),
    [
        (Origin(None, {}), "lengte", 2, None),
        (Origin("PMICD_NHR", {"lengte": "K"}), "lengte", 2, "PMICD_NHR!K2"),
        (Origin("Blad 1's", {"lengte": "K"}), "lengte", 2, "'Blad 1''s'!K2"),
        (Origin("PMICD_NHR", {"lengte": "K"}), "naam", 2, None),
        (DOCUMENT, "lengte", 2, "Bundle.entry[7].resource.value"),
        (DOCUMENT, "naam", 3, "/a/record[9]/naam"),
        (DOCUMENT, "lengte", 3, None),
        (DOCUMENT, "lengte", 4, None),
        (DOCUMENT, "gewicht", 2, None),
    ],
)
def test_a_cell_is_found_where_it_stands_before_and_after_the_table_was_written(
    origin, column, row, cell
):
    records = Records.of({"lengte": ["1", "2"]}, [2, 3], origin)

    back = Records.from_ipc(records.to_ipc())

    assert origin.cell(column, row) == cell
    assert back.origin.cell(column, row) == cell
    assert back.rows == [2, 3]
