"""What the two functions share that close a delivery after a fault."""

from __future__ import annotations

from pydantic import Field

from databroker.adapters.files import S3Inbox, S3Outbox, S3Remains
from databroker.adapters.ledger import DynamoLedger
from databroker.adapters.mail import PostSettings
from databroker.ports import Closing


class ClosingSettings(PostSettings):
    """The names that `template.yaml` gives to a function that closes deliveries."""

    intake_workbench_bucket: str = Field(alias="INTAKE_WORKBENCH_BUCKET", min_length=3)
    outbox_bucket: str = Field(alias="OUTBOX_BUCKET", min_length=3)

    @property
    def closing(self) -> Closing:
        """Put the parts together."""
        return Closing(
            ledger=DynamoLedger(self.ledger_table),
            inbox=S3Inbox(),
            remains=S3Remains(self.intake_workbench_bucket),
            outbox=S3Outbox(self.outbox_bucket),
            post=self.post,
        )
