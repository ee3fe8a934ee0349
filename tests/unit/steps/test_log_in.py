import datetime as dt

import pytest

from databroker.delivery import Centre
from databroker.ports import (
    CredentialsRefusedError,
    PseudonymServiceUnavailableError,
    ZorgTtpSession,
)
from databroker.steps.log_in import log_in
from tests.support.builders import RECEIVED_AT, a_delivery
from tests.support.memory import MemoryLedger, MemorySessions


class Desk:
    """Who opens a session, and how often that was asked."""

    def __init__(self, fault=None):
        self.fault, self.asked = fault, 0

    def open(self):
        self.asked += 1
        if self.fault:
            raise self.fault
        return "s-1", 900


def walk_in(desk, ledger, sessions, *, centre="MCX", now=RECEIVED_AT):
    return log_in(
        a_delivery(),
        Centre(centre),
        "a user",
        desk.open,
        now=now,
        ledger=ledger,
        sessions=sessions,
    )


def test_a_session_that_was_opened_is_kept_as_long_as_it_lasts():
    sessions = MemorySessions()

    outcome = walk_in(Desk(), MemoryLedger(), sessions)

    assert outcome == "geopend"
    kept = ZorgTtpSession("s-1", RECEIVED_AT + dt.timedelta(minutes=15))
    assert sessions.find(a_delivery()) == kept


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (CredentialsRefusedError("200"), "geweigerd"),
        (PseudonymServiceUnavailableError("503"), "onbereikbaar"),
    ],
)
def test_a_login_that_fails_keeps_nothing(fault, expected):
    sessions = MemorySessions()

    assert walk_in(Desk(fault), MemoryLedger(), sessions) == expected
    assert sessions.find(a_delivery()) is None


def test_the_sixth_try_makes_no_call():
    desk, ledger = Desk(CredentialsRefusedError("200")), MemoryLedger()

    outcomes = [walk_in(desk, ledger, MemorySessions()) for _ in range(6)]

    assert outcomes == ["geweigerd"] * 5 + ["te vaak"]
    assert desk.asked == 5


def test_nobody_logs_in_for_the_delivery_of_another_centre():
    desk = Desk()

    with pytest.raises(PermissionError):
        walk_in(desk, MemoryLedger(), MemorySessions(), centre="MCY")

    assert desk.asked == 0
