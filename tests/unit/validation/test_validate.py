"""Validation of a whole file."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.dataset import Phase
from databroker.findings import Level
from databroker.privacy.identity import minimise
from databroker.records import Origin, Records
from databroker.rules import Context, Examination
from databroker.rules.vectors import EMPTY
from databroker.validation import Validation, validate
from tests.support.interventions import CONTEXT, an_intervention, interventie, records_of

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.rules import Completeness

DATASET = interventie()
UDI = "(01)09520123456788(17)281231(21)"


def the_rest(*rows: dict[str, str], origin: Origin | None = None) -> Records:
    return minimise(records_of(*rows, origin=origin), DATASET, CONTEXT)


def check(*rows: dict[str, str], earlier: list[Finding] | None = None) -> Validation:
    return validate(the_rest(*rows), DATASET, CONTEXT, earlier or [])


def different(number: int, day: str = "12-02-2026", **changes: str) -> dict[str, str]:
    """Give an intervention with a number and implants of its own."""
    own = {
        "interv_nr": f"MCX-{number:06d}", "interv_datum": day,
        "impl_device_code": f"{UDI}SN{number}", "lead_code1": f"{UDI}LA{number}",
        "lead_code2": f"{UDI}LV{number}",
    }  # fmt: skip
    return an_intervention(**(own | changes))


def places(validation: Validation) -> list[tuple[str, int | None, str | None]]:
    return [(finding.code, finding.row, finding.field) for finding in validation.findings]


def of(validation: Validation, column: str) -> Completeness:
    return next(one for one in validation.completeness if one.column == column)


def test_a_file_in_order_gives_no_findings_and_canonical_text() -> None:
    validation = check(different(1), different(2))

    assert validation.findings == []
    assert validation.refused == set()
    assert validation.clean.column("interv_datum") == ["2026-02-12", "2026-02-12"]
    assert validation.clean.column("leeftijd") == ["82", "82"]


def test_a_finding_has_its_row_cell_number_field_and_value() -> None:
    origin = Origin("Blad 1", {"lengte": "K"})
    records = the_rest(different(1), different(2, lengte="999"), origin=origin)

    finding = validate(records, DATASET, CONTEXT).findings[-1]

    assert (finding.code, finding.row, finding.cell) == ("F-008", 3, "'Blad 1'!K3")
    assert (finding.interv_nr, finding.field, finding.value) == ("MCX-000002", "lengte", "999")
    assert "270" in finding.message


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"lengte": ""}, "F-001", "lengte"),
        ({"interv_datum": "30-02-2026"}, "F-002", "interv_datum"),
        ({"lengte": "lang"}, "F-003", "lengte"),
        ({"gewicht": "zwaar"}, "F-004", "gewicht"),
        ({"diabetes": "5"}, "F-005", "diabetes"),
        ({"interv_nr": "MCX-" + "0" * 30}, "F-006", "interv_nr"),
        ({"kreatinine_gehalte": "0"}, "F-007", "kreatinine_gehalte"),
        ({"LVEF": "100"}, "F-008", "LVEF"),
        ({"gewicht": "80.55"}, "F-009", "gewicht"),
        ({"lead_code1": "=1+1"}, "F-010", "lead_code1"),
        ({"AV_block": ""}, "F-011", "AV_block"),
        ({"lengte": "139"}, "W-002", "lengte"),
        ({"lengte": "206"}, "W-003", "lengte"),
        ({"geslacht": ""}, "F-001", "geslacht"),
    ],
)
def test_the_rules_of_every_field_point_at_their_column(
    changes: dict[str, str], code: str, column: str
) -> None:
    validation = check(different(1), different(2, **changes))

    assert [place for place in places(validation) if place[1]] == [(code, 3, column)]
    assert validation.refused == ({3} if code.startswith("F") else set())


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        (
            {"geslacht": "3"},
            "Kies een code uit het handboek. Toegestaan: 1 = Man, 2 = Vrouw, -1 = Onbekend",
        ),
        (
            {"lead_type1": "11"},
            (
                "Kies een code uit het handboek. Toegestaan: 10 = RA, 20 = RV, 30 = LV, 50 = S-ICD, "
                "60 = LBB, 70 = His, 90 = Overig, -1 = Onbekend"
            ),
        ),
        (
            {"kreatinine_gehalte": "0"},
            (
                "Controleer waarde en eenheid. Toegestaan: geheel getal van 1 t/m 2000 µmol/l, "
                "of -1 = onbekend"
            ),
        ),
        (
            {"LVEF": "100"},
            "Controleer waarde en eenheid. Toegestaan: geheel getal van 1 t/m 99 %, of -1 = onbekend",
        ),
        (
            {"gewicht": "80.55"},
            (
                "Rond af. Toegestaan: getal met hoogstens 1 decimaal van 0,4 t/m 250 kg, "
                "of -1 = onbekend"
            ),
        ),
        (
            {"interv_nr": "MCX-" + "0" * 30},
            "Pas de waarde aan. Toegestaan: hoogstens 25 tekens",
        ),
        (
            {"lengte": "206"},
            "Controleer waarde en eenheid. Gebruikelijk: van 140 t/m 205 cm",
        ),
    ],
)
def test_what_is_allowed_is_told_with_what_to_do(changes: dict[str, str], fix: str) -> None:
    (finding, *_) = [each for each in check(different(1, **changes)).findings if each.row]

    assert finding.fix == fix


@pytest.mark.parametrize("lengte", ["20", "140", "205", "270", "-1"])
def test_limits_are_inclusive_and_unknown_is_beyond_none(lengte: str) -> None:
    validation = check(different(1, lengte=lengte, gewicht="-1"))

    assert not {code for code, *_ in places(validation)} & {"F-007", "F-008"}


def test_unknown_and_rewritten_values_are_told_once_with_their_number() -> None:
    rows = [different(n, diabetes="-1", lengte="178.0") for n in (1, 2, 3)]

    findings = {finding.code: finding for finding in check(*rows).findings}

    assert (findings["W-006"].row, findings["W-006"].field) == (None, "diabetes")
    assert "3" in findings["W-006"].message
    assert (findings["W-005"].row, findings["W-005"].field) == (None, "lengte")
    assert "3" in findings["W-005"].message


def test_decimal_commas_are_told_once_for_the_file() -> None:
    validation = check(different(1, gewicht="82,5"), different(2, gewicht="81,5"))

    assert places(validation) == [("W-005", None, "gewicht"), ("BW-009", None, None)]
    assert validation.clean.column("gewicht") == ["82.5", "81.5"]


def test_a_value_that_does_not_apply_is_told_and_left_out() -> None:
    validation = check(different(1), an_intervention("LEAD", hartfalen="1", AV_block="-1"))

    ignored = [place for place in places(validation) if place[0] == "W-001"]
    assert ignored == [("W-001", 3, "hartfalen")]
    assert validation.clean.column("hartfalen") == ["0", None]
    assert validation.clean.column("AV_block") == ["1", "-1"]


def test_no_rule_sees_a_value_that_does_not_apply() -> None:
    records = the_rest(an_intervention("LEAD", hartfalen="1"))

    examination = Examination(DATASET, CONTEXT, Phase.VALIDATE)
    done = examination.ask(examination.part(records), {})

    assert done.part.value("hartfalen") == [EMPTY]


def test_a_cell_that_cannot_be_read_breaks_no_other_rule() -> None:
    validation = check(different(1, impl_device="tien"), different(2, lead_ingreep1="x"))

    on_records = [place for place in places(validation) if place[1]]
    assert on_records == [("F-003", 2, "impl_device"), ("F-003", 3, "lead_ingreep1")]


def test_a_lead_to_which_nothing_was_done_is_told_once() -> None:
    validation = check(different(1), different(2, lead_ingreep2="", lead_code2="LOT123"))

    assert [code for code, row, _ in places(validation) if row] == ["F-401"]


def test_a_lead_procedure_that_cannot_be_read_is_not_a_missing_one() -> None:
    validation = check(different(1), an_intervention("LEAD", lead_ingreep1="x"))

    assert [code for code, row, _ in places(validation) if row] == ["F-003"]


def test_what_a_precise_rule_says_of_an_empty_cell_is_not_said_again() -> None:
    validation = check(different(1), different(2, lead_type1=""))

    assert [code for code, row, _ in places(validation) if row] == ["F-402"]


def test_the_same_number_twice_refuses_both_and_names_the_rows() -> None:
    validation = check(different(1), different(2), different(1, day="13-02-2026"))

    doubles = [finding for finding in validation.findings if finding.code == "F-203"]
    assert [finding.row for finding in doubles] == [2, 4]
    assert "2, 4" in doubles[0].message
    assert "F-231" not in {code for code, *_ in places(validation)}


def test_a_number_is_the_same_in_capitals_or_not() -> None:
    validation = check(different(1), different(2, interv_nr="mcx-000001"))

    assert [place for place in places(validation) if place[1]] == [
        ("F-203", 2, "interv_nr"),
        ("F-203", 3, "interv_nr"),
    ]


def test_one_implant_in_two_interventions_refuses_both() -> None:
    same = f"{UDI}SN1"
    validation = check(different(1), different(2, lead_code2=same), different(3))

    assert [place for place in places(validation) if place[0] == "F-231"] == [
        ("F-231", 2, "impl_device_code"),
        ("F-231", 3, "lead_code2"),
    ]


def test_an_implant_without_serial_number_is_no_double() -> None:
    lot = "(01)09520123456788(10)LOT1"

    validation = check(different(1, lead_code1=lot), different(2, lead_code1=lot))

    assert validation.findings == []


def test_the_one_record_that_breaks_the_order_is_told_and_not_all_after_it() -> None:
    days = ["02-02-2026", "28-02-2026", "03-02-2026", "04-02-2026", "05-02-2026"]

    validation = check(*[different(n, day) for n, day in enumerate(days, 1)])

    assert places(validation) == [("W-209", 3, "interv_nr")]


def test_the_order_of_the_rows_is_of_no_matter() -> None:
    validation = check(different(10, "10-02-2026"), different(9, "09-02-2026"))

    assert validation.findings == []


def test_a_file_in_which_nothing_is_good_is_refused() -> None:
    validation = check(different(1, lengte=""), different(2, lengte="x"))

    assert "BF-020" in {code for code, *_ in places(validation)}
    assert "BW-003" not in {code for code, *_ in places(validation)}
    assert validation.refused == {2, 3}


def test_records_refused_before_count() -> None:
    earlier = [DATASET.finding("F-105", row=2, column="geb_naam")]

    validation = check(different(1), different(2, lengte=""), earlier=earlier)

    assert "BF-020" in {code for code, *_ in places(validation)}
    assert validation.refused == {2, 3}


def test_a_line_that_is_not_in_the_table_counts_for_the_file_and_is_no_record_of_it() -> None:
    earlier = [DATASET.finding("F-012", row=3, regel=3, n=4, m=61)]

    validation = check(different(1), earlier=earlier)

    assert [finding.code for finding in validation.findings] == ["BW-003"]
    assert validation.findings[0].message.startswith("50%")
    assert validation.refused == set()


def test_a_file_with_many_refusals_is_told_so() -> None:
    rows = [different(n) for n in range(1, 10)]

    validation = check(*rows, different(10, lengte=""))

    (finding,) = [each for each in validation.findings if each.code == "BW-003"]
    assert finding.message.startswith("10%")


def test_a_record_that_was_erased_gives_no_more_findings() -> None:
    objects = different(2, bezwaar_patient="1")
    nameless = different(3, interv_nr="MCX-1234567")
    earlier = [
        DATASET.finding("F-113", row=3, column="bezwaar_patient"),
        DATASET.finding("F-102", row=4, column="interv_nr"),
    ]

    validation = check(different(1), objects, nameless, earlier=earlier)

    assert [place for place in places(validation) if place[1]] == []
    assert validation.refused == {3, 4}


def test_a_month_without_interventions_is_named() -> None:
    in_february = Context(dt.date(2026, 2, 10), CONTEXT.centre)
    days = ["10-11-2025", "01-02-2026"]
    records = the_rest(*[different(n, day) for n, day in enumerate(days, 1)])

    validation = validate(records, DATASET, in_february)

    (finding,) = [each for each in validation.findings if each.code == "BW-014"]
    assert "12-2025, 01-2026" in finding.message


def test_completeness_counts_unknown_as_missing_and_only_what_applies() -> None:
    validation = check(
        different(1, lengte="-1"), different(2), an_intervention("LEAD", interv_nr="MCX-000003")
    )

    lengte, block = of(validation, "lengte"), of(validation, "AV_block")
    assert (lengte.applicable, lengte.filled, lengte.unknown, lengte.empty) == (3, 2, 1, 0)
    assert (round(lengte.pct or 0), lengte.norm, lengte.ok) == (67, 95, False)
    assert (block.applicable, block.filled, block.ok) == (2, 2, True)
    assert ("BW-005", None, "lengte") in places(validation)


def test_a_column_that_should_be_filled_and_is_all_empty_is_named() -> None:
    validation = check(different(1, lengte=""), different(2, lengte=""))

    assert ("BW-004", None, "lengte") in places(validation)
    assert ("BW-005", None, "lengte") not in places(validation)


def test_a_lead_nobody_placed_is_neither_complete_nor_incomplete() -> None:
    third = of(check(different(1)), "lead_code3")

    assert (third.applicable, third.pct, third.ok) == (0, None, None)


def test_lead_columns_may_stay_away() -> None:
    row = {name: cell for name, cell in an_intervention("POCKET").items() if "lead_" not in name}

    assert check(row).findings == []


@pytest.mark.parametrize("rows", [[], [an_intervention()]])
def test_nothing_is_said_of_a_file_without_records(rows: list[Any]) -> None:
    assert check(*rows).findings == []


KEPT = [name for name, column in DATASET.columns.items() if column.field.kept]
NASTY = st.one_of(
    st.sampled_from(["", "-1", "0", "10", "20", "30", "1", "-5", "=1", "x", "10,5", "0_Nee", UDI + "S1"]),
    st.dates().map(lambda day: f"{day.day:02d}-{day.month:02d}-{day.year:04d}"),
    st.text(max_size=8),
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(KEPT), NASTY, max_size=12), max_size=4))
def test_whatever_is_delivered_is_judged_and_every_record_is_accepted_or_refused(
    changes: list[dict[str, str]],
) -> None:
    rows = [different(number) | change for number, change in enumerate(changes)]

    validation = check(*rows)

    refusing = {finding.row for finding in validation.findings if finding.level.refuses_record}
    assert validation.refused == refusing
    assert validation.refused <= set(range(2, 2 + len(rows)))
    assert len(validation.clean) == len(rows)


@given(st.dictionaries(st.sampled_from(KEPT), NASTY, max_size=12))
def test_what_validation_made_of_a_good_record_is_good_and_stays_the_same(
    changes: dict[str, str],
) -> None:
    once = check(different(1) | changes)
    if once.refused:
        return

    again = validate(once.clean, DATASET, CONTEXT)

    assert again.refused == set()
    assert again.clean == once.clean


# --- rules on trial ----------------------------------------------------------------------------
def on_trial(code: str, since: dt.date, **changes: Any) -> Dataset:
    rule = dataclasses.replace(DATASET.rules[code], trial_from=since, **changes)
    return dataclasses.replace(DATASET, rules={**DATASET.rules, code: rule})


def test_a_rule_on_trial_informs_and_refuses_nothing() -> None:
    dataset = on_trial("F-218", CONTEXT.today)
    records = the_rest(an_intervention("EXPL", terminatie_reden="0"))

    in_force, tried = validate(records, DATASET, CONTEXT), validate(records, dataset, CONTEXT)

    (finding,) = tried.findings
    assert (finding.code, finding.level) == ("F-218", Level.RECORD_WARNING)
    assert finding.message == "Proefregel: Terminatie zonder reden."
    assert in_force.refused == {2}
    assert tried.refused == set()


def test_a_rule_is_silent_until_its_trial_begins() -> None:
    tomorrow = CONTEXT.today + dt.timedelta(days=1)
    records = the_rest(an_intervention("EXPL", terminatie_reden="0"))

    validation = validate(records, on_trial("F-218", tomorrow), CONTEXT)

    assert validation.findings == []


def test_a_rule_on_trial_does_not_speak_for_a_rule_in_force() -> None:
    about = {"fields": ("lengte",), "fires_when": "lengte is None"}
    records = the_rest(an_intervention(lengte=""))

    validation = validate(records, on_trial("F-201", CONTEXT.today, **about), CONTEXT)

    codes = [finding.code for finding in validation.findings if finding.row]
    assert codes == ["F-201", "F-001"]
    assert validation.refused == {2}
