"""The engine that works by column, held to the reference that asks every rule row by row."""

from __future__ import annotations

import datetime as dt
import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databroker.dataset import Dataset, datasets
from databroker.delivery import Centre
from databroker.privacy.identity import check_identity, minimise
from databroker.records import Records
from databroker.rules import Context
from databroker.validation import validate
from simulators.hospital import make_delivery
from tests.support import reference
from tests.support.random_rows import random_records

TODAY = dt.date(2026, 2, 25)
CONTEXT = Context(TODAY, Centre("MCX"))
NAMED = {f"{dataset.id}@{dataset.version}": dataset for dataset in datasets()}
ROWS = 100
EXAMPLES = 60
"""Of each dataset in each version; four of them make 24,000 random rows a run."""


def expect_the_same(records: Records, dataset: Dataset, context: Context = CONTEXT) -> None:
    identity = check_identity(records, dataset, context)
    rest = minimise(identity.clean, dataset, context)
    verdict = validate(rest, dataset, context, identity.findings)

    findings, completeness, clean = reference.examine(records, dataset, context)

    found = [*identity.findings, *verdict.findings]
    assert sorted(map(repr, found)) == sorted(map(repr, findings))
    measured = [*identity.completeness, *verdict.completeness]
    assert list(map(repr, measured)) == list(map(repr, completeness))
    assert verdict.clean == clean


@pytest.mark.parametrize("name", NAMED)
@settings(deadline=None, max_examples=EXAMPLES)
@given(seed=st.integers(0, 2**32))
def test_by_column_gives_what_row_by_row_gives(name: str, seed: int) -> None:
    dataset = NAMED[name]

    expect_the_same(random_records(dataset, seed, ROWS, TODAY), dataset)


@pytest.mark.parametrize("seed", range(3))
def test_a_delivery_with_mistakes_gives_what_row_by_row_gives(seed: int) -> None:
    today = dt.date(2026, 11, 25)
    dataset = NAMED["pmicd-interventie@22.2"]
    delivery = make_delivery(500, today=today, seed=seed, centre="MCX", errors=0.3, bsn=True)
    rows = delivery.rows
    columns = {name: [row[at] or None for row in rows] for at, name in enumerate(delivery.columns)}

    expect_the_same(
        Records.of(columns, range(2, 2 + len(rows))), dataset, Context(today, Centre("MCX"))
    )


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_parts_that_records_are_looked_at_in_do_not_matter(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = NAMED["pmicd-interventie@25.1"]
    for module in ("databroker.privacy.identity", "databroker.validation.validate"):
        monkeypatch.setattr(importlib.import_module(module), "PART", size)

    expect_the_same(random_records(dataset, 7, 150, TODAY), dataset)
