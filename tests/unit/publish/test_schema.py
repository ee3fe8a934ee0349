"""The JSON Schema of a record says of form, codes, limits and need what the databroker says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from databroker.dataset import FieldType
from databroker.publish import record_schema
from databroker.validation import validate
from tests.support.interventions import BASES, CONTEXT, an_intervention, interventie, records_of
from tests.unit.intake.builders import a_dataset, a_field

DATASET = interventie()
SCHEMA = record_schema(DATASET)
VALIDATOR = Draft202012Validator(SCHEMA)
NUMERIC = {FieldType.CODE, FieldType.INTEGER, FieldType.DECIMAL}
NUMBERS = [name for name, each in DATASET.columns.items() if each.field.type in NUMERIC]
FORM_AND_NEED = {"F-001", "F-003", "F-004", "F-005", "F-007", "F-008", "F-010", "F-011"}


def as_object(row: dict[str, str]) -> dict[str, Any]:
    """Write a row as the schema has it: numbers as numbers, nothing for what is empty."""
    return {
        name: (float(value) if "." in value else int(value)) if name in NUMBERS else value
        for name, value in row.items()
        if value
    }


def wrong(record: dict[str, Any]) -> set[str]:
    """Give the columns that the schema finds fault with."""
    found = set()
    for error in VALIDATOR.iter_errors(record):
        if error.path:
            found.add(str(error.path[0]))
        else:
            found |= set(error.validator_value) - record.keys()
    return found


def test_it_is_a_schema_with_every_column() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert list(SCHEMA["properties"]) == list(DATASET.columns)
    assert SCHEMA["$id"] == f"urn:nhr:pmicd-interventie:{DATASET.version}:record"


@pytest.mark.parametrize("base", BASES)
def test_a_good_intervention_fits(base: str) -> None:
    record = as_object(an_intervention(base))

    assert list(VALIDATOR.iter_errors(record)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("geslacht", 3),
        ("geslacht", "1"),
        ("lengte", 19),
        ("lengte", 178.5),
        ("lengte", 0),
        ("gewicht", 250.1),
        ("interv_datum", "2026-03-05"),
        ("interv_datum", "05-03/2026"),
        ("interv_nr", ""),
        ("geb_naam", "x" * 41),
        ("mutatie", "X"),
        ("lengte_cm", 178),
    ],
)
def test_a_value_of_another_form_does_not(name: str, value: object) -> None:
    record = as_object(an_intervention()) | {name: value}

    assert not VALIDATOR.is_valid(record)


@pytest.mark.parametrize("name", ["interv_nr", "lengte", "sinus_disfunctie", "lead_type1"])
def test_what_is_needed_is_asked_for(name: str) -> None:
    record = as_object(an_intervention("PM"))
    del record[name]

    assert wrong(record) == {name}


@given(
    base=st.sampled_from(sorted(BASES)),
    name=st.sampled_from(NUMBERS),
    value=st.none() | st.integers(-2, 300) | st.integers(1_900, 2_100),
)
def test_it_agrees_with_the_rules_on_form_limits_and_need(
    base: str, name: str, value: int | None
) -> None:
    row = an_intervention(base, **{name: "" if value is None else str(value)})
    row.pop("bsn", None)

    found = validate(records_of(row), DATASET, CONTEXT, []).findings

    told = {finding.field for finding in found if finding.code in FORM_AND_NEED}
    # A lead rule (F-402, F-403) says the same as F-011, in better words.
    told |= {finding.field for finding in found if finding.code in {"F-402", "F-403"}}
    # Of what looks at a value that cannot be read, the rules say nothing.
    assert told <= wrong(as_object(row))
    assert name in told or wrong(as_object(row)) == told


def test_a_condition_that_a_schema_cannot_say_is_left_to_the_rules() -> None:
    needed = a_field("y", condition="als dat zo is", required_when="gt(x, 3)")
    dataset = a_dataset(fields=(a_field("x", FieldType.INTEGER), needed))

    schema = record_schema(dataset)

    assert "allOf" not in schema
    assert "verplicht: als dat zo is" in schema["properties"]["y"]["description"]


@pytest.mark.parametrize(
    ("condition", "record", "needs"),
    [
        ("x is None", {}, True),
        ("x is None", {"x": 1}, False),
        ("x is not None", {"x": 1}, True),
        ("x in (1, 2)", {"x": 2}, True),
        ("x in (1, 2)", {"x": 3}, False),
        ("x == 1 or x == 2", {"x": 2}, True),
        ("x == 1 and z == 2", {"x": 1}, False),
        ("x == 1 and z == 2", {"x": 1, "z": 2}, True),
    ],
)
def test_a_condition_becomes_part_of_the_schema(
    condition: str, record: dict[str, Any], needs: bool
) -> None:
    needed = a_field("y", condition="als", required_when=condition)
    numbers = (a_field("x", FieldType.INTEGER), a_field("z", FieldType.INTEGER))

    validator = Draft202012Validator(record_schema(a_dataset(fields=(*numbers, needed))))

    assert validator.is_valid(record) is not needs
