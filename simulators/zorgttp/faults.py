"""What can be made to go wrong, by configuration only, and when it does."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a redirect may point at: this machine, and nothing else.
_LOOPBACK_URL = r"^http://(127(\.[0-9]{1,3}){3}|localhost|\[::1\])(:[0-9]+)?(/[!-~]*)?$"


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class Latency(_Part):
    """How long an answer takes, measured from the arrival of the request."""

    call_seconds: float = Field(0.0, ge=0)
    record_seconds: float = Field(0.0, ge=0)

    def seconds(self, records: int) -> float:
        """Give the time that a call of so many records takes."""
        return self.call_seconds + self.record_seconds * records


class _Fault(_Part):
    """Which call goes wrong, and when: `after` so many, at most `times`, a `share` of them."""

    call: Literal["/session", "/pseudonymise", "/exchange", "/reverse", "/rekey"]
    after: int = Field(0, ge=0)
    times: int | None = Field(None, ge=1)
    share: float = Field(1.0, ge=0, le=1)
    seed: int = 0


class Delay(_Fault):
    """The answer comes so much later."""

    kind: Literal["latency"]
    seconds: float = Field(ge=0)


class Status(_Fault):
    """Another status, in place of the work."""

    kind: Literal["status"]
    status: int = Field(ge=200, le=599)
    retry_after: int | None = Field(None, ge=0)
    code: str | None = None


class Redirect(_Fault):
    """A 302 to another host of this machine, in place of the work."""

    kind: Literal["redirect"]
    location: str = Field("http://127.0.0.2:9/", pattern=_LOOPBACK_URL)


class Instead(_Fault):
    """Something that is no answer, in place of the work."""

    kind: Literal["html", "large", "empty"]


class Broken(_Fault):
    """The work is done, and the answer does not arrive whole."""

    kind: Literal["timeout", "cut", "malformed"]


class Tamper(_Fault):
    """The work is done, and the records of the answer are not those of the question."""

    kind: Literal[
        "short",
        "long",
        "reordered",
        "reversed",
        "rotated",
        "swapped",
        "duplicated",
        "cached",
        "wrong_type",
    ]

    @model_validator(mode="after")
    def _fits_the_call(self) -> Self:
        if self.call == "/session" and self.kind != "cached":
            raise ValueError("a session has no records")
        if self.call == "/reverse" and self.kind == "wrong_type":
            raise ValueError("a patient number has no type")
        return self


Fault = Annotated[
    Delay | Status | Redirect | Instead | Broken | Tamper, Field(discriminator="kind")
]

_FAULTS: TypeAdapter[tuple[Fault, ...]] = TypeAdapter(tuple[Fault, ...])


class Due(NamedTuple):
    """A fault that plays now, and the chance of this one time."""

    fault: Fault
    random: Random


@dataclass(slots=True)
class _Scheduled:
    fault: Fault
    random: Random
    seen: int = 0
    played: int = 0

    def is_ready(self) -> bool:
        """Count one more call, and tell whether the fault could play in it."""
        fault = self.fault
        self.seen += 1
        if self.seen <= fault.after or self.played == fault.times:
            return False
        return self.random.random() < fault.share


class Plan:
    """The faults that are configured; for one thread."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._scheduled = [_Scheduled(fault, _random(fault.seed)) for fault in faults]

    def due(self, call: str) -> Due | None:
        """Give the fault that plays in this call: the first of those that could."""
        own = [each for each in self._scheduled if each.fault.call == call]
        ready = [each for each in own if each.is_ready()]
        if not ready:
            return None
        first = ready[0]
        first.played += 1
        return Due(first.fault, _random(f"{first.fault.seed}|{first.played}"))


def read_faults(text: bytes) -> tuple[Fault, ...]:
    """Read a JSON list of faults.

    Raises:
        ValueError: a kind or a key is unknown, or a value impossible.
    """
    return _FAULTS.validate_json(text)


def _random(seed: int | str) -> Random:
    return Random(seed)  # noqa: S311 (the same faults each time, no secret)
