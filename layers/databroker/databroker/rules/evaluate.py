"""Asks every rule of every record, column by column, and writes down what is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from dataclasses import field as has
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import Erasure, Phase
from databroker.rules.book import rule_book
from databroker.rules.bulk import Memory
from databroker.rules.completeness import count
from databroker.rules.fields import check_forms, check_limits, check_needed, ignore_senseless
from databroker.rules.notes import Notes
from databroker.rules.part import Part
from databroker.rules.rows import Readers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from databroker.dataset import Dataset, Field, Rule
    from databroker.records import Records
    from databroker.rules.book import RowRule, RuleBook
    from databroker.rules.completeness import Completeness, Tally
    from databroker.rules.context import Context
    from databroker.rules.rows import Rows
    from databroker.texts import Array, Texts

Erasures = dict[int, list["Rule"]]
"""By physical row, the broken rules that take something away from the record."""


@dataclass(frozen=True)
class Asked:
    """What is asked of some records.

    `fields` are the ones whose field rules are asked, `mask` tells which records are asked: not
    those that were erased. `nameless` (mask) are the records whose number was erased.
    """

    part: Part
    fields: Sequence[Field]
    mask: Array
    nameless: Array
    book: RuleBook
    notes: Notes
    counts: Counter[tuple[str, str]] = has(repr=False)

    def asked(self, rows: Rows) -> Array:
        """Give a mask of the rows that are asked: those of the records that are."""
        return self.mask if rows is self.part else self._asked_leads

    @cached_property
    def _asked_leads(self) -> Array:
        return self.part.leads.of_records(self.mask)

    def note(
        self, code: str, rows: Rows, name: str, indexes: Array, *, delivered: bool = False
    ) -> None:
        """Write down what is found in a field of some rows, by index in order.

        `delivered` is for what is only said of a column that is there.
        """
        for column, _, records in rows.places(name, indexes):
            if column in self.part.columns or not delivered:
                self.notes.of_records(code, self.part, column, records, self.nameless)

    def count(self, code: str, rows: Rows, name: str, indexes: Array) -> None:
        """Count what is told of a column as one number: the rows, by index in order."""
        for column, _, records in rows.places(name, indexes):
            self.counts[code, column] += records.size


@dataclass(frozen=True)
class Answered:
    """Some records of which everything was asked; `ignored` are the values that do not apply."""

    asked: Asked
    ignored: Mapping[str, Array]

    @property
    def part(self) -> Part:
        """Give the records."""
        return self.asked.part

    def clean(self) -> Mapping[str, Texts]:
        """Give the canonical text of every column, without what cannot be read or does not apply."""
        columns: dict[str, Texts] = {}
        for field in self.part.fields:
            columns |= self.part.canonical(field, self.ignored.get(field.name))
        return columns


class Examination:
    """Asks the rules of a step of all records of a delivery, part by part.

    The privacy step is about the columns that end there; validation about all others, and it asks
    the rules on the structure of a record as well.
    """

    def __init__(self, dataset: Dataset, context: Context, step: Phase) -> None:
        """Start without records.

        Raises:
            RuleBookError: a condition of the dataset cannot be understood.
        """
        self.dataset = dataset
        self.context = context
        self.book = rule_book(dataset)
        self.notes = Notes(dataset, context)
        self.memory = Memory()
        self.comma = False
        self._private = step is Phase.PSEUDONYMISE
        self._phases = {step} if self._private else {Phase.STRUCTURE, Phase.VALIDATE}
        self._readers = Readers(dataset)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._tallies: dict[str, Tally] = {}

    def ask(self, part: Part, erasures: Erasures) -> Answered:
        """Ask everything of some records.

        Raises:
            RuleFaultError: a rule could not answer.
        """
        records = part.records
        of = Asked(
            part=part,
            fields=[field for field in part.fields if field.kept is not self._private],
            mask=~records.of_rows(rows_that_lose(Erasure.RECORD, erasures)),
            nameless=records.of_rows(rows_that_lose(Erasure.NUMBER, erasures)),
            book=self.book,
            notes=self.notes,
            counts=self._counts,
        )
        check_forms(of)
        ignored = ignore_senseless(of)
        told = self._ask_rules(of)
        check_needed(of, told)
        check_limits(of)
        answered = Answered(of, ignored)
        for field in of.fields:
            count(answered, field, self._tallies)
            self.comma = self.comma or part.rows(field).cells(field.stem).comma
        return answered

    def part(self, records: Records) -> Part:
        """Give some records as conditions see them."""
        return Part(records, self.dataset, self.context, self._readers, self.memory)

    def find_erasures(self, part: Part) -> Erasures:
        """Ask the rules that take something away, of the values as delivered, readable or not.

        Raises:
            RuleFaultError: a rule could not answer.
        """
        found: Erasures = {}
        delivered = part.as_delivered()
        for rule in self.book.rules:
            if rule.rule.erases:
                for index in np.flatnonzero(rule.condition.answer(delivered)).tolist():
                    found.setdefault(int(part.records.numbers[index]), []).append(rule.rule)
        return found

    def complete(self) -> list[Completeness]:
        """Measure every column; note those that are empty (BW-004) or below their norm (BW-005).

        Writes down first what was counted (W-005, W-006).
        """
        columns = [name for name in self.dataset.columns if name in self._tallies]
        for code in ("W-005", "W-006"):
            for column in columns:
                if many := self._counts[code, column]:
                    self.notes.of_file(code, column, aantal=many)
        return [self._tallies[column].judged(self.notes) for column in columns]

    def _ask_rules(self, of: Asked) -> Mapping[str, Array]:
        """Note the broken rules; give the cells (masks) that one of them is all about."""
        told: dict[str, Array] = {}
        for rule in self.book.rules:
            if (
                rule.rule.phase in self._phases
                and not rule.rule.erases
                and rule.rule.asked_on(self.context.today)
            ):
                self._ask_rule(of, rule, told)
        return told

    def _ask_rule(self, of: Asked, rule: RowRule, told: dict[str, Array]) -> None:
        name, rows = rule.rule.fields[0], rule.rows(of.part)
        broken = rule.broken(of.part) & of.asked(rows)
        if not broken.any():
            return
        indexes = np.flatnonzero(broken)
        if rows is of.part and "{n}" in name:
            self._note_leads(of, rule, indexes)
            return
        of.note(rule.rule.code, rows, name, indexes)
        if len(rule.rule.fields) == 1 and not rule.rule.trial_from:
            told[name] = told.get(name, False) | broken

    def _note_leads(self, of: Asked, rule: RowRule, indexes: Array) -> None:
        """Note a rule on all leads at the first lead of each record."""
        slots = of.part.leads.first[indexes]
        for slot in sorted(set(slots.tolist())):
            column = rule.rule.fields[0].replace("{n}", str(slot))
            of.note(rule.rule.code, of.part, column, indexes[slots == slot])


def rows_that_lose(what: Erasure, erasures: Erasures) -> set[int]:
    """Give the physical rows that lose their number, or everything else."""
    return {row for row, rules in erasures.items() if any(rule.erases is what for rule in rules)}
