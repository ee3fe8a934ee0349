"""Deliveries and records for tests: valid by default, changed by name."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from databroker.delivery import Centre, Delivery, DeliveryId, Kind, Source

RECEIVED_AT = dt.datetime(2026, 3, 5, 9, 30, tzinfo=dt.UTC)
INBOX = "inbox-bucket"

DEVICE = "(01)09520123456788(17)281231(21)SN0001"
OTHER_DEVICE = "(01)09520123456788(17)281231(21)SN0002"


def a_delivery(**changes: Any) -> Delivery:
    """Give a production delivery of centre MCX."""
    delivery = Delivery(
        delivery_id=DeliveryId("MCX-20260305-0123456789abcdef"),
        centre=Centre("MCX"),
        dataset="pmicd-interventie",
        dataset_version=None,
        kind=Kind.PRODUCTION,
        file_name="kwartaal 1.csv",
        source=Source(INBOX, "epd/MCX/pmicd-interventie/productie/kwartaal 1.csv", "abc", 10),
        received_at=RECEIVED_AT,
    )
    return replace(delivery, **changes)


def another_delivery(number: int = 2, **changes: Any) -> Delivery:
    """Give a delivery that came later than `a_delivery`, each number another one."""
    later = {
        "delivery_id": DeliveryId(f"MCX-20260305-{number:016x}"),
        "received_at": RECEIVED_AT + dt.timedelta(days=number),
    }
    return a_delivery(**(later | changes))


def registered_fields(**changes: str | None) -> dict[str, str]:
    """Give the filled fields of a new pacemaker, as they are registered."""
    fields: dict[str, str | None] = {
        "interv_nr": "MCX-000123",
        "interv_datum": "2026-02-12",
        "ps_pat": "DP-L-1-0000000000000000000001",
        "geslacht": "1",
        "geb_jaar": "1943",
        "leeftijd": "82",
        "pc4": "1234",
        "lengte": "178",
        "gewicht": "82",
        "type_ingreep_device": "10",
        "impl_device": "10",
        "impl_device_code": DEVICE,
        "terminatie_device": "0",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}
