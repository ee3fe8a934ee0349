"""One workflow for each test."""

import pytest

from tests.support.workflow import a_workflow


@pytest.fixture
def workflow(monkeypatch, tmp_path):
    with a_workflow(monkeypatch, tmp_path) as running:
        yield running
