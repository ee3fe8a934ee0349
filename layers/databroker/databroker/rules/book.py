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
    from collections.abc import Callable, Mapping

    from databroker.dataset import Dataset, Rule
    from databroker.rules.part import Part
    from databroker.rules.rows import Rows
    from databroker.texts import Array


class RuleFaultError(Exception):
    """A rule could not answer: a fault in the rule book, never a verdict on the row."""


class RuleBookError(Exception):
    """A condition of the dataset cannot be understood."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a condition says of some records or leads.

    `true` is a mask of those of which it is true. `told` is a mask of those of which it can be told:
    not where there is no lead, or where a field it looks at cannot be read. None stands for all of
    them.
    """

    true: Array
    told: Array | None

    @classmethod
    def of(cls, true: Array, *told: Array | None) -> Answer:
        """Say nothing of those of which it cannot be told (masks)."""
        together = None
        for mask in told:
            if mask is not None:
                together = mask if together is None else together & mask
        return cls(true if together is None else true & together, together)

    @property
    def false(self) -> Array:
        """Give a mask of those of which it is false."""
        return ~self.true if self.told is None else ~self.true & self.told


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition of a dataset, with the code it answers for."""

    code: str
    expression: Expression
    per_lead: bool

    def ask(self, rows: Rows) -> Answer:
        """Ask it of some records or leads.

        Raises:
            RuleFaultError: the condition raised instead of answering.
        """
        return self._told(self.answer(rows), rows)

    def where(self, rows: Rows) -> Array:
        """Tell of which records or leads it is true (mask).

        Raises:
            RuleFaultError: the condition raised instead of answering.
        """
        true = self.answer(rows)
        return self._told(true, rows).true if true.any() else true

    def _told(self, true: Array, rows: Rows) -> Answer:
        return Answer.of(true, rows.there, rows.readable(self.expression.reads))

    def answer(self, rows: Rows) -> Array:
        """Tell where the condition is true, whatever it looks at (mask).

        Raises:
            RuleFaultError: the condition raised instead of answering.
        """
        try:
            answer = truth(self.expression.answer(rows.names, rows.memory))
        except Exception as error:  # whatever it is, it is the rule book's fault
            raise RuleFaultError(self.code) from error
        return answer if isinstance(answer, np.ndarray) else np.full(rows.size, answer)


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule, or one case of it, with its compiled condition."""

    rule: Rule
    condition: Condition

    def ask(self, part: Part) -> Answer:
        """Ask which records, or which of their leads, break the rule: of them it is true.

        Raises:
            RuleFaultError: the rule raised instead of answering.
        """
        answer = self.condition.ask(self.rows(part))
        if self.rule.scope is Scope.LEAD:
            return Answer.of(answer.true, answer.told, part.leads.filled)
        return answer

    def broken(self, part: Part) -> Array:
        """Tell which records, or which of their leads, break the rule (mask).

        Raises:
            RuleFaultError: the rule raised instead of answering.
        """
        broken = self.condition.where(self.rows(part))
        return broken & part.leads.filled if self.rule.scope is Scope.LEAD else broken

    def rows(self, part: Part) -> Rows:
        """Give what the rule is asked of: the records, or their leads."""
        return part if self.rule.scope is Scope.ROW else part.leads


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
        names = (row_names - {LEADS}) | lead_names if per_lead else row_names
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
