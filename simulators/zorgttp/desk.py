"""The calls of the webservice, from the JSON of the question to the JSON of the answer.

POST /session       {"username", "password"}       -> {"session", "expires_in", "source"}
POST /pseudonymise  {"pseudonymTypes", "records"}  -> {"statistics", "records"}
POST /exchange      {"batch", "tokens"}            -> {"statistics", "records"}
POST /reverse       {"pseudonyms"}                 -> {"statistics", "records"}
POST /rekey         {"pseudonyms"}                 -> {"statistics", "records"}

It knows no HTTP but the statuses, and may be asked by many threads at a time.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.zorgttp.refusals import Refusal, RefusedError
from simulators.zorgttp.settings import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulators.zorgttp.counts import Counts
    from simulators.zorgttp.settings import Account
    from simulators.zorgttp.third_party import Outcome, ZorgTtp

    Handler = Callable[[str, bytes], dict[str, Any]]

logger = logging.getLogger(__name__)

OK = 200


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


class _Pseudonyms(_Question):
    pseudonyms: list[str] = Field(repr=False)


AnyQuestion = TypeVar("AnyQuestion", bound=_Question)


class Reply(NamedTuple):
    """What is answered: a status and the JSON that goes with it."""

    status: int
    content: dict[str, Any]

    @property
    def size(self) -> int:
        """Give the number of its records."""
        return len(self.content.get("records", ()))


class Desk:
    """Where the calls come in; it counts and logs them, in numbers."""

    def __init__(self, zorgttp: ZorgTtp, counts: Counts) -> None:
        self._zorgttp = zorgttp
        self._counts = counts
        self._handlers: dict[str, Handler] = {
            "/session": self._session,
            "/pseudonymise": self._pseudonymise,
            "/exchange": self._exchange,
            "/reverse": self._reverse,
            "/rekey": self._rekey,
        }

    @property
    def calls(self) -> tuple[str, ...]:
        """Name the calls there are."""
        return tuple(self._handlers)

    def answer(self, call: str, session: str, body: bytes) -> Reply:
        """Answer a call; what is refused has its code for an answer."""
        try:
            return Reply(OK, self._handlers[call](session, body))
        except RefusedError as error:
            refusal = error.refusal
            self._counts.add_to(_name(call), **{f"refused.{refusal}": 1})
            logger.info(json.dumps({"call": _name(call), "code": refusal}))
            return Reply(refusal.status, {"code": refusal})

    def _session(self, _session: str, body: bytes) -> dict[str, Any]:
        login = _read(body, _Login)
        self._counts.add(sessions=1)
        opened = self._zorgttp.open_session(login.username, login.password)
        return {"session": opened.session, "expires_in": opened.seconds, "source": opened.source}

    def _pseudonymise(self, session: str, body: bytes) -> dict[str, Any]:
        source = self._zorgttp.account_of(session, Role.SOURCE)
        question = _read(body, _Pseudonymise)
        self._counts.add(calls=1)
        started = time.monotonic()
        answers = self._zorgttp.pseudonymise(source, question.types, question.records)
        self._counts.add(persons=len(answers))
        total = sum(len(answer["pseudonyms"]) for answer in answers)
        return self._result("pseudonymise", source, started, total, answers)

    def _exchange(self, session: str, body: bytes) -> dict[str, Any]:
        registry = self._zorgttp.account_of(session, Role.REGISTRY)
        question = _read(body, _Exchange)
        self._counts.add(exchanges=1)
        started = time.monotonic()
        outcomes = self._zorgttp.exchange(registry, question.batch, question.tokens)
        self._counts.add(tokens=_total(outcomes))
        return self._outcomes("exchange", registry, started, "pseudonym", outcomes)

    def _reverse(self, session: str, body: bytes) -> dict[str, Any]:
        source = self._zorgttp.account_of(session, Role.SOURCE)
        question = _read(body, _Pseudonyms)
        # Counted before it is answered: an attempt that is refused is of interest too.
        self._counts.add_to(f"reversed.{source.name}", calls=1)
        started = time.monotonic()
        outcomes = self._zorgttp.reverse(source, question.pseudonyms)
        self._counts.add(reversed=_total(outcomes))
        self._counts.add_to(f"reversed.{source.name}", values=_total(outcomes))
        return self._outcomes("reverse", source, started, "value", outcomes)

    def _rekey(self, session: str, body: bytes) -> dict[str, Any]:
        registry = self._zorgttp.account_of(session, Role.REGISTRY)
        question = _read(body, _Pseudonyms)
        started = time.monotonic()
        outcomes = self._zorgttp.rekey(registry, question.pseudonyms)
        self._counts.add(rekeyed=_total(outcomes))
        return self._outcomes("rekey", registry, started, "pseudonym", outcomes)

    def _outcomes(
        self, call: str, account: Account, started: float, name: str, outcomes: Sequence[Outcome]
    ) -> dict[str, Any]:
        records = [
            {name: text, "diagnostics": [] if code is None else [{"code": code}]}
            for text, code in outcomes
        ]
        return self._result(call, account, started, _total(outcomes), records)

    def _result(
        self,
        call: str,
        account: Account,
        started: float,
        total: int,
        records: list[dict[str, Any]],
    ) -> dict[str, Any]:
        seconds = max(time.monotonic() - started, 1e-6)
        codes = Counter(said["code"] for each in records for said in each["diagnostics"])
        statistics = {
            "pseudonymTotal": total,
            "errorTotal": codes.total(),
            "speed": round(len(records) / seconds),
        }
        diagnostics = {f"diagnostics.{code}": count for code, count in codes.items()}
        self._counts.add_to(call, records=len(records), **diagnostics)
        logger.info(json.dumps({"call": call, "account": account.name, "count": len(records)}))
        return {"statistics": statistics, "records": records}


def _read(body: bytes, question: type[AnyQuestion]) -> AnyQuestion:
    try:
        return question.model_validate_json(body)
    except ValidationError:
        raise RefusedError(Refusal.NOT_UNDERSTOOD) from None


def _total(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.text is not None for outcome in outcomes)


def _name(call: str) -> str:
    return call.removeprefix("/")
