"""`make up`: the local stack, from now until Ctrl-C; `python -m local.up DIRECTORY` elsewhere."""

import signal
import sys
import threading
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table

from local.home import Tell
from local.outputs import Outputs
from local.processes import ROOT, StackError, forget_own_environment
from local.stack import Stack, running

HOME = ROOT / ".local"


def main(directory: Path = HOME) -> int:
    """Run the stack until it is told to stop; this will answer with the exit code."""
    forget_own_environment()
    console = Console()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        with console.status("") as status, running(directory, _teller(console, status)) as stack:
            status.stop()
            console.print(_places(stack.told, directory))
            _stay(stack, stop)
            status.start()
    except StackError as error:
        console.print(f"[bold red]That does not work:[/] {error}", highlight=False, soft_wrap=True)
        return 1
    console.print("Stopped. The data is kept for the next time.")
    return 0


def _teller(console: Console, status: Status) -> Tell:
    """Show what happens: each step stays on the screen, the last one with a spinner under it."""

    def tell(what: str) -> None:
        console.print(f"- {what}", highlight=False)
        status.update(what)

    return tell


def _stay(stack: Stack, stop: threading.Event) -> None:
    while not stop.wait(1):
        stack.check()


def _places(told: Outputs, directory: Path) -> Table:
    """Name where everything is, and no secret."""
    table = Table(title="The databroker runs here", show_header=False, title_justify="left")
    table.add_row("Overview", told["web_url"])
    table.add_row("Mail", f"{told['web_url']}/postvak")
    table.add_row("AWS (endpoint)", told["endpoint_url"])
    table.add_row("ZorgTTP (simulator)", told["zorgttp_url"])
    table.add_row("Addresses and access", str(directory / "outputs.json"))
    table.add_row("Stop", "Ctrl-C")
    return table


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME))
