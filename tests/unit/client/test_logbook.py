"""The log file: a line for each command, and nothing in it that may not be known."""

import os
import re
import subprocess
import sys

import pytest
from filelock import FileLock

from aanleveren import logbook
from aanleveren.outcome import CommandError, Exit, Outcome
from local.translate import PROJECT
from simulators.hospital import make_delivery, write_csv
from tests.support.interventions import TODAY, an_intervention

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d controleer exit=(\d) seconden=\d+\.\d pid=\d+(.*)"
)
WRITER = """
import sys
from pathlib import Path
from aanleveren import logbook
from aanleveren.outcome import Exit, Outcome
logbook.MOST_BYTES = int(sys.argv[2])
for number in range(150):
    assert logbook.note(Path(sys.argv[1]), "proef", Outcome(Exit.GOOD, delivery_id=f"{sys.argv[3]}-{number}"), 0)
"""


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_a_line_tells_when_what_how_it_ended_and_how_many(csv_of, controleer, tmp_path):
    log = tmp_path / "log.txt"
    path = csv_of(an_intervention(lengte="lang"), an_intervention(interv_nr="MCX-000124"))

    controleer(path, "--logboek", log)

    (line,) = lines_of(log)
    assert LINE.fullmatch(line).groups() == ("1", " records=2 accepted=0 refused=2")


@pytest.mark.parametrize("dataset", ["hartkleppen", "pmicd-interventie"])
def test_what_went_wrong_is_told_and_not_what_was_typed(controleer, tmp_path, dataset):
    log = tmp_path / "log.txt"

    ran = controleer(tmp_path / "999990019.csv", "--logboek", log, dataset=dataset)

    (line,) = lines_of(log)
    assert ran.exit_code == 2
    assert LINE.fullmatch(line)[1] == "2"
    assert 'fout="' in line
    assert "hartkleppen" not in line
    assert "999990019" not in line


def test_nothing_of_a_file_is_in_the_log(controleer, tmp_path):
    delivery = make_delivery(60, today=TODAY, errors=0.9, bsn=True)
    path, log = tmp_path / "Jansen.csv", tmp_path / "log.txt"
    write_csv(delivery, path)

    ran = controleer(path, "--logboek", log, today=TODAY.isoformat())

    told = log.read_text(encoding="utf-8")
    values = {cell for row in delivery.rows for cell in row if len(cell) > 6}
    assert ran.exit_code == 1
    assert [value for value in {*values, "Jansen"} if value in told] == []


def test_a_log_that_cannot_be_written_is_told_and_changes_no_exit_code(
    csv_of, controleer, tmp_path
):
    ran = controleer(csv_of(an_intervention()), "--logboek", tmp_path)

    assert ran.exit_code == 0
    assert "logboek" in ran.err
    assert ran.out


def test_tasks_that_write_at_once_lose_no_line_and_break_none(tmp_path):
    log = tmp_path / "log.txt"
    writers = [
        subprocess.Popen(  # noqa: S603 - this interpreter, on our own code
            [sys.executable, "-c", WRITER, str(log), "20000", name],
            env=os.environ | {"PYTHONPATH": str(PROJECT / "client")},
        )
        for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]

    numbers = [
        re.fullmatch(r"\S+ proef exit=0 seconden=0.0 pid=\d+ nummer=(\w-\d+)", line)[1]
        for path in (log.with_name("log.txt.1"), log)
        for line in lines_of(path)
    ]

    assert len(numbers) == len(set(numbers))
    for name in "abc":
        own = [int(number[2:]) for number in numbers if number[0] == name]
        assert own == list(range(150 - len(own), 150))


def test_who_finds_the_log_taken_waits_and_does_not_write_through_it(tmp_path, monkeypatch):
    monkeypatch.setattr(logbook, "_PATIENCE", 0.1)
    log = tmp_path / "log.txt"

    with FileLock(f"{log}.lock"):
        taken = logbook.note(log, "proef", Outcome(Exit.GOOD), 0)
        there = log.exists()

    assert (taken, there) == (False, False)
    assert logbook.note(log, "proef", Outcome(Exit.GOOD), 0)


def test_the_log_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(logbook, "MOST_BYTES", 1000)
    log = tmp_path / "log.txt"

    for _ in range(100):
        logbook.note(log, "proef", Outcome(Exit.GOOD), 0)

    assert len(lines_of(log)) + len(lines_of(tmp_path / "log.txt.1")) < 60
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) < 3000


def test_a_line_has_the_counts_that_are_known_and_no_other(tmp_path):
    log = tmp_path / "log.txt"

    logbook.note(log, "proef", Outcome(Exit.GOOD, {"new": 1, "bsn": 999990019}), 0)

    assert lines_of(log)[0].endswith(" new=1")


def test_a_block_that_fails_is_noted_with_why(tmp_path):
    log = tmp_path / "log.txt"

    with (
        pytest.raises(CommandError),
        logbook.noting(log, "proef"),
    ):
        raise CommandError(Exit.DENIED, "Geen toegang.")

    assert "exit=4 " in lines_of(log)[0]
    assert lines_of(log)[0].endswith('fout="Geen toegang."')
