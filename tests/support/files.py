"""A small file whose outcome every example event tells."""

from __future__ import annotations

import csv
import datetime as dt
import io

from simulators.hospital.deliveries import make_delivery

TODAY = dt.date(2026, 3, 5)


def three_records() -> bytes:
    """Give a CSV of three new pacemakers or the like; the second has an impossible height."""
    delivery = make_delivery(3, today=TODAY, seed=7)
    rows = [list(row) for row in delivery.rows]
    rows[1][delivery.columns.index("lengte")] = "lang"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerows([delivery.columns, *rows])
    return text.getvalue().encode("utf-8-sig")
