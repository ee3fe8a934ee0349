"""pandera: a schema whose checks hang on the column with the row, so that a failure tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from local.bench.contenders.plan import make_plan
from local.bench.contenders.polars_expressions import FIRST_ROW, scan

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Hit, Run

_ROW = "row"


def prepare(asked: Asked) -> Run:
    """Translate the rules, and make the schema."""
    plan = make_plan(asked.version, asked.context, asked.header())
    places = {f"{code} {name}": (code, name) for code, name in plan.checks}
    looked_at = plan.looked_at()
    checks = [
        pa.Check(_check(broken), name=f"{code} {name}")
        for (code, name), broken in plan.checks.items()
    ]
    schema = pa.DataFrameSchema({_ROW: pa.Column(pl.UInt32, checks)})

    def run(file: Path) -> set[Hit]:
        frame = plan.prepare(scan(file).with_row_index(_ROW, offset=FIRST_ROW))
        # A frame in memory: pandera collects what it is given anew for every check.
        try:
            schema.validate(frame.select(_ROW, *looked_at).collect(engine="streaming"), lazy=True)
        except SchemaErrors as errors:
            found = errors.failure_cases.select("failure_case", "check").iter_rows()
            return {(int(row), places[check][1], places[check][0]) for row, check in found}
        return set()

    return run


def _check(broken: pl.Expr) -> Any:
    good = ~broken.fill_null(False)  # noqa: FBT003 - polars takes it by position
    return lambda data: data.lazyframe.select(good)
