"""What ZorgTTP does, without HTTP: sessions, temporary pseudonyms, definitive ones, and back.

Safe to share between threads: what calls have in common is changed by `setdefault` alone.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from simulators.zorgttp.persons import INGREDIENTS, SHAPES, diagnose_all, fields_of
from simulators.zorgttp.pseudonyms import (
    REVERSIBLE,
    Content,
    Definitive,
    Keys,
    Scope,
    Token,
    parse,
)
from simulators.zorgttp.refusals import ItemCode, ItemError, Refusal, RefusedError
from simulators.zorgttp.settings import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized

    from simulators.zorgttp.settings import Account, KeyVersion, Settings

MOST_RECORDS = 1000
"""The most records, tokens or pseudonyms of one call."""


class Opened(NamedTuple):
    """A session that was opened: its secret, the seconds it lasts, and the name of its account."""

    session: str
    seconds: int
    source: str


class Outcome(NamedTuple):
    """What became of one item: a text, or the code that says why not."""

    text: str | None
    code: ItemCode | None = None


class ZorgTtp:
    """The trusted third party between the centres and the registry."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        """Start with these settings.

        Raises:
            ValueError: no version of the keys has begun.
        """
        self._settings = settings
        self._now = now
        self._keys = Keys(settings.key)
        self._versions = {each.version: each for each in settings.key_versions}
        self._sessions: dict[str, tuple[Account, float]] = {}
        self._exchanged: dict[str, tuple[str, str]] = {}
        self._version_of_batch: dict[tuple[str, str], KeyVersion] = {}
        self._current()

    def open_session(self, username: str, password: str) -> Opened:
        """Let an account in.

        Raises:
            RefusedError: the name, the password or the account is no good.
        """
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
        return Opened(session, seconds, account.name)

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
        self, source: Account, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> list[dict[str, Any]]:
        """Give temporary pseudonyms and diagnostics, one answer for each person, in order.

        Raises:
            RefusedError: something of the call as a whole is no good.
        """
        _check_size(persons)
        if not types or not set(types) <= INGREDIENTS.keys():
            raise RefusedError(Refusal.UNKNOWN_TYPE)
        if any(not person.keys() <= SHAPES.keys() for person in persons):
            raise RefusedError(Refusal.UNKNOWN_FIELD)
        scopes = [Scope(source.registry, kind, source.name) for kind in dict.fromkeys(types)]
        version = self._current().version
        expires = int(self._now()) + self._settings.token_seconds
        fields = fields_of(types)
        answers = []
        for person in persons:
            faulty = dict(diagnose_all(person, fields))
            tokens = {
                scope.kind: self._keys.seal(
                    version, Content(scope, self._essence(scope, person), expires)
                )
                for scope in scopes
                if faulty.keys().isdisjoint(INGREDIENTS[scope.kind])
            }
            diagnostics = [{"code": code, "field": field} for field, code in faulty.items()]
            answers.append({"pseudonyms": tokens, "diagnostics": diagnostics})
        return answers

    def exchange(self, registry: Account, batch: str, tokens: Sequence[str]) -> list[Outcome]:
        """Give the definitive pseudonym of each token, in order.

        A batch keeps the key version it began with, so that it gets the same answer when it is
        asked again.

        Raises:
            RefusedError: there are too many tokens.
        """
        _check_size(tokens)
        owner = (registry.registry, batch)
        version = self._version_of_batch.setdefault(owner, self._current())
        if version.is_over(self._now()):
            version = self._current()

        def definitive(text: str) -> str:
            token = parse(text)
            if not isinstance(token, Token):
                raise ItemError(ItemCode.UNKNOWN)
            content = self._open(token, ItemCode.UNKNOWN)
            if content.scope.registry != registry.registry:
                raise ItemError(ItemCode.FOREIGN)
            self._check_in_time(content)
            if self._exchanged.setdefault(token.label, owner) != owner:
                raise ItemError(ItemCode.REPLAYED)
            return self._keys.definitive(content.scope, version.version, content.essence)

        return _each(definitive, tokens)

    def reverse(self, source: Account, pseudonyms: Sequence[str]) -> list[Outcome]:
        """Give the value behind each pseudonym of type `L`, in order, to the centre it is of.

        Raises:
            RefusedError: there are too many, or one is of another centre.
        """
        _check_size(pseudonyms)
        own = Scope(source.registry, REVERSIBLE, source.name)

        def value(text: str) -> str:
            pseudonym = parse(text)
            if pseudonym is None or pseudonym.kind != REVERSIBLE:
                raise ItemError(ItemCode.UNREADABLE)
            if isinstance(pseudonym, Token):
                content = self._open(pseudonym, ItemCode.UNREADABLE)
            else:
                content = self._undo(pseudonym, own, ItemCode.UNREADABLE)
            if content.scope != own:
                raise RefusedError(Refusal.NO_RIGHT)
            self._check_in_time(content)
            return content.essence.decode()

        return _each(value, pseudonyms)

    def rekey(self, registry: Account, pseudonyms: Sequence[str]) -> list[Outcome]:
        """Give each definitive pseudonym under the current key version, in order.

        Raises:
            RefusedError: there are too many.
        """
        _check_size(pseudonyms)
        version = self._current().version

        def renewed(text: str) -> str:
            pseudonym = parse(text)
            if not isinstance(pseudonym, Definitive):
                raise ItemError(ItemCode.UNKNOWN)
            own = Scope(registry.registry, pseudonym.kind, "")
            content = self._undo(pseudonym, own, ItemCode.UNKNOWN)
            if content.scope.registry != registry.registry:
                raise ItemError(ItemCode.FOREIGN)
            return self._keys.definitive(content.scope, version, content.essence)

        return _each(renewed, pseudonyms)

    def _essence(self, scope: Scope, person: Mapping[str, str]) -> bytes:
        return self._keys.essence(scope, [person[field] for field in INGREDIENTS[scope.kind]])

    def _current(self) -> KeyVersion:
        begun = [each for each in self._settings.key_versions if each.has_begun(self._now())]
        if not begun:
            raise ValueError("no version of the keys has begun")
        return begun[-1]

    def _open(self, token: Token, otherwise: ItemCode) -> Content:
        self._check_version(token.version, otherwise)
        content = self._keys.open(token)
        if content is None:
            raise ItemError(otherwise)
        return content

    def _undo(self, pseudonym: Definitive, likely: Scope, otherwise: ItemCode) -> Content:
        """Open a definitive pseudonym, which does not tell whose it is: all keys are tried."""
        self._check_version(pseudonym.version, otherwise)
        for scope in (likely, *self._scopes(pseudonym.kind)):
            content = self._keys.undo(pseudonym, scope)
            if content is not None:
                return content
        raise ItemError(otherwise)

    def _scopes(self, kind: str) -> Iterator[Scope]:
        for account in self._settings.accounts:
            if account.role is Role.SOURCE:
                yield Scope(account.registry, kind, account.name)

    def _check_version(self, version: str, otherwise: ItemCode) -> None:
        known = self._versions.get(version)
        if known is None:
            raise ItemError(otherwise)
        if known.is_over(self._now()):
            raise ItemError(ItemCode.VERSION_OVER)

    def _check_in_time(self, content: Content) -> None:
        if content.expires <= self._now():
            raise ItemError(ItemCode.EXPIRED)


def _each(deal_with: Callable[[str], str], items: Iterable[str]) -> list[Outcome]:
    outcomes = []
    for item in items:
        try:
            outcomes.append(Outcome(deal_with(item)))
        except ItemError as error:
            outcomes.append(Outcome(None, error.code))
    return outcomes


def _check_size(items: Sized) -> None:
    if len(items) > MOST_RECORDS:
        raise RefusedError(Refusal.TOO_MANY)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
