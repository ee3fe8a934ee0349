"""Which implants a record places and which it removes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.rules.functions import udi_serial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLACED = {"10"}
_ENDED = {"20", "30", "31", "39"}
"""Lead explanted, capped, cut or de-activated (NHR handbook 22.2.1, lead_ingreep)."""

LEAD_SLOTS = range(1, 8)


@dataclass(frozen=True, slots=True)
class Implants:
    """The implants of one record as (GTIN, serial number); codes without a serial are left out."""

    placed: frozenset[tuple[str, str]]
    removed: frozenset[tuple[str, str]]

    @property
    def named(self) -> frozenset[tuple[str, str]]:
        """Give them all."""
        return self.placed | self.removed


def implants_of(record: Mapping[str, str]) -> Implants:
    """Read the implants a record places and removes; what it takes out and puts back is placed."""
    placed = {udi_serial(code) for code in _placed_codes(record)}
    removed = {udi_serial(code) for code in _removed_codes(record)}
    return Implants(frozenset(placed - {None}), frozenset(removed - placed - {None}))  # type: ignore[arg-type]


def _placed_codes(record: Mapping[str, str]) -> Iterator[str]:
    yield record.get("impl_device_code", "")
    for slot in LEAD_SLOTS:
        if record.get(f"lead_ingreep{slot}") in _PLACED:
            yield record.get(f"lead_code{slot}", "")


def _removed_codes(record: Mapping[str, str]) -> Iterator[str]:
    yield record.get("terminatie_device_code", "")
    for slot in LEAD_SLOTS:
        if record.get(f"lead_ingreep{slot}") in _ENDED:
            yield record.get(f"lead_code{slot}", "")
