"""The rules of a dataset, compiled: every condition checked and ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.dataset import Scope
from databroker.rules.expression import LEADS, Expression, ExpressionError, compile_expression
from databroker.rules.part import CONTEXT_NAMES
from databroker.rules.vectors import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from databroker.dataset import Dataset, Rule
    from databroker.rules.part import Part
    from databroker.texts import Array

class RuleFaultError(Exception):
    """A rule could not answer: a fault in the rule book, never a verdict on the row."""


class RuleBookError(Exception):
    """A condition of the dataset cannot be understood."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition of a dataset, with the code it answers for."""

    code: str
    expression: Expression
    per_lead: bool

    def ask(self, part: Part, slot: int | None = None) -> tuple[Array, Array]:
        """Tell of which records, or of their lead, the condition is true, and of which it is false.

        Neither is told of a record that has no such lead, or where a field it looks at cannot be
        read.

        Raises:
            RuleFaultError: the condition raised instead of answering.
        """
        true = self.answer(part, slot)
        unknown = part.problems(self.expression.reads, slot)
        known = np.ones(part.size, bool) if unknown is None else ~unknown
        if slot is not None:
            known = known & part.present.get(slot, False)
        return true & known, ~true & known

    def answer(self, part: Part, slot: int | None = None) -> Array:
        """Tell where the condition is true, whatever it looks at (mask).

        Raises:
            RuleFaultError: the condition raised instead of answering.
        """
        names = part.names if slot is None else part.lead(slot)
        try:
            answer = truth(self.expression.answer(names, part.memory))
            return np.broadcast_to(np.asarray(answer, bool), part.size)
        except Exception as error:  # whatever it is, it is the rule book's fault
            raise RuleFaultError(self.code) from error


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule, or one case of it, with its compiled condition."""

    rule: Rule
    condition: Condition

    def answers(self, part: Part, slot: int | None = None) -> tuple[Array, Array]:
        """Tell which records, or which of their leads, break the rule, and which keep it.

        Of all others it is not asked.

        Raises:
            RuleFaultError: the rule raised instead of answering.
        """
        broken, kept = self.condition.ask(part, slot)
        if self.rule.scope is Scope.LEAD and slot is not None:
            filled = part.filled.get(slot, False)
            return broken & filled, kept & filled
        return broken, kept

    def slots(self, part: Part) -> Iterable[int | None]:
        """Give the leads that the rule is asked of one by one; None for the record as a whole."""
        return [None] if self.rule.scope is Scope.ROW else part.present


@dataclass(frozen=True)
class RuleBook:
    """The compiled conditions of a dataset.

    `required`, `applies` and `counts` hold the conditions of its fields, by field name.
    """

    rules: tuple[RowRule, ...]
    required: Mapping[str, Condition]
    applies: Mapping[str, Condition]
    counts: Mapping[str, Condition]


@cache
def rule_book(dataset: Dataset) -> RuleBook:
    """Give the compiled rules of a dataset; they are compiled once.

    Raises:
        RuleBookError: a condition cannot be understood.
    """
    fields = dataset.fields
    row_names = {field.name for field in fields if field.slots == 1} | {*CONTEXT_NAMES}
    lead_names = {field.stem for field in fields if field.slots > 1}
    first_of_lead = next((field.stem for field in fields if field.slots > 1), None)

    def condition(code: str, source: str, *, per_lead: bool) -> Condition:
        names = row_names | lead_names if per_lead else row_names
        try:
            expression = compile_expression(source, names, lead_names)
        except ExpressionError as error:
            raise RuleBookError(f"{dataset.id} {dataset.version}, {code}: {error}") from error
        if LEADS in expression.reads and first_of_lead:
            reads = expression.reads | {first_of_lead}
            expression = Expression(source, reads, expression.answer)
        return Condition(code, expression, per_lead)

    def of_fields(what: str, source_of: Callable[[Any], str | None]) -> dict[str, Condition]:
        return {
            field.name: condition(f"{what} of {field.name}", source, per_lead=field.slots > 1)
            for field in fields
            if (source := source_of(field)) is not None
        }

    rules = tuple(
        RowRule(case, condition(case.code, case.fires_when, per_lead=case.scope is not Scope.ROW))
        for rule in dataset.rules.values()
        for case in rule.cases(dataset.groups)
        if case.fires_when
    )
    return RuleBook(
        rules,
        required=of_fields("required_when", lambda field: field.required_when),
        applies=of_fields("applies_when", lambda field: field.applies_when),
        counts=of_fields(
            "counts_when",
            lambda field: field.counts_when or field.applies_when or field.required_when,
        ),
    )
