"""Haal pseudoniemen op: the registry's own pseudonyms, in place of the temporary ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.ports import PseudonymServiceUnavailableError
from databroker.privacy.exchange import exchange
from databroker.steps.papers import INPUT, PERSONS, TEMPORARY

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import PseudonymExchange, Tables
    from databroker.steps.patience import Patience

_MOST_ROUNDS = 3


class PseudonymsMixedUpError(Exception):
    """However often ZorgTTP was asked, it cannot be trusted whose the pseudonyms are."""


@dataclass(frozen=True, slots=True)
class ExchangeOutcome:
    """How many pseudonyms were fetched, and whether that is the end of it.

    `void` are the batches that have to be asked again, `round` counts how often that was found;
    `wait_seconds` is how long to wait before the next try, 0 for no wait.
    """

    tokens: int
    round: int
    void: tuple[int, ...] = ()
    again: bool = False
    wait_seconds: int = 0


def exchange_pseudonyms(
    delivery: Delivery,
    *,
    tables: Tables,
    service: PseudonymExchange,
    patience: Patience,
    void: tuple[int, ...] = (),
    rounds: int = 0,
    twice: bool = True,
    workers: int = 4,
) -> ExchangeOutcome:
    """Replace the temporary pseudonyms by definitive ones, unless persons were mixed up.

    `rounds` counts how often they were before, `void` are the batches of the last time. `twice` asks
    everything again in another order.

    Raises:
        PseudonymServiceUnavailableError: ZorgTTP gave no usable answer, and the time is over.
        UntrustedAnswerError: an answer cannot be that of its question; worth another try.
        PseudonymsMixedUpError: they were mixed up once too often.
        CredentialsRefusedError: the registry's own account is refused.
        BatchRefusedError: a fatal code.
    """
    persons = tables.read(delivery.delivery_id, PERSONS)
    try:
        exchanged = exchange(persons, service, delivery.delivery_id, twice=twice, workers=workers)
    except PseudonymServiceUnavailableError:
        if not patience.lasts:
            raise
        return ExchangeOutcome(0, rounds, void, again=False, wait_seconds=patience.seconds)
    if exchanged.void:
        if rounds + 1 >= _MOST_ROUNDS:
            raise PseudonymsMixedUpError(f"{len(exchanged.void)} batches, {rounds + 1} times")
        return ExchangeOutcome(exchanged.tokens, rounds + 1, exchanged.void, again=True)
    temporary = tables.read(delivery.delivery_id, TEMPORARY)
    tables.write(delivery.delivery_id, INPUT, exchanged.of(temporary))
    return ExchangeOutcome(exchanged.tokens, rounds, void)
