"""Anonimiseer voor test: personal data are removed, and ZorgTTP is never called.

In:  the state, with `structure`
Out: {"accepted": true, "records": 41}
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
from databroker.adapters.tables import S3Tables, intake_tables, workbench_tables
from databroker.steps.privacy import anonymise
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class AnonymiseSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    intake_workbench_bucket: str = Field(alias="INTAKE_WORKBENCH_BUCKET", min_length=3)
    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)


@cache
def wiring() -> tuple[DynamoLedger, S3Tables, S3Tables, S3Papers]:
    """Put the parts together, once a container."""
    settings = AnonymiseSettings.from_environment()
    return (
        DynamoLedger(settings.ledger_table),
        intake_tables(settings.intake_workbench_bucket),
        workbench_tables(settings.workbench_bucket),
        S3Papers(settings.workbench_bucket),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, raw, tables, papers = wiring()
    delivery = ledger.reach(state.delivery_id, "Anonimiseer voor test")
    outcome = anonymise(delivery, intake_tables=raw, tables=tables, papers=papers)
    events.ANONYMISED.write(
        logger.info, delivery_id=state.delivery_id, records=outcome.records, codes=outcome.codes
    )
    return {"accepted": outcome.accepted, "records": outcome.records}
