"""Answers that do not do as agreed, as they come over the wire."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from simulators.zorgttp.faults import Broken, Instead, Redirect, Status

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from simulators.zorgttp.faults import Fault

LARGE_BYTES = 10 * 1024 * 1024
PAGE = "<!doctype html><title>Proxy</title><h1>Even geduld</h1>"
JSON = "application/json"
BODILESS = frozenset({204, 304})


class CutResponse(Response):
    """Half of a body, and then the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Promise the whole and stop halfway: a server then closes the connection."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})


def in_place_of_work(fault: Fault | None) -> Response | None:
    """Give the answer of a fault that leaves the work undone, None for another one."""
    match fault:
        case Status():
            return _status(fault)
        case Redirect():
            return RedirectResponse(fault.location, 302)
        case Instead(kind="html"):
            return HTMLResponse(PAGE)
        case Instead(kind="large"):
            return Response(b'{"padding": "' + b"x" * LARGE_BYTES + b'"}', media_type=JSON)
        case Instead(kind="empty"):
            return Response(b"", media_type=JSON)
        case _:
            return None


def _status(fault: Status) -> Response:
    wait = fault.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait)}
    if fault.code is None or fault.status in BODILESS:
        return Response(b"", fault.status, headers)
    return JSONResponse({"code": fault.code}, fault.status, headers)


def broken(fault: Fault | None, body: bytes, status: int) -> Response:
    """Give an answer as a fault lets it through; whole when there is none."""
    match fault:
        case Broken(kind="cut"):
            return CutResponse(body, status, media_type=JSON)
        case Broken(kind="malformed"):
            return Response(body[: len(body) // 2], status, media_type=JSON)
        case _:
            return Response(body, status, media_type=JSON)


async def linger(request: Request, seconds: float | None) -> None:
    """Wait so long, for ever when it is None; never longer than the client does.

    The body of the request must have been read.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
