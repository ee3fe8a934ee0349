"""The line to AWS, which can break at any one call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

CRASH, LOST, THROTTLED, BUSY = "crash", "answer lost", "throttled once", "busy all along"
READING = ("Get", "List", "BatchGet")


class Crash(BaseException):
    """The function is no more; nothing in it may catch this."""


@dataclass(frozen=True)
class Fault:
    """What happens at the n-th call of a function; past its last, to the function's answer."""

    number: int
    how: str


@dataclass
class Wire:
    """Every call to AWS goes over it; it breaks once where a fault is planned."""

    faults: dict[str, Fault] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)
    _function: str | None = None
    _busy: str | None = None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Come between botocore and moto, and let nobody wait for a retry."""
        real = BotocoreStubber.__call__

        def carry(stubber: Any, event_name: str, request: Any, **kwargs: Any) -> Any:
            name = event_name.removeprefix("before-send.")
            return self._carry(
                name, request.url, lambda: real(stubber, event_name, request, **kwargs)
            )

        monkeypatch.setattr(BotocoreStubber, "__call__", carry)
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)

    def during(self, function: str, work: Callable[[], Any]) -> Any:
        """Let a function do its work over this line."""
        self._function, self._busy = function, None
        self.calls[function] = []
        try:
            answer = work()
            self._planned(len(self.calls[function]), "answer")
        finally:
            self._function = None
        return answer

    def _carry(self, name: str, url: str, send: Callable[[], Any]) -> Any:
        if self._function is None:
            return send()
        calls = self.calls[self._function]
        calls.append(name)
        how = self._planned(len(calls) - 1, name)
        if how == BUSY:
            self._busy = name
        if how == THROTTLED or self._busy == name:
            return _throttling(name, url)
        answer = send()
        if how == LOST:
            raise ReadTimeoutError(endpoint_url=url)
        return answer

    def _planned(self, number: int, name: str) -> str | None:
        function = self._function or ""
        fault = self.faults.get(function)
        if fault is None or fault.number != number:
            return None
        del self.faults[function]
        if fault.how == CRASH:
            raise Crash(name)
        return fault.how


def changes(call: str) -> bool:
    """Tell whether a call has an effect."""
    return not call.split(".")[1].startswith(READING)


def _throttling(name: str, url: str) -> AWSResponse:
    if name.startswith("s3."):
        body = MockRawResponse("<Error><Code>SlowDown</Code></Error>")
        return AWSResponse(url, 503, HTTPHeaders(), body)
    headers = HTTPHeaders()
    headers["x-amzn-errortype"] = "ThrottlingException"
    text = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"})
    return AWSResponse(url, 400, headers, MockRawResponse(text))
