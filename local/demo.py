"""`make demo`: three deliveries of one hospital, from its EPD to the Excel report."""

import datetime as dt
import json
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from local.following import Delivery, Hospital
from local.home import Home
from local.outputs import Outputs
from local.processes import ROOT, StackError, forget_own_environment
from local.stack import running
from simulators.hospital import make_delivery, write_csv

CENTRE = "MCX"
RECORDS = 200
MISTAKES = 0.05
COUNTS = {
    "records": "Records",
    "accepted": "Geaccepteerd",
    "refused": "Geweigerd",
    "new": "Nieuw",
    "changed": "Gewijzigd",
    "unchanged": "Ongewijzigd",
}
EXPECTED = {"test": "getest", "productie": "verwerkt"}


def main(home: Path = ROOT / ".local") -> int:
    """Deliver, follow and show; this will answer with the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    forget_own_environment()
    console = Console()
    place = home / "demo"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        with _stack(console, home) as told:
            hospital = Hospital(told, CENTRE)
            deliveries = [_deliver(console, hospital, file, kind) for file, kind in _samples(place)]
            for number, delivery in enumerate(deliveries, start=1):
                report = place / f"rapportage_{number}_{delivery.kind}.xlsx"
                hospital.fetch_report(delivery, report)
        _show(console, deliveries)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    except StackError as error:
        console.print(f"[bold red]That does not work:[/] {error}", highlight=False)
        return 1
    return _verdict(console, deliveries)


@contextmanager
def _stack(console: Console, home: Path) -> Iterator[Outputs]:
    """Use the stack of a running `make up`, or one of our own that ends with the demo."""
    if home.joinpath("outputs.json").exists() and Home(home).is_running():
        console.print("The stack of [bold]make up[/] runs: using that.")
        yield json.loads((home / "outputs.json").read_text())
        return
    with (
        console.status("Starting") as status,
        running(home / "demo" / "stack", status.update) as own,
    ):
        status.stop()
        yield own.told


def _samples(place: Path) -> list[tuple[Path, str]]:
    """Write what the hospital delivers: as a test, for real, and again with its mistakes mended."""
    today = dt.datetime.now(ZoneInfo("Europe/Amsterdam")).date()
    moment = dt.datetime.now(ZoneInfo("Europe/Amsterdam")).strftime("%Y%m%d-%H%M%S")
    first, second = place / f"aanlevering_{moment}.csv", place / f"correctie_{moment}.csv"
    write_csv(make_delivery(RECORDS, today=today, centre=CENTRE, errors=MISTAKES), first)
    write_csv(make_delivery(RECORDS, today=today, centre=CENTRE), second)
    return [(first, "test"), (first, "productie"), (second, "productie")]


def _deliver(console: Console, hospital: Hospital, file: Path, kind: str) -> Delivery:
    """Deliver one file; the screen will show each state it passes."""
    delivery = Delivery(CENTRE, kind, file)
    passed: list[str] = []
    with console.status(_progress(delivery, passed)) as status:
        delivery = hospital.deliver(file, kind)
        for look in hospital.follow(delivery):
            passed = look.passed
            status.update(_progress(look, passed))
    console.print(_progress(delivery, passed), highlight=False)
    return delivery


def _progress(delivery: Delivery, passed: list[str]) -> str:
    steps = " > ".join(passed) or "Aangeleverd"
    return f"[bold]{delivery.file.name}[/] ({delivery.kind}): {steps}"


def _show(console: Console, deliveries: list[Delivery]) -> None:
    """Show the counts as a hospital reads them, and the findings by code, side by side."""
    table = Table("", title="Wat ervan werd", title_justify="left", box=SIMPLE_HEAD)
    for number, delivery in enumerate(deliveries, start=1):
        table.add_column(f"{number}. {delivery.kind}", justify="right")
    outcomes = [delivery.outcome for delivery in deliveries]
    table.add_row("Status", *(outcome["status"] for outcome in outcomes))
    for name, label in COUNTS.items():
        table.add_row(label, *(str(outcome["counts"][name]) for outcome in outcomes))
    table.add_section()
    tallies = [Counter(finding["code"] for finding in outcome["findings"]) for outcome in outcomes]
    for code in sorted(set().union(*tallies)):
        table.add_row(f"Melding {code}", *(str(tally[code] or "") for tally in tallies))
    console.print()
    console.print(table)
    for delivery in deliveries:
        console.print(f"Uploadrapportage: {delivery.report}", soft_wrap=True, highlight=False)


def _verdict(console: Console, deliveries: list[Delivery]) -> int:
    odd = [one for one in deliveries if one.outcome["status"] != EXPECTED[one.kind]]
    for delivery in odd:
        console.print(f"[bold red]{delivery.delivery_id}[/] ended as {delivery.outcome['status']}")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
