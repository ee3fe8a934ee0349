"""`venster`: a page in the browser, for who does not type; it does what the commands do.

The page is served on this machine alone, to who has the token of this run (`server`), and asks the
`desk` to check, deliver, follow and fetch.
"""

from __future__ import annotations

import json
import sys
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING

from aanleveren.outcome import Exit, Outcome
from aanleveren.window.desk import Desk
from aanleveren.window.server import Window

if TYPE_CHECKING:
    from argparse import Namespace

    from aanleveren.settings import Settings


def run(asked: Namespace, settings: Settings) -> Outcome:
    """Open the window and serve it until it is left, or until Ctrl-C."""
    with suppress(KeyboardInterrupt), Window(Desk(settings)) as window:  # Ctrl-C closes it
        if asked.json:
            _tell({"address": window.address})
        elif asked.geen_browser or not webbrowser.open(window.address):
            sys.stdout.write(f"{window.address}\n")
        elif not settings.stil:
            sys.stderr.write("Het venster staat open in uw browser. Ctrl-C sluit het.\n")
        sys.stdout.flush()
        window.serve()
    return Outcome(Exit.GOOD)


def _tell(document: dict[str, str]) -> None:
    sys.stdout.write(f"{json.dumps(document)}\n")
