"""Whether a file is of the centre that delivers it (BF-009, BF-010)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from databroker.rules.functions import acronym
from databroker.rules.part import NUMBER

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.delivery import Centre
    from databroker.findings import Finding
    from databroker.records import Records

_FROM_ELSEWHERE = 0.10
"""A part of the numbers as large as this is no typing error: the file mixes centres.

Below it each of those records is refused on its own (F-103).
"""


class CentreCheck:
    """Counts the centres in the intervention numbers of a file, part by part."""

    def __init__(self, centre: Centre) -> None:
        """Start without numbers; `centre` is the one that delivers."""
        self._centre = centre
        self._found: Counter[str] = Counter()

    def add(self, records: Records) -> None:
        """Count the numbers of some records."""
        numbers = records.texts(NUMBER)
        begins = numbers.begin_with(f"{self._centre}-".encode())
        self._found[self._centre] += int(np.count_nonzero(begins))
        for number in numbers.take(~begins & (numbers.lengths > 0)):
            name = acronym((number or "").strip())
            if name and re.fullmatch(r"[A-Z]{2,}", name):
                self._found[name] += 1

    def verdict(self, dataset: Dataset) -> Finding | None:
        """Refuse a file whose numbers are another centre's, or of several centres."""
        found = +self._found
        foreign = sorted(name for name in found if name != self._centre)
        if not foreign:
            return None
        if len(found) == 1:
            name = foreign[0]
            return dataset.finding("BF-009", column=NUMBER, acroniem=name, verwacht=self._centre)
        if sum(found[name] for name in foreign) < _FROM_ELSEWHERE * found.total():
            return None
        return dataset.finding("BF-010", column=NUMBER, acroniemen=", ".join(sorted(found)))


def check_centre(records: Records, dataset: Dataset, centre: Centre) -> Finding | None:
    """Refuse a file whose intervention numbers are another centre's, or of several centres."""
    check = CentreCheck(centre)
    check.add(records)
    return check.verdict(dataset)
