"""The checks on personal data, and what is left of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.privacy.identity import IdentityCheck, check_identity, minimise
from databroker.records import Origin
from tests.support.interventions import CONTEXT, an_intervention, interventie, records_of

DATASET = interventie()
PERSONAL = ["pat_nr", "geb_naam", "partnernaam", "geb_datum", "postcode", "bsn"]


def check(*rows: dict[str, str]) -> IdentityCheck:
    return check_identity(records_of(*rows), DATASET, CONTEXT)


def test_a_good_record_goes_through_in_canonical_text() -> None:
    found = check(an_intervention(geb_naam=" Voorbeeld ", bsn="999990019"))

    assert found.refused == set()
    assert found.clean.column("geb_naam") == ["Voorbeeld"]
    assert found.clean.column("geb_datum") == ["1943-05-15"]
    assert found.clean.column("interv_datum") == ["12-02-2026"]


def test_no_finding_carries_what_was_delivered() -> None:
    wrong = {
        "pat_nr": "P4711", "geb_naam": "Vreemd3", "partnernaam": "=Geheim", "geb_datum": "31-02-1950",
        "postcode": "0777 ZZ", "bsn": "12.34",
    }  # fmt: skip

    found = check(an_intervention(**wrong), an_intervention(geb_naam="V" * 41))

    told = json.dumps([finding.as_json() for finding in found.findings])
    assert {finding.field for finding in found.findings} == set(wrong)
    assert found.refused == {2, 3}
    assert not [value for value in wrong.values() if value in told]


def test_a_wrong_form_is_told_once_and_not_again_by_its_meaning() -> None:
    found = check(an_intervention(geb_naam="=Jansen3", geb_datum="31-02-1890"))

    assert [finding.code for finding in found.findings] == ["F-010", "F-002"]


def test_an_empty_name_is_missing_once() -> None:
    found = check(an_intervention(geb_naam="", pat_nr=""))

    assert {(finding.code, finding.field) for finding in found.findings if finding.row} == {
        ("F-001", "pat_nr"),
        ("F-001", "geb_naam"),
    }


def test_a_finding_points_at_the_cell() -> None:
    origin = Origin("PMICD_NHR", {"geb_naam": "D"})
    records = records_of(an_intervention(), an_intervention(geb_naam="Jansen3"), origin=origin)

    (finding,) = check_identity(records, DATASET, CONTEXT).findings

    assert (finding.row, finding.cell, finding.interv_nr) == (3, "PMICD_NHR!D3", "MCX-000123")


def test_a_bsn_that_lost_its_zero_gets_it_back() -> None:
    found = check(an_intervention(bsn="10000008"), an_intervention(bsn="999990019"))

    assert found.clean.column("bsn") == ["010000008", "999990019"]
    assert [finding.code for finding in found.findings if finding.row is None] == ["BW-010"]


@pytest.mark.parametrize("pat_nr", ["001234567", "=1234567 "])
def test_a_number_that_is_the_patient_number_appears_nowhere(pat_nr: str) -> None:
    records = records_of(an_intervention(interv_nr="MCX-1234567", pat_nr=pat_nr))

    found = check_identity(records, DATASET, CONTEXT)

    assert [finding.code for finding in found.findings].count("F-102") == 1
    assert found.refused == {2}
    assert "1234567" not in json.dumps([finding.as_json() for finding in found.findings])
    assert found.clean.column("interv_nr") == [None]
    assert minimise(records, DATASET, CONTEXT).column("interv_nr") == [None]


def test_a_patient_who_objects_leaves_nothing_but_the_number() -> None:
    objects = an_intervention(bezwaar_patient="1_Ja", geb_naam="Jansen3", geb_datum="01-01-1890")
    records = records_of(objects, an_intervention(interv_nr="MCX-000124"))

    found = check_identity(records, DATASET, CONTEXT)
    left = minimise(records, DATASET, CONTEXT)

    assert [(finding.code, finding.row) for finding in found.findings] == [("F-113", 2)]
    for table in (found.clean, left):
        filled = {name for name in table.names if table.column(name)[0] is not None}
        assert filled == {"interv_nr"}
    assert left.column("lengte") == [None, "178"]


def test_a_patient_who_objects_and_whose_number_leads_to_him_leaves_nothing() -> None:
    records = records_of(an_intervention(bezwaar_patient="1", interv_nr="MCX-1234567"))

    found = check_identity(records, DATASET, CONTEXT)

    assert [(finding.code, finding.interv_nr) for finding in found.findings] == [("F-113", None)]
    assert {found.clean.column(name)[0] for name in found.clean.names} == {None}


def test_what_the_registry_gets_is_coarser() -> None:
    left = minimise(records_of(an_intervention(bsn="999990019")), DATASET, CONTEXT)

    assert not set(PERSONAL) & set(left.names)
    assert left.column("geb_jaar") == ["1943"]
    assert left.column("leeftijd") == ["82"]
    assert left.column("pc4") == ["1234"]
    assert left.column("geslacht") == ["1"]


@pytest.mark.parametrize(
    ("postcode", "pc4"),
    [("1234AA", "1234"), ("0000", "BUITENLAND"), ("-1", "ONBEKEND"), ("", None), ("AB", None),
     ("-1_Onbekend", "ONBEKEND"), (" 1234 AA", "1234"), ("12", None), ("Dorpstraat", None)],
)  # fmt: skip
def test_a_postcode_leaves_four_digits_or_a_word(postcode: str, pc4: str | None) -> None:
    left = minimise(records_of(an_intervention(postcode=postcode)), DATASET, CONTEXT)

    assert left.column("pc4") == [pc4]


@pytest.mark.parametrize("born", ["", "31-02-1950", "13-02-2026", "01-01-1850"])
def test_an_impossible_age_is_left_out(born: str) -> None:
    left = minimise(records_of(an_intervention(geb_datum=born)), DATASET, CONTEXT)

    assert left.column("leeftijd") == [None]


def test_minimising_what_is_clean_gives_the_same_as_minimising_what_was_delivered() -> None:
    records = records_of(
        an_intervention(),
        an_intervention(interv_nr="MCX-1234567"),
        an_intervention(bezwaar_patient="1"),
    )

    of_clean = minimise(check_identity(records, DATASET, CONTEXT).clean, DATASET, CONTEXT)

    assert of_clean == minimise(records, DATASET, CONTEXT)


@given(st.fixed_dictionaries({name: st.text(max_size=12) for name in [*PERSONAL, "interv_nr"]}))
def test_no_text_in_a_personal_field_gets_into_what_is_left(values: dict[str, str]) -> None:
    records = records_of(an_intervention(**values))

    check_identity(records, DATASET, CONTEXT)
    left = minimise(records, DATASET, CONTEXT)

    assert set(left.names).isdisjoint(PERSONAL)
    assert left.column("pc4")[0] in {None, "BUITENLAND", "ONBEKEND", values["postcode"].strip()[:4]}
