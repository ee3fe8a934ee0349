"""What the core needs of the world, in its own words.

Every promise here is held by a contract test (`tests/contracts`) against the fake and the adapter
alike. A name that ends in `Error` is a fault: an exception for operations, never a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from databroker.delivery import Centre, Counts, Delivery, DeliveryId, Ending, Source, Status
    from databroker.records import Records


class TemporaryFailureError(Exception):
    """A service is busy or did not answer; the same call may succeed later."""


# --- files -------------------------------------------------------------------------------------
class SourceVanishedError(Exception):
    """The object is gone, or is no longer the one that was received."""


class Inbox(Protocol):
    """The objects as hospitals put them; the intake zone."""

    def read(self, source: Source) -> bytes:
        """Read the object that was received, and no other that took its place.

        Raises:
            SourceVanishedError: it is gone or was replaced.
        """
        ...

    def delete(self, source: Source) -> None:
        """Remove the object; removing what is gone, or was replaced, changes nothing."""
        ...


class Tables(Protocol):
    """Tables of records in one zone, by delivery and name."""

    def write(self, delivery_id: DeliveryId, name: str, records: Records) -> None:
        """Keep the table; writing again replaces it."""
        ...

    def read(self, delivery_id: DeliveryId, name: str) -> Records:
        """Read what was written.

        Raises:
            LookupError: there is no such table.
        """
        ...


class Remains(Protocol):
    """What a zone still holds of a delivery; whoever may remove it need not be able to read it."""

    def delete_all(self, delivery_id: DeliveryId) -> None:
        """Remove every table of the delivery in this zone; doing so again changes nothing."""
        ...


class Papers(Protocol):
    """JSON papers of a delivery on the registry's workbench: findings, decisions, outcomes."""

    def write(self, delivery_id: DeliveryId, name: str, paper: Any) -> None:
        """Keep the paper; writing again replaces it."""
        ...

    def read(self, delivery_id: DeliveryId, name: str) -> Any:
        """Read a paper, or give None when there is none."""
        ...


class Outbox(Protocol):
    """What the hospital gets back, at its own place."""

    def put(self, delivery: Delivery, name: str, content: bytes, media_type: str) -> str:
        """Put a document in the delivery's place and give its key; putting again replaces it."""
        ...

    def put_if_absent(self, delivery: Delivery, name: str, content: bytes, media_type: str) -> None:
        """Put a document unless there is one by that name."""
        ...


# --- the ledger --------------------------------------------------------------------------------
class DeliveryClosedError(Exception):
    """The delivery is mislukt, and the hospital was told so; whoever still works on it must stop."""


class Ledger(Protocol):
    """What became of every delivery. Reads are consistent."""

    def claim(self, delivery: Delivery) -> bool:
        """Enter a delivery once; tell whether it is new."""
        ...

    def delivery(self, delivery_id: DeliveryId) -> Delivery:
        """Give the delivery as it was claimed.

        Raises:
            LookupError: it was never claimed.
        """
        ...

    def reach(self, delivery_id: DeliveryId, step: str) -> Delivery:
        """Note that the delivery reached a step, and give it.

        Raises:
            LookupError: it was never claimed.
            DeliveryClosedError: a fault ended it; nothing may be done for it any more.
        """
        ...

    def wait(self, delivery_id: DeliveryId, *, waits: bool) -> None:
        """Note whether the delivery waits for ZorgTTP; one that is final stays as it is."""
        ...

    def status(self, delivery_id: DeliveryId) -> Status:
        """Tell where the delivery stands.

        Raises:
            LookupError: it was never claimed.
        """
        ...

    def may_try(self, user: str, now: dt.datetime) -> bool:
        """Count a login of a user at ZorgTTP, unless there were five in the last quarter of an hour.

        Tells whether it may go on.
        """
        ...

    def finish(
        self, delivery_id: DeliveryId, status: Status, counts: Counts, finished_at: dt.datetime
    ) -> Ending:
        """Make the delivery final unless it is, and give how it ended: now, or before."""
        ...

    def ending(self, delivery_id: DeliveryId) -> Ending | None:
        """Give how the delivery ended, None as long as it is under way."""
        ...

    def first_seen(self, delivery: Delivery, sha256: str) -> dt.datetime | None:
        """Keep the content's hash with the delivery; tell when another delivery brought it first.

        None when this centre never delivered this content before. Asking again for the same
        delivery gives the same answer.
        """
        ...

    def settle_version(self, delivery_id: DeliveryId, version: str) -> None:
        """Keep the version of the dataset that the file is of: the delivery has it from here on."""
        ...

    def sha256(self, delivery_id: DeliveryId) -> str | None:
        """Give the hash of the content, None as long as nobody read it."""
        ...

    def mailed(self, delivery_id: DeliveryId) -> bool:
        """Tell whether the completion mail went out."""
        ...

    def mark_mailed(self, delivery_id: DeliveryId) -> None:
        """Note that the completion mail went out."""
        ...

    def record_stray(self, key: str, reason: str, seen_at: dt.datetime) -> None:
        """Record an object that is no delivery, so that operations can look at it."""
        ...


@dataclass(frozen=True, slots=True)
class CentreProfile:
    """What NHR knows of a centre: who gets its mail and where its ZorgTTP account is kept."""

    centre: Centre
    name: str
    emails: tuple[str, ...]


class ProfileUnreadableError(Exception):
    """NHR keeps a profile of the centre that cannot be read."""


class Centres(Protocol):
    """The centres that take part."""

    def find(self, centre: Centre) -> CentreProfile | None:
        """Give the profile of a centre, None when NHR does not know it.

        Raises:
            ProfileUnreadableError: there is one, and it cannot be used.
        """
        ...


class Executions(Protocol):
    """The workflow that carries a delivery."""

    def start(self, delivery: Delivery) -> None:
        """Start it, once, however often it is asked."""
        ...


class Mailer(Protocol):
    """Mail to a hospital."""

    def send(self, to: Sequence[str], subject: str, text: str, html: str) -> None:
        """Hand one mail to the mail service."""
        ...


@dataclass(frozen=True, slots=True)
class Post:
    """Who mails whom: the mailer, the centres, and NHR's own address for a centre it does not know.

    `page_url` is where a hospital reads more.
    """

    mailer: Mailer
    centres: Centres
    operations_email: str
    page_url: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Everything it takes to close a delivery that a fault stopped; no right to read a file."""

    ledger: Ledger
    inbox: Inbox
    remains: Remains
    outbox: Outbox
    post: Post


# --- ZorgTTP -----------------------------------------------------------------------------------
class PseudonymServiceUnavailableError(Exception):
    """ZorgTTP cannot be reached, is busy, or gave no usable answer; worth another try later."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        """Say why, without a value; `wait_seconds` is how long ZorgTTP asks to be left alone."""
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class UntrustedAnswerError(Exception):
    """ZorgTTP answered in the agreed shape, but the answer cannot be that of the question."""


class CredentialsRefusedError(Exception):
    """ZorgTTP refused the account (BF-015); never worth another try."""


class BatchRefusedError(Exception):
    """ZorgTTP refused the whole batch with a fatal code (BF-017)."""

    def __init__(self, code: str) -> None:
        """Carry ZorgTTP's own code, four digits."""
        super().__init__(f"ZorgTTP refused the batch: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What ZorgTTP says of one record: its code (`3001`) and the field in its own abbreviation."""

    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """The answer for one person: a token by pseudonym type (`C`, `N`, ...), and diagnostics."""

    pseudonyms: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistics:
    """ZorgTTP's own figures of a call: pseudonyms made, errors, and records a second."""

    pseudonyms: int = 0
    errors: int = 0
    speed: int = 0


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The definitive pseudonym of a token; None with ZorgTTP's code when it is not accepted."""

    pseudonym: str | None
    code: str | None = None


class PseudonymSource(Protocol):
    """ZorgTTP as a hospital sees it: personal data in, temporary pseudonyms out.

    Every method may raise:
        CredentialsRefusedError: the account is refused, or is not the one of the hospital.
        BatchRefusedError: a fatal code; nothing was done.
        PseudonymServiceUnavailableError: no usable answer.
    """

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> tuple[list[Pseudonymised], Statistics]:
        """Give what ZorgTTP answers for these persons, at most 1,000; to be distrusted."""
        ...

    def reverse(self, pseudonyms: Sequence[str]) -> list[str | None]:
        """Give what stands behind reversible pseudonyms, temporary or definitive, at most 1,000.

        None for what cannot be read. Pseudonyms of another hospital refuse the account.
        """
        ...


@dataclass(frozen=True, slots=True)
class ZorgTtpSession:
    """A session at ZorgTTP that a person opened, and when it ends."""

    token: str = field(repr=False)
    ends: dt.datetime


class Sessions(Protocol):
    """Sessions that persons opened, one for a delivery; gone with its tables in the intake zone."""

    def keep(self, delivery: Delivery, session: ZorgTtpSession) -> None:
        """Keep the session, for this delivery of this centre only; again replaces it."""
        ...

    def find(self, delivery: Delivery) -> ZorgTtpSession | None:
        """Give the session, over or not; None when nobody opened one."""
        ...


class PseudonymExchange(Protocol):
    """ZorgTTP as the registry sees it: temporary pseudonyms in, definitive ones out."""

    def exchange(self, batch_id: str, tokens: Sequence[str]) -> list[Exchanged]:
        """Give what ZorgTTP answers for these tokens, at most 1,000; to be distrusted.

        A token can be exchanged once; within one batch id the same question has the same answer.

        Raises:
            CredentialsRefusedError: the registry's account is refused.
            BatchRefusedError: a fatal code; nothing was exchanged.
            PseudonymServiceUnavailableError: no usable answer.
        """
        ...

    def rekey(self, pseudonyms: Sequence[str]) -> list[Exchanged]:
        """Give definitive pseudonyms, at most 1,000, as the key of today makes them.

        Raises:
            As `exchange`.
        """
        ...


# --- the registry ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Registered:
    """A record as it is registered: its version (1 = first) and its filled fields.

    A withdrawn record has no fields; its version stays, so that nothing is written over it unseen.
    """

    interv_nr: str
    version: int
    delivery_id: DeliveryId
    delivered_at: dt.datetime
    fields: Mapping[str, str]

    @property
    def withdrawn(self) -> bool:
        """Tell whether the hospital withdrew the record (mutatie V)."""
        return not self.fields


@dataclass(frozen=True, slots=True)
class Implant:
    """Where an implant (GTIN, serial number) is registered; `removed_by` None while it is carried."""

    gtin: str
    serial: str
    centre: Centre
    interv_nr: str
    removed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One record to register: everything the write depends on, and the version it saw (0 = none).

    No fields means: withdraw it. Implants are (GTIN, serial number). `placed` and `removed` are those this version places or
    removes and the version it saw did not; `let_go` and `given_back` are those the version it saw
    had placed or removed and this one has not.
    """

    interv_nr: str
    seen_version: int
    fields: Mapping[str, str]
    placed: tuple[tuple[str, str], ...] = field(default=())
    removed: tuple[tuple[str, str], ...] = field(default=())
    let_go: tuple[tuple[str, str], ...] = field(default=())
    given_back: tuple[tuple[str, str], ...] = field(default=())


class TemporaryPseudonymError(Exception):
    """A temporary pseudonym was about to be registered; it would mean nothing for ever."""


class Registry(Protocol):
    """The registered procedures of all centres. Reads are consistent."""

    def look_up(self, centre: Centre, interv_nrs: Iterable[str]) -> dict[str, Registered]:
        """Give the registered records among these; absent ones are left out."""
        ...

    def look_up_implants(
        self, implants: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Implant]:
        """Give the registered implants among these (GTIN, serial number)."""
        ...

    def register(self, delivery: Delivery, writes: Sequence[Write]) -> list[bool]:
        """Write each record and its implants all at once, or nothing of that record at all.

        True for a record that is registered by this delivery, now or by an earlier try; False
        when the record or one of its implants changed since it was compared (a lost race). The
        order of the writes does not matter.

        Raises:
            TemporaryPseudonymError: a field has the shape of a temporary pseudonym; nothing of
                these writes is done.
        """
        ...
