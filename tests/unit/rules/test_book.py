"""Rules that are asked of a row."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from databroker.dataset import Phase
from databroker.rules import Examination, RuleFaultError, rule_book
from tests.support.interventions import CONTEXT, an_intervention, interventie, records_of

if TYPE_CHECKING:
    from databroker.rules.book import Answer, RowRule
    from databroker.rules.part import Part

DATASET = interventie()


def the_part(**changes: str) -> Part:
    examination = Examination(DATASET, CONTEXT, Phase.VALIDATE)
    return examination.part(records_of(an_intervention(**changes)))


def the_rule(code: str) -> RowRule:
    (found,) = [rule for rule in rule_book(DATASET).rules if rule.rule.code == code]
    return found


def test_a_rule_that_crashes_is_a_fault_with_its_code_and_no_value() -> None:
    rule = the_rule("W-305")
    expression = dataclasses.replace(
        rule.condition.expression, answer=lambda names, _memory: names["LVEF"].geheim
    )
    crashing = dataclasses.replace(
        rule, condition=dataclasses.replace(rule.condition, expression=expression)
    )

    with pytest.raises(RuleFaultError) as fault:
        crashing.ask(the_part())

    assert str(fault.value) == "W-305"


HOLDS, BROKEN, NOT_APPLICABLE = "holds", "broken", "not applicable"


def said_of_each(answer: Answer) -> list[str]:
    return [
        BROKEN if broken else HOLDS if kept else NOT_APPLICABLE
        for broken, kept in zip(answer.true, answer.false, strict=True)
    ]


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, HOLDS),
        ({"geslacht": "-1"}, BROKEN),
        ({"geslacht": "man"}, NOT_APPLICABLE),
        ({"lengte": "lang"}, HOLDS),
    ],
)
def test_a_rule_gives_one_of_three_answers(changes: dict[str, str], answer: str) -> None:
    assert said_of_each(the_rule("W-101").ask(the_part(**changes))) == [answer]


def test_a_rule_on_leads_answers_for_each_lead() -> None:
    part = the_part(lead_terminatie_reden1="10")

    assert list(part.leads.slots) == [1, 2]
    assert said_of_each(the_rule("F-404").ask(part)) == [BROKEN, HOLDS]


def test_one_lead_that_cannot_be_read_leaves_the_others_answerable() -> None:
    part = the_part(lead_terminatie_reden1="x", lead_terminatie_reden2="10")

    assert said_of_each(the_rule("F-404").ask(part)) == [NOT_APPLICABLE, BROKEN]


def test_leads_of_nothing_but_spaces_are_not_there() -> None:
    part = the_part(lead_type3=" ", lead_type4="10")

    assert list(part.leads.slots) == [1, 2, 3, 4]
    assert part.leads.there is not None
    assert part.leads.there.tolist() == [True, True, False, True]
    assert part.leads.has_gap().tolist() == [True]
    assert said_of_each(the_rule("F-401").ask(part)) == [HOLDS, HOLDS, NOT_APPLICABLE, BROKEN]
