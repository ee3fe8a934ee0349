"""The simulator over HTTP: the calls of the desk, and what tests and developers steer it with.

POST   /session, /pseudonymise, /exchange, /reverse, /rekey  -> see the desk
GET    /counts   -> how often it was asked, in numbers
PUT    /faults   a JSON list of faults, in place of all there were  -> {"faults": how many}
DELETE /faults   -> {"faults": 0}
PUT    /latency  {"call_seconds", "record_seconds"}  -> the same
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.zorgttp.counts import Counts
from simulators.zorgttp.desk import OK, Desk
from simulators.zorgttp.faults import Broken, Delay, Latency, Plan, Tamper, read_faults
from simulators.zorgttp.refusals import Refusal
from simulators.zorgttp.tampering import Recent, tamper
from simulators.zorgttp.third_party import ZorgTtp
from simulators.zorgttp.wire import broken, in_place_of_work, linger

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.zorgttp.faults import Due, Fault
    from simulators.zorgttp.settings import Settings

logger = logging.getLogger(__name__)


def create_app(settings: Settings, now: Callable[[], float] = time.time) -> Starlette:
    """Make the simulator as an ASGI application.

    Raises:
        ValueError: no version of the keys has begun.
    """
    front = _Front(settings, now)
    return Starlette(
        routes=[
            *(Route(call, front.call, methods=["POST"]) for call in front.desk.calls),
            Route("/counts", front.tell_counts, methods=["GET"]),
            Route("/faults", front.put_faults, methods=["PUT"]),
            Route("/faults", front.delete_faults, methods=["DELETE"]),
            Route("/latency", front.put_latency, methods=["PUT"]),
        ]
    )


class _Front:
    """The side of the simulator that faces the network; it does no work of its own."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._counts = Counts()
        self._plan = Plan(settings.faults)
        self._latency = settings.latency
        self._recent = Recent()
        self.desk = Desk(ZorgTtp(settings, now), self._counts)

    async def call(self, request: Request) -> Response:
        """Answer a call of ZorgTTP, or let the fault that is due spoil it."""
        arrived = time.monotonic()
        call = request.url.path
        self._counts.add_to(call[1:], calls=1)
        due = self._plan.due(call)
        fault = due and due.fault
        if fault is not None:
            self._counts.add_to("faults", **{fault.kind: 1})
            logger.info(json.dumps({"call": call[1:], "fault": fault.kind}))
        body = await request.body()
        in_place, size = in_place_of_work(fault), 0
        if in_place is not None:
            response = in_place
        else:
            session = request.headers.get("authorization", "").removeprefix("Bearer ")
            response, size = await run_in_threadpool(self._work, call, session, body, due)
        await self._wait(request, fault, arrived, size)
        return response

    async def tell_counts(self, _request: Request) -> Response:
        """Tell the numbers."""
        return JSONResponse(self._counts.as_json())

    async def put_faults(self, request: Request) -> Response:
        """Take other faults in place of those there are."""
        try:
            faults = read_faults(await request.body())
        except ValueError:
            return _not_understood()
        self._plan = Plan(faults)
        return JSONResponse({"faults": len(faults)})

    async def delete_faults(self, _request: Request) -> Response:
        """Let nothing go wrong any more."""
        self._plan = Plan(())
        return JSONResponse({"faults": 0})

    async def put_latency(self, request: Request) -> Response:
        """Answer as fast as this from now on."""
        try:
            self._latency = Latency.model_validate_json(await request.body())
        except ValueError:
            return _not_understood()
        return JSONResponse(self._latency.model_dump())

    def _work(self, call: str, session: str, body: bytes, due: Due | None) -> tuple[Response, int]:
        """Do what was asked and write the answer; in a thread, so that no other call waits."""
        reply = self.desk.answer(call, session, body)
        content = reply.content
        if reply.status == OK:
            content = self._tampered(call, content, due)
        text = json.dumps(content, separators=(",", ":")).encode()
        return broken(due and due.fault, text, reply.status), reply.size

    def _tampered(self, call: str, content: dict[str, Any], due: Due | None) -> dict[str, Any]:
        if due is not None and isinstance(due.fault, Tamper):
            if due.fault.kind == "cached":
                return self._recent.previous(call, content)
            return tamper(due.fault.kind, content, due.random)
        self._recent.keep(call, content)
        return content

    async def _wait(self, request: Request, fault: Fault | None, arrived: float, size: int) -> None:
        if isinstance(fault, Broken) and fault.kind == "timeout":
            await linger(request, None)
            return
        seconds = self._latency.seconds(size)
        if isinstance(fault, Delay):
            seconds += fault.seconds
        left = seconds - (time.monotonic() - arrived)
        if left > 0:
            await linger(request, left)


def _not_understood() -> Response:
    refusal = Refusal.NOT_UNDERSTOOD
    return JSONResponse({"code": refusal}, refusal.status)
