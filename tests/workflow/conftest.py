"""One workflow for each test, and files to put in it."""

import datetime as dt

import pytest

from simulators.hospital.deliveries import make_delivery
from simulators.hospital.files import write_csv
from tests.support.workflow import a_workflow

TODAY = dt.date(2026, 3, 5)


@pytest.fixture
def workflow(monkeypatch, tmp_path):
    with a_workflow(monkeypatch, tmp_path) as running:
        yield running


@pytest.fixture
def a_file(tmp_path):
    def write(size=6, **how):
        path = tmp_path / "file.csv"
        write_csv(make_delivery(size, today=TODAY, **how), path)
        return path.read_bytes()

    return write
