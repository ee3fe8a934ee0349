"""The ports in memory, keeping the same promises as the adapters (tests/contracts)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from databroker.delivery import (
    Counts,
    Delivery,
    DeliveryId,
    Ending,
    Source,
    Status,
    outbox_prefix,
)
from databroker.ports import (
    CentreProfile,
    DeliveryClosedError,
    Implant,
    Registered,
    SourceVanishedError,
    Write,
    ZorgTtpSession,
)
from databroker.privacy.pseudonyms import refuse_temporary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from databroker.delivery import Centre
    from databroker.records import Records


@dataclass
class MemoryInbox:
    """Objects by bucket and key, each with the etag it was announced with."""

    objects: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)

    def put(self, source: Source, content: bytes) -> None:
        self.objects[source.bucket, source.key] = (source.etag, content)

    def read(self, source: Source) -> bytes:
        etag, content = self.objects.get((source.bucket, source.key), ("", b""))
        if etag != source.etag:
            raise SourceVanishedError
        return content

    def delete(self, source: Source) -> None:
        etag, _ = self.objects.get((source.bucket, source.key), ("", b""))
        if etag == source.etag:
            del self.objects[source.bucket, source.key]


@dataclass
class MemoryTables:
    tables: dict[tuple[DeliveryId, str], Records] = field(default_factory=dict)

    def write(self, delivery_id: DeliveryId, name: str, records: Records) -> None:
        self.tables[delivery_id, name] = records

    def read(self, delivery_id: DeliveryId, name: str) -> Records:
        return self.tables[delivery_id, name]

    def delete_all(self, delivery_id: DeliveryId) -> None:
        """Keep the promise of `Remains` as well: the fake is both."""
        for key in [key for key in self.tables if key[0] == delivery_id]:
            del self.tables[key]


@dataclass
class MemoryPapers:
    papers: dict[tuple[DeliveryId, str], Any] = field(default_factory=dict)

    def write(self, delivery_id: DeliveryId, name: str, paper: Any) -> None:
        self.papers[delivery_id, name] = paper

    def read(self, delivery_id: DeliveryId, name: str) -> Any:
        return self.papers.get((delivery_id, name))


@dataclass
class MemoryOutbox:
    documents: dict[str, bytes] = field(default_factory=dict)

    def put(self, delivery: Delivery, name: str, content: bytes, media_type: str) -> str:
        assert media_type
        key = outbox_prefix(delivery) + name
        self.documents[key] = content
        return key

    def put_if_absent(self, delivery: Delivery, name: str, content: bytes, media_type: str) -> None:
        if outbox_prefix(delivery) + name not in self.documents:
            self.put(delivery, name, content, media_type)

    def names(self) -> set[str]:
        return {key.rsplit("/", 1)[1] for key in self.documents}


@dataclass
class _Entry:
    delivery: Delivery
    step: str | None = None
    waits: bool = False
    ending: Ending | None = None
    sha256: str | None = None
    mailed: bool = False


@dataclass
class MemoryLedger:
    entries: dict[DeliveryId, _Entry] = field(default_factory=dict)
    contents: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    strays: list[tuple[str, str]] = field(default_factory=list)
    tries: dict[str, list[dt.datetime]] = field(default_factory=dict)

    def claim(self, delivery: Delivery) -> bool:
        new = delivery.delivery_id not in self.entries
        self.entries.setdefault(delivery.delivery_id, _Entry(delivery))
        return new

    def delivery(self, delivery_id: DeliveryId) -> Delivery:
        return self.entries[delivery_id].delivery

    def reach(self, delivery_id: DeliveryId, step: str) -> Delivery:
        entry = self.entries[delivery_id]
        if entry.ending and entry.ending.status is Status.FAILED:
            raise DeliveryClosedError(delivery_id)
        entry.step = step
        return entry.delivery

    def wait(self, delivery_id: DeliveryId, *, waits: bool) -> None:
        self.entries[delivery_id].waits = waits

    def status(self, delivery_id: DeliveryId) -> Status:
        entry = self.entries[delivery_id]
        if entry.ending:
            return entry.ending.status
        return Status.WAITING if entry.waits else Status.RECEIVED

    def may_try(self, user: str, now: dt.datetime) -> bool:
        began = now - dt.timedelta(minutes=15)
        moments = [each for each in self.tries.get(user, []) if each > began]
        if len(moments) < 5:
            self.tries[user] = [*moments, now]
        return len(moments) < 5

    def finish(
        self, delivery_id: DeliveryId, status: Status, counts: Counts, finished_at: dt.datetime
    ) -> Ending:
        entry = self.entries[delivery_id]
        entry.ending = entry.ending or Ending(status, counts, finished_at)
        return entry.ending

    def ending(self, delivery_id: DeliveryId) -> Ending | None:
        return self.entries[delivery_id].ending

    def first_seen(self, delivery: Delivery, sha256: str) -> dt.datetime | None:
        self.entries[delivery.delivery_id].sha256 = sha256
        first = self.contents.setdefault((delivery.centre, sha256), delivery)
        return None if first.delivery_id == delivery.delivery_id else first.received_at

    def settle_version(self, delivery_id: DeliveryId, version: str) -> None:
        entry = self.entries[delivery_id]
        entry.delivery = replace(entry.delivery, dataset_version=version)

    def sha256(self, delivery_id: DeliveryId) -> str | None:
        return self.entries[delivery_id].sha256

    def mailed(self, delivery_id: DeliveryId) -> bool:
        return self.entries[delivery_id].mailed

    def mark_mailed(self, delivery_id: DeliveryId) -> None:
        self.entries[delivery_id].mailed = True

    def record_stray(self, key: str, reason: str, seen_at: dt.datetime) -> None:
        assert seen_at
        self.strays.append((key, reason))


@dataclass
class MemorySessions:
    sessions: dict[DeliveryId, ZorgTtpSession] = field(default_factory=dict)

    def keep(self, delivery: Delivery, session: ZorgTtpSession) -> None:
        self.sessions[delivery.delivery_id] = session

    def find(self, delivery: Delivery) -> ZorgTtpSession | None:
        return self.sessions.get(delivery.delivery_id)


@dataclass
class MemoryCentres:
    profiles: dict[Centre, CentreProfile] = field(default_factory=dict)

    def find(self, centre: Centre) -> CentreProfile | None:
        return self.profiles.get(centre)


@dataclass
class MemoryExecutions:
    started: dict[DeliveryId, int] = field(default_factory=dict)

    def start(self, delivery: Delivery) -> None:
        self.started.setdefault(delivery.delivery_id, 1)


@dataclass
class MemoryMailer:
    sent: list[tuple[tuple[str, ...], str, str, str]] = field(default_factory=list)

    def send(self, to: Sequence[str], subject: str, text: str, html: str) -> None:
        self.sent.append((tuple(to), subject, text, html))


@dataclass
class MemoryRegistry:
    records: dict[tuple[Centre, str], Registered] = field(default_factory=dict)
    implants: dict[tuple[str, str], Implant] = field(default_factory=dict)
    writes: int = 0

    def look_up(self, centre: Centre, interv_nrs: Iterable[str]) -> dict[str, Registered]:
        found = {number: self.records.get((centre, number)) for number in interv_nrs}
        return {number: record for number, record in found.items() if record is not None}

    def look_up_implants(
        self, implants: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Implant]:
        return {implant: self.implants[implant] for implant in implants if implant in self.implants}

    def register(self, delivery: Delivery, writes: Sequence[Write]) -> list[bool]:
        refuse_temporary(value for write in writes for value in write.fields.values())
        return [self._register(delivery, write) for write in writes]

    def _register(self, delivery: Delivery, write: Write) -> bool:
        touched = (*write.placed, *write.removed, *write.let_go, *write.given_back)
        assert len(set(touched)) == len(touched), "two changes of one implant in one transaction"
        standing = self.records.get((delivery.centre, write.interv_nr))
        version = standing.version if standing else 0
        if version != write.seen_version or not self._free(delivery, write):
            return (
                standing is not None
                and standing.delivery_id == delivery.delivery_id
                and version == write.seen_version + 1
            )
        self.writes += 1
        self.records[delivery.centre, write.interv_nr] = Registered(
            write.interv_nr,
            version + 1,
            delivery.delivery_id,
            delivery.received_at,
            dict(write.fields),
        )
        self._change_implants(delivery, write)
        return True

    def _free(self, delivery: Delivery, write: Write) -> bool:
        ours = f"{delivery.centre}#{write.interv_nr}"
        held = self.implants
        return (
            all(
                held[each].removed_by is not None
                or (held[each].centre, held[each].interv_nr) == (delivery.centre, write.interv_nr)
                for each in write.placed
                if each in held
            )
            and all(each in held for each in write.removed)
            and all(each in held and held[each].removed_by == ours for each in write.given_back)
            and all(
                each in held
                and (held[each].centre, held[each].interv_nr) == (delivery.centre, write.interv_nr)
                for each in write.let_go
            )
        )

    def _change_implants(self, delivery: Delivery, write: Write) -> None:
        ours = f"{delivery.centre}#{write.interv_nr}"
        for implant in write.placed:
            self.implants[implant] = Implant(*implant, delivery.centre, write.interv_nr)
        for implant in (*write.removed, *write.let_go):
            held = self.implants[implant]
            self.implants[implant] = Implant(*implant, held.centre, held.interv_nr, ours)
        for implant in write.given_back:
            held = self.implants[implant]
            self.implants[implant] = Implant(*implant, held.centre, held.interv_nr)
