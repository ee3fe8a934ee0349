"""Interventions that break no rule, to change one thing in."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from databroker.dataset import Dataset, find_dataset
from databroker.delivery import Centre
from databroker.records import Origin, Records
from databroker.rules import Context

RULE_TABLES = Path(__file__).parents[1] / "rules"
TODAY = dt.date(2026, 3, 5)
CONTEXT = Context(TODAY, Centre("MCX"))


def interventie() -> Dataset:
    """Give the dataset in the version that the bases are written in."""
    dataset = find_dataset("pmicd-interventie", "22.2")
    assert dataset is not None
    return dataset


def table(name: str, dataset_id: str = "pmicd-interventie") -> list[dict[str, str]]:
    """Read one of the tables beside the tests of the rules."""
    with (RULE_TABLES / dataset_id / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


BASES = {line.pop("base"): line for line in table("bases.csv")}


def an_intervention(base: str = "PM", **changes: str) -> dict[str, str]:
    """Give a good intervention of one of the kinds in `bases.csv`, with changes."""
    return BASES[base] | changes


def records_of(*rows: dict[str, str], origin: Origin | None = None) -> Records:
    """Put interventions in a file, the first on line 2; a blank cell is empty."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) or None for row in rows] for name in names}
    return Records.of(columns, range(2, 2 + len(rows)), origin)
