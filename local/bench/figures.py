"""What runs took, against the bars, and whether they found the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_MEGABYTE = 1_000_000
_SHOWN = 5


class Measure(StrEnum):
    """What is measured of a run."""

    CPU = "CPU"
    """Seconds from opening the file to having the set of hits."""
    COLD = "CPU, cold"
    """Seconds of the whole process: interpreter, imports, dataset, file."""
    TIME = "time"
    """Seconds on the clock, from opening the file to having the set of hits."""
    MEMORY = "memory"
    """The most bytes the process held."""

    def write(self, value: float) -> str:
        """Write a value of this measure with its unit."""
        if self is Measure.MEMORY:
            return f"{value / _MEGABYTE:,.0f} MB"
        return f"{value:.3f} s" if value < 1 else f"{value:.2f} s"


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `hits` and `digest` are None for an anchor, which looks for nothing."""

    cpu: float
    cold: float
    wall: float
    memory: int
    hits: int | None = None
    digest: str | None = None

    def of(self, measure: Measure) -> float:
        """Give what was measured."""
        return {
            Measure.CPU: self.cpu,
            Measure.COLD: self.cold,
            Measure.TIME: self.wall,
            Measure.MEMORY: float(self.memory),
        }[measure]


Runs = Sequence[Run]

Key = tuple[str, str]
"""The title of a bench, and a contender in it."""


def middle(runs: Runs, measure: Measure) -> float:
    """Give the median."""
    return median(run.of(measure) for run in runs)


@dataclass(frozen=True, slots=True)
class Bar:
    """How much a contender may take: so many times another one, or so much in itself."""

    measure: Measure
    of: Key
    most: float
    beside: Key | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was measured against a bar, both as a reader sees them."""

    what: str
    measured: str
    bar: str
    kept: bool


def judge(bar: Bar, runs: Mapping[Key, Runs]) -> Verdict | None:
    """Give the verdict of a bar; None when what it is about was not measured."""
    asked = [bar.of, *([bar.beside] if bar.beside else [])]
    if not all(runs.get(key) for key in asked):
        return None
    bench, contender = bar.of
    value = middle(runs[bar.of], bar.measure)
    if bar.beside is None:
        what = f"{bench}: {bar.measure} of {contender}"
        return Verdict(
            what, bar.measure.write(value), bar.measure.write(bar.most), value <= bar.most
        )
    other, peer = bar.beside
    ratio = value / middle(runs[bar.beside], bar.measure)
    what = f"{bench}: {bar.measure} beside {peer if other == bench else other}"
    return Verdict(what, f"{ratio:.3g} x", f"{bar.most:.3g} x", ratio <= bar.most)


def odd_one_out(runs: Mapping[str, Runs]) -> str | None:
    """Name a contender that ever found another set than the first run of the first contender."""
    digests = [
        (name, run.digest) for name, each in runs.items() for run in each if run.digest is not None
    ]
    return next((name for name, digest in digests if digest != digests[0][1]), None)


def differences(expected: Collection[str], found: Collection[str]) -> list[str]:
    """Show where two sets of hits differ: rows, columns and codes, never a value."""
    lines: list[str] = []
    for what, left in (
        ("not found", set(expected) - set(found)),
        ("found alone", set(found) - set(expected)),
    ):
        lines += [f"{what}: {hit}" for hit in _first(left)]
        if len(left) > _SHOWN:
            lines.append(f"{what}: {len(left) - _SHOWN} more")
    return lines


def _first(hits: Iterable[str]) -> list[str]:
    rows = sorted((int(hit.split("\t")[0]), hit) for hit in hits)
    return [f"row {hit.replace(chr(9), ' ')}" for _, hit in rows[:_SHOWN]]
