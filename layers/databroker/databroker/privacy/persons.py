"""What ZorgTTP is asked of a row: which types of pseudonym, and of a person only what they need.

Medical data cannot get in: a request is made of the seven columns named here and nothing else
(docs/zorgttp-simulator.md has the abbreviations; G, GD and PC are those of the slides of 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from databroker.privacy import normalise
from databroker.privacy.batches import MOST, slices

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from databroker.records import Records

FIELDS: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
    "G": ("geslacht", normalise.sex),
    "GD": ("geb_datum", normalise.birth_date),
    "PC": ("postcode", normalise.postcode),
    "GN": ("geb_naam", normalise.family_name),
    "PNM": ("partnernaam", normalise.family_name),
    "BSN": ("bsn", normalise.bsn),
    "PN": ("pat_nr", normalise.patient_number),
}
"""The columns that may leave for ZorgTTP, by its abbreviation, and how each is written."""

INGREDIENTS: Mapping[str, frozenset[str]] = {
    "C": frozenset({"G", "GD", "PC"}),
    "N": frozenset({"GN", "GD", "G"}),
    "P": frozenset({"PNM", "GD", "G"}),
    "B": frozenset({"BSN"}),
    "L": frozenset({"PN"}),
}
"""What each type of pseudonym is made of."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for one person; equal requests have one answer."""

    types: tuple[str, ...]
    person: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Distinct requests for the same types, together in one call."""

    types: tuple[str, ...]
    requests: tuple[Request, ...]


def requests_of(records: Records, leave_out: Collection[int]) -> list[Request | None]:
    """Give the request of each record; None for a row left out or with nothing to ask."""
    columns = {
        name: [cell and write(cell) for cell in records.column(column)]
        for name, (column, write) in FIELDS.items()
    }
    people = zip(*columns.values(), strict=True)
    return [
        None if row in leave_out else _request(dict(zip(columns, cells, strict=True)))
        for row, cells in zip(records.rows, people, strict=True)
    ]


def batches_of(requests: Iterable[Request | None], most: int = MOST) -> Iterator[Batch]:
    """Give each distinct request once, in batches of one set of types."""
    alike: dict[tuple[str, ...], list[Request]] = {}
    for request in dict.fromkeys(requests):
        if request is not None:
            alike.setdefault(request.types, []).append(request)
    for types, group in alike.items():
        for part in slices(group, most):
            yield Batch(types, tuple(part))


def _request(written: Mapping[str, str | None]) -> Request | None:
    filled = {name: value for name, value in written.items() if value}
    types = tuple(kind for kind, needed in INGREDIENTS.items() if needed <= filled.keys())
    needed = frozenset[str]().union(*(INGREDIENTS[kind] for kind in types))
    person = tuple((name, value) for name, value in filled.items() if name in needed)
    return Request(types, person) if types else None
