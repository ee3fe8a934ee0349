"""Step Functions: the workflow that carries a delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from databroker.adapters.aws import client, code_of, passing_faults

if TYPE_CHECKING:
    from databroker.delivery import Delivery

STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The state machine; an execution has the delivery's id as its name, so there is only one."""

    arn: str

    def start(self, delivery: Delivery) -> None:
        """Start the execution; that it exists already is fine."""
        state = {
            "v": STATE_VERSION,
            "delivery_id": delivery.delivery_id,
            "centre": delivery.centre,
            "dataset": delivery.dataset,
            "kind": delivery.kind.value,
        }
        try:
            with passing_faults():
                client("stepfunctions").start_execution(
                    stateMachineArn=self.arn, name=delivery.delivery_id, input=json.dumps(state)
                )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
