"""Vergelijk met database: a decision for every accepted record.

In:  the state; with `ingested` in a later round, for the records that lost a race
Out: {"round": 1, "to_write": 40}
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
from databroker.adapters.tables import S3Tables, workbench_tables
from databroker.delivery import Change
from databroker.steps.find_conflicts import find_conflicts
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class FindConflictsSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    registry_table: str = Field(alias="REGISTRY_TABLE", min_length=3)


@cache
def wiring() -> tuple[DynamoLedger, S3Tables, S3Papers, DynamoRegistry]:
    """Put the parts together, once a container."""
    settings = FindConflictsSettings.from_environment()
    bucket = settings.workbench_bucket
    return (
        DynamoLedger(settings.ledger_table),
        workbench_tables(bucket),
        S3Papers(bucket),
        DynamoRegistry(settings.registry_table),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, tables, papers, registry = wiring()
    delivery = ledger.reach(state.delivery_id, "Vergelijk met database")
    outcome = find_conflicts(
        delivery,
        state.rounds_done,
        tables=tables,
        papers=papers,
        registry=registry,
    )
    events.COMPARED.write(
        logger.info,
        delivery_id=state.delivery_id,
        round=outcome.round,
        new=outcome.counts[Change.NEW],
        changed=outcome.counts[Change.CHANGED],
        unchanged=outcome.counts[Change.UNCHANGED],
        refused=outcome.counts[Change.REFUSED],
    )
    return {"round": outcome.round, "to_write": outcome.to_write}
