"""Controleer structuur: is this a file we can read, of a dataset and a centre we know?

In:  the state
Out: {"accepted": true, "records": 41}
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.directory import SsmCentres
from databroker.adapters.files import S3Inbox, S3Papers
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.adapters.tables import S3Tables, intake_tables
from databroker.steps.check_structure import check_structure
from databroker.steps.state import State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class CheckStructureSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    intake_workbench_bucket: str = Field(alias="INTAKE_WORKBENCH_BUCKET", min_length=3)
    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    centres_path: str = Field(alias="CENTRES_PATH", min_length=3)


@cache
def wiring() -> tuple[DynamoLedger, SsmCentres, S3Tables, S3Papers]:
    """Put the parts together, once a container."""
    settings = CheckStructureSettings.from_environment()
    return (
        DynamoLedger(settings.ledger_table),
        SsmCentres(settings.centres_path),
        intake_tables(settings.intake_workbench_bucket),
        S3Papers(settings.workbench_bucket),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, centres, tables, papers = wiring()
    delivery = ledger.reach(state.delivery_id, "Controleer structuur")
    outcome = check_structure(
        delivery,
        inbox=S3Inbox(),
        centres=centres,
        ledger=ledger,
        tables=tables,
        papers=papers,
    )
    events.STRUCTURE_CHECKED.write(
        logger.info,
        delivery_id=state.delivery_id,
        accepted=outcome.accepted,
        records=outcome.records,
        codes=outcome.codes,
    )
    return {"accepted": outcome.accepted, "records": outcome.records}
