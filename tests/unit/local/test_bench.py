"""The benchmark: medians and bars, and sets that must be the same. None of it needs the peers."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from local.bench import engine
from local.bench.__main__ import main
from local.bench.contenders import CONTEXT
from local.bench.engine import ARROW, BARS, BENCHES, ENGINE, POLARS, ROWS, Bench, Measuring
from local.bench.figures import Bar, Measure, Run, differences, judge, middle, odd_one_out
from local.bench.mess import write_mess
from simulators.hospital import make_delivery, write_csv

LARGE = "100,000 CSV"
PEERS = ("polars", "dataframely", "pandera", "fastexcel", "lxml")


def a_run(cpu=1.0, *, memory=100_000_000, digest="same"):
    return Run(cpu=cpu, cold=cpu + 0.5, wall=cpu, memory=memory, hits=1, digest=digest)


def test_the_median_counts():
    assert middle([a_run(9.0), a_run(1.0), a_run(2.0)], Measure.CPU) == 2.0


def test_a_bar_beside_a_peer_is_a_ratio():
    bar = Bar(Measure.CPU, (LARGE, ENGINE), 0.6, (LARGE, POLARS))
    runs = {(LARGE, ENGINE): [a_run(0.5)], (LARGE, POLARS): [a_run(1.0)]}

    verdict = judge(bar, runs)

    assert (verdict.measured, verdict.bar, verdict.kept) == ("0.5 x", "0.6 x", True)
    assert verdict.what == "100,000 CSV: CPU beside polars_expressions"


def test_a_bar_beside_another_size_names_that_size():
    bar = Bar(Measure.TIME, ("1,000,000 CSV", ENGINE), 11, (LARGE, ENGINE))
    runs = {("1,000,000 CSV", ENGINE): [a_run(12.0)], (LARGE, ENGINE): [a_run(1.0)]}

    verdict = judge(bar, runs)

    assert (verdict.measured, verdict.kept) == ("12 x", False)
    assert verdict.what == "1,000,000 CSV: time beside 100,000 CSV"


def test_a_bar_can_stand_alone():
    bar = Bar(Measure.MEMORY, (LARGE, ENGINE), 500e6)

    verdict = judge(bar, {(LARGE, ENGINE): [a_run(memory=600_000_000)]})

    assert (verdict.measured, verdict.bar, verdict.kept) == ("600 MB", "500 MB", False)


def test_a_bar_on_what_was_not_measured_says_nothing():
    bar = Bar(Measure.CPU, (LARGE, ENGINE), 0.6, (LARGE, POLARS))

    assert judge(bar, {(LARGE, ENGINE): [a_run()]}) is None


def test_every_bar_is_about_what_is_measured():
    measured = {(bench.title, name) for bench in BENCHES for name in bench.rounds}

    assert {key for bar in BARS for key in (bar.of, bar.beside) if key} <= measured


def test_contenders_that_find_the_same_and_anchors_agree():
    assert odd_one_out({ROWS: [a_run()], POLARS: [a_run()], ARROW: [a_run(digest=None)]}) is None


def test_one_run_that_finds_something_else_is_enough():
    assert odd_one_out({ROWS: [a_run()], POLARS: [a_run(), a_run(digest="other")]}) == POLARS


def test_a_difference_is_shown_from_the_top_and_without_values():
    expected = [f"{row}\tlengte\tF-003" for row in range(20, 1, -1)]

    lines = differences(expected, [*expected[:-6], "7\tgewicht\tF-004"])

    assert lines == [
        *(f"not found: row {row} lengte F-003" for row in range(2, 7)),
        "not found: 1 more",
        "found alone: row 7 gewicht F-004",
    ]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Measure one small bench, of which each contender's run is a line of its own hits."""
    bench = Bench("tiny", 10, "csv", {ENGINE: 2, POLARS: 1})
    monkeypatch.setattr(engine, "BENCHES", (bench,))
    monkeypatch.setattr("local.bench.__main__.BENCHES", (bench,))
    monkeypatch.setattr(engine, "HOME", tmp_path)
    monkeypatch.setattr(engine, "bench_file", lambda *_, **__: tmp_path / "tiny.csv")
    found = {ENGINE: "2\tlengte\tF-003\n", POLARS: "2\tlengte\tF-003\n"}

    def run(_self, contender, file):
        (tmp_path / f"{file.name}.{contender}.hits").write_text(found[contender])
        return a_run(digest=found[contender])

    monkeypatch.setattr(Measuring, "_run", run)
    return found


@pytest.mark.usefixtures("small")
def test_the_bench_ends_well_when_everyone_finds_the_same(capsys):
    assert main(["engine", "--bench", "tiny"]) == 0
    assert "databroker_engine" in capsys.readouterr().out


def test_the_bench_fails_when_somebody_finds_something_else(small, capsys):
    small[POLARS] = "3\tgewicht\tF-004\n"

    assert main(["engine", "--bench", "tiny"]) == 1
    shown = capsys.readouterr().out
    assert "polars_expressions and databroker_engine differ on tiny.csv" in shown
    assert "not found: row 2 lengte F-003" in shown
    assert "found alone: row 3 gewicht F-004" in shown


@pytest.mark.usefixtures("small")
def test_a_contender_takes_the_rounds_that_its_bench_gives_it():
    measuring = Measuring(Path(sys.executable), Console(file=io.StringIO()), lambda _: None)

    measuring.measure(engine.BENCHES)

    assert {name: len(runs) for (_, name), runs in measuring.runs.items()} == {ENGINE: 2, POLARS: 1}


def python(*arguments):
    """Run Python as a contender runs: what it changes in our modules stays there."""
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(  # noqa: S603 - this interpreter, on our own code
        [sys.executable, *map(str, arguments)],
        check=True,
        capture_output=True,
        env=os.environ | path,
    )
    return ran.stdout


def test_a_run_tells_what_it_took_and_found(tmp_path):
    file, hits = tmp_path / "delivery.csv", tmp_path / "hits"
    write_csv(make_delivery(60, today=CONTEXT.today, errors=0.5), file)

    told = json.loads(python("-m", "local.bench.run_one", ROWS, file, "--hits", hits))

    found = hits.read_text().splitlines()
    assert told["hits"] == len(found) > 10
    assert told["cpu"] > 0
    assert told["memory"] > 10_000_000
    assert not any(code in hit for hit in found for code in ("F-203", "F-231", "W-209"))


def test_a_refused_file_is_a_fault_and_no_small_set(tmp_path):
    file = tmp_path / "delivery.csv"
    file.write_text("interv_nr;interv_datum\nMCX-1234;01-01-2026\n")

    with pytest.raises(subprocess.CalledProcessError) as fault:
        python("-m", "local.bench.run_one", ROWS, file)

    assert b"RefusedError: BF-007" in fault.value.stderr


def test_a_mess_has_the_cells_that_are_hard_to_read(tmp_path):
    write_mess(200, tmp_path / "mess.csv", today=CONTEXT.today, seed=1)

    with (tmp_path / "mess.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, delimiter=";")

    assert len(lines) == 200
    assert {len(line) for line in lines} == {len(header)}
    assert {"0_Nee", "\x1d", "31-02-2026"} < {cell for line in lines for cell in line}


def test_measuring_needs_no_peer():
    python(
        "-c",
        f"import sys; sys.modules |= dict.fromkeys({PEERS})\n"
        "import local.bench.__main__, local.bench.contenders.rows",
    )
