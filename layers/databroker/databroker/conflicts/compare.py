"""One record against the registry: new, changed, unchanged or refused.

Rules TF-001, TF-002, TF-005, TF-009, TF-011 and TW-001 to TW-003 of the catalogue. Nothing of another
centre is ever told: a message names only what the hospital delivered itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from databroker.conflicts.implants import implants_of
from databroker.delivery import Change
from databroker.ports import Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from databroker.dataset import Dataset
    from databroker.delivery import Delivery
    from databroker.findings import Finding
    from databroker.ports import Implant, Registered
    from databroker.records import Origin

PATIENT = "ps_pat"
DATE = "interv_datum"
ACTION = "mutatie"
CORRECTION, WITHDRAWAL = "W", "V"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record that validation accepted: its physical row and its filled fields."""

    row: int
    fields: Mapping[str, str]

    @property
    def interv_nr(self) -> str:
        """Give the key of the record."""
        return self.fields["interv_nr"]

    @property
    def withdrawing(self) -> bool:
        """Tell whether the hospital withdraws the record."""
        return self.fields.get(ACTION) == WITHDRAWAL

    def over(self, stored: Mapping[str, str]) -> dict[str, str]:
        """Give what would be registered: an empty value never overwrites what is stored."""
        if self.withdrawing:
            return {}
        return {name: value for name, value in {**stored, **self.fields}.items() if name != ACTION}


@dataclass(frozen=True, slots=True)
class Decision:
    """What will be done with one record, and why."""

    row: int
    interv_nr: str
    change: Change
    findings: tuple[Finding, ...] = ()
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the registry knows of the records, and of every implant that they name or named."""

    records: Mapping[str, Registered]
    implants: Mapping[tuple[str, str], Implant]


def named_by(
    records: Iterable[Accepted], registered: Mapping[str, Registered]
) -> set[tuple[str, str]]:
    """Give every implant that the records would name, or did."""
    versions = [version.fields for version in registered.values()]
    for record in records:
        standing = registered.get(record.interv_nr)
        versions.append(record.over(standing.fields if standing else {}))
    return {implant for fields in versions for implant in implants_of(fields).named}


def compare(
    records: Iterable[Accepted],
    known: Known,
    *,
    delivery: Delivery,
    dataset: Dataset,
    origin: Origin,
) -> list[Decision]:
    """Decide on every record, each for itself (`conflict_policy = record`)."""
    standing = {number: _as_named_now(one, dataset) for number, one in known.records.items()}
    against = _Comparison(replace(known, records=standing), delivery, dataset, origin)
    judged = [(record, against.refusals(record)) for record in records]
    arriving = {
        implant
        for record, refusals in judged
        if not refusals
        for implant in against.newly_placed(record)
    }
    removable = known.implants.keys() | arriving
    return [
        Decision(record.row, record.interv_nr, Change.REFUSED, refusals)
        if refusals
        else against.accept(record, removable)
        for record, refusals in judged
    ]


def _as_named_now(registered: Registered, dataset: Dataset) -> Registered:
    """Give what was registered under an older version under the names of this one."""
    fields = {
        dataset.headers.get(name.lower(), name): value for name, value in registered.fields.items()
    }
    return replace(registered, fields=fields)


@dataclass(frozen=True, slots=True)
class _Comparison:
    known: Known
    delivery: Delivery
    dataset: Dataset
    origin: Origin

    def refusals(self, record: Accepted) -> tuple[Finding, ...]:
        registered = self.known.records.get(record.interv_nr)
        return (*self._record_conflicts(record, registered), *self._implant_conflicts(record))

    def accept(self, record: Accepted, removable: AbstractSet[tuple[str, str]]) -> Decision:
        registered = self.known.records.get(record.interv_nr)
        write = self._write(record, registered, removable)
        if registered is None or registered.withdrawn:
            return Decision(record.row, record.interv_nr, Change.NEW, write=write)
        if record.withdrawing:
            return Decision(record.row, record.interv_nr, Change.CHANGED, write=write)
        return self._update(record, registered, write)

    def newly_placed(self, record: Accepted) -> frozenset[tuple[str, str]]:
        """Give the implants it places and did not place before."""
        stored = self._stored(record)
        return implants_of(record.over(stored)).placed - implants_of(stored).placed

    def _stored(self, record: Accepted) -> Mapping[str, str]:
        registered = self.known.records.get(record.interv_nr)
        return registered.fields if registered else {}

    def _record_conflicts(
        self, record: Accepted, registered: Registered | None
    ) -> Iterable[Finding]:
        stored, delivered = registered.fields if registered else {}, record.fields
        if stored and stored.get(PATIENT) != delivered.get(PATIENT):
            yield self._finding("TF-001", record, "interv_nr")
        elif (
            stored
            and stored.get(DATE) != delivered.get(DATE)
            and delivered.get(ACTION) != CORRECTION
        ):
            yield self._finding("TF-002", record, DATE)
        elif registered and registered.delivered_at > self.delivery.received_at:
            yield self._finding("TF-009", record, "interv_nr")
        elif not stored and delivered.get(ACTION) in {CORRECTION, WITHDRAWAL}:
            yield self._finding("TF-011", record, ACTION)

    def _implant_conflicts(self, record: Accepted) -> Iterable[Finding]:
        fields = record.over(self._stored(record))
        for implant in sorted(self.newly_placed(record)):
            holder = self.known.implants.get(implant)
            if holder is None or holder.removed_by is not None:
                continue
            if (holder.centre, holder.interv_nr) != (self.delivery.centre, record.interv_nr):
                yield self._finding("TF-005", record, _column_of(implant, fields))

    def _update(self, record: Accepted, registered: Registered, write: Write) -> Decision:
        stored = registered.fields
        kept = [name for name in stored if name not in record.fields]
        changed = [name for name, value in write.fields.items() if value != stored.get(name)]
        findings = [self._finding("TW-003", record, name) for name in kept if self._is_asked(name)]
        if not changed:
            return Decision(record.row, record.interv_nr, Change.UNCHANGED, tuple(findings))
        asked = sorted(filter(self._is_asked, changed))
        # What a pseudonym or an age is made of, the hospital knows by other names.
        told = asked if len(asked) == len(changed) else [*asked, "persoonsgegevens"]
        findings.append(self._finding("TW-002", record, None, velden=", ".join(told)))
        return Decision(record.row, record.interv_nr, Change.CHANGED, tuple(findings), write)

    def _write(
        self,
        record: Accepted,
        registered: Registered | None,
        removable: AbstractSet[tuple[str, str]],
    ) -> Write:
        fields = record.over(self._stored(record))
        now, before = implants_of(fields), implants_of(self._stored(record))
        removed = (now.removed - before.removed) & removable
        us = (self.delivery.centre, record.interv_nr)

        def placed_by_us(implant: tuple[str, str]) -> bool:
            holder = self.known.implants.get(implant)
            return holder is not None and (holder.centre, holder.interv_nr) == us

        def removed_by_us(implant: tuple[str, str]) -> bool:
            holder = self.known.implants.get(implant)
            return holder is not None and holder.removed_by == "#".join(us)

        return Write(
            interv_nr=record.interv_nr,
            seen_version=registered.version if registered else 0,
            fields=fields,
            placed=tuple(sorted(now.placed - before.placed)),
            removed=tuple(sorted(removed)),
            let_go=tuple(sorted(filter(placed_by_us, before.placed - now.placed - removed))),
            given_back=tuple(sorted(filter(removed_by_us, before.removed - now.named))),
        )

    def _is_asked(self, name: str) -> bool:
        return name in self.dataset.columns

    def _finding(self, code: str, record: Accepted, column: str | None, **texts: object) -> Finding:
        return self.dataset.finding(
            code,
            row=record.row,
            cell=self.origin.cell(column, record.row) if column else None,
            interv_nr=record.interv_nr,
            column=column,
            value=record.fields.get(column) if column else None,
            **texts,
        )


def _column_of(implant: tuple[str, str], fields: Mapping[str, str]) -> str:
    for name in ("impl_device_code", *(f"lead_code{slot}" for slot in range(1, 8))):
        if implant in implants_of({"impl_device_code": fields.get(name, "")}).placed:
            return name
    raise LookupError("the implant is not in the record")
