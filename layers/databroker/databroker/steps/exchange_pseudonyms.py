"""Haal pseudoniemen op: the registry's own pseudonyms, in place of the temporary ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.privacy.exchange import exchange
from databroker.steps.papers import INPUT, TEMPORARY

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import PseudonymExchange, Tables


def exchange_pseudonyms(delivery: Delivery, *, tables: Tables, service: PseudonymExchange) -> int:
    """Replace the temporary pseudonyms by definitive ones, and give how many there were.

    Raises:
        PseudonymServiceUnavailableError: ZorgTTP gave no usable answer; worth another try.
        CredentialsRefusedError: the registry's own account is refused.
        BatchRefusedError: a temporary pseudonym is not accepted.
    """
    temporary = tables.read(delivery.delivery_id, TEMPORARY)
    exchanged = exchange(temporary, service, delivery.delivery_id)
    tables.write(delivery.delivery_id, INPUT, exchanged.records)
    return exchanged.tokens
