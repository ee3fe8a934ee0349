"""A condition of the dataset, told in Dutch."""

from __future__ import annotations

import pytest

from databroker.publish.conditions import KNOWN_WORDS, in_words
from databroker.rules.functions import FUNCTIONS
from tests.support.interventions import interventie

DATASET = interventie()
CONDITIONS = {rule.code: rule.fires_when for rule in DATASET.rules.values() if rule.fires_when}


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("geslacht == -1", ["`geslacht` is -1 (Onbekend)"]),
        ("gt(interv_datum, {soort}_datum)", ["`interv_datum` ligt na `[soort]_datum`"]),
        ("LVEF in (20, 25)", ["`LVEF` is 20 of 25"]),
        ("lead_code in (None, '-1', '0')", ["`lead_code` is leeg, -1 (Onbekend) of 0"]),
        (
            "impl_device not in (None, 0)",
            ["`impl_device` is ingevuld en niet 0 (Geen)"],
        ),
        (
            "interv_afgebroken == 1 and len(leads) > 0",
            ["`interv_afgebroken` is 1 (Ja)", "het aantal leads met een ingreep is meer dan 0"],
        ),
        ("lengte is None or gewicht < 25", ["`lengte` is leeg, of `gewicht` is minder dan 25"]),
        (
            "lengte == 1 or (gewicht == 1.5 and LVEF != 3)",
            ["`lengte` is 1, of (`gewicht` is 1,5, en `LVEF` is niet 3)"],
        ),
        ("gt(interv_datum, vandaag)", ["`interv_datum` ligt na de dag van aanlevering"]),
        ("gt(leeftijd, 120)", ["de leeftijd bij de interventie is meer dan 120"]),
        ("not past(bsn, '[0-9]{9}')", ["`bsn` heeft niet de vorm `[0-9]{9}`"]),
        ("udi(lead_code) is None", ["`lead_code` is geen geldige UDI"]),
        (
            "not 12 <= bmi(lengte, gewicht) <= 70",
            ["de BMI uit `lengte` en `gewicht` ligt niet van 12 t/m 70"],
        ),
        (
            "not any(l.lead_ingreep == 10 for l in leads)",
            ["bij geen enkele lead geldt: `lead_ingreep` is 10 (Implantatie)"],
        ),
        (
            "all(x == -1 for x in (lengte, gewicht))",
            ["elk van `lengte`, `gewicht` is -1"],
        ),
        (
            "None not in (lengte, gewicht)",
            ["`lengte` en `gewicht` zijn ingevuld"],
        ),
        (
            "(terminatie_device, impl_device) in ((10, 20), (30, 10))",
            [
                (
                    "`terminatie_device` met `impl_device` is: 10 (Pacemaker) met 20 (ICD); "
                    "30 (ICM) met 10 (Pacemaker)"
                )
            ],
        ),
    ],
)
def test_a_condition_is_told_in_words(condition: str, told: list[str]) -> None:
    assert in_words(condition, DATASET) == told


@pytest.mark.parametrize(
    "condition",
    [
        "iets == 1",
        "lengte",
        "not (lengte == 1 and gewicht == 2)",
        "nieuw(lengte)",
        "(1, 2) == lengte",
    ],
)
def test_what_has_no_words_is_not_guessed_at(condition: str) -> None:
    assert in_words(condition, DATASET) is None


@pytest.mark.parametrize("code", CONDITIONS)
def test_every_rule_can_be_told(code: str) -> None:
    told = in_words(CONDITIONS[code], DATASET)

    assert told
    assert all(told)


def test_every_function_of_the_language_has_words() -> None:
    assert set(FUNCTIONS) <= KNOWN_WORDS
