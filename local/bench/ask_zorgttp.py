"""One run at the desk, in a process of its own: `python -m local.bench.ask_zorgttp URL PERSONS`."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import TYPE_CHECKING

from databroker.adapters.zorgttp import Account, ZorgTtpSource
from databroker.privacy.desk import Desk
from databroker.privacy.pseudonymise import pseudonymise
from databroker.privacy.trust import Checks
from databroker.records import Records
from simulators.zorgttp.settings import Role, read_settings

if TYPE_CHECKING:
    from typing import Any


class _Nothing:
    """Keeps no answer: what is kept stands outside this process."""

    def numbers(self) -> set[int]:
        return set()

    def read(self, number: int) -> Any:
        raise KeyError(number)

    def write(self, number: int, answer: Any) -> None:
        pass


def main() -> int:
    """Print what a run took, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m local.bench.ask_zorgttp", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("persons", type=int)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--sentinels", action="store_true")
    parser.add_argument("--read-back", action="store_true")
    asked = parser.parse_args()
    known = read_settings().account(Role.SOURCE, "MCX")
    source = ZorgTtpSource(asked.url, Account("MCX", known.username, known.password), asked.calls)
    desk = Desk(
        source, Checks(asked.sentinels, asked.read_back), kept=_Nothing(), workers=2 * asked.calls
    )
    records = _records(asked.persons)
    start = time.perf_counter()
    made = pseudonymise(records, desk)
    wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = {"wall": wall, "persons": made.count, "failed": len(made.failed), "memory": peak}
    sys.stdout.write(f"{json.dumps(told)}\n")
    return 0


def _records(count: int) -> Records:
    """Make records of as many patients, who are nobody."""
    numbers = [str(10_000_000 + number) for number in range(count)]
    columns: dict[str, list[str | None]] = {
        "interv_nr": [f"MCX-{number}" for number in numbers],
        "pat_nr": [*numbers],
        "geb_naam": ["Voorbeeld"] * count,
        "geb_datum": [f"{1930 + number % 60}-0{1 + number % 9}-15" for number in range(count)],
        "geslacht": [str(1 + number % 2) for number in range(count)],
        "postcode": ["1234 AA"] * count,
    }
    return Records.of(columns, range(2, count + 2))


if __name__ == "__main__":
    sys.exit(main())
