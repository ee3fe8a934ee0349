"""The window's server: on this machine alone, and only for the page that this run opened.

Any page in the hospital's browser, and anyone logged in on the same machine, can reach a port of
127.0.0.1. So whatever does something or tells something wants the token of this run, which only the
address of the page has; the name of the host and the origin are looked at besides. The three files
of the page itself hold nothing, and are given without the token: a browser keeps the part of an
address behind `#` to itself.
"""

from __future__ import annotations

import errno
import hmac
import json
import secrets
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socketserver import TCPServer
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from aanleveren.outcome import CommandError, Exit
from aanleveren.window.pseudonyms import MOST_ACCOUNT_BYTES, account_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aanleveren.window.desk import Desk

AWAY_SECONDS = 15 * 60.0
"""A browser lets a page that nobody looks at sleep: silence is not yet absence."""

_LEFT_SECONDS = 90.0
"""Long enough for a page that is loaded again, or for another one of this run, to be heard."""

_LOOK_SECONDS = 0.5
_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_JSON = "application/json"
_QUESTIONS: Mapping[tuple[str, str], Callable[[Desk, Mapping[str, str]], dict[str, Any]]] = {
    ("GET", "/start"): lambda desk, _: desk.start(),
    ("POST", "/deliver"): lambda desk, asked: desk.deliver(asked),
    ("GET", "/progress"): lambda desk, _: desk.progress(),
    ("GET", "/receipt"): lambda desk, _: desk.receipt(),
    ("GET", "/status"): lambda desk, asked: desk.status(asked),
    ("GET", "/stay"): lambda *_: {},
    ("POST", "/leave"): lambda *_: {},
    ("POST", "/forget"): lambda desk, asked: desk.forget(asked),
}
_FILES: Mapping[tuple[str, str], Callable[[Desk, Mapping[str, str]], bytes]] = {
    ("GET", "/report"): lambda desk, asked: desk.report(asked),
    ("GET", "/pseudonymised"): lambda desk, asked: desk.pseudonymised(asked),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STATUSES = {
    Exit.FINDINGS: HTTPStatus.UNPROCESSABLE_ENTITY,
    Exit.USAGE: HTTPStatus.BAD_REQUEST,
    Exit.RETRY: HTTPStatus.SERVICE_UNAVAILABLE,
    Exit.DENIED: HTTPStatus.FORBIDDEN,
}


class Window(ThreadingHTTPServer):
    """Serves the page and its questions on a free port, until the page was away for a while."""

    daemon_threads = True
    allow_reuse_address = False  # on Windows another program could take the same port

    def __init__(self, desk: Desk, away_seconds: float = AWAY_SECONDS) -> None:
        """Open a port; `serve` answers on it."""
        self.desk = desk
        self.token = secrets.token_urlsafe(32)
        self.timeout = _LOOK_SECONDS
        self._away_seconds = away_seconds
        self._lock = Lock()
        self._busy = 0
        self._deadline = time.monotonic() + away_seconds
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the network for the name of this machine, which can take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Give the hosts that a browser may say it talks to."""
        return (f"127.0.0.1:{self.server_port}", f"localhost:{self.server_port}")

    @property
    def address(self) -> str:
        """Give the address of the page, the token in it."""
        return f"http://{self.hosts[0]}/#{self.token}"

    def serve(self) -> None:
        """Answer until the page was closed, or silent for too long."""
        while not self._deserted():
            self.handle_request()

    def begin(self) -> None:
        """Note that the page asks something."""
        with self._lock:
            self._busy += 1

    def end(self) -> None:
        """Note that the page has its answer."""
        with self._lock:
            self._busy -= 1
            self._deadline = time.monotonic() + self._away_seconds

    def left(self) -> None:
        """Note that the page was closed, or is being loaded again."""
        with self._lock:
            self._deadline = time.monotonic() + min(_LEFT_SECONDS, self._away_seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base
        """Tell the kind of a fault only: its text might hold a value of the file."""
        error = sys.exc_info()[1]
        if isinstance(error, (ConnectionError, TimeoutError)) or (
            isinstance(error, OSError) and error.errno == errno.EBADF
        ):
            return  # the browser went away, or Ctrl-C closed the line under an answer
        kind = type(error).__name__
        print(f"aanleveren: Technische fout ({kind}).", file=sys.stderr)  # noqa: T201

    def _deserted(self) -> bool:
        with self._lock:
            return not self._busy and time.monotonic() > self._deadline


@dataclass(frozen=True, slots=True)
class _Answer:
    content: bytes
    form: str = _JSON
    status: HTTPStatus = HTTPStatus.OK


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, text: str = "") -> None:
        super().__init__(status.phrase)
        self.status = status
        self.content = json.dumps({"error": text}).encode() if text else b""


class _Handler(BaseHTTPRequestHandler):
    server: Window
    timeout = 60.0  # of a connection on which nothing comes
    server_version = "aanleveren"
    sys_version = ""

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base
        """Write nothing: an address may hold the name of a file."""

    def _reply(self) -> None:
        path = urlsplit(self.path).path
        try:
            self._check_place()
            if self.command == "GET" and path in _PAGE:
                name, form = _PAGE[path]
                page = files("aanleveren.window") / "page" / name
                self._send(_Answer(page.read_bytes(), form))
                return
            self._check_token()
        except _RefusedError as refused:
            self._send(_Answer(b"", _JSON, refused.status))
            return
        self.server.begin()
        try:
            self._send(self._answer(path))
        finally:
            self.server.end()
        if path == "/leave":
            self.server.left()

    def _check_place(self) -> None:
        """Refuse another name for this machine, and a page that is not ours."""
        hosts = self.server.hosts
        if self.headers.get_all("Host", []) not in [[host] for host in hosts]:
            raise _RefusedError(HTTPStatus.MISDIRECTED_REQUEST)
        origin = self.headers.get("Origin")
        if origin is None and self.command == "GET":
            return  # a browser names none when it asks for something of the same origin
        if origin not in {f"http://{host}" for host in hosts}:
            raise _RefusedError(HTTPStatus.FORBIDDEN)

    def _check_token(self) -> None:
        told = self.headers.get("Authorization", "")
        if not hmac.compare_digest(told.encode(), f"Bearer {self.server.token}".encode()):
            raise _RefusedError(HTTPStatus.UNAUTHORIZED)

    def _answer(self, path: str) -> _Answer:
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            return self._ask(path, asked)
        except _RefusedError as refused:
            return _Answer(refused.content, _JSON, refused.status)
        except CommandError as error:
            told = {"error": str(error), "exit": int(error.exit_code)}
            status = _STATUSES.get(error.exit_code, HTTPStatus.INTERNAL_SERVER_ERROR)
            return _Answer(json.dumps(told).encode(), _JSON, status)

    def _ask(self, path: str, asked: Mapping[str, str]) -> _Answer:
        desk, question = self.server.desk, (self.command, path)
        if question in _FILES:
            return _Answer(_FILES[question](desk, asked), "application/octet-stream")
        if question == ("POST", "/check"):
            most = desk.most_bytes(asked)
            text = f"Het bestand is te groot: het mag hoogstens {most // 1_000_000} MB zijn."
            told = desk.check(asked, self._body(most, text))
        elif question == ("POST", "/pseudonymise"):
            text = "De gebruikersnaam of het wachtwoord is te lang."
            told = desk.pseudonymise(asked, account_in(self._body(MOST_ACCOUNT_BYTES, text)))
        elif question in _QUESTIONS:
            told = _QUESTIONS[question](desk, asked)
        else:
            raise _RefusedError(HTTPStatus.NOT_FOUND)
        return _Answer(json.dumps(told).encode())

    def _body(self, most: int, too_large: str) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > most:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)
        content = self.rfile.read(int(length))
        if len(content) < int(length):
            raise _RefusedError(HTTPStatus.BAD_REQUEST)
        return content

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.form)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)
