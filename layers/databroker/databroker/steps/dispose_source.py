"""Verwijder bronbestand: the file and every table with personal data are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import Inbox, Remains


def dispose_source(delivery: Delivery, *, inbox: Inbox, remains: Remains) -> None:
    """Delete what the intake zone holds of the delivery; both ports prove that it is gone."""
    inbox.delete(delivery.source)
    remains.delete_all(delivery.delivery_id)
