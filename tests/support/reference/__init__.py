"""The reference: every rule asked of every record, row by row, in plain Python.

Slow and obvious. It reads the same rule data as the product and shares with it only what a single
cell and a single function mean (`databroker.rules.values`, `functions`, `udi`); the tests hold the
engine that works by column to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.reference.identity import check_identity, minimise
from tests.support.reference.validate import validate

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.records import Records
    from databroker.rules import Context
    from databroker.rules.completeness import Completeness

__all__ = ["check_identity", "examine", "minimise", "validate"]


def examine(
    records: Records, dataset: Dataset, context: Context
) -> tuple[list[Finding], list[Completeness], Records]:
    """Ask everything of some records: the findings, the completeness and the clean records."""
    identity = check_identity(records, dataset, context)
    rest = validate(minimise(identity.clean, dataset), dataset, context, identity.findings)
    return (
        [*identity.findings, *rest.findings],
        [*identity.completeness, *rest.completeness],
        rest.clean,
    )
