"""The pseudonyms of a record: where each type stands, and how temporary and lasting differ.

The shape of a temporary pseudonym is that of the sample in the ZorgTTP slides of 2026; the shape
of a definitive one is not public and ours (docs/zorgttp-simulator.md). Both are opaque besides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from databroker.dataset import PSEUDONYMS
from databroker.ports import TemporaryPseudonymError

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = dict(zip(("L", "N", "P", "B", "C"), PSEUDONYMS, strict=True))
"""The column of each pseudonym type."""

REVERSIBLE = "L"
"""The one type that its own centre can undo; it links nothing outside that centre."""

_TEMPORARY = re.compile(r"WS[A-Za-z0-9]{29}-P-([A-Z])-[A-Z]/[A-Za-z0-9+/]+={0,2}")
_DEFINITIVE = re.compile(r"DP-([A-Z])-[A-Z]-[A-Za-z0-9_-]{22,}")


def temporary_type(text: str) -> str | None:
    """Give the type of a temporary pseudonym, None when it is no temporary pseudonym."""
    match = _TEMPORARY.fullmatch(text)
    return match and match[1]


def definitive_type(text: str) -> str | None:
    """Give the type of a definitive pseudonym, None when it is no definitive pseudonym."""
    match = _DEFINITIVE.fullmatch(text)
    return match and match[1]


def refuse_temporary(values: Iterable[str]) -> None:
    """See that none of these values is a temporary pseudonym.

    Raises:
        TemporaryPseudonymError: one is.
    """
    for value in values:
        if value.startswith("WS") and temporary_type(value):
            raise TemporaryPseudonymError("a field has the shape of a temporary pseudonym")
