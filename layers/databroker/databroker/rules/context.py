"""What a rule must know besides the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from databroker.delivery import Centre, Delivery


@dataclass(frozen=True, slots=True)
class Context:
    """The day of the delivery in the Netherlands, and the centre that delivers."""

    today: dt.date
    centre: Centre

    @classmethod
    def of(cls, delivery: Delivery) -> Context:
        """Give the context of a delivery."""
        return cls(today=delivery.today, centre=delivery.centre)
