"""Lees in: what was decided is written, each record at once or not at all.

In:  the state, with `compared`
Out: {"round": 1, "written": 40, "lost": 0}
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.files import S3Papers
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.registry import DynamoRegistry
from databroker.adapters.settings import Settings
from databroker.steps.ingest import ingest
from databroker.steps.state import ComparedState

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class IngestSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    registry_table: str = Field(alias="REGISTRY_TABLE", min_length=3)


WRITERS = 16
"""Writes in flight: well under what one table partition takes in a second."""


@cache
def wiring() -> tuple[DynamoLedger, S3Papers, DynamoRegistry]:
    """Put the parts together, once a container."""
    settings = IngestSettings.from_environment()
    return (
        DynamoLedger(settings.ledger_table),
        S3Papers(settings.workbench_bucket),
        DynamoRegistry(settings.registry_table),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = ComparedState.model_validate(event)
    ledger, papers, registry = wiring()
    delivery = ledger.reach(state.delivery_id, "Lees in")
    outcome = ingest(
        delivery,
        state.compared.round,
        papers=papers,
        registry=registry,
        workers=WRITERS,
    )
    events.INGESTED.write(
        logger.info,
        delivery_id=state.delivery_id,
        round=outcome.round,
        written=outcome.written,
        lost=outcome.lost,
    )
    return {"round": outcome.round, "written": outcome.written, "lost": outcome.lost}
