"""Log in at ZorgTTP for a delivery of a browser, with the name and password that somebody typed.

The API calls this and waits; it has no right in the intake zone itself.

In:  {"delivery_id", "centre", "user", "username", "password"}
Out: {"login": "geopend"}, or "geweigerd", "te vaak" or "onbereikbaar"
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from databroker import events
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.sessions import S3Sessions
from databroker.adapters.settings import Settings
from databroker.adapters.zorgttp import Account, open_session
from databroker.delivery import Centre, DeliveryId
from databroker.steps.log_in import log_in

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class LogInSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    intake_workbench_bucket: str = Field(alias="INTAKE_WORKBENCH_BUCKET", min_length=3)
    intake_key_id: str = Field(alias="INTAKE_KEY_ID", min_length=3)
    zorgttp_url: str = Field(alias="ZORGTTP_URL", min_length=3)


class Typed(BaseModel):
    """What somebody typed, and who that is."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    delivery_id: DeliveryId
    centre: Centre
    user: str = Field(min_length=1, max_length=200)
    username: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(min_length=1, max_length=200)


@cache
def wiring() -> tuple[LogInSettings, DynamoLedger, S3Sessions]:
    """Put the parts together, once a container."""
    settings = LogInSettings.from_environment()
    sessions = S3Sessions(settings.intake_workbench_bucket, settings.intake_key_id)
    return settings, DynamoLedger(settings.ledger_table), sessions


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    typed = Typed.model_validate(event)
    settings, ledger, sessions = wiring()
    account = Account(typed.centre, typed.username, typed.password.get_secret_value())

    def opened() -> tuple[str, int]:
        found = open_session(settings.zorgttp_url, account)
        return found.session.token, found.seconds

    outcome = log_in(
        ledger.delivery(typed.delivery_id),
        typed.centre,
        typed.user,
        opened,
        now=dt.datetime.now(dt.UTC),
        ledger=ledger,
        sessions=sessions,
    )
    events.LOGGED_IN.write(logger.info, delivery_id=typed.delivery_id, login=outcome)
    return {"login": outcome}
