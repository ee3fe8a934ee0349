"""One simulator per test, with its two usual parties logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulators.zorgttp.settings import read_settings
from tests.simulators.parties import Client, Simulator, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(read_settings()) as simulator:
        yield simulator


@pytest.fixture
def mcx(simulator: Simulator) -> Client:
    return simulator.mcx


@pytest.fixture
def nhr(simulator: Simulator) -> Client:
    return simulator.nhr
