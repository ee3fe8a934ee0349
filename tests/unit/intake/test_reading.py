import pytest

from databroker.intake import read_delivery
from tests.unit.intake.builders import (
    HEADER,
    ROW,
    a_bundle,
    a_csv,
    a_dataset,
    a_field,
    a_package,
    a_workbook,
    an_xml,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


def codes(content, file_name="export.csv", dataset=None, others=()):
    reading = read_delivery(content, file_name, [dataset or a_dataset()], others)
    return [finding.code for finding in reading.findings]


def test_a_good_file_gives_its_records_under_canonical_names_and_no_findings():
    reading = read_delivery(a_csv(), "export.csv", [a_dataset()])

    assert reading.findings == []
    assert reading.count == len(reading.records) == 1
    assert {name: reading.records.column(name) for name in reading.records.names} == {
        "interv_nr": ["MCX-000001"],
        "interv_datum": ["15-03-2026"],
        "ICD_PMfunctie": ["10"],
        "opmerking": ["geen"],
    }


@pytest.mark.parametrize(
    ("content", "file_name", "code", "words"),
    [
        (b"", "export.csv", "BF-002", "leeg"),
        (a_csv(), "export", "BF-001", "zonder bekende extensie, inhoud: tekst"),
        (a_csv(), "export.xlsx", "BF-001", ".xlsx, inhoud: tekst"),
        (a_csv(), "export.Jansen 1950", "BF-001", "(zonder bekende extensie, inhoud: tekst)"),
        (a_workbook(), "export.csv", "BF-001", ".csv, inhoud: Excelwerkmap"),
        (a_workbook(), "export.xlsm", "BF-001", ".xlsm"),
        (a_package({"export.csv": a_csv()}), "export.zip", "BF-001", ".zip"),
        (a_package({"export.csv": a_csv()}), "export.xlsx", "BF-001", "inhoud: zip"),
        (OLE, "export.xls", "BF-001", "oud Officeformaat (.xls)"),
        (OLE, "export.xlsx", "BF-001", "oud Officeformaat (.xls)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "export.xlsx", "BF-004", "wachtwoord"),
        (b"<?xml version='1.0'?><a/>", "export.json", "BF-001", ".json, inhoud: XML"),
        (b"<?xml version='1.0'?><a/>", "export.xml", "BF-001", "geen XML-aanlevering"),
        (a_bundle(), "export.xml", "BF-001", ".xml, inhoud: JSON"),
        (b"\xfe\xff" + "<html>".encode("utf-16-be"), "export.csv", "BF-001", "XML of HTML"),
        (b'\xef\xbb\xbf {"resourceType": "Bundle"}', "export.csv", "BF-001", "inhoud: JSON"),
        (b"%PDF-1.7", "export.pdf", "BF-001", "inhoud: PDF"),
        (a_workbook()[:2000], "export.xlsx", "BF-004", "beschadigd"),
    ],
)
def test_a_file_that_nobody_can_read_is_refused_in_words(content, file_name, code, words):
    reading = read_delivery(content, file_name, [a_dataset()], ())

    assert reading.records is None
    assert reading.count == 0
    assert [finding.code for finding in reading.findings] == [code]
    assert words in reading.findings[0].message


@pytest.mark.parametrize("file_name", ["export.CSV", "export.txt", "map.v2/export.csv "])
def test_the_extension_is_read_as_people_write_it(file_name):
    assert codes(a_csv(), file_name) == []


def test_a_file_over_the_limit_is_refused_with_the_limit():
    dataset = a_dataset(max_bytes=2_000_000)

    reading = read_delivery(b"x" * 2_000_001, "export.csv", [dataset])

    assert reading.findings == [dataset.finding("BF-003", max_mb=2)]


@pytest.mark.parametrize("make", [a_csv, a_workbook])
def test_more_records_than_allowed_are_refused_and_counted(make):
    file_name = "export.csv" if make is a_csv else "export.xlsx"
    content = make(HEADER, *[ROW] * 4)

    reading = read_delivery(content, file_name, [a_dataset(max_rows=3)])

    assert (reading.records, reading.count) == (None, 4)
    assert [finding.code for finding in reading.findings] == ["BF-014"]
    assert "4 regels; maximaal 3" in reading.findings[0].message
    assert codes(content, file_name, a_dataset(max_rows=4)) == []


@pytest.mark.parametrize("make", [a_csv, a_workbook])
def test_a_file_without_records_is_refused(make):
    file_name = "export.csv" if make is a_csv else "export.xlsx"

    assert codes(make(HEADER), file_name) == ["BF-011"]
    assert codes(make(HEADER, ["", " ", "", ""]), file_name) == ["BF-011"]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\r\n\r\n", b" \n\t\n"])
def test_a_file_of_nothing_but_space_has_no_records(content):
    assert codes(content) == ["BF-011"]


def test_any_order_case_space_and_alias_of_the_columns_will_do():
    header = [" INTERV_DATUM", "icd_pm_indicatie\xa0", "Interv_Nr", "LEAD_TYPE2"]
    content = a_csv(header, ["15-03-2026", "10", "MCX-000001", "30"])

    reading = read_delivery(content, "export.csv", [a_dataset()])

    assert reading.findings == []
    assert reading.records.names == ["interv_nr", "interv_datum", "ICD_PMfunctie", "lead_type2"]
    assert reading.records.column("lead_type2") == ["30"]


def test_unknown_columns_are_ignored_with_a_warning_that_names_them():
    content = a_csv([*HEADER, "Status", "Register-ID"], [*ROW, "klaar", "7"])

    reading = read_delivery(content, "export.csv", [a_dataset()])

    assert reading.records.names == HEADER
    assert [finding.code for finding in reading.findings] == ["BW-001"]
    assert "Status, Register-ID" in reading.findings[0].message


def test_a_column_without_a_name_is_mentioned_only_when_it_holds_something():
    assert codes(a_csv([*HEADER, ""], [*ROW, " "])) == []

    reading = read_delivery(a_csv([*HEADER, ""], [*ROW, "x"]), "export.csv", [a_dataset()])

    assert "(kolom 5 zonder naam)" in reading.findings[0].message


def test_a_flood_of_unknown_columns_is_named_in_part():
    header = [*HEADER, *(f"{number}" + "k" * 100 for number in range(30))]

    reading = read_delivery(a_csv(header, [*ROW, *["x"] * 30]), "export.csv", [a_dataset()])

    assert "en nog 10" in reading.findings[0].message
    assert "k" * 40 not in reading.findings[0].message


def test_double_and_missing_columns_are_both_reported():
    content = a_csv(["interv_nr", "ICD_PMfunctie", "ICD_PM_indicatie"], ["MCX-000001", "10", "10"])

    reading = read_delivery(content, "export.csv", [a_dataset()], ())

    assert (reading.records, reading.count) == (None, 1)
    assert [finding.code for finding in reading.findings] == ["BF-006", "BF-007"]
    assert "kolomnamen: ICD_PMfunctie." in reading.findings[0].message
    assert "ontbreken: interv_datum." in reading.findings[1].message


def test_a_file_without_a_header_is_refused_without_showing_its_first_line():
    reading = read_delivery(a_csv(ROW, ROW), "export.csv", [a_dataset()], ())

    assert [finding.code for finding in reading.findings] == ["BF-006"]
    assert "MCX-000001" not in reading.findings[0].message


def test_the_columns_of_another_dataset_are_recognised():
    follow_up = a_dataset(
        id="pmicd-followup",
        label="Follow-up",
        fields=(a_field("interv_nr"), a_field("compl_status"), a_field("compl_status_datum")),
    )
    content = a_csv(["interv_nr", "compl_status", "compl_status_datum"], ["MCX-000001", "1", ""])

    reading = read_delivery(content, "export.csv", [a_dataset()], [a_dataset(), follow_up])

    assert [finding.code for finding in reading.findings] == ["BF-008"]
    assert "(lijkt op Follow-up)" in reading.findings[0].message


def test_a_file_that_fits_no_other_dataset_better_keeps_its_own_finding():
    follow_up = a_dataset(
        id="pmicd-followup", fields=(a_field("interv_nr"), a_field("a"), a_field("b"))
    )

    assert codes(a_csv(HEADER[:2], ROW[:2]), others=[follow_up]) == ["BF-007"]


def test_too_many_columns_are_refused():
    header = [*HEADER, *map(str, range(500))]

    assert codes(a_csv(header, header)) == ["BF-006"]
    assert codes(a_workbook(header, header), "export.xlsx") == ["BF-006"]


def test_different_ways_to_write_a_date_give_one_warning():
    dashes, slashes, iso = "15-03-2026", "15/03/2026", "2026-03-15"
    rows = [["MCX-000001", date, "10", ""] for date in (dashes, slashes, iso)]

    assert codes(a_csv(HEADER, *rows)) == ["BW-007"]
    assert codes(a_csv(HEADER, rows[1], rows[1])) == []


def test_a_date_in_a_text_column_is_no_date():
    assert codes(a_csv(HEADER, ["MCX-000001", "15-03-2026", "10", "2026-03-15"])) == []


def test_blank_lines_are_skipped_and_those_at_the_end_counted():
    content = a_csv(HEADER, [], ROW, ["", "", "", ""], ROW, [], ["", " "], [])

    reading = read_delivery(content, "export.csv", [a_dataset()])

    assert reading.records.rows == [3, 5]
    assert [finding.code for finding in reading.findings] == ["BW-011"]
    assert reading.findings[0].message.startswith("3 lege regels")


def test_a_cell_of_spaces_is_empty():
    reading = read_delivery(a_csv(HEADER, [*ROW[:3], " \xa0"]), "export.csv", [a_dataset()])

    assert reading.records.column("opmerking") == [None]


@pytest.mark.parametrize(
    ("content", "file_name"),
    [
        (an_xml(), "EXPORT.XML"),
        (b"\xef\xbb\xbf" + an_xml(), "export.xml"),
        (an_xml().decode().encode("utf-16"), "export.xml"),
        (a_bundle(), "bundel.JSON"),
        (b"\xef\xbb\xbf\r\n" + a_bundle(), "bundel.json"),
    ],
)
def test_xml_and_fhir_are_known_by_their_extension_and_their_content(content, file_name):
    reading = read_delivery(content, file_name, [a_dataset()], ())

    assert reading.findings == []
    assert reading.records.column("interv_nr") == ["MCX-000001"]
