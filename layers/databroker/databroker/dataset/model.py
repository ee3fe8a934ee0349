"""The parts of a dataset specification.

The words are those of the NHR handbook: a dataset has fields, a field fills one column, or seven
where it is asked for each lead.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from databroker.dataset.wording import Wording
from databroker.dataset.words import allowed
from databroker.findings import Finding, Language

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence


HELP_SHEET, LISTS_SHEET = "Lees mij", "_lijsten"
"""The sheets beside the data in the Excel template; a hospital delivers them back with it."""

RULES_PAGES = {Language.DUTCH: "regels.md", Language.ENGLISH: "rules.md"}
"""The catalogue of the rules, in each language."""


def plain_name(name: str | None) -> str:
    """Write a column name as `Dataset.headers` has it: lower case, no spaces around it."""
    return (name or "").strip("\ufeff \t\r\n\xa0").lower()


class FieldType(StrEnum):
    """What a value is made of."""

    TEXT = "tekst"
    DATE = "datum"
    INTEGER = "geheel"
    DECIMAL = "decimaal"
    CODE = "code"
    UDI = "udi"
    """Text that names an implant; what a scanner reads is rewritten to brackets."""


class IdClass(StrEnum):
    """How far a field leads to a person; decides what the privacy step does with it."""

    DIRECT = "direct"
    """Destroyed after pseudonymisation: names, BSN, patient number."""
    QUASI = "quasi"
    """Never shown, and made coarser where it can be: birth date to year and age, postcode to four
    digits. Sex is kept."""
    NONE = "geen"
    """Kept as it is."""


class Phase(StrEnum):
    """The state of the journey that finds it."""

    STRUCTURE = "structuur"
    PSEUDONYMISE = "pseudonimiseren"
    VALIDATE = "valideren"
    CONFLICT = "conflict"


class Scope(StrEnum):
    """What one answer of the rule is about."""

    FILE = "bestand"
    FIELD = "variabele"
    ROW = "rij"
    ROW_IN_FILE = "bestand-rij"
    LEAD = "lead"
    LEAD_SLOT = "leadslot"
    DATABASE = "database"


class Erasure(StrEnum):
    """What a broken rule takes away from the record before it leaves the privacy step."""

    NUMBER = "interv_nr"
    RECORD = "record"
    """Every value but the intervention number."""


@dataclass(frozen=True, slots=True)
class Field:
    """One variable of the dictionary. Limits are inclusive and in the unit of the dictionary.

    `name` holds `{n}` where the field is asked for each lead. `positions` are its column numbers
    in the handbook, one for each lead; empty for a column that is not in the handbook. `kept`
    tells whether the column goes on after the privacy step. What ends on `_en` is the same text in
    English.

    `required` is True when the field must always be filled. `required_when`, `applies_when` and
    `counts_when` are expressions over the row (`databroker.rules.expression`), None where there is
    no condition: when a value is needed (`condition` says it in words), when one makes sense, and
    when the row counts for completeness if that is not when it applies or is needed.
    """

    name: str
    number: str
    label: str
    label_en: str
    type: FieldType
    id_class: IdClass
    column_required: bool
    required: bool
    kept: bool = True
    positions: tuple[int, ...] = ()
    condition: str | None = None
    condition_en: str | None = None
    required_when: str | None = None
    applies_when: str | None = None
    counts_when: str | None = None
    unknown: str | None = None
    codes: Mapping[str, str] | None = None
    codes_en: Mapping[str, str] | None = None
    unit: str | None = None
    format: str | None = None
    format_en: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_decimals: int | None = None
    hard_min: float | None = None
    hard_max: float | None = None
    soft_min: float | None = None
    soft_max: float | None = None
    norm: float | None = None
    slots: int = 1
    aliases: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """Give the name without the lead number: how a condition on one lead calls it."""
        return self.name.replace("{n}", "")

    @property
    def personal(self) -> bool:
        """Tell whether it leads to a person: then its value is never shown."""
        return self.id_class is not IdClass.NONE


@dataclass(frozen=True, slots=True)
class Column:
    """A physical column; `slot` is the lead number, or None for a field that occurs once."""

    name: str
    field: Field
    slot: int | None = None

    @property
    def label(self) -> str:
        """Give the label a hospital reads, the lead number filled in."""
        return self.label_in(Language.DUTCH)

    def label_in(self, language: Language) -> str:
        """Give the label in a language, the lead number filled in."""
        label = self.field.label if language is Language.DUTCH else self.field.label_en
        return label.replace("{n}", str(self.slot))

    @property
    def position(self) -> int | None:
        """Give the column number in the handbook, None for a column that is not in it."""
        return self.field.positions[(self.slot or 1) - 1] if self.field.positions else None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue; `code` is for ever.

    `fires_when` is the condition under which a row breaks the rule, None for rules that the
    code itself answers (field rules, file rules, conflicts). Texts hold `{placeholders}`, the same
    in both languages.
    A rule with `trial_from` is on trial from that day: it informs and refuses nothing.
    """

    code: str
    phase: Phase
    scope: Scope
    fields: tuple[str, ...]
    message: str
    fix: str
    message_en: str
    fix_en: str
    shows_value: bool
    priority: int
    source: str
    fires_when: str | None = None
    erases: Erasure | None = None
    trial_from: dt.date | None = None

    def told_in(self, language: Language) -> tuple[str, str]:
        """Give the message and the fix in a language, their placeholders open."""
        if language is Language.ENGLISH:
            return self.message_en, self.fix_en
        return self.message, self.fix

    def asked_on(self, day: dt.date) -> bool:
        """Tell whether the rule is asked on a day: not when its trial has yet to begin."""
        return self.trial_from is None or self.trial_from <= day

    def cases(self, groups: Mapping[str, Sequence[str]]) -> Sequence[Rule]:
        """Give the rule once for each member of the group it names, or just itself.

        `{complicatie}_datum` of group `complicatie` becomes `infectie_datum`, and so on.
        """
        for group, members in groups.items():
            mark = f"{{{group}}}"
            if self.fires_when and mark in self.fires_when:
                return [
                    replace(
                        self,
                        fields=tuple(name.replace(mark, member) for name in self.fields),
                        fires_when=self.fires_when.replace(mark, member),
                    )
                    for member in members
                ]
        return [self]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset in one version, complete and checked; there is one object of each.

    `registers` tells whether the registry takes its records; if not, it can only be tested.
    `groups` are names for fields that share their rules: a rule that names a group in braces
    holds for each member.
    """

    id: str
    version: str
    label: str
    sheet: str
    max_rows: int
    max_bytes: int
    conflict_policy: str
    registers: bool
    groups: Mapping[str, Sequence[str]]
    fields: tuple[Field, ...]
    rules: Mapping[str, Rule]

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Give the physical columns by canonical name, in the order of the handbook.

        Columns that are not in the handbook come last.
        """
        found = [
            Column(field.name.replace("{n}", str(slot)), field, slot if field.slots > 1 else None)
            for field in self.fields
            for slot in range(1, field.slots + 1)
        ]
        found.sort(key=lambda column: column.position or sys.maxsize)
        return {column.name: column for column in found}

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Give what each column is, as a hospital reads it."""
        return {name: column.label for name, column in self.columns.items()}

    @cached_property
    def template_sheets(self) -> tuple[str, ...]:
        """Give the names of the sheets of the Excel template: the data, the help, the code lists."""
        return (self.sheet, HELP_SHEET, LISTS_SHEET)

    @property
    def rule_page(self) -> str:
        """Give the place of the catalogue of rules; `#f-001` behind it is one rule."""
        return self._page_of_rules(Language.DUTCH)

    def rule_link(self, code: str, language: Language = Language.DUTCH) -> str:
        """Give the place where a rule is explained in a language."""
        return f"{self._page_of_rules(language)}#{code.lower()}"

    def _page_of_rules(self, language: Language) -> str:
        return f"docs/datasets/{self.id}/{self.version}/{RULES_PAGES[language]}"

    def label_of(self, column: str | None, language: Language = Language.DUTCH) -> str:
        """Give what a column is; empty when there is no such column."""
        known = self.columns.get(column) if column else None
        return known.label_in(language) if known else ""

    def allowed_in(self, column: str | None, language: Language = Language.DUTCH) -> str:
        """Give what a column accepts; empty when there is no such column."""
        known = self.columns.get(column) if column else None
        return allowed(known.field, language) if known else ""

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Give the canonical name of every name a column may have, in lower case."""
        named = {name.lower(): name for name in self.columns}
        for field in self.fields:
            named |= {alias.lower(): field.name for alias in field.aliases}
        return named

    def finding(
        self,
        code: str,
        *,
        row: int | None = None,
        cell: str | None = None,
        interv_nr: str | None = None,
        column: str | None = None,
        value: str | None = None,
        **texts: object,
    ) -> Finding:
        """Make the finding of a rule, its texts filled in.

        The value is left out where the rule or the field is about a person, so a caller may
        always pass it. What the column decides is filled in from it: `{variabele}` is its name,
        `{n}` the lead, `{toegestaan}`, `{gebruikelijk}`, `{tekens}`, `{min}`, `{max}` and
        `{voorwaarde}` what its field asks for. `{waarde}` is the shown value; all else is given.
        A text that is language is given as a `Bilingual`.

        Raises:
            KeyError: the rule is unknown, or a placeholder of its text was not given.
        """
        (made,) = self.findings(code, column, [(row, cell, interv_nr, value)], **texts)
        return made

    def findings(
        self,
        code: str,
        column: str | None,
        places: Iterable[tuple[int | None, str | None, str | None, str | None]],
        **texts: object,
    ) -> list[Finding]:
        """Make the same finding at many places: row, cell, number of the intervention and value.

        Raises:
            KeyError: as for one finding.
        """
        wording = self._wordings.get((code, column)) or self._word(code, column)
        made = []
        for row, cell, interv_nr, value in places:
            shown = value if wording.shows_value else None
            message, fix, message_en, fix_en = wording.whole or wording.filled(shown, texts)
            made.append(
                Finding(
                    code,
                    message,
                    fix,
                    row,
                    cell,
                    interv_nr,
                    column,
                    shown,
                    wording.trial,
                    message_en,
                    fix_en,
                )
            )
        return made

    @cached_property
    def _wordings(self) -> dict[tuple[str, str | None], Wording]:
        """Hold what was worded before: no more than there are rules and columns, and no values."""
        return {}

    def _word(self, code: str, column: str | None) -> Wording:
        wording = Wording.of(self.rules[code], column, self.columns.get(column or ""))
        if column is None or column in self.columns:
            self._wordings[code, column] = wording
        return wording

    def counted(self, code: str, count: int, column: str | None = None) -> Finding:
        """Make one finding that stands for many records, told as a number."""
        finding = self.finding(code, column=column)
        records = "1 record" if count == 1 else f"{count} records"  # the same word in English
        return replace(
            finding,
            message=f"{finding.message} ({records})",
            message_en=f"{finding.message_en} ({records})",
        )
