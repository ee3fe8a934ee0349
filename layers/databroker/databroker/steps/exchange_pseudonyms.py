"""Haal pseudoniemen op: the registry's own pseudonyms, in place of the temporary ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.dataset import as_pseudonymised, dataset_of
from databroker.ports import PseudonymServiceUnavailableError
from databroker.privacy.exchange import exchange
from databroker.steps.papers import EXCHANGE, INPUT, PERSONS, TEMPORARY, findings_paper

if TYPE_CHECKING:
    from databroker.delivery import Delivery
    from databroker.ports import Papers, PseudonymExchange, Tables
    from databroker.steps.patience import Patience
    from databroker.steps.state import Exchanged

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
    papers: Papers,
    service: PseudonymExchange,
    patience: Patience,
    before: Exchanged,
    twice: bool = True,
    workers: int = 4,
) -> ExchangeOutcome:
    """Replace the temporary pseudonyms by definitive ones, unless persons were mixed up.

    `before` tells how often they were already. `twice` asks everything again in another order.

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
    except PseudonymServiceUnavailableError as error:
        wait = patience.wait_seconds(error.wait_seconds)
        if wait is None:
            raise
        return ExchangeOutcome(0, before.round, before.void, wait_seconds=wait)
    if exchanged.void:
        rounds = before.round + 1
        if rounds >= _MOST_ROUNDS:
            raise PseudonymsMixedUpError(f"{len(exchanged.void)} batches, {rounds} times")
        return ExchangeOutcome(exchanged.tokens, rounds, exchanged.void, again=True)
    temporary = tables.read(delivery.delivery_id, TEMPORARY)
    tables.write(delivery.delivery_id, INPUT, exchanged.of(temporary))
    findings = exchanged.findings(temporary, as_pseudonymised(dataset_of(delivery)))
    papers.write(delivery.delivery_id, EXCHANGE, findings_paper(findings))
    return ExchangeOutcome(exchanged.tokens, before.round, before.void)
