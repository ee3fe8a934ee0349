"""Maak uploadrapportage: the delivery becomes final, and the hospital gets to read how it went.

In:  the state
Out: {"status": "verwerkt", "counts": {"records": 41, "accepted": 40, "refused": 1, ...}}
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import Field

from databroker import events
from databroker.adapters.files import S3Outbox, S3Papers
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.adapters.tables import S3Tables, workbench_tables
from databroker.steps.state import State
from databroker.steps.write_report import write_report

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class WriteReportSettings(Settings):
    """The names that `template.yaml` gives to this function."""

    workbench_bucket: str = Field(alias="WORKBENCH_BUCKET", min_length=3)
    outbox_bucket: str = Field(alias="OUTBOX_BUCKET", min_length=3)


@cache
def wiring() -> tuple[DynamoLedger, S3Tables, S3Papers, S3Outbox]:
    """Put the parts together, once a container."""
    settings = WriteReportSettings.from_environment()
    bucket = settings.workbench_bucket
    return (
        DynamoLedger(settings.ledger_table),
        workbench_tables(bucket),
        S3Papers(bucket),
        S3Outbox(settings.outbox_bucket),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Parse, call, log, answer."""
    state = State.model_validate(event)
    ledger, tables, papers, outbox = wiring()
    delivery = ledger.reach(state.delivery_id, "Maak uploadrapportage")
    outcome = write_report(
        delivery,
        dt.datetime.now(dt.UTC),
        ledger=ledger,
        tables=tables,
        papers=papers,
        outbox=outbox,
    )
    counts = outcome.counts
    events.REPORTED.write(
        logger.info,
        delivery_id=state.delivery_id,
        status=outcome.status.value,
        accepted=counts.accepted,
        refused=counts.refused,
    )
    return {"status": outcome.status.value, "counts": asdict(counts)}
