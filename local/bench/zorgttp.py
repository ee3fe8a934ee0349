"""How near the desk comes to the fastest that ZorgTTP can be asked.

The simulator answers 50 ms after a call came, and half a millisecond later for each record. The
fastest that calls can be is the time that all of them take together, divided by how many go at a
time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from statistics import median
from typing import TYPE_CHECKING

import urllib3
from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

CALL_SECONDS, RECORD_SECONDS = 0.05, 0.0005
CALLS = 4
_ROUNDS = 3
_BUSY = {"call": "/pseudonymise", "kind": "status", "status": 503, "share": 0.01}
_COUNTED = ("pseudonymise", "reverse")


@dataclass(frozen=True, slots=True)
class _Case:
    """How the desk is asked, and which part of the fastest it should reach."""

    title: str
    options: tuple[str, ...] = ()
    busy: bool = False
    goal: float | None = 0.9


_CASES = (
    _Case("without proofs that cost calls"),
    _Case("sentinels", ("--sentinels",)),
    _Case("sentinels, 1 % of the calls answered 503", ("--sentinels",), busy=True, goal=0.85),
    _Case("sentinels and reading back", ("--sentinels", "--read-back")),
)


def measure(console: Console, persons: int) -> None:
    """Measure and show; nothing here fails on a slow machine."""
    table = Table(
        "how", "seconds", "calls", "of the fastest", "goal", "memory",
        title=f"{persons:,} persons, {CALLS} calls at a time", box=SIMPLE_HEAD,
    )  # fmt: skip
    with _simulator() as url, console.status("") as status:
        for case in _CASES:
            status.update(case.title)
            runs = [_run(url, case, persons) for _ in range(_ROUNDS)]
            wall, calls, part, memory = (median(each) for each in zip(*runs, strict=True))
            goal = f"{case.goal:.2f}" if case.goal else "-"
            table.add_row(
                case.title, f"{wall:.2f}", f"{calls:.0f}", f"{part:.2f}", goal, _megabytes(memory)
            )
        status.update("ten times as many persons")
        _, _, _, memory = _run(url, _CASES[0], persons * 10, hurry=True)
        table.add_row("ten times as many persons", "", "", "", "", _megabytes(memory))
    console.print(table)


def _run(
    url: str, case: _Case, persons: int, *, hurry: bool = False
) -> tuple[float, float, float, float]:
    latency = {"call_seconds": CALL_SECONDS, "record_seconds": RECORD_SECONDS}
    _put(url, "latency", dict.fromkeys(latency, 0) if hurry else latency)
    _put(url, "faults", [_BUSY] if case.busy else [])
    before = _counts(url)
    command = [sys.executable, "-m", "local.bench.ask_zorgttp", url, str(persons)]
    told = subprocess.run(  # noqa: S603 - our own
        [*command, "--calls", str(CALLS), *case.options], check=True, stdout=subprocess.PIPE
    )
    answer = json.loads(told.stdout)
    if (answer["persons"], answer["failed"]) != (persons, 0):
        raise RuntimeError(f"asked {persons}, got {answer}")
    after = _counts(url)
    calls = sum(after[f"{each}.calls"] - before[f"{each}.calls"] for each in _COUNTED)
    asked = sum(after[f"{each}.records"] - before[f"{each}.records"] for each in _COUNTED)
    fastest = (calls * CALL_SECONDS + asked * RECORD_SECONDS) / CALLS
    return answer["wall"], calls, fastest / answer["wall"], answer["memory"]


def _counts(url: str) -> dict[str, int]:
    counts: dict[str, int] = urllib3.request("GET", f"{url}/counts").json()
    names = [f"{each}.{what}" for each in _COUNTED for what in ("calls", "records")]
    return dict.fromkeys(names, 0) | counts


def _put(url: str, what: str, content: object) -> None:
    answer = urllib3.request("PUT", f"{url}/{what}", json=content)
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"{what}: {answer.status}")


def _megabytes(size: float) -> str:
    return f"{size / 1_000_000:.0f} MB"


@contextmanager
def _simulator() -> Iterator[str]:
    command = [sys.executable, "-m", "simulators.zorgttp", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield json.loads(process.stdout.readline())["url"] if process.stdout else ""
        finally:
            process.terminate()
