"""Valideer: every record against the specification of its dataset.

In:  the state, with `privacy`
Out: {"records": 41, "accepted": 40}
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.files import S3Papers
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.adapters.tables import S3Tables, workbench_tables
from databroker.steps.state import State
from databroker.steps.validate import validate

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class ValidateSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)


@cache
def wiring() -> tuple[DynamoLedger, S3Tables, S3Papers]:
    """Put the parts together, once a container."""
    settings = ValidateSettings.from_environment()
    bucket = settings.workbench_bucket
    return DynamoLedger(settings.ledger_table), workbench_tables(bucket), S3Papers(bucket)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, tables, papers = wiring()
    delivery = ledger.reach(state.delivery_id, "Valideer")
    outcome = validate(delivery, tables=tables, papers=papers)
    events.VALIDATED.write(
        logger.info,
        delivery_id=state.delivery_id,
        records=outcome.records,
        accepted=outcome.accepted,
        codes=outcome.codes,
    )
    return {"records": outcome.records, "accepted": outcome.accepted}
