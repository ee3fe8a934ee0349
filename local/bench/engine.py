"""The engine beside its peers: who is measured on what, how often, and against which bars."""

from __future__ import annotations

import json
import resource
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from local.bench.figures import Bar, Measure, Run, differences, judge, middle, odd_one_out
from local.bench.files import HOME, bench_file, messy_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from local.bench.figures import Key

ENGINE, ROWS = "databroker_engine", "rows"
POLARS, PYDANTIC = "polars_expressions", "pydantic_models"
DATAFRAMELY, PANDERA = "dataframely_schema", "pandera_schema"
ARROW, FASTEXCEL, LXML = "pyarrow_csv", "fastexcel_read", "lxml_records"

_OFTEN, _SOMETIMES, _ONCE = 5, 3, 1
_LESS, _LEAST, _FEW = 10, 1_000, 2_000
_SEEDS = range(1, 4)


class DifferentError(Exception):
    """Two contenders found different sets of hits; the lines show where."""

    def __init__(self, who: str, lines: Sequence[str]) -> None:
        """Say who differ, and show the first rows, columns and codes."""
        super().__init__(who)
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Bench:
    """One size of one kind of file, and how often each contender reads it."""

    title: str
    records: int
    kind: str
    rounds: Mapping[str, int]


_COLD = Bench("1,000 CSV", 1_000, "csv", {ENGINE: _OFTEN, POLARS: _OFTEN})
_SMALL = Bench(
    "10,000 CSV",
    10_000,
    "csv",
    {
        ENGINE: _OFTEN,
        POLARS: _OFTEN,
        DATAFRAMELY: _SOMETIMES,
        PANDERA: _SOMETIMES,
        PYDANTIC: _ONCE,
        ROWS: _ONCE,
        ARROW: _OFTEN,
    },
)
_LARGE = Bench(
    "100,000 CSV",
    100_000,
    "csv",
    {
        ENGINE: _OFTEN,
        POLARS: _OFTEN,
        DATAFRAMELY: _SOMETIMES,
        PANDERA: _SOMETIMES,
        PYDANTIC: _ONCE,
        ARROW: _OFTEN,
    },
)
_HUGE = Bench(
    "1,000,000 CSV", 1_000_000, "csv", {ENGINE: _SOMETIMES, POLARS: _SOMETIMES, ARROW: _SOMETIMES}
)
_WORKBOOK = Bench("100,000 XLSX", 100_000, "xlsx", {ENGINE: _OFTEN, FASTEXCEL: _OFTEN})
_DOCUMENT = Bench("10,000 XML", 10_000, "xml", {ENGINE: _OFTEN, LXML: _OFTEN})

BENCHES = (_COLD, _SMALL, _DOCUMENT, _LARGE, _WORKBOOK, _HUGE)


def _beside(measure: Measure, bench: Bench, most: float, peer: str) -> Bar:
    return Bar(measure, (bench.title, ENGINE), most, (bench.title, peer))


BARS = (
    _beside(Measure.COLD, _COLD, 0.4, POLARS),
    _beside(Measure.CPU, _LARGE, 0.6, POLARS),
    _beside(Measure.CPU, _LARGE, 1 / 20, PYDANTIC),
    _beside(Measure.CPU, _LARGE, 1.5, ARROW),
    _beside(Measure.CPU, _DOCUMENT, 1.3, LXML),
    _beside(Measure.CPU, _WORKBOOK, 1.5, FASTEXCEL),
    Bar(Measure.MEMORY, (_WORKBOOK.title, ENGINE), 700e6),
    Bar(Measure.MEMORY, (_HUGE.title, ENGINE), 500e6),
    Bar(Measure.TIME, (_HUGE.title, ENGINE), 11, (_LARGE.title, ENGINE)),
)


@dataclass(frozen=True, slots=True)
class Measuring:
    """How to measure: with which Python, which contenders, how large and how often."""

    python: Path
    console: Console
    tell: Callable[[str], None]
    quick: bool = False
    only: Sequence[str] = ()
    runs: dict[Key, list[Run]] = field(default_factory=lambda: defaultdict(list))

    def measure(self, benches: Sequence[Bench]) -> None:
        """Measure round by round, show the figures of each bench, then the bars.

        Raises:
            DifferentError: two contenders found different sets.
        """
        for bench in benches:
            self._measure(bench)
            self.console.print(self._figures(bench))
        self.console.print(self._bars())

    def agree(self) -> None:
        """See that everyone finds the same in small deliveries, with many mistakes or a mess.

        Raises:
            DifferentError: two contenders found different sets.
        """
        everyone = (ROWS, ENGINE, POLARS, DATAFRAMELY, PANDERA, PYDANTIC)
        for seed in _SEEDS:
            self.tell(f"Comparing what is found, seed {seed}")
            for file in (
                bench_file(_FEW, "csv", seed=seed, errors=0.5),
                messy_file(_FEW, seed),
            ):
                self._compare({name: file for name in everyone if self._takes_part(name)}, {})

    def _takes_part(self, name: str) -> bool:
        return not self.only or name in self.only

    def _measure(self, bench: Bench) -> None:
        records = self._records(bench)
        self.tell(f"Making {records:,} records of {bench.kind.upper()}")
        file, twin = bench_file(records, bench.kind), bench_file(records, "csv")
        rounds = {
            name: 1 if self.quick else times
            for name, times in bench.rounds.items()
            if self._takes_part(name)
        }
        own = {name: self.runs[bench.title, name] for name in rounds}
        for at in range(max(rounds.values(), default=0)):
            for name in (name for name, times in rounds.items() if at < times):
                self.tell(f"{bench.title}, round {at + 1}: {name}")
                own[name].append(self._run(name, file))
        readers = {name: file for name, runs in own.items() if runs[0].digest is not None}
        if readers and twin != file:
            # In whatever kind of file a delivery comes, the same is found as in CSV.
            readers = {POLARS: twin} | readers
        self._compare(readers, own)

    def _records(self, bench: Bench) -> int:
        return max(bench.records // _LESS, _LEAST) if self.quick else bench.records

    def _compare(self, readers: Mapping[str, Path], done: Mapping[str, list[Run]]) -> None:
        """Compare what contenders find, each in its file; who was not measured yet runs now."""
        runs = {
            name: done[name] if name in done else [self._run(name, file)]
            for name, file in readers.items()
        }
        if (odd := odd_one_out(runs)) is None:
            return
        first = next(iter(runs))
        expected, found = (
            _hits(name, readers[name]).read_text(encoding="utf-8").splitlines()
            for name in (first, odd)
        )
        who = f"{odd} and {first} differ on {readers[odd].name}"
        raise DifferentError(who, differences(expected, found))

    def _run(self, contender: str, file: Path) -> Run:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [str(self.python), "-m", "local.bench.run_one", contender, str(file)]
        command += ["--hits", str(_hits(contender, file))]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cold = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return Run(cold=cold, **json.loads(told.stdout))

    def _figures(self, bench: Bench) -> Table:
        title = f"{bench.title}{f' (quick: {self._records(bench):,})' if self.quick else ''}"
        table = Table("who", title=title, box=SIMPLE_HEAD, title_justify="left")
        for heading in ("rounds", *Measure, "hits"):
            table.add_column(heading, justify="right")
        for name in bench.rounds:
            if runs := self.runs[bench.title, name]:
                figures = (measure.write(middle(runs, measure)) for measure in Measure)
                hits = "-" if runs[0].hits is None else f"{runs[0].hits:,}"
                table.add_row(name, str(len(runs)), *figures, hits)
        return table

    def _bars(self) -> Table:
        table = Table(title="The bars", box=SIMPLE_HEAD, title_justify="left")
        table.add_column("of the engine")
        table.add_column("measured", justify="right")
        table.add_column("at most", justify="right")
        table.add_column("kept")
        for verdict in filter(None, (judge(bar, self.runs) for bar in BARS)):
            kept = "yes" if verdict.kept else "no"
            table.add_row(verdict.what, verdict.measured, verdict.bar, kept)
        return table


def _hits(contender: str, file: Path) -> Path:
    return HOME / f"{file.name}.{contender}.hits"
