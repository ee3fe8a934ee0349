"""Verstuur bericht: the hospital hears that it is done.

In:  the state, with `report`
Out: {"recipients": 2}
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from databroker import events
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.mail import PostSettings
from databroker.steps.notify import notify
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from databroker.ports import Post

logger = Logger()


@cache
def wiring() -> tuple[DynamoLedger, Post]:
    """Put the parts together, once a container."""
    settings = PostSettings.from_environment()
    return DynamoLedger(settings.ledger_table), settings.post


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, post = wiring()
    recipients = notify(
        ledger.delivery(state.delivery_id),
        ledger=ledger,
        post=post,
    )
    events.NOTIFIED.write(logger.info, delivery_id=state.delivery_id, recipients=recipients)
    return {"recipients": recipients}
