"""How a command ends: the exit codes that a scheduler relies on, and what the log file may tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """The exit codes; fixed."""

    GOOD = 0
    FINDINGS = 1
    """The file, or a record of it, is refused."""
    USAGE = 2
    """The command is wrong: it will fail again."""
    RETRY = 3
    """Something technical; the same command may succeed later."""
    DENIED = 4
    """Not allowed."""


class CommandError(Exception):
    """Why a command could not do what was asked, in Dutch and without a value from the file.

    The text may be logged: it repeats nothing that was typed, but the place of a file.
    """

    def __init__(self, exit_code: Exit, text: str) -> None:
        """Carry the exit code and what the user reads."""
        super().__init__(text)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: all that is ever logged of it."""

    exit_code: Exit
    counts: Mapping[str, int] = field(default_factory=dict)
    delivery_id: str | None = None
    fault: str | None = None
