"""Who is let in by `aanleveren venster`: this machine, this run, this page."""

from __future__ import annotations

import socket

import pytest

QUESTIONS = [
    ("GET", "/start"),
    ("POST", "/check"),
    ("POST", "/deliver"),
    ("GET", "/progress"),
    ("GET", "/receipt"),
    ("GET", "/status"),
    ("GET", "/report"),
    ("GET", "/stay"),
    ("POST", "/leave"),
    ("POST", "/forget"),
    ("POST", "/pseudonymise"),
    ("GET", "/pseudonymised"),
    ("GET", "/niets"),
]


def test_it_listens_on_this_machine_alone(page):
    assert page.window.server_address[0] == "127.0.0.1"
    assert page.window.socket.family == socket.AF_INET


def test_every_run_has_a_token_of_its_own_that_nobody_guesses(opened):
    tokens = {opened()[0].token for _ in range(5)}

    assert len(tokens) == 5
    assert min(map(len, tokens)) >= 43


@pytest.mark.parametrize(("method", "path"), QUESTIONS)
@pytest.mark.parametrize(
    "token", [None, "", "Bearer", "Bearer ", "Bearer nee", "Basic {}", "{}", "Bearer {}x", "é"]
)
def test_nothing_is_done_or_told_without_the_token(page, monkeypatch, method, path, token):
    monkeypatch.setattr(page.window, "desk", None)  # whoever came this far would find nobody
    told = token and token.format(page.window.token)

    answer = page.ask(method, path, Authorization=told)

    assert (answer.status, answer.content) == (401, b"")


def test_the_token_is_not_taken_from_an_address(page):
    answer = page.ask("GET", "/start", {"token": page.window.token}, Authorization=None)

    assert answer.status == 401


@pytest.mark.parametrize("path", ["/", "/page.js", "/start"])
@pytest.mark.parametrize("host", [None, "kwaad.nl", "kwaad.nl:{}", "127.0.0.1", "127.0.0.1:1"])
def test_another_name_for_this_machine_is_refused(page, path, host):
    answer = page.ask("GET", path, Host=host and host.format(page.port))

    assert (answer.status, answer.content) == (421, b"")


def test_localhost_is_this_machine(page):
    host = f"localhost:{page.port}"

    assert page.ask("GET", "/start", Host=host, Origin=f"http://{host}").status == 200


@pytest.mark.parametrize(
    "origin", ["http://kwaad.nl", "null", "https://127.0.0.1:{}", "http://127.0.0.1:1"]
)
@pytest.mark.parametrize(("method", "path"), QUESTIONS)
def test_another_page_is_refused(page, method, path, origin):
    answer = page.ask(method, path, Origin=origin.format(page.port))

    assert (answer.status, answer.content) == (403, b"")


def test_what_does_something_has_to_say_where_it_comes_from(page):
    assert page.ask("POST", "/deliver", Origin=None).status == 403
    assert page.ask("GET", "/stay", Origin=None).status == 200


@pytest.mark.parametrize("path", ["/", "/page.css", "/page.js", "/start"])
def test_no_other_page_may_read_frame_or_keep_an_answer(page, path):
    headers = page.ask("GET", path).headers

    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_no_other_page_may_ask_first(page):
    assert page.ask("OPTIONS", "/check").status == 501


@pytest.mark.parametrize(
    "path", ["/../server.py", "/page/index.html", "/%2e%2e/desk.py", "//etc/passwd"]
)
def test_no_other_file_is_given(page, path):
    assert page.ask("GET", path).status == 404
