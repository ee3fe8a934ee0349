"""ZorgTTP over HTTP: the JSON of its slides of 2026, and the session and exchange calls we assume.

What ZorgTTP says is not trusted further than its shape, and nothing it says, nor any value or
credential, gets into the text of an error.
"""

from __future__ import annotations

import json
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    Diagnostic,
    Pseudonymised,
    PseudonymServiceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from urllib3 import BaseHTTPResponse

MOST_BYTES = 16 * 1024 * 1024
"""The most we read of an answer; 1,000 records with five tokens each are about 1.5 MB."""

LONGEST_WAIT = 10.0
"""Seconds we let a `Retry-After` ask for; the workflow tries again later by itself."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_OK = 200
_UNAUTHORISED = 401
_FORBIDDEN = 403
_REFUSED_BATCH = 422


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in at ZorgTTP: a centre, or the registry."""

    username: str
    password: str = field(repr=False)


class _Session(BaseModel):
    session: str = Field(min_length=1)


class _Diagnostic(BaseModel):
    code: str
    field: str


class _Record(BaseModel):
    pseudonyms: dict[str, str]
    diagnostics: list[_Diagnostic]


class _Pseudonymised(BaseModel):
    records: list[_Record]


class _Exchanged(BaseModel):
    pseudonyms: list[str]


class _Refusal(BaseModel):
    code: str = Field(pattern=r"^[0-9]{4}$")


Answer = TypeVar("Answer", bound=BaseModel)


class ZorgTtpSource:
    """ZorgTTP as a centre sees it; safe to share between threads."""

    def __init__(self, base_url: str, account: Account) -> None:
        """Take the address of the webservice; nothing is sent yet.

        Raises:
            ValueError: the address is no https, nor this machine.
        """
        self._line = _Line(base_url, account)

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> list[Pseudonymised]:
        """Make one call; see the port."""
        question = {"pseudonymTypes": list(types), "records": [dict(person) for person in persons]}
        answer = self._line.ask("/pseudonymise", question, _Pseudonymised)
        if len(answer.records) != len(persons):
            raise PseudonymServiceUnavailableError("the answer has another number of records")
        return [
            Pseudonymised(
                record.pseudonyms,
                tuple(Diagnostic(each.code, each.field) for each in record.diagnostics),
            )
            for record in answer.records
        ]


class ZorgTtpExchange:
    """ZorgTTP as the registry sees it; safe to share between threads."""

    def __init__(self, base_url: str, account: Account) -> None:
        """Take the address of the webservice; nothing is sent yet.

        Raises:
            ValueError: the address is no https, nor this machine.
        """
        self._line = _Line(base_url, account)

    def exchange(self, batch_id: str, tokens: Sequence[str]) -> list[str]:
        """Make one call; see the port."""
        question = {"batch": batch_id, "tokens": list(tokens)}
        answer = self._line.ask("/exchange", question, _Exchanged)
        if len(answer.pseudonyms) != len(tokens):
            raise PseudonymServiceUnavailableError("the answer has another number of pseudonyms")
        return answer.pseudonyms


class _ShortRetry(Retry):
    """Waits as long as it is asked to, within reason."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        seconds = super().get_retry_after(response)
        return seconds and min(seconds, LONGEST_WAIT)


class _Line:
    """One account's connection to one host: opened at the first question, renewed when it ended."""

    def __init__(self, base_url: str, account: Account) -> None:
        self._base_url = _checked(base_url)
        self._account = account
        self._session: str | None = None
        self._refused = False
        self._lock = Lock()
        # No proxies are read from the environment, and the standard context verifies (TLS 1.2+).
        self._pool = PoolManager(
            maxsize=8,
            block=True,
            ssl_context=ssl.create_default_context(),
            timeout=Timeout(connect=5, read=60),
            retries=_ShortRetry(
                total=3,
                read=0,
                other=0,
                status_forcelist=(429, 503),
                allowed_methods=None,
                backoff_factor=0.2,
                raise_on_status=False,
            ),
        )

    def ask(self, path: str, question: Mapping[str, Any], shape: type[Answer]) -> Answer:
        """Ask with the session at hand; when that one ended, once more with a new one."""
        session, is_new = self._open()
        status, content = self._post(path, question, session)
        if status == _UNAUTHORISED and not is_new:
            session, _ = self._open(instead_of=session)
            status, content = self._post(path, question, session)
        if status == _REFUSED_BATCH:
            raise BatchRefusedError(_parse(content, _Refusal).code)
        return _parse(_good(status, content), shape)

    def _open(self, instead_of: str | None = None) -> tuple[str, bool]:
        """Give the session, and whether it was made for this question; log in only when needed."""
        with self._lock:
            if self._session is not None and self._session != instead_of:
                return self._session, False
            if self._refused:
                # Many tries would lock the account, and calls run side by side.
                raise CredentialsRefusedError("ZorgTTP refused the account before")
            self._session = self._log_in()
            return self._session, True

    def _log_in(self) -> str:
        login = {"username": self._account.username, "password": self._account.password}
        status, content = self._post("/session", login)
        self._refused = status in {_UNAUTHORISED, _FORBIDDEN}
        return _parse(_good(status, content), _Session).session

    def _post(
        self, path: str, question: Mapping[str, Any], session: str | None = None
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if session is not None:
            headers["Authorization"] = f"Bearer {session}"
        try:
            response = self._pool.request(
                "POST",
                self._base_url + path,
                body=json.dumps(question).encode(),
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            with closing(response):
                content = response.read(MOST_BYTES + 1, decode_content=False)
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise PseudonymServiceUnavailableError(type(reason).__name__) from None
        if len(content) > MOST_BYTES:
            raise PseudonymServiceUnavailableError("the answer is too large")
        return response.status, content


def _checked(base_url: str) -> str:
    address = parse_url(base_url)
    secure = address.scheme == "https" or (address.scheme == "http" and address.host in _LOOPBACK)
    if not secure or address.host is None or address.auth or address.query or address.fragment:
        raise ValueError("ZorgTTP is reached over https, at an address without account or query")
    return base_url.rstrip("/")


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
