"""The state that travels through the workflow: ids, counts and codes; never a row or a value."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from databroker.delivery import DeliveryId


class Ingested(BaseModel):
    """What the latest round of ingest left."""

    round: int
    lost: int


class Compared(BaseModel):
    """The round that was compared."""

    round: int


class Privacy(BaseModel):
    """How the latest try at ZorgTTP ended."""

    wait_seconds: int = 0


class Exchanged(BaseModel):
    """How often persons were found to be mixed up, and in which batches the last time."""

    round: int = 0
    void: tuple[int, ...] = ()
    wait_seconds: int = 0


class Fault(BaseModel):
    """What Step Functions caught; its cause is for the console alone and is not read."""

    error: str = Field(alias="Error")


class State(BaseModel):
    """What a step needs of the state; whatever else it holds is left alone."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    v: Literal[1]
    delivery_id: DeliveryId
    privacy: Privacy = Privacy()
    exchanged: Exchanged = Exchanged()
    ingested: Ingested | None = None

    @property
    def rounds_done(self) -> int:
        """Count the rounds of comparing and writing that are behind us."""
        return self.ingested.round if self.ingested else 0


class ComparedState(State):
    """The state after comparing."""

    compared: Compared


class FaultyState(State):
    """The state after a fault."""

    fault: Fault
