"""What a delivery is: one file of one centre, for one dataset, as a test or for real."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import datetime as dt

DeliveryId = NewType("DeliveryId", str)
Centre = NewType("Centre", str)
"""The acronym of a hospital, upper case: `MCX`."""


DUTCH_TIME = ZoneInfo("Europe/Amsterdam")


class Kind(StrEnum):
    """What the hospital means by the delivery (manual, section 6: "Soort bestand")."""

    PRODUCTION = "productie"
    TEST = "test"


class Status(StrEnum):
    """Where a delivery stands; the last four are final."""

    RECEIVED = "ontvangen"
    WAITING = "wacht op versleuteling"
    PROCESSED = "verwerkt"
    TESTED = "getest"
    REFUSED = "geweigerd"
    FAILED = "mislukt"


class Change(StrEnum):
    """What a record that was compared means for the registry."""

    NEW = "nieuw"
    CHANGED = "gewijzigd"
    UNCHANGED = "ongewijzigd"
    REFUSED = "geweigerd"


@dataclass(frozen=True, slots=True)
class Source:
    """The one object the delivery was made of."""

    bucket: str
    key: str
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it was received.

    `dataset` and `dataset_version` are what the hospital named, known to us or not. Where it named
    no version that is None, until the structure check settles the version that the file is of.
    """

    delivery_id: DeliveryId
    centre: Centre
    dataset: str
    dataset_version: str | None
    kind: Kind
    file_name: str
    source: Source
    received_at: dt.datetime

    @property
    def by_browser(self) -> bool:
        """Tell whether a person delivered it, who logs in at ZorgTTP by name and password."""
        return self.source.key.startswith("web/")

    @property
    def today(self) -> dt.date:
        """Give the day of delivery in the Netherlands: "today" for every rule, on every retry."""
        return self.received_at.astimezone(DUTCH_TIME).date()


@dataclass(frozen=True, slots=True)
class Counts:
    """The records of a delivery; accepted + refused = records, new + changed + unchanged <= accepted."""

    records: int = 0
    accepted: int = 0
    refused: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a delivery ended; it does so once."""

    status: Status
    counts: Counts
    finished_at: dt.datetime


def outbox_prefix(delivery: Delivery) -> str:
    """Give the place in the outbox where the hospital finds everything about this delivery."""
    return f"{outbox_folder(delivery.centre, delivery.file_name)}{delivery.delivery_id}/"


def outbox_folder(centre: Centre, file_name: str) -> str:
    """Give the place in the outbox of all deliveries of a file of this name."""
    safe_name = re.sub(r"^\.|[^A-Za-z0-9._-]", "_", file_name)
    return f"outbox/{centre}/{safe_name}/"


class StrayObjectError(Exception):
    """An object that is no delivery: it lies outside the key scheme of the inbox."""


_INBOX_KEY = re.compile(
    r"epd/(?P<centre>[A-Z]{2,8})"
    r"/(?P<dataset>[a-z][a-z0-9-]{1,40})(@(?P<version>[0-9][0-9.]{0,10}))?"
    r"/(?P<kind>productie|test)"
    r"/(?P<file_name>[^/]{1,255})"
)


def is_inbox_key(key: str) -> bool:
    """Tell whether an object with this key in the inbox is a delivery."""
    return _INBOX_KEY.fullmatch(key) is not None


def received(
    source: Source, *, sequencer: str, own_bucket: str, received_at: dt.datetime
) -> Delivery:
    """Make the delivery that an object in the inbox is; the same object gives the same delivery.

    `sequencer` is S3's own mark of one put: putting the same file again under the same name is a
    new delivery, the same event again is not (docs/adr/0005).

    Raises:
        StrayObjectError: the object is not in the inbox, or its key is outside the scheme
            `epd/<centre>/<dataset>[@<version>]/<productie|test>/<file name>`.
    """
    if source.bucket != own_bucket:
        raise StrayObjectError("other bucket")
    parts = _INBOX_KEY.fullmatch(source.key)
    if parts is None:
        raise StrayObjectError("key outside the scheme")
    one_put = "\n".join((source.bucket, source.key, source.etag, sequencer))
    mark = hashlib.sha256(one_put.encode()).hexdigest()[:16]
    return Delivery(
        delivery_id=DeliveryId(f"{parts['centre']}-{received_at:%Y%m%d}-{mark}"),
        centre=Centre(parts["centre"]),
        dataset=parts["dataset"],
        dataset_version=parts["version"],
        kind=Kind(parts["kind"]),
        file_name=parts["file_name"],
        source=source,
        received_at=received_at,
    )
