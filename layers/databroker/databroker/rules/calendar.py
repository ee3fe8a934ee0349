"""Days as numbers (1 is the first of January of the year 1), and back to years, months and days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from databroker.texts import Array

FIRST_YEAR, LAST_YEAR = 1800, 2199
"""The years that are looked up in a table; dates outside them are read one by one."""

_MONTHS = np.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-01", dtype="M8[M]")
_FIRST_DAY = dt.date(FIRST_YEAR, 1, 1).toordinal()

MONTH_STARTS = _MONTHS.astype("M8[D]").astype(np.int64) + dt.date(1970, 1, 1).toordinal()
MONTH_LENGTHS = ((_MONTHS + 1).astype("M8[D]") - _MONTHS.astype("M8[D]")).astype(np.int64)
_MONTH_OF_DAY = np.repeat(np.arange(_MONTHS.size, dtype=np.int16), MONTH_LENGTHS)


def civil(days: Array) -> tuple[Array, Array, Array]:
    """Give the year, month and day of every day; the cells that are no day give nonsense."""
    place = days - _FIRST_DAY
    tabled = (place >= 0) & (place < _MONTH_OF_DAY.size)
    month = _MONTH_OF_DAY[np.where(tabled, place, 0).astype(np.int64)]
    years, months = np.divmod(month.astype(np.int64), 12)
    dates = years + FIRST_YEAR, months + 1, np.where(tabled, days - MONTH_STARTS[month] + 1, 0)
    for index in np.flatnonzero(~tabled & np.isfinite(days)).tolist():
        date = dt.date.fromordinal(int(days[index]))
        for part, value in zip(dates, (date.year, date.month, date.day), strict=True):
            part[index] = value
    return dates
