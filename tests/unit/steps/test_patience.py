import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from databroker.steps import patience
from databroker.steps.patience import LONGEST, Patience
from tests.support.builders import RECEIVED_AT, a_delivery

FIRST = dt.timedelta(seconds=30)


def test_the_waits_grow_with_what_was_waited_and_stay_within_a_quarter_of_an_hour():
    waited, waits = dt.timedelta(0), []
    while (wait := Patience(waited, FIRST).wait_seconds()) is not None:
        waits.append(wait)
        waited += dt.timedelta(seconds=wait)

    assert waits[:6] == [30, 30, 60, 120, 240, 480]
    assert max(waits) == 15 * 60
    assert LONGEST - dt.timedelta(minutes=15) < waited <= LONGEST


@given(st.integers(0, 100_000), st.integers(1, 60), st.integers(0, 90_000), st.floats(0, 1e5))
def test_no_try_is_made_too_early_or_after_the_time_is_over(waited, first, longest, asked):
    left = Patience(*(dt.timedelta(seconds=each) for each in (waited, first, longest)))

    wait = left.wait_seconds(asked)

    if wait is None:
        assert waited + max(first, min(waited, 900), asked) > longest - 1
    else:
        assert wait >= max(first, asked)
        assert waited + wait <= longest


def test_a_person_is_waited_for_no_longer_than_the_session(monkeypatch):
    monkeypatch.setattr(patience, "now", lambda: RECEIVED_AT + dt.timedelta(minutes=10))
    delivery = a_delivery()

    ends = RECEIVED_AT + dt.timedelta(minutes=15)
    assert Patience.of(delivery, 30, until=ends).wait_seconds() is None
    assert Patience.of(delivery, 30, until=ends + dt.timedelta(minutes=5)).wait_seconds() == 600
    assert Patience.of(delivery, 30).wait_seconds() == 600
    assert Patience.of(delivery, 30, until=ends + dt.timedelta(days=3)).longest == LONGEST
