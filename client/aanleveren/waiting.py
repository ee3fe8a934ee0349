"""Waiting for NHR to answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_BETWEEN_LOOKS = 1.0


def wait_for(look: Callable[[], T | None], seconds: float) -> T | None:
    """Look until there is something or the time is over; this will look once at least."""
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(_BETWEEN_LOOKS)
    return found
