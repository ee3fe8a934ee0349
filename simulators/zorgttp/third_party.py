"""What ZorgTTP does, without HTTP: sessions, temporary pseudonyms, definitive ones."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from simulators.zorgttp.persons import INGREDIENTS, SHAPES, diagnose_all
from simulators.zorgttp.pseudonyms import Keys, Sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulators.zorgttp.settings import Account, Role, Settings

MOST_RECORDS = 1000
"""The most records or tokens of one call."""


class Refusal(StrEnum):
    """Why an account or a whole call is refused.

    200, 303 and 999 are those of TRES, the sister service of ZorgTTP; 2xxx is fatal (ZorgTTP),
    the last digits are ours.
    """

    ACCOUNT_NOT_ENABLED = "200"
    ACCOUNT_EXPIRED = "999"
    NO_RIGHT = "303"
    NOT_UNDERSTOOD = "2001"
    TOO_MANY = "2002"
    UNKNOWN_TYPE = "2003"
    UNKNOWN_FIELD = "2004"
    UNKNOWN = "2101"
    FOREIGN = "2102"
    EXPIRED = "2103"
    REPLAYED = "2104"

    @property
    def status(self) -> int:
        """Give the HTTP status that goes with it."""
        match self:
            case Refusal.ACCOUNT_NOT_ENABLED | Refusal.ACCOUNT_EXPIRED:
                return 401
            case Refusal.NO_RIGHT:
                return 403
            case _:
                return 422


class RefusedError(Exception):
    """The account or the whole call is refused; nothing of it was done."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


@dataclass(slots=True)
class Counts:
    """What was asked of the simulator so far; numbers only."""

    sessions: int = 0
    calls: int = 0
    persons: int = 0
    exchanges: int = 0
    tokens: int = 0

    def as_json(self) -> dict[str, int]:
        """Give the numbers by name."""
        return asdict(self)


class ZorgTtp:
    """The trusted third party between the centres and the registry."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._keys = Keys(settings.key, settings.key_version)
        self._sessions: dict[str, tuple[Account, float]] = {}
        self._exchanged: dict[str, tuple[str, str]] = {}
        self.counts = Counts()

    def open_session(self, username: str, password: str) -> tuple[str, int]:
        """Let an account in; give the session and the seconds it lasts.

        Raises:
            RefusedError: the name, the password or the account is no good.
        """
        self.counts.sessions += 1
        for account in self._settings.accounts:
            if account.username == username and _same(account.password, password):
                break
        else:
            raise RefusedError(Refusal.ACCOUNT_NOT_ENABLED)
        if not account.enabled:
            raise RefusedError(Refusal.ACCOUNT_NOT_ENABLED)
        if account.expired:
            raise RefusedError(Refusal.ACCOUNT_EXPIRED)
        session = secrets.token_urlsafe(24)
        seconds = self._settings.session_seconds
        self._sessions[session] = (account, self._now() + seconds)
        return session, seconds

    def account_of(self, session: str, role: Role) -> Account:
        """Give the account behind a session.

        Raises:
            RefusedError: the session is unknown or over, or is of the other side.
        """
        account, ends = self._sessions.get(session, (None, 0.0))
        if account is None or ends <= self._now():
            raise RefusedError(Refusal.ACCOUNT_NOT_ENABLED)
        if account.role is not role:
            raise RefusedError(Refusal.NO_RIGHT)
        return account

    def pseudonymise(
        self, source: Account, types: list[str], persons: Sequence[Mapping[str, str]]
    ) -> list[dict[str, Any]]:
        """Give temporary pseudonyms and diagnostics, one answer for each person, in order.

        Raises:
            RefusedError: something of the call as a whole is no good.
        """
        self.counts.calls += 1
        if len(persons) > MOST_RECORDS:
            raise RefusedError(Refusal.TOO_MANY)
        if not types or not set(types) <= INGREDIENTS.keys():
            raise RefusedError(Refusal.UNKNOWN_TYPE)
        if any(not person.keys() <= SHAPES.keys() for person in persons):
            raise RefusedError(Refusal.UNKNOWN_FIELD)
        self.counts.persons += len(persons)
        return [self._answer(source, types, person) for person in persons]

    def exchange(self, registry: Account, batch: str, tokens: Sequence[str]) -> list[str]:
        """Give the definitive pseudonym of each token, in order; all of them or none.

        Raises:
            RefusedError: a token is unknown, of another registry, expired, or was exchanged in
                another batch.
        """
        self.counts.exchanges += 1
        if len(tokens) > MOST_RECORDS:
            raise RefusedError(Refusal.TOO_MANY)
        pseudonyms = [self._definitive(registry, batch, token) for token in tokens]
        self._exchanged |= dict.fromkeys(tokens, (registry.registry, batch))
        self.counts.tokens += len(tokens)
        return pseudonyms

    def _answer(
        self, source: Account, types: list[str], person: Mapping[str, str]
    ) -> dict[str, Any]:
        faulty = dict(diagnose_all(person, types))
        expires = int(self._now()) + self._settings.token_seconds
        tokens = {}
        for kind in dict.fromkeys(types):
            if faulty.keys().isdisjoint(INGREDIENTS[kind]):
                values = [person[field] for field in INGREDIENTS[kind]]
                lasting = self._keys.definitive(source.registry, source.name, kind, values)
                content = Sealed(source.name, source.registry, expires, lasting)
                tokens[kind] = self._keys.seal(kind, content)
        diagnostics = [{"code": code, "field": field} for field, code in faulty.items()]
        return {"pseudonyms": tokens, "diagnostics": diagnostics}

    def _definitive(self, registry: Account, batch: str, token: str) -> str:
        content = self._keys.open(token)
        if content is None:
            raise RefusedError(Refusal.UNKNOWN)
        if content.registry != registry.registry:
            raise RefusedError(Refusal.FOREIGN)
        if self._exchanged.get(token, (registry.registry, batch)) != (registry.registry, batch):
            raise RefusedError(Refusal.REPLAYED)
        if content.expires <= self._now():
            raise RefusedError(Refusal.EXPIRED)
        return content.pseudonym


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
