"""`aanleveren controleer`: what a hospital reads is what NHR would find."""

import datetime as dt
import io
from pathlib import Path

import pytest
from rich.console import Console

from aanleveren import check
from aanleveren.screen import show
from databroker.check import Checked
from databroker.dataset import Scope, find_versions
from databroker.delivery import Counts
from databroker.findings import Finding
from simulators.hospital import make_delivery, write_csv, write_xlsx
from tests.rules.test_rules import bases, context_of, lines_of, row_of
from tests.support.interventions import an_intervention, interventie

TODAY = dt.date(2026, 3, 5)
DATASET = interventie()
PERSONAL = ("bsn", "geb_naam", "partnernaam", "pat_nr", "geb_datum", "postcode")
UDI = "(01)09520123456788(17)281231(21)"


def neighbours(count, dataset=DATASET):
    """Give good records with numbers and implants of their own."""
    base = next(iter(bases(dataset).values()))
    own = {"impl_device_code": "DEV", "lead_code1": "RA", "lead_code2": "RV"}
    return [
        base
        | {"interv_nr": f"MCX-26-{number:06d}"}
        | {name: f"{UDI}{mark}{number}" for name, mark in own.items() if name in base}
        for number in range(count)
    ]


def of_every_field(dataset):
    return {rule.code for rule in dataset.rules.values() if rule.scope is Scope.FIELD}


@pytest.fixture(params=["csv", "xlsx"])
def delivery_of(request, tmp_path):
    """Write a synthetic delivery in each form, and give it with its file."""

    def write(size, **how):
        delivery = make_delivery(size, today=TODAY, **how)
        path = tmp_path / f"kwartaal.{request.param}"
        (write_csv if request.param == "csv" else write_xlsx)(delivery, path)
        return delivery, path

    return write


# --- what it finds ---------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(("dataset", "line"), lines_of("broken.csv"))
def test_every_example_of_a_broken_rule_is_found_with_the_same_codes(
    csv_of, xlsx_of, controleer, form, dataset, line
):
    # A file of one foreign number would be another centre's; among others it is one mistake.
    rows = (*neighbours(12, dataset), row_of(dataset, line))
    path = csv_of(*rows) if form == "csv" else xlsx_of(*rows)

    day = context_of(dataset, line).today.isoformat()
    ran = controleer(path, "--json", dataset=f"{dataset.id}@{dataset.version}", today=day)

    found = {each["code"] for each in ran.findings if each["row"] == 14}
    assert found - of_every_field(dataset) == {line["rule"], *line["also"].split()}


def test_the_planted_mistakes_are_found_and_no_others(delivery_of, controleer):
    delivery, path = delivery_of(300, errors=0.3)

    ran = controleer(path, "--json")

    found = {(each["row"], each["code"], each["field"]) for each in ran.findings}
    assert {each for each in found if not each[1].startswith("B")} == set(delivery.planted)


def test_a_finding_in_a_workbook_has_its_cell(tmp_path, controleer):
    delivery = make_delivery(300, today=TODAY, errors=0.3)
    write_xlsx(delivery, tmp_path / "kwartaal.xlsx")

    ran = controleer(tmp_path / "kwartaal.xlsx", "--json")

    letter = chr(ord("A") + delivery.columns.index("lengte"))
    cells = {each["row"]: each["cell"] for each in ran.findings if each["field"] == "lengte"}
    cells.pop(None, None)
    assert cells
    assert cells == {row: f"PMICD_NHR!{letter}{row}" for row in cells}


def test_the_day_decides_what_lies_in_the_future(csv_of, controleer):
    path = csv_of(an_intervention(interv_datum="12-02-2026"))

    before = controleer(path, "--json", today="2026-02-11")
    after = controleer(path, "--json", today="2026-02-12")

    assert (before.exit_code, after.exit_code) == (1, 0)


def test_without_a_day_it_is_today(csv_of, aanleveren):
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    path = csv_of(an_intervention(interv_datum=f"{tomorrow:%d-%m-%Y}"))

    ran = aanleveren("controleer", path, "--dataset", "pmicd-interventie", "--centre", "MCX")

    assert ran.exit_code == 1


@pytest.mark.parametrize("dataset", find_versions("pmicd-interventie"), ids=lambda it: it.version)
def test_the_header_tells_the_version_and_one_may_name_it(csv_of, controleer, dataset):
    path = csv_of(*neighbours(3, dataset))

    found = controleer(path)
    named = controleer(path, dataset=f"pmicd-interventie@{dataset.version}")

    assert found.out == named.out
    assert (found.exit_code, named.exit_code) == (0, 0)
    assert f"{dataset.label} {dataset.version} - MCX" in found.out


# --- JSON ------------------------------------------------------------------------------------------
def test_json_has_the_counts_and_the_findings_of_the_answer_to_a_delivery(csv_of, controleer):
    path = csv_of(an_intervention(lengte="lang"), *neighbours(2))

    ran = controleer(path, "--json")

    assert ran.document.keys() == {"counts", "findings"}
    assert ran.document["counts"] == {
        "records": 3, "accepted": 2, "refused": 1, "new": 0, "changed": 0, "unchanged": 0,
    }  # fmt: skip
    first = ran.findings[0]
    expected = ["code", "level", "row", "cell", "interv_nr", "field", "value", "message", "fix"]
    assert list(first) == expected
    assert [first[name] for name in expected[:7]] == [
        "F-003", "F", 2, None, "MCX-000123", "lengte", "lang",
    ]  # fmt: skip
    assert ran.err == ""


def test_a_refused_file_counts_every_record_as_refused(csv_of, controleer):
    rows = [each | {"interv_nr": each["interv_nr"].replace("MCX", "MCY")} for each in neighbours(3)]

    ran = controleer(csv_of(*rows), "--json")

    assert ran.exit_code == 1
    assert [each["code"] for each in ran.findings] == ["BF-009"]
    counts = ran.document["counts"]
    assert (counts["records"], counts["accepted"], counts["refused"]) == (3, 0, 3)


# --- personal data ---------------------------------------------------------------------------------
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_no_value_of_a_person_is_ever_printed(delivery_of, controleer, how):
    delivery, path = delivery_of(200, errors=0.9, bsn=True)
    rows = [dict(zip(delivery.columns, row, strict=True)) for row in delivery.rows]
    public = {cell for row in rows for name, cell in row.items() if name not in PERSONAL}
    secrets = {row[name] for row in rows for name in PERSONAL if len(row[name]) > 3} - public

    ran = controleer(path, *how)

    assert len(secrets) > 80
    assert len(ran.out) > 1000
    assert [secret for secret in secrets if secret in ran.out + ran.err] == []


def test_a_fault_tells_its_kind_and_not_its_text(csv_of, controleer, monkeypatch):
    def break_down(*_):
        raise ValueError("Voorbeeld 999990019")

    monkeypatch.setattr(check, "check_file", break_down)

    ran = controleer(csv_of(an_intervention()))

    assert ran.exit_code == 3
    assert "ValueError" in ran.err
    assert "Voorbeeld" not in ran.out + ran.err


# --- exit codes ------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", [(), ("--json",)])
@pytest.mark.parametrize(
    ("changes", "exit_code"),
    [({}, 0), ({"lengte": "139"}, 0), ({"lengte": "lang"}, 1), ({"geb_naam": ""}, 1)],
)
def test_only_what_refuses_makes_a_check_fail(csv_of, controleer, how, changes, exit_code):
    path = csv_of(an_intervention(**changes), *neighbours(3))

    ran = controleer(path, *how)

    assert ran.exit_code == exit_code


def test_a_file_that_cannot_be_read_as_a_delivery_is_a_finding(tmp_path, controleer):
    path = tmp_path / "brief.pdf"
    path.write_bytes(b"%PDF-1.7")

    ran = controleer(path, "--json")

    assert (ran.exit_code, [each["code"] for each in ran.findings]) == (1, ["BF-001"])


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path, controleer):
    path = tmp_path / "groot.csv"
    with path.open("wb") as file:
        file.truncate(DATASET.max_bytes * 20)

    ran = controleer(path, "--json")

    assert (ran.exit_code, [each["code"] for each in ran.findings]) == (1, ["BF-003"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"dataset": "hartkleppen"},
        {"dataset": "pmicd-interventie@1.0"},
        {"centre": "mcx"},
        {"centre": "M"},
        {"today": "5-3-2026"},
    ],
)
def test_a_wrong_address_or_day_is_wrong_usage(csv_of, controleer, wrong):
    ran = controleer(csv_of(an_intervention()), **wrong)

    assert ran.exit_code == 2
    assert ran.out == ""
    assert ran.err


def test_an_unknown_dataset_is_answered_with_those_that_are_known(csv_of, controleer):
    ran = controleer(csv_of(an_intervention()), dataset="hartkleppen")

    assert f"pmicd-interventie@{DATASET.version}" in ran.err


@pytest.mark.parametrize("name", ["weg.csv", "."])
def test_a_file_that_is_not_there_is_wrong_usage(tmp_path, controleer, name):
    ran = controleer(tmp_path / name, "--json")

    assert (ran.exit_code, ran.out) == (2, "")


def test_a_file_that_is_locked_is_worth_another_try(csv_of, controleer, monkeypatch):
    path = csv_of(an_intervention())

    def locked(*_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", locked)
    ran = controleer(path, "--json")

    assert ran.exit_code == 3
    assert "Excel" in ran.err


@pytest.mark.parametrize("arguments", [(), ("onzin",), ("controleer",)])
def test_a_command_that_is_not_complete_is_wrong_usage(aanleveren, arguments):
    ran = aanleveren(*arguments)

    assert ran.exit_code == 2


# --- what a person reads ---------------------------------------------------------------------------
def test_a_good_file_is_told_in_two_lines_under_its_name(csv_of, controleer):
    ran = controleer(csv_of(*neighbours(3)))

    assert ran.out.splitlines() == [
        f"kwartaal.csv - {DATASET.label} {DATASET.version} - MCX",
        "Geaccepteerd. Alle records zijn geaccepteerd.",
        "3 records: 3 goed, 0 geweigerd.",
    ]


def test_a_rule_is_told_once_with_its_count_and_first_rows(csv_of, controleer):
    wrong = [each | {"lengte": "lang"} for each in neighbours(12)]
    path = csv_of(*wrong)

    ran = controleer(path)

    (line,) = [line for line in ran.out.splitlines() if line.startswith(" F-003")]
    assert line.split()[1:4] == ["lengte", "12", "2,"]
    assert "2, 3, 4, 5, 6 en nog 7" in line
    assert "geen geheel getal" in line
    assert "Lever alleen cijfers aan." in ran.out
    assert "Lengte" in ran.out
    assert f"Uitleg: docs/datasets/{DATASET.id}/{DATASET.version}/regels.md#f-003" in ran.out


def test_in_english_no_word_of_it_is_dutch(csv_of, controleer):
    wrong = [each | {"lengte": "lang", "gewicht": "181"} for each in neighbours(12)]

    ran = controleer(csv_of(*wrong, *neighbours(13)[12:]), "--taal", "en")

    words = ran.out.split()
    assert {"variable", "Height", "Explained:", "and", "Accepted"} <= set(words)
    assert "lengte: not a whole number." in ran.out
    assert (
        "Deliver digits only. Allowed: whole number from 20 to 270 cm, or -1 = unknown" in ran.out
    )
    assert "Usual: from 35 to 180 kg" in ran.out
    assert f"Explained: docs/datasets/{DATASET.id}/{DATASET.version}/rules.md#f-003" in ran.out
    assert not {"variabele", "regels", "Toegestaan:", "Lengte", "records:goed", "geweigerd."} & {
        *words
    }
    assert ran.exit_code == 1


def test_in_english_the_json_has_the_same_keys(csv_of, controleer):
    path = csv_of(an_intervention(lengte="lang"), *neighbours(2))

    dutch, english = controleer(path, "--json"), controleer(path, "--json", "--taal", "en")

    assert controleer(path, "--json", "--taal", "nl").document == dutch.document
    assert english.document["counts"] == dutch.document["counts"]
    for told, said in zip(english.findings, dutch.findings, strict=True):
        assert list(told) == list(said)
        assert told["message"] != said["message"]
        assert told["fix"] != said["fix"]
        assert {**told, "message": "", "fix": ""} == {**said, "message": "", "fix": ""}


def test_a_language_that_nobody_wrote_is_wrong_usage(csv_of, controleer):
    assert controleer(csv_of(an_intervention()), "--taal", "fr").exit_code == 2


def test_a_delivered_value_cannot_colour_or_clear_the_screen():
    finding = Finding("F-005", "code \x1b[2J[red]x[/red] onbekend", "Kies een code.", row=2)
    seen = io.StringIO()

    show(Checked(DATASET, Counts(1, 0, 1), [finding]), "x", console=Console(file=seen, width=160))

    assert "\x1b" not in seen.getvalue()
    assert "[red]x[/red]" in seen.getvalue()


def test_a_log_in_an_old_code_page_is_written_all_the_same(csv_of, controleer, monkeypatch):
    log = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(log, encoding="ascii"))

    ran = controleer(csv_of(an_intervention(pat_nr="x"), *neighbours(2)))

    assert ran.exit_code == 1
    assert "Pati?ntnummer" in log.getvalue().decode("ascii")
