"""`afmelden`: removes the account of ZorgTTP from the keyring of this machine."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from aanleveren import account
from aanleveren.outcome import Exit, Outcome

if TYPE_CHECKING:
    from argparse import Namespace

    from aanleveren.settings import Settings


def run(asked: Namespace, settings: Settings) -> Outcome:  # noqa: ARG001 - as every command
    """Remove what is kept; nothing kept is good too.

    Raises:
        CommandError: there is no keyring, or it does not let it go.
    """
    removed = account.forget()
    line = "Verwijderd uit de sleutelring." if removed else "Er was niets bewaard."
    sys.stdout.write(f"{json.dumps({'removed': removed}) if asked.json else line}\n")
    return Outcome(Exit.GOOD)
