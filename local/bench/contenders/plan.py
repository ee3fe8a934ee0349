"""The rules of a dataset that look at one record, as steps and checks of polars.

What the engine does in two phases (personal data, then the rest) is done in one here: the names
of the second phase stand for what is left after the first.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import polars as pl

from databroker.dataset import Erasure, FieldType, Phase, Scope
from local.bench.contenders import cells
from local.bench.contenders.expressions import Lead, Names, names_in, translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from databroker.dataset import Column, Dataset, Rule
    from databroker.dataset import Field as DatasetField
    from databroker.rules import Context

_NUMBER = "interv_nr"
_OLDEST = 120
_PRIVATE, _REST = Phase.PSEUDONYMISE, Phase.VALIDATE
_PHASES = {
    Phase.PSEUDONYMISE: _PRIVATE,
    Phase.STRUCTURE: _REST,
    Phase.VALIDATE: _REST,
}
_DTYPES = {
    FieldType.DATE: pl.Date,
    FieldType.CODE: pl.Int16,
    FieldType.INTEGER: pl.Int64,
    FieldType.DECIMAL: pl.Float64,
    FieldType.TEXT: pl.String,
    FieldType.UDI: pl.String,
}
_NEVER = pl.lit(False)  # noqa: FBT003 - polars takes it by position

Place = tuple[str, str]
"""The code of a rule, and the column it is about."""


def _any(exprs: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(operator.or_, exprs, _NEVER)


@dataclass(frozen=True)
class Plan:
    """What must be added to the delivered columns, step by step, and what is then asked of them.

    A check is true of the records that break a rule; null is not true.
    """

    stages: list[list[pl.Expr]] = field(default_factory=list)
    checks: dict[Place, pl.Expr] = field(default_factory=dict)

    def prepare(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Add everything that the checks look at."""
        for stage in self.stages:
            frame = frame.with_columns(stage)
        return frame

    def looked_at(self) -> list[str]:
        """Give the names of what the checks look at."""
        return sorted({name for check in self.checks.values() for name in check.meta.root_names()})


def make_plan(dataset: Dataset, context: Context, header: Sequence[str]) -> Plan:
    """Plan the checks of the columns that were delivered, under the names of their header."""
    return _Planner(dataset, context, header).plan()


class _Planner:
    def __init__(self, dataset: Dataset, context: Context, header: Sequence[str]) -> None:
        delivered = {dataset.headers.get(name.strip().lower()): name for name in header}
        self.dataset = dataset
        self.context = context
        self.columns: dict[str, Column] = {
            name: column for name, column in dataset.columns.items() if name in delivered
        }
        self.renamed = [pl.col(delivered[name]).alias(name) for name in self.columns]
        self.stems = [each.stem for each in dataset.fields if each.slots > 1]
        self.slots = max(each.slots for each in dataset.fields)

    def plan(self) -> Plan:
        plan = Plan()
        plan.stages.extend([self.renamed, *cells.stages(list(self.columns.values()))])
        plan.stages.extend([self._facts(), self._erasures(), self._left()])
        plan.stages.extend(self._ignored())
        verdicts = self._verdicts()
        alone = {place: expr for place, (rule, expr) in verdicts.items() if _is_precise(rule)}
        plan.stages.append([expr.alias(_called(place)) for place, expr in alone.items()])
        for place, (_, expr) in verdicts.items():
            plan.checks[place] = pl.col(_called(place)) if place in alone else expr
        plan.checks.update(self._erasing_checks())
        plan.checks.update(self._field_checks(set(alone)))
        return plan

    # --- what is known of a record ------------------------------------------------------------

    def _facts(self) -> list[pl.Expr]:
        there = {slot: self._there(slot) for slot in self._slots}
        count = pl.sum_horizontal(*(each.cast(pl.UInt8) for each in there.values()))
        first = last = pl.lit(None, pl.UInt8)
        for slot, each in there.items():
            last = pl.when(each).then(pl.lit(slot, pl.UInt8)).otherwise(last)
        for slot, each in reversed(there.items()):
            first = pl.when(each).then(pl.lit(slot, pl.UInt8)).otherwise(first)
        return [
            self._age().alias("age"),
            (last > count).alias("gap"),
            first.fill_null(1).alias("first"),
            *(each.alias(f"lead:{slot}") for slot, each in there.items()),
        ]

    @cached_property
    def _slots(self) -> Sequence[int]:
        found = {column.slot for column in self.columns.values() if column.slot is not None}
        return sorted(found)

    def _there(self, slot: int) -> pl.Expr:
        names = (name for name, column in self.columns.items() if column.slot == slot)
        return _any(cells.present(name) for name in names)

    def _age(self) -> pl.Expr:
        if not {"geb_datum", "interv_datum"} <= self.columns.keys():
            return pl.lit(None, pl.Int32)
        born, day = cells.value("geb_datum").dt, cells.value("interv_datum").dt
        earlier = (day.month() < born.month()) | (
            (day.month() == born.month()) & (day.day() < born.day())
        )
        return day.year() - born.year() - earlier.cast(pl.Int32)

    def _erasures(self) -> list[pl.Expr]:
        """Ask the rules that erase, of the values as delivered, readable or not."""
        values = {
            each.name: self._as_delivered(each) for each in self.dataset.fields if each.slots == 1
        }
        names = Names(values, (), lambda _: None)
        return [
            _any(
                translate(rule.fires_when or "", names)
                for rule in self._erasing
                if rule.erases is erasure
            ).alias(f"lost:{erasure}")
            for erasure in Erasure
        ]

    @cached_property
    def _erasing(self) -> list[Rule]:
        return [rule for rule in self.dataset.rules.values() if rule.erases]

    def _as_delivered(self, of: DatasetField) -> pl.Expr:
        if of.name in self.columns and of.type is FieldType.TEXT:
            return cells.written(of.name)
        return self._value(of.name, of)

    def _value(self, name: str, of: DatasetField) -> pl.Expr:
        return cells.value(name) if name in self.columns else pl.lit(None, _DTYPES[of.type])

    def _left(self) -> list[pl.Expr]:
        """Give what the first phase leaves: records, intervention numbers, ages."""
        named = _not_true(pl.col(f"lost:{Erasure.NUMBER}"))
        return [
            _not_true(pl.col(f"lost:{Erasure.RECORD}")).alias("asked"),
            named.alias("named"),
            pl.when(named).then(cells.value(_NUMBER)).alias("left:number"),
            pl.when(pl.col("age").is_between(0, _OLDEST)).then(pl.col("age")).alias("left:age"),
        ]

    def _ignored(self) -> list[list[pl.Expr]]:
        """Give the steps that find the values that do not apply, and take them out."""
        steps: list[list[pl.Expr]] = []
        for name, column in self.columns.items():
            if column.field.applies_when is None:
                continue
            condition = self._condition(column.field.applies_when, _REST, column.slot)
            steps.append([_not_true(condition).alias(f"senseless:{name}")])
            value = cells.value(name)
            senseless = (
                pl.col(f"senseless:{name}")
                & ~self._unreadable(column.field.applies_when, _REST, column.slot)
                & value.is_not_null()
                & (value != 0)
                & (value != -1)
            )
            steps.append([senseless.alias(f"ignored:{name}")])
            steps.append([pl.when(~senseless).then(value).alias(f"left:{name}")])
        return steps

    # --- asking a condition ---------------------------------------------------------------------

    def _condition(self, source: str, phase: Phase, slot: int | None) -> pl.Expr:
        return translate(source, self._names[phase, slot])

    @cached_property
    def _names(self) -> Mapping[tuple[Phase, int | None], Names]:
        slots = (None, *self._slots)
        return {
            (phase, slot): self._seen_from(phase, slot)
            for phase in (_PRIVATE, _REST)
            for slot in slots
        }

    def _seen_from(self, phase: Phase, slot: int | None) -> Names:
        first = phase is _PRIVATE
        values: dict[str, Any] = {
            "vandaag": self.context.today,
            "centrum_acroniem": str(self.context.centre),
            "bsn_kolom_aanwezig": first and "bsn" in self.columns,
            "db_impl_device": None,
            "leeftijd": pl.col("age" if first else "left:age"),
            "leadgat": pl.col("gap"),
        }
        for each in self.dataset.fields:
            if each.slots == 1:
                values[each.name] = self._seen(each.name, each, phase)
        leads = [self._lead(at, phase) for at in self._slots]
        if slot is not None:
            values |= leads[list(self._slots).index(slot)].fields
        return Names(values, leads, self._udi)

    def _seen(self, name: str, of: DatasetField, phase: Phase) -> pl.Expr:
        """Give a value as the rules of a phase see it."""
        if phase is _REST:
            if not of.kept:
                return pl.lit(None, _DTYPES[of.type])
            if name == _NUMBER:
                return pl.col("left:number")
            if of.applies_when is not None and name in self.columns:
                return pl.col(f"left:{name}")
        return self._value(name, of)

    def _lead(self, slot: int, phase: Phase) -> Lead:
        fields = {
            each.stem: self._seen(f"{each.stem}{slot}", each, phase)
            for each in self.dataset.fields
            if each.slots > 1
        }
        return Lead(fields[self.stems[0]].is_not_null(), fields)

    def _udi(self, code: pl.Expr) -> cells.UdiParts | None:
        name = code.meta.output_name()
        return cells.UdiParts(name.partition(":")[2]) if ":" in name else None

    def _unreadable(self, source: str, phase: Phase, slot: int | None) -> pl.Expr:
        """Tell whether a cell that a condition looks at has a problem."""
        reads = names_in(source)
        if "leads" in reads:
            reads.add(self.stems[0])
        return _any(
            self._problem_seen(name, phase).is_not_null()
            for name, column in self.columns.items()
            if column.field.stem in reads
            and (phase is _PRIVATE or column.field.kept)
            and (slot is None or column.slot in {None, slot})
        )

    def _problem_seen(self, name: str, phase: Phase) -> pl.Expr:
        gone = name == _NUMBER and phase is _REST
        return pl.when(pl.col("named")).then(cells.problem(name)) if gone else cells.problem(name)

    # --- the checks -------------------------------------------------------------------------------

    def _verdicts(self) -> dict[Place, tuple[Rule, pl.Expr]]:
        return {
            (rule.code, name): (rule, pl.col("asked") & expr)
            for rule in self._rules()
            for name, expr in self._asked_of(rule)
        }

    def _phase(self, code: str) -> Phase:
        return _PHASES[self.dataset.rules[code].phase]

    def _rules(self) -> Iterator[Rule]:
        for rule in self.dataset.rules.values():
            if rule.phase in _PHASES and not rule.erases and rule.asked_on(self.context.today):
                yield from (case for case in rule.cases(self.dataset.groups) if case.fires_when)

    def _asked_of(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        source, phase, name = rule.fires_when or "", _PHASES[rule.phase], rule.fields[0]
        if rule.scope is Scope.ROW:
            fires = self._fires(source, phase, None)
            if "{n}" not in name:
                yield name, fires
                return
            for slot in self._slots:
                yield name.replace("{n}", str(slot)), fires & (pl.col("first") == slot)
            return
        for slot in self._slots:
            there = pl.col(f"lead:{slot}")
            if rule.scope is Scope.LEAD:
                there = cells.value(f"{self.stems[0]}{slot}").is_not_null()
            yield name.replace("{n}", str(slot)), there & self._fires(source, phase, slot)

    def _fires(self, source: str, phase: Phase, slot: int | None) -> pl.Expr:
        unreadable = self._unreadable(source, phase, slot)
        return self._condition(source, phase, slot) & ~unreadable

    def _erasing_checks(self) -> Iterator[tuple[Place, pl.Expr]]:
        for rule in self._erasing:
            lost = pl.col(f"lost:{rule.erases}")
            seen = lost if rule.erases is Erasure.RECORD else lost & pl.col("asked")
            yield (rule.code, rule.fields[0]), seen

    def _field_checks(self, alone: set[Place]) -> Iterator[tuple[Place, pl.Expr]]:
        asked = pl.col("asked")
        for name, column in self.columns.items():
            here = asked & pl.col("named") if name == _NUMBER else asked
            for place in _problems_of(column.field):
                code = cells.PROBLEMS[place]
                yield (code, name), here & (cells.problem(name) == place)
            if column.field.applies_when is not None:
                yield ("W-001", name), here & pl.col(f"ignored:{name}")
            if (empty := self._empty(column, alone)) is not None:
                code, expr = empty
                yield (code, name), here & expr
            for code, expr in _beyond(cells.value(name), column.field).items():
                yield (code, name), here & expr

    def _empty(self, column: Column, alone: set[Place]) -> tuple[str, pl.Expr] | None:
        phase = _REST if column.field.kept else _PRIVATE
        told = _any(
            pl.col(_called(place))
            for place in alone
            if place[1] == column.name and self._phase(place[0]) is phase
        )
        empty = ~cells.present(column.name) & _not_true(told)
        if column.field.required:
            return "F-001", empty
        if column.field.required_when is None:
            return None
        when, slot = column.field.required_when, column.slot
        needed = self._fires(when, phase, slot)
        if slot is not None:
            needed &= pl.col(f"lead:{slot}")
        return "F-011", empty & needed


def _called(place: Place) -> str:
    return f"told:{place[0]} {place[1]}"


def _is_precise(rule: Rule) -> bool:
    return len(rule.fields) == 1 and not rule.trial_from


def _not_true(expr: pl.Expr) -> pl.Expr:
    return ~expr.fill_null(False)  # noqa: FBT003 - polars takes it by position


def _problems_of(of: DatasetField) -> list[int]:
    """Give the problems a field can have."""
    codes = ["F-005"] if of.codes is not None else []
    found = {
        FieldType.DATE: ["F-002"],
        FieldType.INTEGER: ["F-003", *codes],
        FieldType.CODE: ["F-003", *codes],
        FieldType.DECIMAL: ["F-004", "F-009"],
        FieldType.TEXT: ["F-006", *codes],
        FieldType.UDI: ["F-006", *codes],
    }[of.type]
    return [cells.PROBLEMS.index(code) for code in ("F-010", *found)]


def _beyond(value: pl.Expr, of: DatasetField) -> dict[str, pl.Expr]:
    """Give the limits of a number, each for the numbers that no harder limit speaks of."""
    if of.type not in {FieldType.INTEGER, FieldType.CODE, FieldType.DECIMAL}:
        return {}
    beyond: dict[str, pl.Expr] = {}
    known = value != int(of.unknown) if of.unknown is not None else value.is_not_null()
    for code, compare, limit in (
        ("F-007", operator.lt, of.hard_min),
        ("F-008", operator.gt, of.hard_max),
        ("W-002", operator.lt, of.soft_min),
        ("W-003", operator.gt, of.soft_max),
    ):
        if limit is not None:
            beyond[code] = known & compare(value, limit)
            known = known & ~compare(value, limit)
    return beyond
