"""polars: the whole rule book as one lazy query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from local.bench.contenders.plan import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Hit, Run

FIRST_ROW = 2
"""The header is row 1."""


def prepare(asked: Asked) -> Run:
    """Translate the rules."""
    plan = make_plan(asked.version, asked.context, asked.header())
    places = list(plan.checks)
    checks = [expr.alias(str(at)) for at, expr in enumerate(plan.checks.values())]

    def run(file: Path) -> set[Hit]:
        frame = plan.prepare(scan(file)).select(checks).collect(engine="streaming")
        return {
            (row + FIRST_ROW, name, code)
            for (code, name), broken in zip(places, frame.iter_columns(), strict=True)
            for row in broken.arg_true().to_list()
        }

    return run


def scan(file: Path) -> pl.LazyFrame:
    """Open a CSV file as columns of text."""
    return pl.scan_csv(file, separator=";", infer_schema=False)
