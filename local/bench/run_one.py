"""One contender on one file, in a process of its own: `python -m local.bench.run_one NAME FILE`."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import re
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from databroker.dataset import find_versions
from local.bench.contenders import Asked

if TYPE_CHECKING:
    from local.bench.contenders import Hit

_DATASET, _VERSION = "pmicd-interventie", "22.2"
_NO_LIMIT = sys.maxsize


def main(arguments: list[str] | None = None) -> int:
    """Print what a run took and found, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m local.bench.run_one", description=__doc__)
    parser.add_argument("contender")
    parser.add_argument("file", type=Path)
    parser.add_argument("--hits", type=Path, help="write what was found here")
    told = parser.parse_args(arguments)
    run = importlib.import_module(f"local.bench.contenders.{told.contender}").prepare(
        ask(told.file)
    )
    cpu, wall = _cpu(), time.perf_counter()
    hits: set[Hit] | None = run(told.file)
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    measured: dict[str, object] = {
        "cpu": cpu,
        "wall": wall,
        "memory": _peak_memory(),
        "hits": None,
        "digest": None,
    }
    if hits is not None:
        text = write_down(hits)
        measured |= {"hits": len(hits), "digest": hashlib.sha256(text.encode()).hexdigest()}
        if told.hits:
            told.hits.write_text(text, encoding="utf-8")
    print(json.dumps(measured))
    return 0


def ask(file: Path) -> Asked:
    """Ask for a file of any size, in whichever version it is of."""
    versions = tuple(
        replace(dataset, max_rows=_NO_LIMIT, max_bytes=_NO_LIMIT)
        for dataset in find_versions(_DATASET)
    )
    (version,) = (dataset for dataset in versions if dataset.version == _VERSION)
    return Asked(versions, version, file)


def write_down(hits: set[Hit]) -> str:
    """Write the hits in one order, a line each: row, column and code, never a value."""
    return "".join(f"{row}\t{name}\t{code}\n" for row, name, code in sorted(hits))


def _cpu() -> float:
    """Give the seconds of CPU so far, of every thread and every child that ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_memory() -> int:
    """Give the most bytes that this process held at once.

    Linux tells it of the program; `ru_maxrss` would start at what the parent held.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    found = re.search(r"VmHWM:\s*([0-9]+) kB", status)
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    sys.exit(main())
