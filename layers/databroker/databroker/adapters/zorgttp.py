"""ZorgTTP over HTTP: the JSON of its slides of 2026, and the other calls as we assume them.

What ZorgTTP says is not trusted further than its shape, and nothing it says, nor any value or
credential, gets into the text of an error.
"""

from __future__ import annotations

import json
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError
from urllib3 import Retry, Timeout, connection_from_url
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    Diagnostic,
    Exchanged,
    Pseudonymised,
    PseudonymServiceUnavailableError,
    Statistics,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from urllib3 import BaseHTTPResponse
    from urllib3.util import Url

MOST_BYTES = 16 * 1024 * 1024
"""The most we read of an answer; 1,000 records with five tokens each are about 1.5 MB."""

LONGEST_ANSWER = 60.0
"""Seconds between two bytes of an answer."""

LONGEST_QUEUE = 120.0
"""Seconds that a call waits for its turn."""

LONGEST_WAIT = 10.0
"""Seconds that a `Retry-After` is waited for here; beyond that the workflow waits."""

_CODE = r"^[0-9]{3,4}$"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_OK = 200
_UNAUTHORISED = 401
_FORBIDDEN = 403
_REFUSED_BATCH = 422


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in at ZorgTTP: `name` is the centre, or the registry, that the account must be of."""

    name: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that somebody opened already; it cannot be renewed."""

    token: str = field(repr=False)


class _Session(BaseModel):
    session: str = Field(min_length=1)
    expires_in: int = Field(ge=0)
    source: str


class _Diagnostic(BaseModel):
    code: str = Field(pattern=_CODE)
    field: str


class _Record(BaseModel):
    pseudonyms: dict[str, str]
    diagnostics: list[_Diagnostic]


class _Statistics(BaseModel):
    pseudonym_total: int = Field(alias="pseudonymTotal")
    error_total: int = Field(alias="errorTotal")
    speed: int


class _Pseudonymised(BaseModel):
    statistics: _Statistics
    records: list[_Record]


class _Said(BaseModel):
    code: str = Field(pattern=_CODE)


class _Changed(BaseModel):
    pseudonym: str | None
    diagnostics: list[_Said]


class _Exchanged(BaseModel):
    records: list[_Changed]


class _Reversal(BaseModel):
    value: str | None


class _Reversed(BaseModel):
    records: list[_Reversal]


class _Refusal(BaseModel):
    code: str = Field(pattern=_CODE)


Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that was opened for somebody, and the seconds it lasts."""

    session: Session
    seconds: int


def open_session(base_url: str, account: Account) -> OpenedSession:
    """Log in once, and never again by itself.

    Raises:
        CredentialsRefusedError: the account is refused, or is not that of `account.name`.
        PseudonymServiceUnavailableError: no usable answer.
    """
    opened = _Line(base_url, account).log_in()
    return OpenedSession(Session(opened.session), opened.expires_in)


class ZorgTtpSource:
    """ZorgTTP as a centre sees it; safe to share between threads."""

    def __init__(self, base_url: str, login: Account | Session, calls: int = 4) -> None:
        """Take the address of the webservice; nothing is sent yet.

        However many threads ask, no more than `calls` are under way at a time.

        Raises:
            ValueError: the address is no https, nor this machine.
        """
        self._line = _Line(base_url, login, calls)

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> tuple[list[Pseudonymised], Statistics]:
        """Make one call; see the port."""
        question = {"pseudonymTypes": list(types), "records": [dict(person) for person in persons]}
        answer = self._line.ask("/pseudonymise", question, _Pseudonymised)
        told = answer.statistics
        return [
            Pseudonymised(
                record.pseudonyms,
                tuple(Diagnostic(each.code, each.field) for each in record.diagnostics),
            )
            for record in answer.records
        ], Statistics(told.pseudonym_total, told.error_total, told.speed)

    def reverse(self, pseudonyms: Sequence[str]) -> list[str | None]:
        """Make one call; see the port."""
        answer = self._line.ask("/reverse", {"pseudonyms": list(pseudonyms)}, _Reversed)
        return [record.value for record in answer.records]


class ZorgTtpExchange:
    """ZorgTTP as the registry sees it; safe to share between threads."""

    def __init__(self, base_url: str, login: Account | Session, calls: int = 4) -> None:
        """Take the address of the webservice; nothing is sent yet.

        However many threads ask, no more than `calls` are under way at a time.

        Raises:
            ValueError: the address is no https, nor this machine.
        """
        self._line = _Line(base_url, login, calls)

    def exchange(self, batch_id: str, tokens: Sequence[str]) -> list[Exchanged]:
        """Make one call; see the port."""
        return self._ask("/exchange", {"batch": batch_id, "tokens": list(tokens)})

    def rekey(self, pseudonyms: Sequence[str]) -> list[Exchanged]:
        """Make one call; see the port."""
        return self._ask("/rekey", {"pseudonyms": list(pseudonyms)})

    def _ask(self, path: str, question: Mapping[str, Any]) -> list[Exchanged]:
        answer = self._line.ask(path, question, _Exchanged)
        return [
            Exchanged(record.pseudonym, next((said.code for said in record.diagnostics), None))
            for record in answer.records
        ]


class _AskedToWaitError(HTTPError):
    """ZorgTTP asks to be left alone for longer than one call can last."""

    def __init__(self, seconds: float) -> None:
        super().__init__("asked to wait")
        self.seconds = seconds


class _ShortRetry(Retry):
    """Waits as long as it is asked to; when that is long, whoever calls must do the waiting."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        *rest: Any,
        **more: Any,
    ) -> Self:
        seconds = self.get_retry_after(response) if response else None
        if response and seconds and seconds > LONGEST_WAIT:
            response.drain_conn()  # or the pool would miss a connection for ever
            raise _AskedToWaitError(seconds)
        return super().increment(method, url, response, *rest, **more)


class _Line:
    """One login's connections to one host: a session at the first question, renewed when it ended."""

    def __init__(self, base_url: str, login: Account | Session, calls: int = 1) -> None:
        address = _checked(base_url)
        self._path = (address.path or "").rstrip("/")
        self._account = login if isinstance(login, Account) else None
        self._session = login.token if isinstance(login, Session) else None
        self._refused = False
        self._lock = Lock()
        secure = {"ssl_context": ssl.create_default_context()} if address.scheme == "https" else {}
        # A pool of one host knows no other: not by a redirect, nor by a proxy of the environment.
        # The standard context verifies, and speaks TLS 1.2 or later.
        self._pool = connection_from_url(
            base_url,
            maxsize=calls,
            block=True,
            timeout=Timeout(connect=5, read=LONGEST_ANSWER),
            retries=_ShortRetry(
                total=3,
                read=0,
                other=0,
                status_forcelist=(429, 503),
                allowed_methods=None,
                backoff_factor=0.2,
                raise_on_status=False,
            ),
            **secure,
        )

    def ask(self, path: str, question: Mapping[str, Any], shape: type[Answer]) -> Answer:
        """Ask with the session at hand; when that one ended, once more with a new one."""
        session, is_new = self._open()
        status, content = self._post(path, question, session)
        if status == _UNAUTHORISED and not is_new and self._account:
            session, _ = self._open(instead_of=session)
            status, content = self._post(path, question, session)
        if status == _REFUSED_BATCH:
            raise BatchRefusedError(_parse(content, _Refusal).code)
        return _parse(_good(status, content), shape)

    def log_in(self) -> _Session:
        """Open a session, of nobody else than the account is said to be of."""
        if self._account is None or self._refused:
            # Many tries would lock the account, and calls run side by side.
            raise CredentialsRefusedError("ZorgTTP refused the account before")
        login = {"username": self._account.username, "password": self._account.password}
        status, content = self._post("/session", login)
        self._refused = status in {_UNAUTHORISED, _FORBIDDEN}
        opened = _parse(_good(status, content), _Session)
        if opened.source != self._account.name:
            self._refused = True
            raise CredentialsRefusedError("the account is of somebody else")
        return opened

    def _open(self, instead_of: str | None = None) -> tuple[str, bool]:
        """Give the session, and whether it was made for this question; log in only when needed."""
        with self._lock:
            if self._session is not None and self._session != instead_of:
                return self._session, False
            self._session = self.log_in().session
            return self._session, True

    def _post(
        self, path: str, question: Mapping[str, Any], session: str | None = None
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if session is not None:
            headers["Authorization"] = f"Bearer {session}"
        try:
            response = self._pool.request(
                "POST",
                self._path + path,
                body=json.dumps(question).encode(),
                headers=headers,
                redirect=False,
                pool_timeout=LONGEST_QUEUE,
                preload_content=False,
            )
            with closing(response):
                content = response.read(MOST_BYTES + 1, decode_content=False)
        except _AskedToWaitError as error:
            raise PseudonymServiceUnavailableError("busy", error.seconds) from None
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise PseudonymServiceUnavailableError(type(reason).__name__) from None
        if len(content) > MOST_BYTES:
            raise PseudonymServiceUnavailableError("the answer is too large")
        return response.status, content


def _checked(base_url: str) -> Url:
    address = parse_url(base_url)
    secure = address.scheme == "https" or (address.scheme == "http" and address.host in _LOOPBACK)
    if not secure or address.host is None or address.auth or address.query or address.fragment:
        raise ValueError("ZorgTTP is reached over https, at an address without account or query")
    return address


def _good(status: int, content: bytes) -> bytes:
    if status in {_UNAUTHORISED, _FORBIDDEN}:
        raise CredentialsRefusedError(f"ZorgTTP refused the account: {status}")
    if status != _OK:
        raise PseudonymServiceUnavailableError(f"ZorgTTP answered {status}")
    return content


def _parse(content: bytes, shape: type[Answer]) -> Answer:
    try:
        return shape.model_validate_json(content, strict=True)
    except ValidationError:
        # Its text and its chain would hold what was sent to us.
        raise PseudonymServiceUnavailableError("the answer has not the agreed shape") from None
