"""Every line the functions log, and the only fields it may carry.

A value of a row, a name, a file name or a credential has no place here; what is not listed cannot
be logged (trust model, T41).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of log line; its code is stable, so that queries and alarms can rely on it."""

    code: str
    text: str
    fields: frozenset[str]

    def write(self, log: Callable[..., None], **facts: Any) -> None:
        """Log the line.

        Raises:
            ValueError: a fact is not one of the event's fields.
        """
        foreign = facts.keys() - self.fields
        if foreign:
            raise ValueError(f"{self.code} may not carry {sorted(foreign)}")
        log(self.text, extra={"event": self.code, **facts}, stacklevel=3)


def _event(code: str, text: str, *fields: str) -> Event:
    return Event(code, text, frozenset({"delivery_id", *fields}))


RECEIVED = _event("DB-001", "delivery received", "centre", "kind", "new")
NOT_ADMITTED = _event("DB-003", "message could not be handled", "error")
STRAY = _event("DB-002", "object outside the key scheme", "reason")
STRUCTURE_CHECKED = _event("DB-101", "structure checked", "accepted", "records", "codes")
PSEUDONYMISED = _event(
    "DB-201",
    "pseudonymised",
    "accepted",
    "records",
    "persons",
    "pseudonyms",
    "errors",
    "speed",
    "codes",
)
ANONYMISED = _event("DB-202", "anonymised", "records", "codes")
SOURCE_DISPOSED = _event("DB-301", "source disposed")
LOGGED_IN = _event("DB-204", "somebody logged in at ZorgTTP", "login")
ZORGTTP_AWAITED = _event("DB-203", "ZorgTTP gave no usable answer", "step", "seconds")
EXCHANGED = _event("DB-401", "definitive pseudonyms fetched", "tokens")
MIXED_UP = _event("DB-402", "batches cannot be trusted and are asked again", "round", "batches")
VALIDATED = _event("DB-501", "validated", "records", "accepted", "codes")
COMPARED = _event(
    "DB-601", "compared with the registry", "round", "new", "changed", "unchanged", "refused"
)
INGESTED = _event("DB-701", "ingested", "round", "written", "lost")
REPORTED = _event("DB-801", "report written", "status", "accepted", "refused")
NOTIFIED = _event("DB-901", "mail handed over", "recipients")
FAILED = _event("DB-999", "delivery failed", "error", "closed")
