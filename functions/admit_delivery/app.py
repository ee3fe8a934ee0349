"""The door: an object in the inbox becomes one delivery and one execution.

In:  SQS messages, each an EventBridge event "Object Created" of the inbox bucket
Out: the messages that could not be handled, so that SQS offers those again
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from databroker import events
from databroker.adapters.files import S3Outbox
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.settings import Settings
from databroker.adapters.workflow import StateMachine
from databroker.delivery import Delivery, Source, StrayObjectError, received
from databroker.steps.admit import admit

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


class AdmitDeliverySettings(Settings):
    """The names that `template.yaml` gives to this function."""

    inbox_bucket: str = Field(alias="INBOX_BUCKET", min_length=3)
    outbox_bucket: str = Field(alias="OUTBOX_BUCKET", min_length=3)
    state_machine_arn: str = Field(alias="STATE_MACHINE_ARN", min_length=3)


class _Notice(BaseModel):
    """A message that is not understood is told without its content, for a key may name a person."""

    model_config = ConfigDict(hide_input_in_errors=True)


class _Bucket(_Notice):
    name: str


class _Object(_Notice):
    key: str
    etag: str
    size: int
    sequencer: str


class _Detail(_Notice):
    bucket: _Bucket
    object: _Object


class ObjectCreated(_Notice):
    """What we need of the EventBridge event of S3."""

    time: AwareDatetime
    detail: _Detail

    @property
    def source(self) -> Source:
        """Name the object."""
        found = self.detail.object
        return Source(self.detail.bucket.name, found.key, found.etag, found.size)


@cache
def wiring() -> tuple[AdmitDeliverySettings, DynamoLedger, S3Outbox, StateMachine]:
    """Put the parts together, once a container."""
    settings = AdmitDeliverySettings.from_environment()
    return (
        settings,
        DynamoLedger(settings.ledger_table),
        S3Outbox(settings.outbox_bucket),
        StateMachine(settings.state_machine_arn),
    )


def admit_message(record: SQSRecord) -> None:
    """Admit the object of one message; what went wrong is logged, for the batch keeps it to itself."""
    try:
        _admit(record)
    except Exception as error:
        events.NOT_ADMITTED.write(logger.error, error=type(error).__name__)
        raise


def _admit(record: SQSRecord) -> None:
    settings, ledger, outbox, workflow = wiring()
    notice = ObjectCreated.model_validate_json(record.body)
    try:
        delivery: Delivery = received(
            notice.source,
            sequencer=notice.detail.object.sequencer,
            own_bucket=settings.inbox_bucket,
            received_at=notice.time,
        )
    except StrayObjectError as stray:
        ledger.record_stray(notice.source.key, str(stray), notice.time)
        events.STRAY.write(logger.error, reason=str(stray))
        return
    new = admit(delivery, ledger=ledger, outbox=outbox, executions=workflow)
    events.RECEIVED.write(
        logger.info,
        delivery_id=delivery.delivery_id,
        centre=delivery.centre,
        kind=delivery.kind.value,
        new=new,
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Admit each message for itself."""
    return dict(
        process_partial_response(
            event=event, record_handler=admit_message, processor=processor, context=context
        )
    )
