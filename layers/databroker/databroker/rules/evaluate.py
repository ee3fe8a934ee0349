"""Asks every rule of every record, column by column, and writes down what is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.dataset import Erasure, Phase
from databroker.rules.book import rule_book
from databroker.rules.bulk import Memory
from databroker.rules.completeness import Tally
from databroker.rules.fields import check_forms, check_limits, check_needed, ignore_senseless
from databroker.rules.notes import Notes
from databroker.rules.part import Part, Readers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from databroker.dataset import Column, Dataset, Rule
    from databroker.records import Records
    from databroker.rules.book import RowRule, RuleBook
    from databroker.rules.completeness import Completeness
    from databroker.rules.context import Context
    from databroker.texts import Array, Texts

Erasures = dict[int, list["Rule"]]
"""By physical row, the broken rules that take something away from the record."""


@dataclass(frozen=True)
class Asked:
    """What is asked of some records.

    `columns` are the ones whose field rules are asked, `mask` tells which records are asked: not
    those that were erased. `nameless` (mask) are the records whose number was erased.
    """

    part: Part
    columns: Sequence[Column]
    mask: Array
    nameless: Array
    book: RuleBook
    notes: Notes
    counts: Counter[tuple[str, str]] = field(repr=False)

    def is_asked(self, index: int) -> bool:
        """Tell whether a record is asked."""
        return bool(self.mask[index])

    def note(self, code: str, column: str, indexes: Iterable[int], **texts: Any) -> None:
        """Write down what is found in a column of some records."""
        self.notes.of_records(code, self.part, column, indexes, self.nameless, **texts)

    def count(self, code: str, column: str, many: int) -> None:
        """Count what is told of a column as one number."""
        self.counts[code, column] += int(many)


@dataclass(frozen=True)
class Answered:
    """Some records of which everything was asked; `ignored` are the values that do not apply."""

    asked: Asked
    ignored: Mapping[str, Array]

    @property
    def part(self) -> Part:
        """Give the records."""
        return self.asked.part

    def canonical(self, name: str) -> Texts:
        """Give the canonical text of a column, without what cannot be read or does not apply."""
        texts = self.part.cells(name).canonical()
        ignored = self.ignored.get(name)
        return texts if ignored is None else texts.patched(dict.fromkeys(np.flatnonzero(ignored)))


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
        self._readers = Readers(dataset.columns)
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
            columns=[c for c in part.columns.values() if c.field.kept is not self._private],
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
        for column in of.columns:
            tally = self._tallies.setdefault(column.name, Tally(column))
            tally.add(answered)
        self.comma = self.comma or any(part.cells(column.name).comma for column in of.columns)
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
        for code in ("W-005", "W-006"):
            for column in self._tallies:
                if many := self._counts[code, column]:
                    self.notes.of_file(code, column, aantal=many)
        return [tally.judged(self.notes) for tally in self._tallies.values()]

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
        name = rule.rule.fields[0]
        for slot in rule.slots(of.part):
            broken = rule.broken(of.part, slot) & of.mask
            if not broken.any():
                continue
            indexes = np.flatnonzero(broken)
            if slot is None and "{n}" in name:
                self._note_leads(of, rule, indexes)
                continue
            column = name.replace("{n}", str(slot))
            of.note(rule.rule.code, column, indexes)
            if len(rule.rule.fields) == 1 and not rule.rule.trial_from:
                told[column] = told.get(column, False) | broken

    def _note_leads(self, of: Asked, rule: RowRule, indexes: Array) -> None:
        """Note a rule on all leads at the first lead of each record."""
        for index in indexes.tolist():
            column = rule.rule.fields[0].replace("{n}", str(of.part.first_lead(index)))
            of.note(rule.rule.code, column, [index])


def rows_that_lose(what: Erasure, erasures: Erasures) -> set[int]:
    """Give the physical rows that lose their number, or everything else."""
    return {row for row, rules in erasures.items() if any(rule.erases is what for rule in rules)}
