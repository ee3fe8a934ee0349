"""A hospital's ICT checks, delivers and fetches with the command alone."""

import datetime as dt
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
from urllib.parse import quote, urlencode

import pytest
from openpyxl import load_workbook

from local.epd import environment
from local.processes import ROOT
from simulators.hospital import make_delivery, write_csv

TODAY = dt.datetime.now(dt.UTC).date()
PLACES = [ROOT / "client", ROOT / "layers" / "databroker", ROOT / "layers" / "datasets"]
ADDRESS = ("--dataset", "pmicd-interventie", "--centre", "MCX")


@pytest.fixture
def variables(told, tmp_path):
    """Give the environment of a hospital's machine."""

    def of(who="MCX"):
        paths = {"PYTHONPATH": os.pathsep.join(map(str, PLACES)), "HOME": str(tmp_path)}
        return environment(told, who) | paths

    return of


@pytest.fixture
def aanleveren(variables):
    """Run the command as its own process, as the EPD of a centre."""

    def run(*arguments, who="MCX"):
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "aanleveren", *map(str, arguments)],
            env=variables(who),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def page(variables):
    """Open the window, and ask it what its page asks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aanleveren", "venster", "--json"],
        env=variables(),
        stdout=subprocess.PIPE,
        text=True,
    )
    place, _, token = json.loads(process.stdout.readline())["address"].partition("/#")

    def ask(method, path, body=None, **asked):
        question = urllib.request.Request(  # noqa: S310 - our own address
            f"{place}/{path}?{urlencode(asked, quote_via=quote)}",
            method=method,
            data=body,
            headers={"Origin": place, "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(question, timeout=30) as answer:  # noqa: S310 - our own address
            return answer.read()

    yield ask
    process.terminate()
    process.wait(10)
    process.stdout.close()


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


def test_a_file_is_pseudonymised_in_the_hospital_and_led_back_there(aanleveren, tmp_path):
    path, sent = a_file(tmp_path, 825_001), tmp_path / "versleuteld.csv"
    log = ("--logboek", tmp_path / "nhr.log")

    encrypted = aanleveren("versleutel", path, "--naar", sent, *ADDRESS)
    delivered = aanleveren("lever", sent, *ADDRESS, "--soort", "productie", "--wacht")
    number = delivered.stdout.strip()
    followed = aanleveren("status", number, "--wacht")
    back = aanleveren("herleid", number, "--rij", "5", "--centre", "MCX", *log)

    assert [each.returncode for each in (encrypted, delivered, followed, back)] == [0, 0, 0, 0]
    assert "20 nieuw" in followed.stdout
    header, *rows = (line.split(";") for line in path.read_text("utf-8-sig").splitlines())
    patient = rows[3][header.index("pat_nr")]
    assert back.stdout == f"{patient}\n"
    assert patient not in sent.read_text("utf-8-sig")
    assert "herleid gevraagd" in (tmp_path / "nhr.log").read_text()


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


def test_a_task_needs_no_more_than_a_config_file(aanleveren, tmp_path):
    path, log = a_file(tmp_path, 840_001), tmp_path / "log.txt"
    lines = ("dataset = 'pmicd-interventie'", "centre = 'MCX'", "soort = 'test'", "stil = true")
    (tmp_path / ".aanleveren.toml").write_text("\n".join([*lines, f"logboek = '{log}'"]))

    checked = aanleveren("controleer", path)
    number = json.loads(aanleveren("lever", path, "--wacht", "--json").stdout)["delivery_id"]
    followed = aanleveren("status", number, "--wacht")

    assert [checked.returncode, followed.returncode] == [0, 0]
    assert followed.stdout.startswith(f"{number}: getest.")
    noted = [line.split()[1:3] for line in log.read_text().splitlines()]
    assert noted == [["controleer", "exit=0"], ["lever", "exit=0"], ["status", "exit=0"]]
    assert log.read_text().count(f"nummer={number}") == 2


def test_who_does_not_type_walks_the_same_road(page, tmp_path):
    path = a_file(tmp_path, 850_001, errors=0.4)
    address = {"dataset": "pmicd-interventie", "centre": "MCX", "name": path.name}

    checked = json.loads(page("POST", "check", path.read_bytes(), **address))
    page("POST", "deliver", b"", file=checked["file"], kind="test")
    number = until(lambda: json.loads(page("GET", "receipt"))["delivery_id"])
    done = until(lambda: processed(page, number))
    report = page("GET", "report", delivery=number)

    assert done["status"] == "getest"
    assert done["groups"] == checked["groups"]
    assert done["groups"]
    assert "Samenvatting" in load_workbook(io.BytesIO(report)).sheetnames


def processed(page, number):
    told = json.loads(page("GET", "status", delivery=number))
    return told if told["processed"] else None


def until(look, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)
    return found
