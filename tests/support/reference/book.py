"""The rules of a dataset, compiled: every condition checked and ready to be asked of a row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from databroker.dataset import Scope
from tests.support.reference.expression import (
    LEADS,
    Expression,
    ExpressionError,
    compile_expression,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from databroker.dataset import Dataset, Rule
    from tests.support.reference.rows import Row

CONTEXT_NAMES = (
    "vandaag", "centrum_acroniem", "bsn_kolom_aanwezig", "leeftijd", "leadgat", "db_impl_device",
)  # fmt: skip
"""Names besides the fields that a condition may use; `rows` fills them."""


class RuleFaultError(Exception):
    """A rule could not answer: a fault in the rule book, never a verdict on the row."""


class RuleBookError(Exception):
    """A condition of the dataset cannot be understood."""


class Answer(Enum):
    """What a rule says of a row, or of one lead of it."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_APPLICABLE = "not applicable"
    """There is no such lead, or a field the rule looks at cannot be read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition of a dataset, with the code it answers for."""

    code: str
    expression: Expression
    per_lead: bool

    def ask(self, row: Row, slot: int | None = None) -> bool | None:
        """Tell whether the condition is true of the row or lead; None when it cannot be told.

        Raises:
            RuleFaultError: the condition raised instead of answering.
        """
        if row.unreadable and self._looks_at(row.unreadable, slot):
            return None
        names = row.seen_from(slot)
        if names is None:
            return None
        try:
            return bool(self.expression.answer(names))
        except Exception as error:  # whatever it is, it is the rule book's fault
            raise RuleFaultError(self.code) from error

    def _looks_at(self, unreadable: Collection[tuple[str, int | None]], slot: int | None) -> bool:
        return any(
            stem in self.expression.reads and (slot is None or where in {None, slot})
            for stem, where in unreadable
        )


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule, or one case of it, with its compiled condition."""

    rule: Rule
    condition: Condition

    def answer(self, row: Row, slot: int | None = None) -> Answer:
        """Answer for a row, or for one lead of it.

        Raises:
            RuleFaultError: the rule raised instead of answering.
        """
        no_such_lead = self.rule.scope is Scope.LEAD and slot not in row.filled
        fires = None if no_such_lead else self.condition.ask(row, slot)
        if fires is None:
            return Answer.NOT_APPLICABLE
        return Answer.BROKEN if fires else Answer.HOLDS


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
    row_names = {field.name for field in fields if field.slots == 1} | {LEADS, *CONTEXT_NAMES}
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
