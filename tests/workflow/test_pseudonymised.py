"""Deliveries that the hospital pseudonymised itself: the same road, the same patients."""

import datetime as dt
import json

import pytest

from aanleveren.command import main
from databroker.dataset import find_versions
from databroker.intake import read_delivery
from simulators.hospital.deliveries import make_delivery
from simulators.hospital.files import write_csv, write_xml
from simulators.zorgttp.settings import Role, read_settings
from tests.support.workflow import (
    DISPOSED,
    ENCRYPTED,
    EXCHANGED,
    IN,
    OUT,
    PRODUCTION,
    ROUND,
    items,
    nothing_is_left_in_the_intake_zone,
    records,
)

TODAY = dt.date(2026, 3, 5)
PSEUDONYMS = ("ps_pat", "ps_naam", "ps_partner", "ps_bsn", "ps_c")


@pytest.fixture
def at_source(workflow, monkeypatch, capsys):
    """Pseudonymise a file as a hospital does, and give what it wrote."""

    def run(file, place, centre="MCX", expected=0):
        account = read_settings().account(Role.SOURCE, centre)
        monkeypatch.setenv("AANLEVEREN_ZORGTTP_GEBRUIKER", account.username)
        monkeypatch.setenv("AANLEVEREN_ZORGTTP_WACHTWOORD", account.password)
        exit_code = main(
            [
                "versleutel",
                str(file),
                "--naar",
                str(place),
                "--dataset",
                "pmicd-interventie",
                "--centre",
                centre,
                "--zorgttp",
                workflow.zorgttp_url,
                "--today",
                TODAY.isoformat(),
                "--json",
            ]
        )
        told = json.loads(capsys.readouterr().out)
        assert exit_code == expected
        return place.read_bytes(), told

    return run


def registered():
    """Give the pseudonyms of every registered procedure, by its number."""
    return {
        item["interv_nr"]["S"]: {
            name: item["fields"]["M"][name]["S"]
            for name in PSEUDONYMS
            if name in item["fields"]["M"]
        }
        for item in records()
    }


def test_the_same_patients_have_the_same_pseudonyms_by_every_road(workflow, tmp_path, at_source):
    """Webservice, local client with CSV, local client with XML."""
    delivery = make_delivery(60, today=TODAY)
    write_csv(delivery, tmp_path / "file.csv")
    write_xml(delivery, tmp_path / "file.xml")
    as_csv, _ = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")
    as_xml, _ = at_source(tmp_path / "file.xml", tmp_path / "versleuteld.xml")

    first = workflow.deliver((tmp_path / "file.csv").read_bytes())
    by_webservice = registered()
    second = workflow.deliver(as_csv)
    third = workflow.deliver(as_xml, name="versleuteld.xml")

    assert first.processed["counts"]["new"] == 60
    assert len(by_webservice) == 60
    assert all(each["ps_pat"].startswith("DP-L-") for each in by_webservice.values())
    # Whatever differs from what is registered would be a change.
    assert second.processed["counts"]["unchanged"] == 60
    assert third.processed["counts"]["unchanged"] == 60
    assert second.states == third.states == first.states
    assert first.states == [*PRODUCTION, "Iets goedgekeurd?", *ROUND, *OUT]
    assert registered() == by_webservice
    assert nothing_is_left_in_the_intake_zone()


def test_what_leaves_the_hospital_has_no_personal_data(tmp_path, at_source):
    planted = make_delivery(40, today=TODAY)
    write_csv(planted, tmp_path / "file.csv")

    content, told = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")

    reading = read_delivery(content, "versleuteld.csv", find_versions("pmicd-interventie"))
    personal = ("pat_nr", "geb_naam", "partnernaam", "geb_datum", "bsn", "postcode")
    assert not set(personal) & set(reading.records.names)
    original = read_delivery(
        (tmp_path / "file.csv").read_bytes(), "file.csv", find_versions("pmicd-interventie")
    ).records
    secrets = {
        cell for name in personal for cell in original.column(name) if cell and len(cell) > 4
    }
    assert secrets
    assert not [secret for secret in secrets if secret.encode() in content]
    assert told["counts"] == {
        "records": 40, "accepted": 40, "refused": 0, "new": 0, "changed": 0, "unchanged": 0
    }  # fmt: skip


def test_a_check_on_the_machine_of_the_hospital_tells_who_has_no_pseudonym(
    tmp_path, at_source, capsys
):
    write_csv(make_delivery(6, today=TODAY), tmp_path / "file.csv")
    content, _ = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")
    header, first, second, *rest = content.decode("utf-8-sig").splitlines()
    place = header.split(";").index("ps_pat")
    without, wrong = first.split(";"), second.split(";")
    without[place], wrong[place] = "", "zomaar iets"
    path = tmp_path / "later.csv"
    path.write_text("\r\n".join([header, ";".join(without), ";".join(wrong), *rest]))

    address = ["--dataset", "pmicd-interventie", "--centre", "MCX"]
    exit_code = main(["controleer", str(path), *address, "--today", TODAY.isoformat(), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert exit_code == 1
    assert [(f["code"], f["row"]) for f in told["findings"] if f["row"]] == [
        ("F-110", 2),
        ("F-114", 3),
    ]


def test_a_test_of_a_pseudonymised_file_asks_nobody(workflow, tmp_path, at_source):
    write_csv(make_delivery(6, today=TODAY), tmp_path / "file.csv")
    content, _ = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")
    before = workflow.zorgttp_calls()

    outcome = workflow.deliver(content, "test")

    assert outcome.processed["status"] == "getest"
    assert outcome.processed["counts"]["accepted"] == 6
    assert workflow.zorgttp_calls() == before
    assert items("registry-table") == []


def test_personal_data_in_a_pseudonymised_file_refuse_it(workflow, tmp_path, at_source):
    write_csv(make_delivery(6, today=TODAY), tmp_path / "file.csv")
    content, _ = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")
    with_names = content.replace(b"ps_naam", b"geb_naam")

    outcome = workflow.deliver(with_names)

    assert (outcome.processed["status"], outcome.codes) == ("geweigerd", ["BF-027"])
    assert "geb_naam" in outcome.processed["findings"][0]["message"]
    assert nothing_is_left_in_the_intake_zone()


def test_a_pseudonym_that_was_used_before_refuses_its_record_only(workflow, tmp_path, at_source):
    write_csv(make_delivery(6, today=TODAY), tmp_path / "file.csv")
    content, _ = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")
    fresh, _ = at_source(tmp_path / "file.csv", tmp_path / "opnieuw.csv")
    workflow.deliver(content)
    used, new = content.decode("utf-8-sig").splitlines(), fresh.decode("utf-8-sig").splitlines()

    outcome = workflow.deliver("\r\n".join([*new[:3], used[3], *new[4:]]).encode())

    told = [(f["code"], f["row"]) for f in outcome.processed["findings"] if f["row"]]
    assert ("F-110", 4) in told
    assert {row for _, row in told} == {4}
    assert outcome.processed["counts"]["unchanged"] == 5
    assert outcome.processed["counts"]["refused"] == 1
    assert "2104" in str(outcome.processed["findings"])


@pytest.mark.parametrize("instead", ["", "zomaar iets", "DP-L-A-" + "a" * 43])
def test_anything_else_than_a_temporary_pseudonym_refuses_the_record(
    workflow, tmp_path, at_source, instead
):
    write_csv(make_delivery(6, today=TODAY), tmp_path / "file.csv")
    content, _ = at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")
    header, first, *rest = content.decode("utf-8-sig").splitlines()
    cells = first.split(";")
    cells[header.split(";").index("ps_pat")] = instead

    outcome = workflow.deliver("\r\n".join([header, ";".join(cells), *rest]).encode())

    told = [(f["code"], f["row"]) for f in outcome.processed["findings"] if f["row"]]
    assert told == [("F-114" if instead else "F-110", 2)]
    assert outcome.processed["counts"]["new"] == 5
    assert instead == "" or instead not in json.dumps(outcome.processed)
    assert outcome.states[:7] == [*IN, *ENCRYPTED, *EXCHANGED]
    assert outcome.states[7:9] == DISPOSED


def test_a_hospital_leads_a_record_back_to_its_own_patient(
    workflow, tmp_path, at_source, monkeypatch, capsys
):
    delivery = make_delivery(6, today=TODAY)
    write_csv(delivery, tmp_path / "file.csv")
    at_source(tmp_path / "file.csv", tmp_path / "versleuteld.csv")  # sets the account as well
    outcome = workflow.deliver((tmp_path / "file.csv").read_bytes())
    where = ["--outbox", "outbox-bucket", "--zorgttp", workflow.zorgttp_url, "--centre", "MCX"]
    unaudited = main(["herleid", outcome.delivery_id, "--rij", "4", *where])
    assert (unaudited, capsys.readouterr().out) == (2, "")
    audit = tmp_path / "logboek.log"
    where += ["--logboek", str(audit)]
    rows = (tmp_path / "file.csv").read_text("utf-8-sig").splitlines()
    header, third = rows[0].split(";"), rows[3].split(";")

    by_row = main(["herleid", outcome.delivery_id, "--rij", "4", *where])
    told_by_row = capsys.readouterr().out.strip()
    number = third[header.index("interv_nr")]
    by_number = main(["herleid", outcome.delivery_id, "--interv-nr", number, *where, "--json"])
    told_by_number = json.loads(capsys.readouterr().out)

    assert (by_row, by_number) == (0, 0)
    assert told_by_row == third[header.index("pat_nr")]
    assert told_by_number["pat_nr"] == told_by_row
    logged = audit.read_text()
    assert logged.count("herleid gevraagd") == 2
    assert logged.count(outcome.delivery_id) >= 2
    assert told_by_row not in logged

    other = read_settings().account(Role.SOURCE, "MCY")
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_GEBRUIKER", other.username)
    monkeypatch.setenv("AANLEVEREN_ZORGTTP_WACHTWOORD", other.password)
    where[where.index("MCX")] = "MCY"
    denied = main(["herleid", outcome.delivery_id, "--rij", "4", *where])
    assert denied == 4
    assert told_by_row not in "".join(capsys.readouterr())
    # ZorgTTP keeps its own account of who turned back how many, refused or not.
    assert workflow.zorgttp_calls()["reversed.MCY.calls"] == 1
    assert audit.read_text().count("herleid gevraagd") == 3
