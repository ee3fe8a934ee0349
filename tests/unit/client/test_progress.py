"""What a person sees while a command is at work, and that nothing else ever sees it."""

import io
import sys
from argparse import Namespace

import pytest

from aanleveren.command import main
from aanleveren.progress import watch_of
from aanleveren.settings import Settings
from tests.support.interventions import an_intervention


class Stream(io.StringIO):
    def __init__(self, *, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def streams(monkeypatch):
    """Give the command a stdout and a stderr, each a terminal or not."""
    monkeypatch.setenv("TERM", "xterm")

    def give(*, out=True, err=True):
        made = Stream(terminal=out), Stream(terminal=err)
        monkeypatch.setattr(sys, "stdout", made[0])
        monkeypatch.setattr(sys, "stderr", made[1])
        return made

    return give


def watched(*, json=False, stil=False, size=1000):
    watch = watch_of(Namespace(json=json), Settings(stil=stil))
    with watch("Versturen", size) as moved:
        moved(250)
        moved(750)


def test_a_person_sees_how_far_it_is_and_no_trace_of_it_is_left_in_what_comes_out(streams):
    out, err = streams()

    watched()

    assert "Versturen" in err.getvalue()
    assert "1.0/1.0 kB" in err.getvalue()
    assert out.getvalue() == ""


def test_what_cannot_be_measured_is_not_given_a_measure(streams):
    _, err = streams()

    watched(size=None)

    assert "Versturen" in err.getvalue()
    assert "kB" not in err.getvalue()
    assert "%" not in err.getvalue()


@pytest.mark.parametrize(
    ("terminals", "how"),
    [
        ({"out": False}, {}),
        ({"err": False}, {}),
        ({}, {"json": True}),
        ({}, {"stil": True}),
    ],
)
def test_nobody_else_sees_anything(streams, terminals, how):
    out, err = streams(**terminals)

    watched(**how)

    assert (out.getvalue(), err.getvalue()) == ("", "")


@pytest.mark.parametrize("how", [("--stil",), ("--json",), ("--stil", "--json")])
def test_a_quiet_check_tells_the_outcome_alone(csv_of, streams, how):
    path = csv_of(an_intervention())
    out, err = streams()
    address = ("--dataset", "pmicd-interventie", "--centre", "MCX", "--today", "2026-03-05")

    assert main(["controleer", str(path), *address, *how]) == 0
    assert out.getvalue()
    assert err.getvalue() == ""


def test_a_person_who_checks_sees_it_go_on(csv_of, streams):
    path = csv_of(an_intervention())
    out, err = streams()
    address = ("--dataset", "pmicd-interventie", "--centre", "MCX", "--today", "2026-03-05")

    assert main(["controleer", str(path), *address]) == 0
    assert "Lezen" in err.getvalue()
    assert "Controleren" in err.getvalue()
    assert "Controleren" not in out.getvalue()
