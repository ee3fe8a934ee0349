"""Haal pseudoniemen op: the registry exchanges temporary pseudonyms for definitive ones.

In:  the state, with `privacy`
Out: {"tokens": 123}
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.directory import account
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.adapters.tables import S3Tables, workbench_tables
from databroker.adapters.zorgttp import ZorgTtpExchange
from databroker.steps.exchange_pseudonyms import exchange_pseudonyms
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class ExchangePseudonymsSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    zorgttp_url: str = Field(alias="ZORGTTP_URL", min_length=3)
    zorgttp_registry_secret: str = Field(alias="ZORGTTP_REGISTRY_SECRET", min_length=3)


@cache
def wiring() -> tuple[ExchangePseudonymsSettings, DynamoLedger, S3Tables]:
    """Put the parts together, once a container."""
    settings = ExchangePseudonymsSettings.from_environment()
    tables = workbench_tables(settings.workbench_bucket)
    return settings, DynamoLedger(settings.ledger_table), tables


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    settings, ledger, tables = wiring()
    delivery = ledger.reach(state.delivery_id, "Haal pseudoniemen op")
    registry = account(settings.zorgttp_registry_secret)
    tokens = exchange_pseudonyms(
        delivery,
        tables=tables,
        service=ZorgTtpExchange(settings.zorgttp_url, registry),
    )
    events.EXCHANGED.write(logger.info, delivery_id=state.delivery_id, tokens=tokens)
    return {"tokens": tokens}
