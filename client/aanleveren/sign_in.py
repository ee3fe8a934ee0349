"""`aanmelden`: keeps the account of ZorgTTP in the keyring of this machine."""

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
    """Ask for the account and keep it.

    Raises:
        CommandError: there is nobody to ask, or no keyring to keep it in.
    """
    account.keep(account.ask())
    told = json.dumps({"kept": True})
    sys.stdout.write(f"{told if asked.json else 'Bewaard in de sleutelring van deze computer.'}\n")
    return Outcome(Exit.GOOD)
