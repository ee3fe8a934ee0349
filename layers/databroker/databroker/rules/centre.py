"""Whether a file is of the centre that delivers it (BF-009, BF-010)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from databroker.rules.functions import acronym
from databroker.rules.notes import NUMBER

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.delivery import Centre
    from databroker.findings import Finding
    from databroker.records import Records

_FROM_ELSEWHERE = 0.10
"""A part of the numbers as large as this is no typing error: the file mixes centres.

Below it each of those records is refused on its own (F-103).
"""


def check_centre(records: Records, dataset: Dataset, centre: Centre) -> Finding | None:
    """Refuse a file whose intervention numbers are another centre's, or of several centres."""
    numbers = [number.strip() for number in records.column(NUMBER) if number]
    names = [acronym(number) for number in numbers]
    found = Counter(name for name in names if name and re.fullmatch(r"[A-Z]{2,}", name))
    foreign = sorted(name for name in found if name != centre)
    if not foreign:
        return None
    if len(found) == 1:
        return dataset.finding("BF-009", column=NUMBER, acroniem=foreign[0], verwacht=centre)
    if sum(found[name] for name in foreign) < _FROM_ELSEWHERE * found.total():
        return None
    return dataset.finding("BF-010", column=NUMBER, acroniemen=", ".join(sorted(found)))
