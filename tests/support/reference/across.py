"""Rules that look at more than one record of the file (F-203, F-231, W-209, BW-014)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from databroker.rules.functions import udi_serial

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator

    from tests.support.reference.evaluate import Evaluation

_MONTHS_IN_YEAR = 12


def find_across(done: Evaluation) -> None:
    """Ask the rules on more than one record, as far as the dataset has them."""
    for code, find in _ACROSS.items():
        if code in done.notes.dataset.rules:
            find(done)


def find_double_numbers(done: Evaluation) -> None:
    """Note every record whose intervention number occurs more than once (F-203)."""
    places: dict[str, list[int]] = {}
    for index, row in done.rows.items():
        if (number := row.names["interv_nr"]) is not None:
            places.setdefault(number.upper(), []).append(index)
    for indexes in places.values():
        if len(indexes) > 1:
            rows = _rows(done, indexes)
            for index in indexes:
                done.notes.of_record("F-203", index, "interv_nr", regels=rows)


def find_double_implants(done: Evaluation) -> None:
    """Note every implant that more than one intervention says to have placed (F-231)."""
    places: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for index in done.rows:
        for implant, column in _placed(done, index):
            places.setdefault(implant, []).append((index, column))
    for found in places.values():
        numbers = {done.rows[index].names["interv_nr"] or index for index, _ in found}
        if len(numbers) > 1:
            rows = _rows(done, {index for index, _ in found})
            for index, column in found:
                done.notes.of_record("F-231", index, column, regels=rows)


def _placed(done: Evaluation, index: int) -> Iterator[tuple[tuple[str, str], str]]:
    """Give the new implants of a record that are named by a serial number, and their columns."""
    row = done.rows[index]
    if implant := udi_serial(row.names["impl_device_code"]):
        yield implant, "impl_device_code"
    for slot, lead in row.leads.items():
        if lead["lead_ingreep"] == 10 and (implant := udi_serial(lead["lead_code"])):
            yield implant, f"lead_code{slot}"


def find_unordered(done: Evaluation) -> None:
    """Note the fewest records that keep the numbers from rising with the dates (W-209)."""
    series: dict[tuple[str, ...], list[tuple[tuple[int, ...], dt.date, int]]] = {}
    for index, row in done.rows.items():
        number, day = row.names["interv_nr"], row.names["interv_datum"]
        if number is not None and day is not None and re.search(r"[0-9]", number):
            name = tuple(re.split(r"[0-9]+", number.upper()))
            place = tuple(int(digits) for digits in re.findall(r"[0-9]+", number))
            series.setdefault(name, []).append((place, day, index))
    for numbered in series.values():
        numbered.sort()
        ordered = _longest_rising([day for _, day, _ in numbered])
        for at, (_, _, index) in enumerate(numbered):
            if at not in ordered:
                done.notes.of_record("W-209", index, "interv_nr")


def _longest_rising(days: list[dt.date]) -> set[int]:
    """Give the places of a longest series of days that never goes back.

    Of equally long ones the series that goes on from the latest place.
    """
    lengths: list[int] = []
    before: list[int] = []
    for place, day in enumerate(days):
        length, last = max(
            ((lengths[at], at) for at in range(place) if days[at] <= day), default=(0, -1)
        )
        lengths.append(length + 1)
        before.append(last)
    _, at = max(((length, place) for place, length in enumerate(lengths)), default=(0, -1))
    found = set()
    while at >= 0:
        found.add(at)
        at = before[at]
    return found


_ACROSS = {"F-203": find_double_numbers, "F-231": find_double_implants, "W-209": find_unordered}


def missing_months(done: Evaluation, refused: Collection[int]) -> list[str]:
    """Give the months without accepted interventions between the first and the last (BW-014)."""
    days = [row.names["interv_datum"] for row in done.rows.values() if row.number not in refused]
    months = {day.year * _MONTHS_IN_YEAR + day.month - 1 for day in days if day is not None}
    if not months:
        return []
    missing = sorted(set(range(min(months), max(months))) - months)
    return [f"{month % _MONTHS_IN_YEAR + 1:02d}-{month // _MONTHS_IN_YEAR}" for month in missing]


def _rows(done: Evaluation, indexes: Collection[int]) -> str:
    return ", ".join(str(done.sheet.numbers[index]) for index in sorted(indexes))
