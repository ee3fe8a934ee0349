"""What a hospital reads is there in Dutch and in English, and says the same in both."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest

from databroker.dataset import Bilingual, Dataset, datasets
from databroker.dataset.reading import placeholders
from databroker.findings import Finding, Language
from tests.support.interventions import interventie

DATASET = interventie()
DUTCH, ENGLISH = Language
EVERY = pytest.mark.parametrize("dataset", datasets(), ids=lambda each: f"{each.id}@{each.version}")
GIVEN = {
    name
    for dataset in datasets()
    for rule in dataset.rules.values()
    for name in placeholders(rule.message + rule.fix)
}
"""Every placeholder there is; what the column fills in goes before what is given."""


def told(dataset: Dataset, code: str, column: str | None, **texts: object) -> Finding:
    return dataset.finding(code, column=column, **dict.fromkeys(GIVEN, "…") | texts)


@EVERY
def test_every_rule_asks_for_the_same_words_in_both_languages(dataset: Dataset) -> None:
    for code, rule in dataset.rules.items():
        assert rule.message_en, code
        assert rule.fix_en, code
        assert placeholders(rule.message) == placeholders(rule.message_en), code
        assert placeholders(rule.fix) == placeholders(rule.fix_en), code


@EVERY
def test_no_english_is_a_copy_of_the_dutch(dataset: Dataset) -> None:
    for rule in dataset.rules.values():
        assert rule.message != rule.message_en
        assert rule.fix != rule.fix_en


@EVERY
def test_every_number_and_name_of_a_text_is_in_its_translation(dataset: Dataset) -> None:
    # What is not language is the same: numbers, names of columns, formats, extensions.
    fixed = re.compile(r"[0-9]+|\b\w+_\w+\b|(?<!\w)\.\w{3,4}\b")

    for code, rule in dataset.rules.items():
        for dutch, english in ((rule.message, rule.message_en), (rule.fix, rule.fix_en)):
            assert sorted(fixed.findall(dutch)) == sorted(fixed.findall(english)), code


@EVERY
def test_every_field_and_every_code_has_an_english_label(dataset: Dataset) -> None:
    for field in dataset.fields:
        assert field.label_en
        assert bool(field.condition) == bool(field.condition_en)
        assert bool(field.format) == bool(field.format_en)
        assert (field.codes or {}).keys() == (field.codes_en or {}).keys()
        assert all((field.codes_en or {}).values())


@EVERY
def test_every_rule_can_be_told_at_every_column_in_both_languages(dataset: Dataset) -> None:
    somewhere = next(iter(dataset.columns))

    for code, rule in dataset.rules.items():
        for name in {name for case in rule.cases(dataset.groups) for name in case.fields} or {
            somewhere
        }:
            finding = told(dataset, code, name.replace("{n}", "2"))
            texts = (finding.message, finding.fix, finding.message_en, finding.fix_en)
            assert not any("{" in text for text in texts), (code, texts)


@pytest.mark.parametrize(
    ("code", "column", "texts", "message", "message_en", "fix", "fix_en"),
    [
        (
            "F-005", "geslacht", {"value": "9"},
            "geslacht: code (niet getoond) komt niet voor in de codelijst van het handboek.",
            "geslacht: code (not shown) is not in the code list of the handbook.",
            "Kies een code uit het handboek. Toegestaan: 1 = Man, 2 = Vrouw, -1 = Onbekend",
            "Choose a code from the handbook. Allowed: 1 = Male, 2 = Female, -1 = Unknown",
        ),
        (
            "F-005", "impl_device", {"value": "9"},
            "impl_device: code 9 komt niet voor in de codelijst van het handboek.",
            "impl_device: code 9 is not in the code list of the handbook.",
            "Kies een code uit het handboek. Toegestaan: 0 = Geen, 10 = Pacemaker, 20 = ICD, 30 = ICM",
            "Choose a code from the handbook. Allowed: 0 = None, 10 = Pacemaker, 20 = ICD, 30 = ICM",
        ),
        (
            "F-007", "gewicht", {"value": "0,1", "min": "0,4"},
            "gewicht: waarde ligt onder de ondergrens 0,4.",
            "gewicht: the value is below the lower limit 0.4.",
            f"Controleer waarde en eenheid. Toegestaan: {DATASET.allowed_in('gewicht')}",
            f"Check value and unit. Allowed: {DATASET.allowed_in('gewicht', ENGLISH)}",
        ),
        (
            "W-002", "lengte", {},
            "lengte: ongebruikelijk lage waarde.",
            "lengte: unusually low value.",
            "Controleer waarde en eenheid. Gebruikelijk: van 140 t/m 205 cm",
            "Check value and unit. Usual: from 140 to 205 cm",
        ),
        (
            "F-011", "lead_type3", {"voorwaarde": "als lead_ingreep3 is gevuld"},
            "lead_type3: verplicht in deze situatie (als lead_ingreep3 is gevuld).",
            "lead_type3: required in this situation (if lead_ingreep3 is filled in).",
            "Vul het veld of lever -1 (onbekend) aan als dat is toegestaan.",
            "Fill in the field, or deliver -1 (unknown) where that is allowed.",
        ),
        (
            "F-006", "interv_nr", {},
            "interv_nr: waarde is te lang of te kort.",
            "interv_nr: the value is too long or too short.",
            "Pas de waarde aan. Toegestaan: hoogstens 25 tekens",
            "Change the value. Allowed: at most 25 characters",
        ),
        (
            "F-402", "lead_type7", {},
            "Lead 7: leadtype ontbreekt.",
            "Lead 7: the lead type is missing.",
            "Vul lead_type7.",
            "Fill in lead_type7.",
        ),
        (
            "BF-024", None, {"soort": Bilingual("centrum", "centre"), "waarde": "ZZZ"},
            "De map waarin het bestand is aangeboden noemt een onbekende centrum: ZZZ.",
            "The folder in which the file was submitted names an unknown centre: ZZZ.",
            "Bied het bestand aan in de map epd/<centrum>/<dataset>/<productie|test>/.",
            "Submit the file in the folder epd/<centrum>/<dataset>/<productie|test>/.",
        ),
    ],
)  # fmt: skip
def test_what_is_filled_in_is_in_the_language_of_the_text(
    code: str,
    column: str | None,
    texts: dict[str, object],
    message: str,
    message_en: str,
    fix: str,
    fix_en: str,
) -> None:
    finding = DATASET.finding(code, column=column, **texts)  # type: ignore[arg-type]

    assert finding.told_in(DUTCH) == (message, fix)
    assert finding.told_in(ENGLISH) == (message_en, fix_en)


def test_what_the_column_says_goes_before_what_is_given_as_that_is_in_one_language() -> None:
    rule = replace(DATASET.rules["F-007"], message_en="{waarde} is below {min}.")
    dataset = replace(DATASET, rules={"F-007": rule})

    finding = dataset.finding("F-007", column="gewicht", value="0.1", min="0,4")

    assert finding.message_en == "0.1 is below 0.4."


def test_a_finding_of_many_records_is_counted_in_both_languages() -> None:
    many, one = DATASET.counted("TW-001", 3), DATASET.counted("TW-001", 1)

    assert many.message == "Record is ongewijzigd; er is niets aangepast. (3 records)"
    assert many.message_en == "The record is unchanged; nothing was adjusted. (3 records)"
    assert one.message_en.endswith(" (1 record)")


def test_a_rule_on_trial_says_so_in_both_languages() -> None:
    rule = DATASET.rules["F-201"]
    tried = replace(DATASET, rules={"F-201": replace(rule, trial_from=dt.date(2026, 1, 1))})

    finding = tried.finding("F-201", column="interv_datum")

    assert finding.message == "Proefregel: Interventiedatum ligt in de toekomst."
    assert finding.message_en == "Rule on trial: The intervention date is in the future."
    assert finding.fix_en == "Check the date."


def test_the_same_words_are_put_together_once() -> None:
    first, second = (DATASET.finding("W-002", row=row, column="lengte") for row in (2, 3))

    assert first != second
    for text in ("message", "fix", "message_en", "fix_en"):
        assert getattr(first, text) is getattr(second, text)


def test_no_delivered_value_stays_behind_in_what_is_remembered() -> None:
    for value in ("geheim-1", "geheim-2"):
        DATASET.finding("F-005", column="diabetes", value=value)

    assert "geheim" not in repr(DATASET._wordings)


def test_a_placeholder_that_is_not_given_is_a_fault() -> None:
    with pytest.raises(KeyError, match="regels"):
        DATASET.finding("F-203", column="interv_nr")
    with pytest.raises(KeyError, match="F-999"):
        DATASET.finding("F-999")


def test_the_dataset_tells_what_a_finding_is_about() -> None:
    assert DATASET.label_of("lead_type2") == "Lead 2: type"
    assert DATASET.label_of("lead_ingreep2", ENGLISH) == "Lead 2: type of procedure"
    assert DATASET.allowed_in("geslacht") == "1 = Man, 2 = Vrouw, -1 = Onbekend"
    assert DATASET.allowed_in("interv_datum", ENGLISH).startswith("DD-MM-JJJJ or DD/MM/JJJJ")
    assert DATASET.label_of(None) == DATASET.allowed_in("ps_pat") == ""
    assert DATASET.rule_link("F-001") == f"{DATASET.rule_page}#f-001"
    assert DATASET.rule_link("F-001", ENGLISH).endswith(f"/{DATASET.version}/rules.md#f-001")


def test_json_has_the_same_keys_in_both_languages() -> None:
    finding = DATASET.finding("F-001", row=2, column="lengte")
    dutch, english = finding.as_json(), finding.as_json(ENGLISH)

    keys = ["code", "level", "row", "cell", "interv_nr", "field", "value", "message", "fix"]
    assert list(dutch) == list(english) == keys
    assert dutch | {"message": "", "fix": ""} == english | {"message": "", "fix": ""}
    assert (dutch["message"], english["message"]) == (
        "lengte: verplicht veld is leeg.",
        "lengte: a required field is empty.",
    )


def test_a_finding_without_english_is_told_in_dutch() -> None:
    old = Finding("F-001", "Leeg.", "Vul in.")

    assert old.told_in(ENGLISH) == ("Leeg.", "Vul in.")


def test_the_languages_are_those_of_the_option() -> None:
    assert [str(language) for language in Language] == ["nl", "en"]
