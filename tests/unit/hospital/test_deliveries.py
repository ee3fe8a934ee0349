"""The simulated hospital: nobody in it exists, and every answer it gives is about its own file."""

import csv
import datetime as dt
import json
import re
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from stdnum import ean
from stdnum.nl import bsn

from databroker.dataset import datasets, find_dataset
from databroker.intake import read_delivery
from simulators.hospital import make_delivery, write_csv, write_fhir, write_xlsx, write_xml
from simulators.hospital.__main__ import main
from simulators.hospital.mistakes import MISTAKES
from simulators.hospital.patients import TEST_BSNS

TODAY = dt.date(2026, 11, 22)


def column(delivery, name):
    place = delivery.columns.index(name)
    return [row[place] for row in delivery.rows]


def test_the_same_seed_gives_the_same_delivery_and_another_seed_another():
    first = make_delivery(50, today=TODAY, seed=7, errors=0.5)

    again = make_delivery(50, today=TODAY, seed=7, errors=0.5)
    other = make_delivery(50, today=TODAY, seed=8, errors=0.5)

    assert (again.rows, again.planted) == (first.rows, first.planted)
    assert other.rows != first.rows


def test_the_header_is_the_one_of_the_dataset():
    dataset = find_dataset("pmicd-interventie", "22.2")
    optional = {"bsn", "mutatie", "bezwaar_patient"}

    with_bsn = make_delivery(1, today=TODAY, bsn=True).columns
    without = make_delivery(1, today=TODAY).columns

    assert list(without) == [name for name in dataset.columns if name not in optional]
    assert set(with_bsn) - set(without) == {"bsn"}


def test_every_answer_names_a_rule_and_a_column_of_the_dataset():
    dataset = find_dataset("pmicd-interventie", "22.2")
    fired = {answer for mistake in MISTAKES for answer in mistake.fires}

    assert {code for code, _ in fired} <= dataset.rules.keys()
    assert {name for _, name in fired} <= dataset.columns.keys()


def test_every_mistake_is_made_when_there_is_room_for_it():
    made = {
        (code, name)
        for _, code, name in make_delivery(1_500, today=TODAY, errors=0.8, bsn=True).planted
    }

    assert made == {answer for mistake in MISTAKES for answer in mistake.fires}


def test_about_as_many_records_are_wrong_as_was_asked():
    delivery = make_delivery(4_000, today=TODAY, errors=0.03)

    wrong = {answer.row for answer in delivery.planted if answer.row}

    assert 80 < len(wrong) < 170
    assert wrong <= set(range(2, 4_002))


def test_a_delivery_without_errors_has_no_answers():
    assert make_delivery(500, today=TODAY, bsn=True).planted == ()


def test_a_mistake_in_two_records_is_answered_in_both():
    delivery = make_delivery(500, today=TODAY, errors=0.5)
    numbers = column(delivery, "interv_nr")

    twice = [answer.row for answer in delivery.planted if answer.code == "F-203"]

    assert twice
    assert all(
        numbers[before - 2] == numbers[after - 2]
        for before, after in zip(twice[::2], twice[1::2], strict=True)
    )


def test_the_only_bsns_are_the_published_test_numbers_and_one_person_has_one():
    delivery = make_delivery(200, today=TODAY, bsn=True)

    people = set(
        zip(
            column(delivery, "bsn"),
            column(delivery, "pat_nr"),
            column(delivery, "geb_naam"),
            column(delivery, "geb_datum"),
            column(delivery, "geslacht"),
            strict=True,
        )
    )

    assert {person[0] for person in people} == set(TEST_BSNS)
    assert len(people) == len(TEST_BSNS)


@pytest.mark.parametrize("number", TEST_BSNS)
def test_a_published_test_number_passes_the_elfproef(number):
    assert bsn.is_valid(number)


def test_no_wrong_bsn_is_somebodys():
    wrong = {
        value for mistake in MISTAKES for name, value in mistake.change.items() if name == "bsn"
    }

    assert wrong
    assert not any(bsn.is_valid(value) for value in wrong)


def test_every_udi_is_of_the_demonstration_prefix_with_a_right_check_digit():
    delivery = make_delivery(500, today=TODAY)

    gtins = set(re.findall(r"\(01\)(\d{14})", "\n".join("".join(row) for row in delivery.rows)))

    assert gtins
    assert all(gtin.startswith("0952") and ean.is_valid(gtin) for gtin in gtins)


def test_no_implant_is_there_twice_not_even_over_two_deliveries():
    deliveries = (
        make_delivery(400, today=TODAY, seed=1),
        make_delivery(400, today=TODAY, seed=2, first_number=200_001),
        make_delivery(400, today=TODAY, centre="MCY"),
    )

    serials = [
        serial
        for delivery in deliveries
        for row in delivery.rows
        for serial in re.findall(r"\(21\)([^()\n]+)", "\n".join(row))
    ]

    assert len(serials) == len(set(serials))
    assert max(map(len, serials)) <= 20


@settings(max_examples=60)
@given(st.dates(dt.date(2022, 7, 1), dt.date(2035, 12, 31)), st.integers(1, 80))
def test_procedures_are_in_order_of_date_within_a_month_and_within_the_year(today, size):
    delivery = make_delivery(size, today=today)

    dates = [
        dt.date.fromisoformat("-".join(reversed(cell.split("-"))))
        for cell in column(delivery, "interv_datum")
    ]
    numbers = [int(cell.removeprefix("MCX-")) for cell in column(delivery, "interv_nr")]

    assert dates == sorted(dates)
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert dates[-1] <= today
    assert (today - dates[0]).days <= 30
    assert {date.year for date in dates} == {today.year}


def test_some_patients_come_back_as_the_same_person():
    delivery = make_delivery(2_000, today=TODAY)
    names = ("pat_nr", "geb_naam", "partnernaam", "geb_datum", "geslacht", "postcode")

    people = set(zip(*(column(delivery, name) for name in names), strict=True))

    assert len(people) == len({person[0] for person in people})
    assert 10 < 2_000 - len(people) < 100


def test_a_delivery_is_made_while_it_is_read():
    huge = make_delivery(10**9, today=TODAY)

    first = [record.row for record in islice(huge, 3)]

    assert first == [2, 3, 4]


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": -1},
        {"errors": 1.1},
        {"centre": "mcx"},
        {"centre": "MCX-1"},
        {"first_number": 1},
    ],
)
def test_arguments_that_make_no_sense_are_refused(wrong):
    asked = {"size": 1, "today": TODAY} | wrong
    size = asked.pop("size")

    with pytest.raises(ValueError, match=r"out of range|capitals"):
        make_delivery(size, **asked)


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "utf-8-sig"), (",", "utf-8"), (";", "cp1252")]
)
def test_the_csv_holds_every_cell(tmp_path, delimiter, encoding):
    delivery = make_delivery(60, today=TODAY, errors=0.5)
    path = tmp_path / "levering.csv"

    answers = write_csv(delivery, path, delimiter=delimiter, encoding=encoding)

    with path.open(encoding=encoding, newline="") as file:
        lines = list(csv.reader(file, delimiter=delimiter))
    assert lines == [list(delivery.columns), *delivery.rows]
    assert answers == delivery.planted


def test_the_workbook_holds_every_cell_as_text(tmp_path):
    delivery = make_delivery(60, today=TODAY, errors=0.5)
    path = tmp_path / "levering.xlsx"

    answers = write_xlsx(delivery, path)

    sheet = load_workbook(path)["PMICD_NHR"]
    lines = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    types = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert lines == [list(delivery.columns), *delivery.rows]
    assert types == {"s"}
    assert answers == delivery.planted


@pytest.mark.parametrize(("write", "extension"), [(write_xml, "xml"), (write_fhir, "json")])
def test_xml_and_fhir_hold_what_the_csv_holds_in_the_same_rows(tmp_path, write, extension):
    delivery = make_delivery(60, today=TODAY, errors=0.5, bsn=True)
    path = tmp_path / f"levering.{extension}"
    versions = [each for each in datasets() if each.id == "pmicd-interventie"]
    write_csv(delivery, tmp_path / "levering.csv", encoding="utf-8")
    as_csv = read_delivery((tmp_path / "levering.csv").read_bytes(), "levering.csv", versions)

    answers = write(delivery, path)

    reading = read_delivery(path.read_bytes(), path.name, versions)
    assert reading.findings == []
    assert reading.dataset is as_csv.dataset
    assert reading.records.rows == as_csv.records.rows
    for name in delivery.columns:
        assert reading.records.column(name) == as_csv.records.column(name)
    assert answers == delivery.planted


@pytest.mark.parametrize(
    ("form", "extension"), [("csv", "csv"), ("xlsx", "xlsx"), ("xml", "xml"), ("fhir", "json")]
)
def test_the_command_writes_the_delivery_and_its_answers(tmp_path, capsys, form, extension):
    asked = ["--records", "40", "--errors", "0.5", "--seed", "3", "--today", "2026-11-22"]

    status = main([*asked, "--format", form, "--bsn", "--out", str(tmp_path / "new")])

    path, answers = capsys.readouterr().out.split()
    expected = make_delivery(40, today=TODAY, seed=3, errors=0.5, bsn=True)
    assert status == 0
    assert path.endswith(f"pmicd-interventie_MCX_40_3.{extension}")
    told = json.loads(Path(answers).read_text(encoding="utf-8"))
    assert told == [answer._asdict() for answer in expected.planted]


def test_the_same_delivery_without_mistakes_is_the_corrected_one():
    wrong = make_delivery(300, today=TODAY, errors=0.1)
    right = make_delivery(300, today=TODAY)

    differing = {
        row
        for row, (one, other) in enumerate(zip(wrong.rows, right.rows, strict=True), start=2)
        if one != other
    }

    told = {planted.row for planted in wrong.planted}
    per_column = 4  # mistakes that are told once a column, without a row
    assert 20 < len(differing) < 40
    assert len(differing - told) < per_column
