"""How long the local stack takes to boot and to deliver, and the memory it needs.

Memory is the proportional set size of every process of the stack together: pages that processes
share count once. It is known on Linux only; elsewhere the table says so.
"""

import datetime as dt
import json
import os
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from local.following import PATIENCE_SECONDS, Hospital
from local.home import Tell
from local.outputs import Outputs
from local.processes import StackError, forget_own_environment
from local.stack import running
from simulators.hospital import make_delivery, write_csv

CENTRE = "MCX"
GOALS = {
    "boot, first time": "10 s",
    "boot, with data": "10 s",
    "delivery to mail, first": "-",
    "delivery to mail, warm": "10 s",
    "peak memory": "900 MB",
}


def measure(console: Console, records: int) -> None:
    """Measure once and show it beside the goals; nothing here fails on a slow machine."""
    forget_own_environment()
    with tempfile.TemporaryDirectory(prefix="nhr-bench-") as place, console.status("") as status:
        measured = _measure(Path(place), records, status.update)
    table = Table("what", "measured", "goal", title=f"{records} records", box=SIMPLE_HEAD)
    for what, goal in GOALS.items():
        table.add_row(what, measured[what], goal)
    console.print(table)


def _measure(place: Path, records: int, tell: Tell) -> dict[str, str]:
    home = place / "stack"
    measured: dict[str, str] = {}
    start = time.perf_counter()
    with _peak_memory() as peak:
        with running(home, tell) as stack:
            measured["boot, first time"] = _seconds(start)
            for number, what in enumerate(("first", "warm")):
                file = place / f"{what}.csv"
                delivery = make_delivery(
                    records,
                    today=dt.date.today(),  # noqa: DTZ011  # a synthetic file of today
                    centre=CENTRE,
                    errors=0.03,
                    first_number=100_001 + number * records,
                )
                write_csv(delivery, file)
                tell(f"Delivering {file.name}")
                measured[f"delivery to mail, {what}"] = _deliver(stack.told, file)
        start = time.perf_counter()
        with running(home, tell):
            measured["boot, with data"] = _seconds(start)
    measured["peak memory"] = f"{max(peak) / 1024:.0f} MB" if peak else "Linux only"
    return measured


def _deliver(told: Outputs, file: Path) -> str:
    before = _mails(told)
    start = time.perf_counter()
    Hospital(told, CENTRE).put(file, "productie")
    while _mails(told) == before:
        if time.perf_counter() - start > PATIENCE_SECONDS:
            raise StackError("no mail came")
        time.sleep(0.05)
    return _seconds(start)


def _mails(told: Outputs) -> int:
    with urllib.request.urlopen(told["mail_url"]) as answer:  # noqa: S310  # our own address
        return len(json.load(answer))


def _seconds(start: float) -> str:
    return f"{time.perf_counter() - start:.1f} s"


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Look at the memory of this process and everything under it, twice a second."""
    seen: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            if (now := sum(map(_kilobytes, _family(os.getpid())))) > 0:
                seen.append(now)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        ended.set()
        looking.join()


def _family(pid: int) -> list[int]:
    family = [pid]
    for member in family:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                family += map(int, children.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return family


def _kilobytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
