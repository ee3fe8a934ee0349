"""dataframely: a schema of what was read from the cells, each check a rule of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dataframely as dy
import polars as pl

from local.bench.contenders.plan import make_plan
from local.bench.contenders.polars_expressions import FIRST_ROW, scan

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Hit, Run
    from local.bench.contenders.plan import Plan

_ROW = "row"
_TYPES = {
    pl.Boolean: dy.Bool,
    pl.Date: dy.Date,
    pl.Float64: dy.Float64,
    pl.Int16: dy.Int16,
    pl.Int32: dy.Int32,
    pl.Int64: dy.Int64,
    pl.String: dy.String,
    pl.UInt8: dy.UInt8,
    pl.UInt32: dy.UInt32,
}


def prepare(asked: Asked) -> Run:
    """Translate the rules, and make the schema."""
    plan = make_plan(asked.version, asked.context, asked.header())
    places = {f"{code} {name}": (code, name) for code, name in plan.checks}
    looked_at = plan.looked_at()
    schema = _schema(plan, _prepared(plan, asked.file).select(_ROW, *looked_at).collect_schema())

    def run(file: Path) -> set[Hit]:
        frame = _prepared(plan, file).select(_ROW, *looked_at)
        failures = schema.filter(frame).collect_all(engine="streaming").failure
        details = failures.details()
        return {
            (row, places[rule][1], places[rule][0])
            for rule in failures.counts()
            for row in details.filter(pl.col(rule) == "invalid")[_ROW]
        }

    return run


def _prepared(plan: Plan, file: Path) -> pl.LazyFrame:
    return plan.prepare(scan(file).with_row_index(_ROW, offset=FIRST_ROW))


def _schema(plan: Plan, types: pl.Schema) -> Any:
    parts: dict[str, Any] = {
        name: _TYPES[type(kind)](nullable=True) for name, kind in types.items()
    }
    for (code, name), broken in plan.checks.items():
        parts[f"{code} {name}"] = dy.rule()(_rule(broken))
    return type("Intervention", (dy.Schema,), parts)


def _rule(broken: pl.Expr) -> Any:
    return lambda _schema: ~broken.fill_null(False)  # noqa: FBT003 - polars takes it by position
