"""Asks every rule of every record and writes down what is found.

The plain evaluator: row by row, readable, the reference for any faster one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.dataset import Erasure, Phase, Scope
from tests.support.reference.book import Answer, RuleBook, rule_book
from tests.support.reference.fields import (
    At,
    check_forms,
    check_limits,
    check_needed,
    ignore_senseless,
)
from tests.support.reference.notes import Notes
from tests.support.reference.rows import Row, Sheet, make_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from databroker.dataset import Column, Dataset, Rule
    from databroker.records import Records
    from databroker.rules.context import Context
    from tests.support.reference.book import RowRule

Erasures = dict[int, list["Rule"]]
"""By physical row, the broken rules that take something away from the record."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What is asked of which records, and what came of it.

    `columns` are the ones whose field rules are asked; `rows` the records that are asked, by their
    index: not those that were erased.
    """

    sheet: Sheet
    columns: Sequence[Column]
    rows: Mapping[int, Row]
    book: RuleBook
    notes: Notes


@dataclass(frozen=True, slots=True)
class Evaluation(Examination):
    """An examination that was done; `ignored` are the cells whose value does not apply."""

    ignored: Collection[At]


def evaluate(
    records: Records,
    dataset: Dataset,
    context: Context,
    step: Phase,
    erasures: Erasures,
) -> Evaluation:
    """Ask the rules of a step, and the field rules of the columns it is about.

    The privacy step is about the columns that end there; validation about all others, and it asks
    the rules on the structure of a record as well.

    Raises:
        RuleFaultError: a rule could not answer.
        RuleBookError: a condition of the dataset cannot be understood.
    """
    private = step is Phase.PSEUDONYMISE
    phases = {step} if private else {Phase.STRUCTURE, Phase.VALIDATE}
    sheet = Sheet(records, dataset.columns.values())
    erased = rows_that_lose(Erasure.RECORD, erasures)
    rows = {
        index: row
        for index, row in enumerate(make_rows(sheet, dataset, context))
        if row.number not in erased
    }
    of = Examination(
        sheet=sheet,
        columns=[column for column in sheet.columns.values() if column.field.kept is not private],
        rows=rows,
        book=rule_book(dataset),
        notes=Notes(dataset, sheet, context, rows_that_lose(Erasure.NUMBER, erasures)),
    )
    check_forms(of)
    ignored = ignore_senseless(of)
    told = _ask_rules(of, phases, context.today)
    check_needed(of, told)
    check_limits(of)
    return Evaluation(sheet, of.columns, rows, of.book, of.notes, ignored)


def rows_that_lose(what: Erasure, erasures: Erasures) -> set[int]:
    """Give the physical rows that lose their number, or everything else."""
    return {row for row, rules in erasures.items() if any(rule.erases is what for rule in rules)}


def find_erasures(records: Records, dataset: Dataset) -> Erasures:
    """Ask the rules that take something away, of the values as delivered, readable or not.

    Raises:
        RuleFaultError: a rule could not answer.
    """
    rules = [rule for rule in rule_book(dataset).rules if rule.rule.erases]
    fields = {name for rule in rules for name in rule.rule.fields}
    sheet = Sheet(records, [dataset.columns[name] for name in sorted(fields)])
    found: Erasures = {}
    for index, number in enumerate(sheet.numbers):
        names = dict.fromkeys(fields) | {
            name: cells[index].text if cells[index].problem else cells[index].value
            for name, cells in sheet.cells.items()
        }
        broken = [
            rule.rule
            for rule in rules
            if rule.answer(Row(number, names, {}, (), ())) is Answer.BROKEN
        ]
        if broken:
            found[number] = broken
    return found


def _ask_rules(of: Examination, phases: Collection[Phase], today: dt.date) -> set[At]:
    """Note the broken rules; give the empty cells that one of them is all about."""
    told = set()
    for rule in of.book.rules:
        if rule.rule.phase not in phases or rule.rule.erases or not rule.rule.asked_on(today):
            continue
        for column, index in _broken(of, rule):
            of.notes.of_record(rule.rule.code, index, column)
            if len(rule.rule.fields) == 1 and not rule.rule.trial_from:
                told.add((column, index))
    return told


def _broken(of: Examination, rule: RowRule) -> Iterator[At]:
    """Find the records, or the leads of them, that break a rule, and the column it is about."""
    name = rule.rule.fields[0]
    for index, row in of.rows.items():
        if rule.rule.scope is Scope.ROW:
            if rule.answer(row) is Answer.BROKEN:
                yield name.replace("{n}", str(min(row.leads, default=1))), index
        else:
            for slot in row.leads:
                if rule.answer(row, slot) is Answer.BROKEN:
                    yield name.replace("{n}", str(slot)), index
