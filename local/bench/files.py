"""The files that are measured: synthetic deliveries, made once and kept."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local.bench.contenders import CONTEXT
from local.bench.mess import write_mess
from simulators.hospital import SyntheticDelivery, make_delivery, write_csv, write_xlsx, write_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME = Path(__file__).parents[2] / ".local/bench"
_WRITERS: dict[str, Callable[[SyntheticDelivery, Path], object]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "xml": write_xml,
}


def bench_file(records: int, kind: str, *, seed: int = 1, errors: float = 0.03) -> Path:
    """Give a delivery of the day that is measured, three per cent of it with a mistake.

    It is written record by record, so that a million of them fit in any memory.
    """
    day = CONTEXT.today
    path = HOME / f"{records}_{seed}_{errors:g}_{day:%Y%m%d}.{kind}"
    if not path.exists():
        delivery = make_delivery(
            records, today=day, seed=seed, centre=CONTEXT.centre, errors=errors
        )
        with _unfinished(path) as file:
            _WRITERS[kind](delivery, file)
    return path


def messy_file(records: int, seed: int) -> Path:
    """Give a delivery with cells that are hard to read."""
    path = HOME / f"{records}_{seed}_mess.csv"
    with _unfinished(path) as file:
        write_mess(records, file, today=CONTEXT.today, seed=seed)
    return path


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Write beside the place of a file, so that what stands there is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_suffix(f".new{path.suffix}")
    yield file
    file.replace(path)
