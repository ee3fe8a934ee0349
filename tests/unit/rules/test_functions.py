"""The functions that conditions use."""

from __future__ import annotations

import datetime as dt
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.nl import bsn

from databroker.rules.functions import (
    FUNCTIONS,
    age_at,
    bmi,
    days_between,
    greater,
    has_double,
    holds_patient_number,
    is_name,
    is_placeholder,
    outside_registration_year,
    passes_eleven,
)


@given(st.from_regex(r"[0-9]{8,9}", fullmatch=True))
def test_the_elfproef_is_that_of_the_bsn(number: str) -> None:
    assert passes_eleven(number) == bsn.is_valid(number.zfill(9))


@pytest.mark.parametrize("number", ["999994669", "999990019", "999991334"])
def test_the_published_test_numbers_pass(number: str) -> None:
    assert passes_eleven(number)


@pytest.mark.parametrize("number", [None, "", "000000000", "1234567", "99999466x", "9999946690"])
def test_what_is_no_number_of_nine_digits_does_not_pass(number: str | None) -> None:
    assert not passes_eleven(number)


@pytest.mark.parametrize(
    "name", sorted(FUNCTIONS.keys() - {"any", "all", "len", "past", "udi_deel", "heeft_dubbel"})
)
def test_a_function_of_nothing_is_nothing(name: str) -> None:
    function = FUNCTIONS[name]
    nothing = [None] * len(inspect.signature(function).parameters)

    assert not function(*nothing)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "000",
        "onbekend",
        "ONBEKEND",
        "test",
        "x",
        "xxx",
        "nvt",
        "n/a",
        "na",
        "--",
        "?",
        "...",
        "nn",
        "n.n.",
    ],
)
def test_what_is_filled_in_for_want_of_a_name_is_known(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["Xu", "Nan", "Testpersoon", "Voorbeeld"])
def test_a_name_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize("text", ["Voorbeeld", "D'Ávila", "O\u2019Test", "Öz-Șah", "Παράδειγμα"])
def test_letters_of_any_script_are_a_name(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", "Jansen3", "J.", "-", "V" * 41, "a@b", "a\nb"])
def test_other_signs_are_not_a_name(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (dt.date(1943, 5, 15), dt.date(2026, 5, 14), 82),
        (dt.date(1943, 5, 15), dt.date(2026, 5, 15), 83),
        (dt.date(2000, 2, 29), dt.date(2023, 2, 28), 22),
        (dt.date(2000, 2, 29), dt.date(2023, 3, 1), 23),
    ],
)
def test_an_age_counts_completed_years(born: dt.date, day: dt.date, age: int) -> None:
    assert age_at(born, day) == age


def test_days_run_from_the_first_to_the_last() -> None:
    assert days_between(dt.date(2026, 2, 27), dt.date(2026, 3, 1)) == 2


def test_the_body_mass_index_is_kilograms_by_metres_squared() -> None:
    assert bmi(200, 80) == 20


def test_a_comparison_with_nothing_is_false() -> None:
    assert not greater(None, 1)
    assert not greater(1, None)
    assert greater(2, 1)


def test_a_double_is_found() -> None:
    assert has_double([("a", 1), ("a", 1)])
    assert not has_double([("a", 1), ("a", 2)])


@pytest.mark.parametrize(
    ("interv_nr", "pat_nr", "same"),
    [
        ("MCX-1234567", "001234567", True),
        ("MCX-001234567", "1234567", True),
        ("1234567", "1234567", True),
        ("MCX-1234567", '="001234567"', True),
        ("MCX-1234567", "P1234567", False),
        ("MCX-123", "123", False),
        ("MCX-1234567", "1234568", False),
        ("MCX-0", "0000", False),
    ],
)
def test_a_patient_number_in_disguise_is_known(interv_nr: str, pat_nr: str, same: bool) -> None:
    assert holds_patient_number(interv_nr, pat_nr) is same


@pytest.mark.parametrize(
    ("day", "today", "outside"),
    [
        ("2026-01-01", "2026-01-01", False),
        ("2026-12-31", "2026-12-31", False),
        ("2025-01-01", "2026-02-28", False),
        ("2025-12-31", "2026-03-01", True),
        ("2025-12-31", "2028-02-29", True),
        ("2024-12-31", "2026-01-15", True),
        ("2027-01-01", "2026-12-31", True),
    ],
)
def test_the_year_before_stays_open_until_a_day(day: str, today: str, outside: bool) -> None:
    dates = dt.date.fromisoformat(day), dt.date.fromisoformat(today)

    assert outside_registration_year(*dates, "28-02") is outside
