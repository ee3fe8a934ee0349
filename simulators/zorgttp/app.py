"""The webservice of ZorgTTP over HTTP: the JSON of the slides of 2026, and our own two calls.

POST /session       {"username", "password"}          -> {"session", "expires_in"}
POST /pseudonymise  {"pseudonymTypes", "records"}     -> {"statistics", "records"}
POST /exchange      {"batch", "tokens"}               -> {"pseudonyms"}
GET  /counts                                          -> how often it was asked, in numbers
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.zorgttp.settings import Account, Role, Settings
from simulators.zorgttp.third_party import Refusal, RefusedError, ZorgTtp

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

logger = logging.getLogger(__name__)


class _Question(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class _Login(_Question):
    username: str
    password: str = Field(repr=False)


class _Pseudonymise(_Question):
    types: list[str] = Field(alias="pseudonymTypes")
    records: list[dict[str, str]] = Field(repr=False)


class _Exchange(_Question):
    batch: str = Field(min_length=1)
    tokens: list[str] = Field(repr=False)


AnyQuestion = TypeVar("AnyQuestion", bound=_Question)


def create_app(settings: Settings, now: Callable[[], float] = time.time) -> Starlette:
    """Make the simulator as an ASGI application."""
    zorgttp = ZorgTtp(settings, now)

    async def session(request: Request) -> JSONResponse:
        login = await _read(request, _Login)
        token, seconds = zorgttp.open_session(login.username, login.password)
        return JSONResponse({"session": token, "expires_in": seconds})

    async def pseudonymise(request: Request) -> JSONResponse:
        source = _account(zorgttp, request, Role.SOURCE)
        question = await _read(request, _Pseudonymise)
        started = time.monotonic()
        answers = zorgttp.pseudonymise(source, question.types, question.records)
        seconds = max(time.monotonic() - started, 1e-6)
        statistics = {
            "pseudonymTotal": sum(len(answer["pseudonyms"]) for answer in answers),
            "errorTotal": sum(len(answer["diagnostics"]) for answer in answers),
            "speed": round(len(answers) / seconds),
        }
        _log("pseudonymise", source, len(answers))
        return JSONResponse({"statistics": statistics, "records": answers})

    async def exchange(request: Request) -> JSONResponse:
        registry = _account(zorgttp, request, Role.REGISTRY)
        question = await _read(request, _Exchange)
        pseudonyms = zorgttp.exchange(registry, question.batch, question.tokens)
        _log("exchange", registry, len(pseudonyms))
        return JSONResponse({"pseudonyms": pseudonyms})

    async def counts(_request: Request) -> JSONResponse:
        return JSONResponse(zorgttp.counts.as_json())

    return Starlette(
        routes=[
            Route("/session", session, methods=["POST"]),
            Route("/pseudonymise", pseudonymise, methods=["POST"]),
            Route("/exchange", exchange, methods=["POST"]),
            Route("/counts", counts, methods=["GET"]),
        ],
        exception_handlers={RefusedError: _refuse},
    )


async def _read(request: Request, question: type[AnyQuestion]) -> AnyQuestion:
    try:
        return question.model_validate_json(await request.body())
    except ValidationError:
        raise RefusedError(Refusal.NOT_UNDERSTOOD) from None


def _account(zorgttp: ZorgTtp, request: Request, role: Role) -> Account:
    session = request.headers.get("authorization", "").removeprefix("Bearer ")
    return zorgttp.account_of(session, role)


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RefusedError):
        raise error
    refusal = error.refusal
    logger.info(json.dumps({"call": request.url.path, "code": refusal}))
    return JSONResponse({"code": refusal}, status_code=refusal.status)


def _log(call: str, account: Account, count: int) -> None:
    logger.info(json.dumps({"call": call, "account": account.name, "count": count}))
