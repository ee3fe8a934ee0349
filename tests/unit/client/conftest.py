"""The command as a scheduler runs it: arguments in; exit code, output and messages out."""

from __future__ import annotations

import csv
import json
import os
import threading
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import xlsxwriter
from moto import mock_aws

from aanleveren.command import main
from aanleveren.window import server as servers
from aanleveren.window.desk import Desk
from aanleveren.window.server import Window
from tests.support.cloud import REGION
from tests.support.interventions import an_intervention
from tests.unit.client.browser import SETTINGS, Page


@dataclass
class Ran:
    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def findings(self) -> list[dict[str, Any]]:
        return self.document["findings"]


@pytest.fixture(autouse=True)
def nothing_of_a_developer(monkeypatch, tmp_path):
    """Give every test a home without a config file, and no setting in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("AANLEVEREN_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def aanleveren(capsys):
    """Run the command in this process."""

    def run(*arguments):
        try:
            exit_code = main([str(each) for each in arguments])
        except SystemExit as stop:  # what argparse does with a wrong command
            exit_code = stop.code
        out, err = capsys.readouterr()
        return Ran(exit_code, out, err)

    return run


@pytest.fixture
def controleer(aanleveren):
    """Check a file of centre MCX on the day the examples are about."""

    def run(path, *more, dataset="pmicd-interventie", centre="MCX", today="2026-03-05"):
        address = ("--dataset", dataset, "--centre", centre, "--today", today)
        return aanleveren("controleer", path, *address, *more)

    return run


@pytest.fixture
def csv_of(tmp_path):
    """Write interventions as a CSV file, the first on line 2."""

    def write(*rows, name="kwartaal.csv"):
        path = tmp_path / name
        names = list(dict.fromkeys(name for row in rows for name in row))
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, names, delimiter=";", restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def xlsx_of(tmp_path):
    """Write interventions as a workbook, the first on row 2."""

    def write(*rows, name="kwartaal.xlsx"):
        names = list(dict.fromkeys(name for row in rows for name in row))
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as workbook:
            sheet = workbook.add_worksheet("PMICD_NHR")
            for number, cells in enumerate(
                [names, *([row.get(n, "") for n in names] for row in rows)]
            ):
                for place, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(number, place, cell)
        return path

    return write


@pytest.fixture
def opened(monkeypatch):
    """Open windows, and close what is still open."""
    monkeypatch.setattr(servers, "_LOOK_SECONDS", 0.02)
    open_now = []

    def start(settings=SETTINGS, **how):
        window = Window(Desk(settings), **how)
        serving = threading.Thread(target=window.serve, daemon=True)
        serving.start()
        open_now.append((window, serving))
        return window, serving

    yield start
    for window, serving in open_now:
        window._away_seconds = 0.0
        window.left()
        serving.join(10)
        window.server_close()
        assert not serving.is_alive()


@pytest.fixture
def page(opened):
    return Page(opened()[0])


@pytest.fixture
def nhr(monkeypatch):
    """Give S3 with the two buckets; nobody answers by itself."""
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        s3 = boto3.client("s3", region_name=REGION)
        for bucket in ("inbox-bucket", "outbox-bucket"):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        yield s3


@pytest.fixture
def content(csv_of):
    """Give a file with one mistake in four records."""
    return csv_of(
        an_intervention(lengte="lang"),
        *(an_intervention(interv_nr=f"MCX-26-{each:06d}") for each in range(3)),
    ).read_bytes()
