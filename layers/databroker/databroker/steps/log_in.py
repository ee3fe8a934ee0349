"""Somebody logs in at ZorgTTP for a delivery of a browser (manual, step 1): once, by name and password."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING

from databroker.ports import (
    CredentialsRefusedError,
    PseudonymServiceUnavailableError,
    ZorgTtpSession,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from databroker.delivery import Centre, Delivery
    from databroker.ports import Ledger, Sessions


class Login(StrEnum):
    """How it ended; the page knows what to say of it."""

    OPENED = "geopend"
    REFUSED = "geweigerd"
    TOO_OFTEN = "te vaak"
    UNREACHABLE = "onbereikbaar"


def log_in(
    delivery: Delivery,
    centre: Centre,
    user: str,
    open_session: Callable[[], tuple[str, int]],
    *,
    now: dt.datetime,
    ledger: Ledger,
    sessions: Sessions,
) -> Login:
    """Open a session with the name and password that `open_session` carries, and keep it.

    `centre` and `user` are those of who is logged in at NHR. At most five tries in a quarter of an
    hour reach ZorgTTP. What is kept is the session, sealed, until the source is removed; the password
    is kept nowhere.

    Raises:
        PermissionError: the delivery is of another centre.
    """
    if delivery.centre != centre:
        raise PermissionError("the delivery is of another centre")
    if not ledger.may_try(user, now):
        return Login.TOO_OFTEN
    try:
        token, seconds = open_session()
    except CredentialsRefusedError:
        return Login.REFUSED
    except PseudonymServiceUnavailableError:
        return Login.UNREACHABLE
    sessions.keep(delivery, ZorgTtpSession(token, now + dt.timedelta(seconds=seconds)))
    return Login.OPENED
