"""The log file: one line for each command, of what may be known by anyone who reads a log.

A line tells when, which command, how it ended, how many records there were and the number of the
delivery; never a value, the name of a file or a credential.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aanleveren.outcome import CommandError, Exit, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 1_000_000
"""Of the log file; there is one older one beside it, so that together they never take much more."""

_PATIENCE = 10.0
_COUNTS = ("records", "accepted", "refused", "new", "changed", "unchanged")


@dataclass(slots=True)
class Entry:
    """A line that is still to be written."""

    outcome: Outcome


@contextmanager
def noting(place: Path | None, command: str) -> Iterator[Entry]:
    """Add a line to the log file, if there is one, when the block ends: with what it says came of it.

    Raises:
        CommandError: the block did; the line tells it.
    """
    entry, started = Entry(Outcome(Exit.GOOD)), time.monotonic()
    try:
        yield entry
    except CommandError as error:
        entry.outcome = Outcome(error.exit_code, fault=str(error))
        raise
    finally:
        if place:
            note(place, command, entry.outcome, time.monotonic() - started)


def note(place: Path, command: str, outcome: Outcome, seconds: float) -> bool:
    """Add a line to the log file, whoever else does so; tell whether it could be written."""
    from filelock import FileLock  # noqa: PLC0415 - only who logs needs it

    try:
        with FileLock(f"{place}.lock", timeout=_PATIENCE):
            if place.exists() and place.stat().st_size > MOST_BYTES:
                place.replace(f"{place}.1")
            with place.open("a", encoding="utf-8") as log:
                log.write(f"{_line(command, outcome, seconds)}\n")
    except OSError:
        return False
    return True


def _line(command: str, outcome: Outcome, seconds: float) -> str:
    now = dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds")
    told: dict[str, object] = {
        "exit": int(outcome.exit_code),
        "seconden": f"{seconds:.1f}",
        "pid": os.getpid(),
        **{name: outcome.counts[name] for name in _COUNTS if name in outcome.counts},
    }
    if outcome.delivery_id:
        told["nummer"] = outcome.delivery_id
    if outcome.fault:
        told["fout"] = json.dumps(outcome.fault, ensure_ascii=False)
    return " ".join([now, command, *(f"{name}={value}" for name, value in told.items())])
