"""Rows of made-up patients, valid unless told otherwise."""

from __future__ import annotations

from databroker.records import Origin, Records

TEST_BSNS = ("999994669", "999992740", "999990019", "999990925", "999993276")
"""Of the test set of the BRP; they belong to nobody."""


def a_row(**changes: str | None) -> dict[str, str | None]:
    """Give one row, with what identifies the patient and one medical value."""
    row: dict[str, str | None] = {
        "interv_nr": "MCX-000123",
        "pat_nr": "1234567",
        "geb_naam": "Voorbeeld",
        "partnernaam": None,
        "geb_datum": "1993-05-15",
        "geslacht": "1",
        "postcode": "1234 AA",
        "bsn": None,
        "diagnose": "MEDISCH-GEHEIM",
    }
    return row | changes


def records_of(*rows: dict[str, str | None], origin: Origin | None = None) -> Records:
    """Make records of rows; the first is physical row 2."""
    columns = {name: [row[name] for row in rows] for name in a_row()}
    return Records.of(columns, range(2, len(rows) + 2), origin)
