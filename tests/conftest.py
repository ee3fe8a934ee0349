"""What every test may rely on: no way to a real account, one region."""

from __future__ import annotations

import pytest

from local.processes import forget_own_environment
from tests.support.cloud import ACCOUNT


@pytest.fixture(scope="session", autouse=True)
def no_environment_of_a_developer():
    forget_own_environment()


@pytest.fixture(autouse=True)
def no_real_account(monkeypatch):
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
