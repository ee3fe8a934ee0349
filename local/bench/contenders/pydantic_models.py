"""pydantic: a model of a row, a validator for every field, and one for what fields say together.

Validators write down what they find instead of raising: the first mistake is not the only one.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    create_model,
    model_validator,
)

from databroker.dataset import Erasure, FieldType, Phase, Scope
from databroker.rules import Cell, read_cell
from databroker.rules.expression import LEADS
from databroker.rules.functions import age_at
from tests.support.reference.expression import Expression, compile_expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from databroker.dataset import Column, Dataset, Rule
    from databroker.rules import Context
    from local.bench.contenders import Asked, Hit, Run

_FIRST_ROW = 2
_NUMBER = "interv_nr"
_OLDEST = 120
_CONTEXT_NAMES = (
    "vandaag", "centrum_acroniem", "bsn_kolom_aanwezig", "leeftijd", "leadgat", "db_impl_device",
)  # fmt: skip
_TYPES = {
    FieldType.DATE: dt.date,
    FieldType.CODE: int,
    FieldType.INTEGER: int,
    FieldType.DECIMAL: float,
    FieldType.TEXT: str,
    FieldType.UDI: str,
}


def prepare(asked: Asked) -> Run:
    """Compile the rules, and make the model."""
    dataset = asked.version
    delivered = {dataset.headers.get(name.strip().lower()): name for name in asked.header()}
    columns = {name: column for name, column in dataset.columns.items() if name in delivered}
    rules = _Rules.of(dataset, asked.context.today)
    model = _model(columns, {name: delivered[name] for name in columns})
    adapter: TypeAdapter[list[BaseModel]] = TypeAdapter(list[model])  # type: ignore[valid-type]

    def run(file: Path) -> set[Hit]:
        found = _Found(rules, columns, asked.context)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            adapter.validate_python(list(csv.DictReader(lines, delimiter=";")), context=found)
        return found.hits

    return run


class _Row(BaseModel):
    @model_validator(mode="after")
    def _ask_rules(self, info: ValidationInfo) -> _Row:
        found: _Found = info.context  # type: ignore[assignment]  # given to the adapter
        found.judge()
        return self


def _model(columns: Mapping[str, Column], headers: Mapping[str, str]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        headers[name]: (Annotated[_TYPES[column.field.type] | None, _validator(column)], None)
        for name, column in columns.items()
    }
    return create_model("Intervention", __base__=_Row, **fields)


def _validator(column: Column) -> PlainValidator:
    def read(raw: str | None, info: ValidationInfo) -> Any:
        found: _Found = info.context  # type: ignore[assignment]  # given to the adapter
        cell = read_cell(raw, column.field)
        found.cells[column.name] = cell
        return cell.value

    return PlainValidator(read)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The conditions of the dataset, compiled."""

    asked: Mapping[Phase, list[tuple[Rule, Expression]]]
    erasing: list[tuple[Rule, Expression]]
    required: Mapping[str, Expression]
    applies: Mapping[str, Expression]
    stems: list[str]
    empty: Mapping[str, None]

    @classmethod
    def of(cls, dataset: Dataset, today: dt.date) -> _Rules:
        singles = {each.name for each in dataset.fields if each.slots == 1}
        stems = [each.stem for each in dataset.fields if each.slots > 1]
        names = singles | {*stems, LEADS, *_CONTEXT_NAMES}

        def compiled(source: str) -> Expression:
            found = compile_expression(source, names, stems)
            more = {stems[0]} if LEADS in found.reads else set()
            return Expression(source, found.reads | more, found.answer)

        asked: dict[Phase, list[tuple[Rule, Expression]]] = defaultdict(list)
        erasing: list[tuple[Rule, Expression]] = []
        for rule in dataset.rules.values():
            for case in rule.cases(dataset.groups):
                if case.fires_when and (case.erases or case.asked_on(today)):
                    private = case.phase is Phase.PSEUDONYMISE
                    phase = Phase.PSEUDONYMISE if private else Phase.VALIDATE
                    own = erasing if case.erases else asked[phase]
                    own.append((case, compiled(case.fires_when)))
        conditions = {
            what: {
                each.name: compiled(source)
                for each in dataset.fields
                if (source := getattr(each, what)) is not None
            }
            for what in ("required_when", "applies_when")
        }
        return cls(
            asked,
            erasing,
            conditions["required_when"],
            conditions["applies_when"],
            stems,
            dict.fromkeys(singles),
        )


@dataclass(slots=True)
class _Found:
    """What the validators find, and the cells of the row they are at."""

    rules: _Rules
    columns: Mapping[str, Column]
    context: Context
    hits: set[Hit] = field(default_factory=set)
    cells: dict[str, Cell] = field(default_factory=dict)
    row: int = _FIRST_ROW - 1

    def judge(self) -> None:
        """Ask the rules of the row, whose cells were read."""
        self.row += 1
        lost = self._erase()
        if Erasure.RECORD in lost:
            return
        self._ask(_View(self, Phase.PSEUDONYMISE, nameless=False))
        self._ask(_View(self, Phase.VALIDATE, nameless=Erasure.NUMBER in lost))

    def _erase(self) -> set[Erasure | None]:
        names: dict[str, Any] = dict(self.rules.empty)
        for name, cell in self.cells.items():
            names[name] = cell.text if cell.problem else cell.value
        broken = [rule for rule, when in self.rules.erasing if when.answer(names)]
        lost = {rule.erases for rule in broken}
        for rule in broken:
            if rule.erases is Erasure.RECORD or Erasure.RECORD not in lost:
                self._note(rule.code, rule.fields[0])
        return lost

    def _note(self, code: str, name: str) -> None:
        self.hits.add((self.row, name, code))

    def _ask(self, view: _View) -> None:
        for name, cell in view.cells.items():
            if cell.problem and view.is_about(name):
                self._note(cell.problem, name)
        for name in view.ignore_senseless():
            self._note("W-001", name)
        told = set()
        for rule, when in self.rules.asked[view.phase]:
            for name in view.broken(rule, when):
                self._note(rule.code, name)
                if len(rule.fields) == 1 and not rule.trial_from:
                    told.add(name)
        for code, name in view.wanting(told):
            self._note(code, name)


class _View:
    """A row as the rules of one phase see it."""

    def __init__(self, found: _Found, phase: Phase, *, nameless: bool) -> None:
        self.rules, self.columns, self.phase = found.rules, found.columns, phase
        self.private = phase is Phase.PSEUDONYMISE
        self.nameless = nameless
        self.cells = {
            name: cell
            for name, cell in found.cells.items()
            if (self.private or found.columns[name].field.kept)
            and not (nameless and name == _NUMBER)
        }
        self.names: dict[str, Any] = dict(self.rules.empty)
        self.leads: dict[int, dict[str, Any]] = {}
        self.unreadable = []
        for name, cell in self.cells.items():
            column = self.columns[name]
            if cell.problem:
                self.unreadable.append((column.field.stem, column.slot))
            if column.slot is None:
                self.names[name] = cell.value
            elif cell.text is not None:
                lead = self.leads.setdefault(column.slot, dict.fromkeys(self.rules.stems))
                lead[column.field.stem] = cell.value
        self.slots = sorted(self.leads)
        first = self.rules.stems[0]
        self.filled = [slot for slot in self.slots if self.leads[slot][first] is not None]
        self.names |= {
            "vandaag": found.context.today,
            "centrum_acroniem": found.context.centre,
            "bsn_kolom_aanwezig": self.private and "bsn" in self.columns,
            "db_impl_device": None,
            "leeftijd": self._age(found.cells),
            "leads": [self.leads[slot] for slot in self.filled],
            "leadgat": bool(self.slots) and self.slots[-1] > len(self.slots),
        }

    def _age(self, cells: Mapping[str, Cell]) -> int | None:
        born, day = cells.get("geb_datum"), cells.get("interv_datum")
        if born is None or day is None:
            return None
        age = age_at(born.value, day.value)  # type: ignore[arg-type]  # dates, both
        if age is None or self.private:
            return age
        return age if 0 <= age <= _OLDEST else None

    def is_about(self, name: str) -> bool:
        return self.columns[name].field.kept is not self.private

    def true(self, when: Expression, slot: int | None) -> bool | None:
        """Tell whether a condition is true; None when it cannot be told."""
        for stem, where in self.unreadable:
            if stem in when.reads and (slot is None or where in {None, slot}):
                return None
        if slot is None:
            return bool(when.answer(self.names))
        lead = self.leads.get(slot)
        return None if lead is None else bool(when.answer(self.names | lead))

    def broken(self, rule: Rule, when: Expression) -> Iterator[str]:
        name = rule.fields[0]
        if rule.scope is Scope.ROW:
            if self.true(when, None):
                yield name.replace("{n}", str(min(self.slots, default=1)))
            return
        for slot in self.filled if rule.scope is Scope.LEAD else self.slots:
            if self.true(when, slot):
                yield name.replace("{n}", str(slot))

    def ignore_senseless(self) -> Iterator[str]:
        for name, cell in self.cells.items():
            column = self.columns[name]
            condition = self.rules.applies.get(column.field.name)
            if condition is None or not self.is_about(name) or cell.value in {None, 0, -1}:
                continue
            if self.true(condition, column.slot) is False:
                names = self.names if column.slot is None else self.leads[column.slot]
                names[column.field.stem] = None
                yield name

    def wanting(self, told: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Give what is empty and should not be, and what is beyond its limits."""
        for name, column in self.columns.items():
            if not self.is_about(name):
                continue
            cell = self.cells.get(name, Cell())
            if cell.text is None:
                if name not in told and (code := self._missing(column)):
                    yield code, name
            elif cell.text != column.field.unknown and (code := _beyond(cell.value, column)):
                yield code, name

    def _missing(self, column: Column) -> str | None:
        if column.field.required and not (self.nameless and column.name == _NUMBER):
            return "F-001"
        condition = self.rules.required.get(column.field.name)
        if condition is not None and self.true(condition, column.slot):
            return "F-011"
        return None


def _beyond(value: Any, column: Column) -> str | None:
    of = column.field
    if not isinstance(value, int | float):
        return None
    for code, limit, sign in (
        ("F-007", of.hard_min, 1),
        ("F-008", of.hard_max, -1),
        ("W-002", of.soft_min, 1),
        ("W-003", of.soft_max, -1),
    ):
        if limit is not None and sign * value < sign * limit:
            return code
    return None
