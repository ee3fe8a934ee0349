"""Admit: an object in the inbox becomes one delivery, and one execution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.report.summary import RECEIPT, as_document, received_json

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import Executions, Ledger, Outbox


def admit(delivery: Delivery, *, ledger: Ledger, outbox: Outbox, executions: Executions) -> bool:
    """Claim the delivery, tell the hospital, start the workflow; tell whether it is new.

    Each part may be done again: a crash between any two loses nothing and doubles nothing.
    """
    new = ledger.claim(delivery)
    if new or ledger.ending(delivery.delivery_id) is None:
        receipt = as_document(received_json(delivery))
        outbox.put(delivery, RECEIPT, receipt, "application/json")
        executions.start(delivery)
    return new
