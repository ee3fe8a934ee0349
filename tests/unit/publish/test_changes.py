"""What changed between two versions of a dataset."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from databroker.publish import changes, documents
from tests.support.interventions import interventie
from tests.unit.intake.builders import a_field

if TYPE_CHECKING:
    from databroker.dataset import Dataset, Field

OLD = interventie()
NOTHING: dict[str, list[Any]] = {"added": [], "removed": [], "changed": []}


def a_version(*, fields: dict[str, Field] | None = None, **facts: Any) -> Dataset:
    """Give the next version, some fields of it replaced by name."""
    changed = tuple((fields or {}).get(field.name, field) for field in OLD.fields)
    return replace(OLD, **{"version": "99.1", "fields": changed} | facts)


def field(name: str) -> Field:
    return next(each for each in OLD.fields if each.name == name)


def test_a_version_with_nothing_changed_says_so() -> None:
    found = changes(OLD, a_version())

    assert found == {
        "dataset": "pmicd-interventie",
        "from": "22.2",
        "to": "99.1",
        "about": [],
        "fields": {"renamed": [], **NOTHING},
        "limits": NOTHING,
        "codes": NOTHING,
        "rules": NOTHING,
    }


def test_the_dataset_itself() -> None:
    found = changes(OLD, a_version(max_rows=30_000))

    assert found["about"] == [{"what": "max_rows", "from": 20_000, "to": 30_000}]


def test_a_field_that_came_one_that_went_and_one_that_changed() -> None:
    fields = [each for each in OLD.fields if each.name != "partnernaam"]
    fields[0] = replace(fields[0], label="Nummer")

    found = changes(OLD, replace(OLD, version="99.1", fields=(*fields, a_field("nieuw"))))

    assert [each["field"] for each in found["fields"]["added"]] == ["nieuw"]
    assert [each["field"] for each in found["fields"]["removed"]] == ["partnernaam"]
    assert found["fields"]["changed"] == [
        {"field": "interv_nr", "what": "label", "from": "Interventienummer", "to": "Nummer"}
    ]


def test_a_renamed_field_is_the_same_field() -> None:
    old = field("ICD_PMfunctie")
    new = replace(old, name="ICD_PM_indicatie", aliases=("ICD_PMfunctie",))

    found = changes(OLD, a_version(fields={"ICD_PMfunctie": new}))

    assert found["fields"]["renamed"] == [{"from": "ICD_PMfunctie", "to": "ICD_PM_indicatie"}]
    assert found["fields"]["added"] == found["fields"]["removed"] == []
    assert found["codes"] == NOTHING


def test_a_code_that_came_one_that_went_and_one_with_another_meaning() -> None:
    codes = {"1": "Mannelijk", "2": "Vrouw", "3": "Anders"}
    codes_en = {"1": "Male", "2": "Woman", "3": "Other"}
    changed = replace(field("geslacht"), codes=codes, codes_en=codes_en)

    found = changes(OLD, a_version(fields={"geslacht": changed}))

    assert found["codes"] == {
        "added": [{"field": "geslacht", "code": "3", "value": "Anders", "value_en": "Other"}],
        "removed": [
            {"field": "geslacht", "code": "-1", "value": "Onbekend", "value_en": "Unknown"}
        ],
        "changed": [
            {"field": "geslacht", "code": "1", "what": "value", "from": "Man", "to": "Mannelijk"},
            {"field": "geslacht", "code": "2", "what": "value_en", "from": "Female", "to": "Woman"},
        ],
    }
    assert found["fields"]["changed"] == []


def test_a_limit_that_came_one_that_went_and_one_that_moved() -> None:
    length = replace(field("lengte"), hard_max=280.0, soft_min=None)
    fraction = replace(field("LVEF"), hard_max=None)
    creatinine = replace(field("kreatinine_gehalte"), hard_min=None)

    found = changes(
        a_version(fields={"kreatinine_gehalte": creatinine}),
        replace(a_version(fields={"lengte": length, "LVEF": fraction}), version="99.2"),
    )

    assert found["limits"] == {
        "added": [{"field": "kreatinine_gehalte", "limit": "hard_min", "value": 1.0}],
        "removed": [
            {"field": "lengte", "limit": "soft_min", "value": 140.0},
            {"field": "LVEF", "limit": "hard_max", "value": 99.0},
        ],
        "changed": [
            {"field": "lengte", "limit": "hard_max", "what": "value", "from": 270.0, "to": 280.0}
        ],
    }


def test_a_rule_that_came_one_that_went_and_one_that_changed() -> None:
    rules = dict(OLD.rules)
    gone = rules.pop("W-501")
    rules["W-599"] = replace(gone, code="W-599")
    rules["F-201"] = replace(rules["F-201"], message="Anders.")

    found = changes(OLD, a_version(rules=rules))["rules"]

    assert [each["rule"] for each in found["added"]] == ["W-599"]
    assert [each["rule"] for each in found["removed"]] == ["W-501"]
    assert found["changed"] == [
        {
            "rule": "F-201",
            "what": "message",
            "from": "Interventiedatum ligt in de toekomst.",
            "to": "Anders.",
        }
    ]


@pytest.mark.parametrize("what", ["label_en", "condition_en", "format_en"])
def test_an_english_text_of_a_field_that_changed(what: str) -> None:
    old = replace(field("lengte"), **{what: "old"})

    found = changes(
        a_version(fields={"lengte": old}),
        a_version(fields={"lengte": replace(old, **{what: "new"})}),
    )

    expected = {"field": "lengte", "what": what, "from": "old", "to": "new"}
    assert found["fields"]["changed"] == [expected]


@pytest.mark.parametrize("what", ["message_en", "fix_en"])
def test_an_english_text_of_a_rule_that_changed(what: str) -> None:
    rule = OLD.rules["F-201"]

    found = changes(OLD, a_version(rules=dict(OLD.rules) | {"F-201": replace(rule, **{what: "x"})}))

    expected = {"rule": "F-201", "what": what, "from": getattr(rule, what), "to": "x"}
    assert found["rules"]["changed"] == [expected]


def test_the_changes_are_a_document_of_the_newer_version_only() -> None:
    made = documents(a_version(max_rows=1), before=OLD)

    assert json.loads(made["wijzigingen-sinds-22.2.json"])["to"] == "99.1"
    assert not any(name.startswith("wijzigingen") for name in documents(OLD))


@pytest.mark.parametrize("name", ["record.schema.json", "wijzigingen-sinds-22.2.json"])
def test_a_document_for_machines_is_readable_for_people(name: str) -> None:
    content = documents(a_version(label="Één"), before=OLD)[name].decode()

    assert "Één" in content
    assert content.endswith("}\n")
