"""How a command ends: the exit codes that a scheduler relies on."""

from __future__ import annotations

from enum import IntEnum


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
    """Why a command could not do what was asked, in Dutch and without a value from the file."""

    def __init__(self, exit_code: Exit, text: str) -> None:
        """Carry the exit code and what the user reads."""
        super().__init__(text)
        self.exit_code = exit_code
