"""What a field asks for, in words."""

from __future__ import annotations

from typing import Any

import pytest

from databroker.dataset import FieldType
from databroker.dataset.words import allowed, allowed_lines, length, needed, usual
from tests.unit.intake.builders import a_field

WHOLE, DECIMAL = FieldType.INTEGER, FieldType.DECIMAL
CODES = {"1": "Man", "2": "Vrouw"}


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        (FieldType.CODE, {"codes": CODES}, "1 = Man, 2 = Vrouw"),
        (FieldType.CODE, {"codes": CODES, "unknown": "-1"}, "1 = Man, 2 = Vrouw, -1 = Onbekend"),
        (FieldType.CODE, {"codes": {"-1": "Weet niet"}, "unknown": "-1"}, "-1 = Weet niet"),
        (WHOLE, {}, "geheel getal"),
        (WHOLE, {"hard_min": 1.0}, "geheel getal vanaf 1"),
        (WHOLE, {"hard_max": 99.0, "unit": "%"}, "geheel getal t/m 99 %"),
        (WHOLE, {"hard_min": 0.0, "hard_max": 0.0}, "geheel getal van 0 t/m 0"),
        (DECIMAL, {"max_decimals": 1, "hard_min": 0.4}, "getal met hoogstens 1 decimaal vanaf 0,4"),
        (DECIMAL, {"max_decimals": 2}, "getal met hoogstens 2 decimalen"),
        (DECIMAL, {"unknown": "-1"}, "getal, of -1 = onbekend"),
        (FieldType.DATE, {"format": "DD-MM-JJJJ"}, "DD-MM-JJJJ"),
        (FieldType.DATE, {}, "datum"),
        (FieldType.TEXT, {"max_length": 1}, "hoogstens 1 teken"),
        (FieldType.UDI, {}, "UDI (tekst)"),
    ],
)
def test_what_is_accepted(kind: FieldType, facts: dict[str, Any], said: str) -> None:
    assert allowed(a_field("x", kind, **facts)) == said


def test_what_is_accepted_has_a_line_for_every_code_and_for_the_length() -> None:
    coded = a_field("x", FieldType.CODE, codes=CODES)
    text = a_field("x", format="alleen cijfers", max_length=20)
    told = a_field("x", format="maximaal 20 cijfers", max_length=20)

    assert allowed_lines(coded) == ["1 = Man", "2 = Vrouw"]
    assert allowed_lines(text) == ["alleen cijfers", "hoogstens 20 tekens"]
    assert allowed_lines(told) == ["maximaal 20 cijfers"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"min_length": 3}, "minstens 3 tekens"),
        ({"max_length": 25}, "hoogstens 25 tekens"),
        ({"min_length": 3, "max_length": 25}, "3 t/m 25 tekens"),
    ],
)
def test_how_long_a_text_may_be(facts: dict[str, Any], said: str) -> None:
    assert length(a_field("x", **facts)) == said


def test_what_is_usual() -> None:
    field = a_field("x", DECIMAL, soft_min=35.0, soft_max=180.5, unit="kg")

    assert usual(field) == "van 35 t/m 180,5 kg"
    assert usual(a_field("x", DECIMAL, hard_min=1.0)) == ""


def test_when_a_field_is_needed() -> None:
    assert needed(a_field("x", required=True)) == "altijd"
    assert needed(a_field("x")) == "niet verplicht"
    assert needed(a_field("x{n}", condition="als y{n} is gevuld"), 3) == "als y3 is gevuld"
