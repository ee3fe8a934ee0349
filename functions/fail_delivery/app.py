"""Handel storing af: a technical fault ends in a clear end, with nothing personal left behind.

In:  the state, with `fault`
Out: {"closed": true}
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from databroker import events
from databroker.adapters.closing import ClosingSettings
from databroker.steps.fail import fail
from databroker.steps.state import FaultyState

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from databroker.ports import Closing

logger = Logger()


@cache
def wiring() -> Closing:
    """Put the parts together, once a container."""
    return ClosingSettings.from_environment().closing


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = FaultyState.model_validate(event)
    delivery = wiring().ledger.delivery(state.delivery_id)
    closed = fail(delivery, state.fault.error, dt.datetime.now(dt.UTC), wiring())
    events.FAILED.write(
        logger.error, delivery_id=state.delivery_id, error=state.fault.error, closed=closed
    )
    return {"closed": closed}
