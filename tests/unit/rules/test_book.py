"""Rules that are asked of a row."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from databroker.rules import Answer, RuleFaultError, rule_book
from databroker.rules.rows import Row, Sheet, make_rows
from tests.support.interventions import CONTEXT, an_intervention, interventie, records_of

if TYPE_CHECKING:
    from databroker.rules.book import RowRule

DATASET = interventie()


def the_row(**changes: str) -> Row:
    sheet = Sheet(records_of(an_intervention(**changes)), DATASET.columns.values())
    (row,) = make_rows(sheet, DATASET, CONTEXT)
    return row


def the_rule(code: str) -> RowRule:
    (found,) = [rule for rule in rule_book(DATASET).rules if rule.rule.code == code]
    return found


def test_a_rule_that_crashes_is_a_fault_with_its_code_and_no_value() -> None:
    rule = the_rule("W-305")
    expression = dataclasses.replace(
        rule.condition.expression, answer=lambda row: row["LVEF"].geheim
    )
    crashing = dataclasses.replace(
        rule, condition=dataclasses.replace(rule.condition, expression=expression)
    )

    with pytest.raises(RuleFaultError) as fault:
        crashing.answer(the_row())

    assert str(fault.value) == "W-305"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, Answer.HOLDS),
        ({"geslacht": "-1"}, Answer.BROKEN),
        ({"geslacht": "man"}, Answer.NOT_APPLICABLE),
        ({"lengte": "lang"}, Answer.HOLDS),
    ],
)
def test_a_rule_gives_one_of_three_answers(changes: dict[str, str], answer: Answer) -> None:
    assert the_rule("W-101").answer(the_row(**changes)) is answer


@pytest.mark.parametrize(
    ("slot", "answer"), [(1, Answer.BROKEN), (2, Answer.HOLDS), (3, Answer.NOT_APPLICABLE)]
)
def test_a_rule_on_leads_answers_for_each_lead(slot: int, answer: Answer) -> None:
    row = the_row(lead_terminatie_reden1="10")

    assert the_rule("F-404").answer(row, slot) is answer


def test_one_lead_that_cannot_be_read_leaves_the_others_answerable() -> None:
    row = the_row(lead_terminatie_reden1="x", lead_terminatie_reden2="10")

    assert the_rule("F-404").answer(row, 1) is Answer.NOT_APPLICABLE
    assert the_rule("F-404").answer(row, 2) is Answer.BROKEN
