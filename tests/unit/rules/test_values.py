"""Cells: what is understood, what is rewritten, what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.rules import Cell, read_cell
from tests.support.interventions import interventie

COLUMNS = interventie().columns
FIELDS = {column.field.name: column.field for column in COLUMNS.values()}


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("interv_datum", "12-02-2026", "2026-02-12"),
        ("interv_datum", "29/02/2024", "2024-02-29"),
        ("lengte", "178", "178"),
        ("lengte", "-1", "-1"),
        ("gewicht", "82.5", "82.5"),
        ("geslacht", "2", "2"),
        ("interv_nr", "MCX-000123", "MCX-000123"),
        ("mutatie", "V", "V"),
        ("impl_device_code", "-1", "-1"),
        ("impl_device_code", "(01)09520123456788(21)SN1", "(01)09520123456788(21)SN1"),
    ],
)
def test_what_the_handbook_asks_for_is_taken_as_it_is(name: str, raw: str, text: str) -> None:
    cell = read_cell(raw, FIELDS[name])

    assert (cell.text, cell.problem, cell.normalised) == (text, None, False)


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("interv_datum", "2026-02-12", "2026-02-12"),
        ("interv_datum", "2026-02-12T00:00:00", "2026-02-12"),
        ("interv_datum", "2026-02-12 00:00:00", "2026-02-12"),
        ("interv_nr", "  MCX-000123\u00a0", "MCX-000123"),
        ("diabetes", "0_Geen", "0"),
        ("diabetes", "-1_Onbekend", "-1"),
        ("diabetes", "10.0", "10"),
        ("diabetes", "010", "10"),
        ("lengte", "178,00", "178"),
        ("lengte", "-1.0", "-1"),
        ("gewicht", "82,5", "82.5"),
        ("gewicht", "82.50", "82.5"),
        ("gewicht", "82.0", "82"),
        ("impl_device_code", "0_Geen", "0"),
        ("impl_device_code", "010952012345678817281231\x1d21SN1", ""),
        ("impl_device_code", "]d201095201234567881728123121SN1", ""),
        ("impl_device_code", "]C1010952012345678810LOT\x1d1728123121SN1", ""),
    ],
)
def test_what_is_clear_is_rewritten_and_said(name: str, raw: str, text: str) -> None:
    cell = read_cell(raw, FIELDS[name])

    assert cell.problem is None
    assert cell.normalised
    assert cell.text == text or (not text and str(cell.text).startswith("(01)09520123456788("))


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("interv_datum", "31-02-2026", "F-002"),
        ("interv_datum", "12-02-26", "F-002"),
        ("interv_datum", "1-2-2026", "F-002"),
        ("interv_datum", "12-02/2026", "F-002"),
        ("interv_datum", "2026-02-12T08:15:00", "F-002"),
        ("interv_datum", "45000", "F-002"),
        ("interv_datum", "00-00-0000", "F-002"),
        ("interv_datum", "\u0661\u0662-02-2026", "F-002"),
        ("lengte", "1.78", "F-003"),
        ("lengte", "178 cm", "F-003"),
        ("lengte", "1e3", "F-003"),
        ("diabetes", "ja", "F-003"),
        ("diabetes", "3", "F-005"),
        ("impl_device", "-1", "F-005"),
        ("mutatie", "X", "F-005"),
        ("gewicht", "zwaar", "F-004"),
        ("gewicht", "1.000,5", "F-004"),
        ("gewicht", "nan", "F-004"),
        ("gewicht", "82.55", "F-009"),
        ("interv_nr", "MCX-" + "1" * 30, "F-006"),
        ("mutatie", "NW", "F-006"),
        ("geb_naam", "=cmd|calc", "F-010"),
        ("geb_naam", "+31", "F-010"),
        ("geb_naam", "@som", "F-010"),
        ("geb_naam", "-Jansen", "F-010"),
        ("lengte", "-5", "F-010"),
        ("geb_naam", "Voor\x07beeld", "F-010"),
        ("lead_code{n}", "LOT\x1d1", "F-010"),
    ],
)
def test_what_cannot_be_read_has_its_code_and_no_value(name: str, raw: str, code: str) -> None:
    cell = read_cell(raw, FIELDS[name])

    assert (cell.problem, cell.value) == (code, None)


@pytest.mark.parametrize("raw", [None, "", "   ", "\t\u00a0"])
def test_blanks_are_empty(raw: str | None) -> None:
    assert read_cell(raw, FIELDS["lengte"]) == Cell()


def test_only_a_decimal_comma_is_told_as_one() -> None:
    field = FIELDS["gewicht"]

    assert read_cell("82,5", field).comma
    assert read_cell(" 82,5", field).comma
    assert not read_cell("82.5", field).comma


def test_values_have_the_type_of_their_field() -> None:
    assert read_cell("12-02-2026", FIELDS["interv_datum"]).value == dt.date(2026, 2, 12)
    assert read_cell("178", FIELDS["lengte"]).value == 178
    assert read_cell("82,5", FIELDS["gewicht"]).value == 82.5


texts = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"\s?-?[0-9]{1,4}([.,_/\-][0-9A-Za-z]{0,4}){0,2}\s?", fullmatch=True),
    st.dates().map(lambda day: day.strftime("%d-%m-%Y").zfill(10)),
    st.from_regex(r"(\]d2)?0109520123456788(17281231)?(21[A-Z0-9]{1,6})?", fullmatch=True),
)


@given(raw=texts, field=st.sampled_from(list(FIELDS.values())))
def test_canonical_text_is_read_as_itself(raw: str, field: object) -> None:
    cell = read_cell(raw, field)  # type: ignore[arg-type]

    again = read_cell(cell.text, field)  # type: ignore[arg-type]

    assert (again.text, again.value, again.problem) == (cell.text, cell.value, cell.problem)
