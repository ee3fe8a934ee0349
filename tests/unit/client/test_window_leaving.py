"""How `aanleveren venster` opens, and closes when nobody looks at it any more."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from aanleveren import window as the_window
from aanleveren.window import desk as desks
from aanleveren.window import server as servers
from aanleveren.window.server import Window
from local.translate import PROJECT
from tests.unit.client.browser import Page

INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts behind it ignores it
from aanleveren.command import main
sys.exit(main())
"""


def test_a_page_that_is_away_too_long_closes_the_window(opened):
    window, serving = opened(away_seconds=0.2)

    serving.join(5)

    assert not serving.is_alive()
    assert window.desk is not None


def test_a_page_that_asks_keeps_the_window_open(opened):
    window, serving = opened(away_seconds=1.5)
    page = Page(window)

    for _ in range(6):
        time.sleep(0.3)
        assert page.ask("GET", "/stay").status == 200

    assert serving.is_alive()


def test_who_knocks_without_the_token_does_not_keep_it_open(opened):
    window, serving = opened(away_seconds=1.0)
    page = Page(window)

    for _ in range(8):
        if serving.is_alive():
            page.ask("GET", "/stay", Authorization=None)
        serving.join(0.3)

    assert not serving.is_alive()


def test_a_page_that_is_closed_closes_the_window_soon(opened, monkeypatch):
    monkeypatch.setattr(servers, "_LEFT_SECONDS", 0.2)
    window, serving = opened()

    assert Page(window).ask("POST", "/leave").status == 200

    serving.join(5)
    assert not serving.is_alive()


def test_a_page_that_is_loaded_again_keeps_it_open(opened, monkeypatch):
    monkeypatch.setattr(servers, "_LEFT_SECONDS", 0.8)
    window, serving = opened()
    page = Page(window)

    page.ask("POST", "/leave")
    page.ask("GET", "/start")
    serving.join(2)

    assert serving.is_alive()


def test_a_check_that_lasts_is_not_absence(opened, content, monkeypatch):
    def slow(*_):
        time.sleep(1.5)
        raise desks.CommandError(desks.Exit.RETRY, "Traag.")

    monkeypatch.setattr(desks.checking, "check_file", slow)
    window, serving = opened(away_seconds=0.5)

    assert Page(window).check(content).told["error"] == "Traag."
    assert serving.is_alive()


@pytest.mark.parametrize("how", ["--geen-browser", "--json"])
def test_the_command_prints_the_address_and_ends_well_on_ctrl_c(tmp_path, how):
    places = ("client", "layers/databroker", "layers/datasets")
    paths = os.pathsep.join(str(PROJECT / at) for at in places)
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", INTERRUPTIBLE, "venster", how, "--stil"],
        env=os.environ | {"PYTHONPATH": paths, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    address = json.loads(line)["address"] if how == "--json" else line.strip()
    port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/#[\w-]{43}", address)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(("opens", "out"), [(True, ""), (False, "http://127.0.0.1:")])
def test_the_browser_is_opened_and_without_one_the_address_is_told(
    aanleveren, monkeypatch, opens, out
):
    seen = []
    monkeypatch.setattr(the_window.webbrowser, "open", lambda at: seen.append(at) or opens)
    monkeypatch.setattr(Window, "serve", lambda _: None)

    ran = aanleveren("venster")

    assert ran.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{43}", seen[0])
    assert ran.out.startswith(out)
    assert bool(ran.out) is bool(out)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OSError(errno.EBADF, "closed by Ctrl-C"), ""),
        (ConnectionResetError(), ""),
        (OSError(errno.ENOSPC, "a name"), "aanleveren: Technische fout (OSError).\n"),
    ],
)
def test_a_line_that_ctrl_c_closed_under_an_answer_is_no_fault(opened, capsys, fault, told):
    window, _ = opened()

    try:
        raise fault
    except OSError:
        window.handle_error(None, None)

    assert capsys.readouterr().err == told
