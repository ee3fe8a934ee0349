"""How a percentage is written."""

from __future__ import annotations

import pytest

from databroker.rules.completeness import percentage


@pytest.mark.parametrize(
    ("part", "written"),
    [(94.96, "94,9"), (95.0, "95"), (100.0, "100"), (66.666, "66,6"), (0.0, "0"), (None, "-")],
)
def test_a_percentage_never_reaches_a_norm_it_misses(part: float | None, written: str) -> None:
    assert percentage(part) == written
