"""What a field asks for, in words."""

from __future__ import annotations

from typing import Any

import pytest

from databroker.dataset import FieldType
from databroker.dataset.words import allowed, allowed_lines, length, needed, usual
from databroker.findings import Language
from tests.unit.intake.builders import a_field

WHOLE, DECIMAL = FieldType.INTEGER, FieldType.DECIMAL
CODES = {"codes": {"1": "Man", "2": "Vrouw"}, "codes_en": {"1": "Male", "2": "Female"}}
ENGLISH = Language.ENGLISH


@pytest.mark.parametrize(
    ("kind", "facts", "said", "said_en"),
    [
        (FieldType.CODE, CODES, "1 = Man, 2 = Vrouw", "1 = Male, 2 = Female"),
        (
            FieldType.CODE,
            {**CODES, "unknown": "-1"},
            "1 = Man, 2 = Vrouw, -1 = Onbekend",
            "1 = Male, 2 = Female, -1 = Unknown",
        ),
        (
            FieldType.CODE,
            {"codes": {"-1": "Weet niet"}, "codes_en": {"-1": "Do not know"}, "unknown": "-1"},
            "-1 = Weet niet",
            "-1 = Do not know",
        ),
        (WHOLE, {}, "geheel getal", "whole number"),
        (WHOLE, {"hard_min": 1.0}, "geheel getal vanaf 1", "whole number from 1"),
        (
            WHOLE,
            {"hard_max": 99.0, "unit": "%"},
            "geheel getal t/m 99 %",
            "whole number up to 99 %",
        ),
        (
            WHOLE,
            {"hard_min": 0.0, "hard_max": 0.0},
            "geheel getal van 0 t/m 0",
            "whole number from 0 to 0",
        ),
        (
            DECIMAL,
            {"max_decimals": 1, "hard_min": 0.4},
            "getal met hoogstens 1 decimaal vanaf 0,4",
            "number with at most 1 decimal from 0.4",
        ),
        (
            DECIMAL,
            {"max_decimals": 2},
            "getal met hoogstens 2 decimalen",
            "number with at most 2 decimals",
        ),
        (DECIMAL, {"unknown": "-1"}, "getal, of -1 = onbekend", "number, or -1 = unknown"),
        (
            FieldType.DATE,
            {"format": "dag-maand", "format_en": "day-month"},
            "dag-maand",
            "day-month",
        ),
        (FieldType.DATE, {}, "datum", "date"),
        (FieldType.TEXT, {"max_length": 1}, "hoogstens 1 teken", "at most 1 character"),
        (FieldType.UDI, {}, "UDI (tekst)", "UDI (text)"),
    ],
)
def test_what_is_accepted(kind: FieldType, facts: dict[str, Any], said: str, said_en: str) -> None:
    assert allowed(a_field("x", kind, **facts)) == said
    assert allowed(a_field("x", kind, **facts), ENGLISH) == said_en


def test_what_is_accepted_has_a_line_for_every_code_and_for_the_length() -> None:
    coded = a_field("x", FieldType.CODE, **CODES)
    text = a_field("x", format="alleen cijfers", max_length=20)
    told = a_field("x", format="maximaal 20 cijfers", max_length=20)

    assert allowed_lines(coded) == ["1 = Man", "2 = Vrouw"]
    assert allowed_lines(coded, ENGLISH) == ["1 = Male", "2 = Female"]
    assert allowed_lines(text) == ["alleen cijfers", "hoogstens 20 tekens"]
    assert allowed_lines(told) == ["maximaal 20 cijfers"]


@pytest.mark.parametrize(
    ("facts", "said", "said_en"),
    [
        ({}, "", ""),
        ({"min_length": 3}, "minstens 3 tekens", "at least 3 characters"),
        ({"max_length": 25}, "hoogstens 25 tekens", "at most 25 characters"),
        ({"min_length": 3, "max_length": 25}, "3 t/m 25 tekens", "3 to 25 characters"),
    ],
)
def test_how_long_a_text_may_be(facts: dict[str, Any], said: str, said_en: str) -> None:
    assert length(a_field("x", **facts)) == said
    assert length(a_field("x", **facts), ENGLISH) == said_en


def test_what_is_usual() -> None:
    field = a_field("x", DECIMAL, soft_min=35.0, soft_max=180.5, unit="kg")

    assert usual(field) == "van 35 t/m 180,5 kg"
    assert usual(field, ENGLISH) == "from 35 to 180.5 kg"
    assert usual(a_field("x", DECIMAL, hard_min=1.0)) == ""


def test_when_a_field_is_needed() -> None:
    assert needed(a_field("x", required=True)) == "altijd"
    assert needed(a_field("x")) == "niet verplicht"
    assert needed(a_field("x{n}", condition="als y{n} is gevuld"), 3) == "als y3 is gevuld"
    assert needed(a_field("x", required=True), language=ENGLISH) == "always"
    assert needed(a_field("x"), language=ENGLISH) == "not required"
    assert needed(a_field("x{n}", condition_en="if y{n} is"), 3, ENGLISH) == "if y3 is"
