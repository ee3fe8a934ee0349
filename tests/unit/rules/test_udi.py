"""The UDI of an implant."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from databroker.rules import Udi, parse_udi
from databroker.rules.udi import bracketed, gtin_ok

GTIN = "09520123456788"


def test_every_part_is_read() -> None:
    udi = parse_udi(f"(01){GTIN}(11)250131(17)281231(10)LOT-7(21)SN/1")

    assert udi == Udi(GTIN, dt.date(2025, 1, 31), dt.date(2028, 12, 31), "LOT-7", "SN/1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        GTIN,
        "(01)09520123456789",
        "(01)9520123456788",
        f"(01){GTIN}(21)",
        f"(01){GTIN}(21){'S' * 21}",
        f"(01){GTIN}(21)A(21)B",
        f"(01){GTIN}(17)280231",
        f"(01){GTIN}(17)281301",
        f"(01){GTIN}(17)2812",
        f"(01){GTIN}(99)X",
        f"(21)A(01){GTIN}",
        f"(01){GTIN} (21)A",
        f"(01){GTIN}(21)A B",
        f"(01){GTIN}(21)é",
        f"x(01){GTIN}",
    ],
)
def test_a_wrong_build_up_is_no_udi(text: str) -> None:
    assert parse_udi(text) is None


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("280200", dt.date(2028, 2, 29)),
        ("751231", dt.date(2075, 12, 31)),
        ("760101", dt.date(1976, 1, 1)),
    ],
)
def test_day_00_is_the_last_of_the_month_and_years_turn_at_75(written: str, date: dt.date) -> None:
    udi = parse_udi(f"(01){GTIN}(17){written}")

    assert udi is not None
    assert udi.expires == date


@given(st.from_regex(r"[0-9]{14}", fullmatch=True))
def test_the_check_digit_is_that_of_gs1(gtin: str) -> None:
    assert gtin_ok(gtin) == ean.is_valid(gtin)


parts = st.fixed_dictionaries(
    {},
    optional={
        "11": st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)).map(
            lambda d: d.strftime("%y%m%d")
        ),
        "10": st.from_regex(r"[A-Z0-9\-]{1,20}", fullmatch=True),
        "17": st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)).map(
            lambda d: d.strftime("%y%m%d")
        ),
        "21": st.from_regex(r"[A-Z0-9\-]{1,20}", fullmatch=True),
    },
)


@given(parts, st.sampled_from(["", "]d2", "]C1"]))
def test_what_a_scanner_reads_becomes_the_form_with_brackets(
    parts: dict[str, str], symbology: str
) -> None:
    free = {"10", "21"}
    scanned = "".join(
        name + part + ("\x1d" if name in free else "") for name, part in parts.items()
    )
    written = f"(01){GTIN}" + "".join(f"({name}){part}" for name, part in parts.items())

    rewritten = bracketed(f"{symbology}01{GTIN}{scanned}")

    assert rewritten == written
    assert parse_udi(rewritten) is not None


@given(st.text(max_size=60))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    rewritten = bracketed(text)

    assert rewritten == text or parse_udi(rewritten) is not None
