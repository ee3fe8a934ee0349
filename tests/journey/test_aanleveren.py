"""A hospital's ICT checks, delivers and fetches with the command alone."""

import datetime as dt
import json
import os
import subprocess
import sys

import pytest
from openpyxl import load_workbook

from local.epd import environment
from local.processes import ROOT
from simulators.hospital import make_delivery, write_csv

TODAY = dt.datetime.now(dt.UTC).date()
PLACES = [ROOT / "client", ROOT / "layers" / "databroker", ROOT / "layers" / "datasets"]
ADDRESS = ("--dataset", "pmicd-interventie", "--centre", "MCX")


@pytest.fixture
def aanleveren(told, tmp_path):
    """Run the command as its own process, as the EPD of a centre."""

    def run(*arguments, who="MCX"):
        paths = {"PYTHONPATH": os.pathsep.join(map(str, PLACES)), "HOME": str(tmp_path)}
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "aanleveren", *map(str, arguments)],
            env=environment(told, who) | paths,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def a_file(tmp_path, first_number, **how):
    path = tmp_path / f"kwartaal {first_number}.csv"
    write_csv(make_delivery(20, today=TODAY, first_number=first_number, **how), path)
    return path


def test_a_check_finds_what_the_answer_to_a_test_delivery_tells(aanleveren, tmp_path):
    path = a_file(tmp_path, 810_001, errors=0.4)

    checked = aanleveren("controleer", path, *ADDRESS, "--json")
    delivered = aanleveren("lever", path, *ADDRESS, "--soort", "test", "--wacht")
    status = aanleveren("status", delivered.stdout.strip(), "--wacht", "--json")

    answer = json.loads(status.stdout)
    assert answer["status"] == "getest"
    assert answer["findings"]
    assert json.loads(checked.stdout) == {name: answer[name] for name in ("counts", "findings")}
    assert checked.returncode == status.returncode == 1


def test_a_file_is_delivered_followed_and_its_report_fetched(aanleveren, tmp_path):
    path, report = a_file(tmp_path, 820_001), tmp_path / "rapport.xlsx"

    delivered = aanleveren("lever", path, *ADDRESS, "--soort", "productie", "--wacht")
    number = delivered.stdout.strip()
    followed = aanleveren("status", path, "--centre", "MCX", "--wacht")
    fetched = aanleveren("rapport", number, "--naar", report)

    assert [each.returncode for each in (delivered, followed, fetched)] == [0, 0, 0]
    assert followed.stdout == (
        f"{number}: verwerkt. 20 records: 20 goed "
        "(20 nieuw, 0 gewijzigd, 0 ongewijzigd), 0 geweigerd.\n"
    )
    assert "Samenvatting" in load_workbook(report).sheetnames


def test_another_hospital_has_no_access(aanleveren, tmp_path):
    path = a_file(tmp_path, 830_001)
    number = aanleveren("lever", path, *ADDRESS, "--soort", "test", "--wacht").stdout.strip()

    tried = [
        aanleveren("lever", path, *ADDRESS, "--soort", "test", who="MCY"),
        aanleveren("status", number, who="MCY"),
        aanleveren("rapport", number, "--naar", tmp_path / "rapport.xlsx", who="MCY"),
    ]

    assert [each.returncode for each in tried] == [4, 4, 4]
    assert {each.stdout for each in tried} == {""}
    assert not (tmp_path / "rapport.xlsx").exists()
