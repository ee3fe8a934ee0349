"""The examples that a vendor copies from docs/formats.md are what our readers read."""

import datetime as dt
import re
from importlib import import_module

import pytest

from databroker.dataset import find_dataset
from databroker.intake import read_delivery
from databroker.intake.fhir import bundle as fhir_bundle
from databroker.intake.fhir import reader as fhir_file
from databroker.rules import Context
from databroker.validation import validate
from local.translate import PROJECT

PAGE = (PROJECT / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = {
    extension: re.search(rf"```{extension}\n(.*?)```", PAGE, re.DOTALL)[1].encode()
    for extension in ("xml", "json")
}
DATASET = find_dataset("pmicd-interventie", "22.2")


def test_the_xml_on_the_page_breaks_no_rule():
    reading = read_delivery(EXAMPLES["xml"], "voorbeeld.xml", [DATASET])
    context = Context(centre="MCX", today=dt.date(2026, 3, 5))

    found = validate(reading.records, DATASET, context).findings

    assert reading.findings == []
    assert reading.records.rows == [3]
    assert [finding.code for finding in found if finding.row] == []


def test_the_bundle_on_the_page_follows_the_profile():
    complete = {field.name for field in DATASET.fields if field.required}

    reading = read_delivery(EXAMPLES["json"], "voorbeeld.json", [DATASET])

    (finding,) = reading.findings
    assert finding.code == "BF-007"  # it shows one of each kind of variable, not all of them
    told = finding.message.partition(": ")[2].rstrip(".").split(", ")
    assert complete - set(told) == {
        "interv_nr",
        "interv_datum",
        "pat_nr",
        "geb_naam",
        "geb_datum",
        "geslacht",
        "postcode",
        "gewicht",
    }


@pytest.mark.parametrize(
    "name",
    ["INTERVENTION", "VARIABLE", "ANSWER", "DATASET", "LEAD", "BSN", "OWN_NAME", "PARTNER_NAME"],
)
def test_every_url_of_the_profile_is_on_the_page(name):
    assert getattr(fhir_bundle, name) in PAGE


def test_every_element_of_the_profile_and_every_limit_is_on_the_page():
    assert f"{fhir_file.MAX_VALUES:,}".replace(",", ".") in PAGE
    assert f"{DATASET.max_rows:,}".replace(",", ".") in PAGE
    assert f"{DATASET.max_bytes // 1_000_000} MB" in PAGE
    assert all(f"`{name}`" in PAGE for name in fhir_bundle._PLACES)
    assert all(f"`{name}`" in PAGE for name in fhir_bundle._VALUES)


LIMITS = re.findall(
    r"^\| .* \| ([\d.]+)(?: : 1)? \| `(intake[\w.]+)\.(MAX_\w+)` \|", PAGE, re.MULTILINE
)


def test_there_is_a_table_of_limits():
    assert len(LIMITS) == 12


@pytest.mark.parametrize(("value", "module", "name"), LIMITS)
def test_every_limit_in_the_table_is_the_one_in_force(value, module, name):
    assert int(value.replace(".", "")) == getattr(import_module(f"databroker.{module}"), name)
