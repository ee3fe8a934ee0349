"""Close a delivery whose execution was stopped, timed out or failed, wherever it stood.

In:  EventBridge "Step Functions Execution Status Change" (ABORTED, TIMED_OUT, FAILED)
Out: nothing
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel

from databroker import events
from databroker.adapters.closing import ClosingSettings
from databroker.delivery import DeliveryId
from databroker.steps.fail import fail

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from databroker.ports import Closing

logger = Logger()


class _Detail(BaseModel):
    name: DeliveryId
    status: str


class ExecutionStopped(BaseModel):
    """What we need of the event; the name of an execution is the id of its delivery."""

    detail: _Detail


@cache
def wiring() -> Closing:
    """Put the parts together, once a container."""
    return ClosingSettings.from_environment().closing


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Parse, call, log, answer."""
    stopped = ExecutionStopped.model_validate(event).detail
    delivery = wiring().ledger.delivery(stopped.name)
    closed = fail(delivery, stopped.status, dt.datetime.now(dt.UTC), wiring())
    events.FAILED.write(logger.error, delivery_id=stopped.name, error=stopped.status, closed=closed)
