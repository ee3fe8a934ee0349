"""Verwijder bronbestand: the file and every table with personal data are gone, and proven so.

In:  the state, with `structure` and perhaps `privacy`
Out: {"disposed": true}
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.files import S3Inbox, S3Remains
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.steps.dispose_source import dispose_source
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class DisposeSourceSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    intake_workbench_bucket: str = Field(alias="INTAKE_WORKBENCH_BUCKET", min_length=3)


@cache
def wiring() -> tuple[DynamoLedger, S3Remains]:
    """Put the parts together, once a container."""
    settings = DisposeSourceSettings.from_environment()
    return DynamoLedger(settings.ledger_table), S3Remains(settings.intake_workbench_bucket)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, remains = wiring()
    delivery = ledger.reach(state.delivery_id, "Verwijder bronbestand")
    dispose_source(delivery, inbox=S3Inbox(), remains=remains)
    events.SOURCE_DISPOSED.write(logger.info, delivery_id=state.delivery_id)
    return {"disposed": True}
