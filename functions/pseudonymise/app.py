"""Versleutel met ZorgTTP: personal data become temporary pseudonyms, with the hospital's account.

In:  the state, with `structure`
Out: {"accepted": true, "records": 41, "wait_seconds": 0}; while it has to wait for ZorgTTP
     {"accepted": false, "records": 41, "wait_seconds": 60}
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.directory import account
from databroker.adapters.files import S3Answers, S3Papers
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.sessions import S3Sessions
from databroker.adapters.settings import Settings
from databroker.adapters.tables import S3Tables, intake_tables, workbench_tables
from databroker.adapters.zorgttp import Account, Session, ZorgTtpSource
from databroker.ports import CredentialsRefusedError
from databroker.privacy.desk import Desk
from databroker.privacy.trust import Checks
from databroker.steps.patience import Patience
from databroker.steps.privacy import pseudonymise
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from databroker.delivery import Delivery
    from databroker.ports import ZorgTtpSession

logger = Logger()


class PseudonymiseSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    intake_workbench_bucket: str = Field(alias="INTAKE_WORKBENCH_BUCKET", min_length=3)
    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    zorgttp_url: str = Field(alias="ZORGTTP_URL", min_length=3)
    zorgttp_secret_prefix: str = Field(alias="ZORGTTP_SECRET_PREFIX", min_length=3)
    zorgttp_sentinels: bool = Field(alias="ZORGTTP_SENTINELS")
    zorgttp_read_back: bool = Field(alias="ZORGTTP_READ_BACK")
    zorgttp_calls: int = Field(alias="ZORGTTP_CALLS", ge=1, le=16)
    zorgttp_first_wait: int = Field(alias="ZORGTTP_FIRST_WAIT", ge=1)


@cache
def wiring() -> tuple[PseudonymiseSettings, DynamoLedger, S3Tables, S3Tables, S3Papers]:
    """Put the parts together, once a container."""
    settings = PseudonymiseSettings.from_environment()
    return (
        settings,
        DynamoLedger(settings.ledger_table),
        intake_tables(settings.intake_workbench_bucket),
        workbench_tables(settings.workbench_bucket),
        S3Papers(settings.workbench_bucket),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    settings, ledger, raw, tables, papers = wiring()
    delivery = ledger.reach(state.delivery_id, "Versleutel met ZorgTTP")
    session = _session(settings, delivery)
    outcome = pseudonymise(
        delivery,
        intake_tables=raw,
        tables=tables,
        papers=papers,
        open_desk=lambda: _desk(settings, delivery, session, state),
        patience=Patience.of(
            delivery, settings.zorgttp_first_wait, session.ends if session else None
        ),
    )
    if outcome.wait_seconds or state.privacy.wait_seconds:
        ledger.wait(state.delivery_id, waits=outcome.wait_seconds > 0)
    if outcome.wait_seconds:
        events.ZORGTTP_AWAITED.write(
            logger.warning,
            delivery_id=state.delivery_id,
            step="pseudonymise",
            seconds=outcome.wait_seconds,
        )
    else:
        events.PSEUDONYMISED.write(
            logger.info,
            delivery_id=state.delivery_id,
            accepted=outcome.accepted,
            records=outcome.records,
            persons=outcome.persons,
            **asdict(outcome.statistics),
            codes=outcome.codes,
        )
    return {
        "accepted": outcome.accepted,
        "records": outcome.records,
        "wait_seconds": outcome.wait_seconds,
    }


def _session(settings: PseudonymiseSettings, delivery: Delivery) -> ZorgTtpSession | None:
    """Give the session of the person who delivered; an EPD has none."""
    if not delivery.by_browser:
        return None
    return S3Sessions(settings.intake_workbench_bucket).find(delivery)


def _desk(
    settings: PseudonymiseSettings,
    delivery: Delivery,
    session: ZorgTtpSession | None,
    state: State,
) -> Desk:
    login: Account | Session
    if session:
        login = Session(session.token)
    elif delivery.by_browser:
        # Never with the account of the hospital what a person delivers.
        raise CredentialsRefusedError("nobody logged in for this delivery")
    else:
        login = account(settings.zorgttp_secret_prefix + delivery.centre, delivery.centre)
    return Desk(
        ZorgTtpSource(settings.zorgttp_url, login, settings.zorgttp_calls),
        Checks(settings.zorgttp_sentinels, settings.zorgttp_read_back),
        kept=S3Answers(settings.intake_workbench_bucket, delivery.delivery_id),
        workers=2 * settings.zorgttp_calls,
        round=state.exchanged.round + 1,
        void=state.exchanged.void,
    )
