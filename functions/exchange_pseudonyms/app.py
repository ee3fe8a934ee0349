"""Haal pseudoniemen op: the registry exchanges temporary pseudonyms for definitive ones.

In:  the state, with `privacy`
Out: {"tokens": 123, "round": 0, "void": [], "again": false, "wait_seconds": 0}; with `again` the
     batches in `void` must be asked again, with `wait_seconds` ZorgTTP gave no usable answer
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.directory import account
from databroker.adapters.files import S3Papers
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.adapters.tables import S3Tables, workbench_tables
from databroker.adapters.zorgttp import ZorgTtpExchange
from databroker.steps.exchange_pseudonyms import ExchangeOutcome, exchange_pseudonyms
from databroker.steps.patience import Patience
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class ExchangePseudonymsSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    zorgttp_url: str = Field(alias="ZORGTTP_URL", min_length=3)
    zorgttp_registry_secret: str = Field(alias="ZORGTTP_REGISTRY_SECRET", min_length=3)
    zorgttp_registry: str = Field(alias="ZORGTTP_REGISTRY", min_length=2)
    zorgttp_read_back: bool = Field(alias="ZORGTTP_READ_BACK")
    zorgttp_calls: int = Field(alias="ZORGTTP_CALLS", ge=1, le=16)
    zorgttp_first_wait: int = Field(alias="ZORGTTP_FIRST_WAIT", ge=1)


@cache
def wiring() -> tuple[ExchangePseudonymsSettings, DynamoLedger, S3Tables, S3Papers]:
    """Put the parts together, once a container."""
    settings = ExchangePseudonymsSettings.from_environment()
    return (
        settings,
        DynamoLedger(settings.ledger_table),
        workbench_tables(settings.workbench_bucket),
        S3Papers(settings.workbench_bucket),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    settings, ledger, tables, papers = wiring()
    delivery = ledger.reach(state.delivery_id, "Haal pseudoniemen op")
    registry = account(settings.zorgttp_registry_secret, settings.zorgttp_registry)
    outcome = exchange_pseudonyms(
        delivery,
        tables=tables,
        papers=papers,
        service=ZorgTtpExchange(settings.zorgttp_url, registry, settings.zorgttp_calls),
        patience=Patience.of(delivery, settings.zorgttp_first_wait),
        before=state.exchanged,
        twice=settings.zorgttp_read_back,
        workers=2 * settings.zorgttp_calls,
    )
    _tell(state, ledger, outcome)
    return asdict(outcome) | {"void": list(outcome.void)}


def _tell(state: State, ledger: DynamoLedger, outcome: ExchangeOutcome) -> None:
    if outcome.wait_seconds or state.exchanged.wait_seconds:
        ledger.wait(state.delivery_id, waits=outcome.wait_seconds > 0)
    if outcome.wait_seconds:
        events.ZORGTTP_AWAITED.write(
            logger.warning,
            delivery_id=state.delivery_id,
            step="exchange",
            seconds=outcome.wait_seconds,
        )
    elif outcome.again:
        events.MIXED_UP.write(
            logger.error,
            delivery_id=state.delivery_id,
            round=outcome.round,
            batches=len(outcome.void),
        )
    else:
        events.EXCHANGED.write(logger.info, delivery_id=state.delivery_id, tokens=outcome.tokens)
