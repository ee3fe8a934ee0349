import datetime as dt
import io

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from databroker.intake import read_delivery
from tests.unit.intake.builders import (
    HEADER,
    ROW,
    SHEET_PART,
    a_csv,
    a_dataset,
    a_package,
    a_workbook,
    parts_of,
    with_part,
    with_sheet_xml,
)


def read(content):
    return read_delivery(content, "export.xlsx", [a_dataset()], ())


def codes(content):
    return [finding.code for finding in read(content).findings]


def note_of(value, number_format=None):
    """The text that the intake makes of one cell."""

    def write(worksheet):
        worksheet["D2"].value = value
        if number_format:
            worksheet["D2"].number_format = number_format

    reading = read(a_workbook(change=write))
    assert reading.findings == []
    return reading.records.column("opmerking")[0]


def test_a_workbook_gives_the_same_table_as_the_same_csv_file():
    rows = [HEADER, ROW, ["MCX-000002", "16-03-2026", "20", None]]

    from_workbook = read(a_workbook(*rows))
    from_csv = read_delivery(a_csv(*rows), "export.csv", [a_dataset()], ())

    for name in HEADER:
        assert from_workbook.records.column(name) == from_csv.records.column(name)
    assert from_workbook.records.rows == from_csv.records.rows
    assert from_workbook.findings == from_csv.findings == []


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("0012", None, "0012"),
        ("15 maart", None, "15 maart"),
        (10, None, "10"),
        (10.0, None, "10"),
        (-1, None, "-1"),
        (72.5, None, "72.5"),
        (0.1 + 0.2, None, "0.3"),
        (1e-7, None, "0.0000001"),
        (9.5e20, None, "950000000000000000000"),
        (9520123456788, None, "9520123456788"),
        (19, "000000000", "000000019"),
        (19.0, "000000000", "000000019"),
        (19.5, "000000000", "19.5"),
        (-19, "000000000", "-19"),
        (19, "0", "19"),
        (19, "0.00", "19"),
        (True, None, "WAAR"),
        (False, None, "ONWAAR"),
        ("#N/A", None, "#N/A"),
        (dt.date(2026, 3, 5), None, "05-03-2026"),
        (dt.datetime.fromisoformat("2026-03-05T23:59:59"), None, "05-03-2026"),
        (dt.date(1900, 3, 1), None, "01-03-1900"),
        (dt.time(13, 5), None, "13:05:00"),
        (46_086, "dd/mm/yyyy", "05-03-2026"),
        (9_999_999, "dd-mm-yyyy", "#VALUE!"),
        ("een\ntwee", None, "een\ntwee"),
    ],
)
def test_a_cell_becomes_the_text_that_the_hospital_sees(value, number_format, text):
    assert note_of(value, number_format) == text


def test_dates_of_a_workbook_that_counts_from_1904_are_right():
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active.append(HEADER)
    workbook.active.append(["MCX-000001", dt.date(2026, 3, 5), "10", None])
    content = io.BytesIO()
    workbook.save(content)

    reading = read(content.getvalue())

    assert reading.records.column("interv_datum") == ["05-03-2026"]


def test_a_finding_can_point_at_the_cell():
    reading = read(a_workbook([None, *reversed(HEADER)], [None, *reversed(ROW)], sheet="Blad 1"))

    assert reading.records.origin.cell("interv_nr", 2) == "'Blad 1'!E2"


def test_rows_keep_their_number_over_blank_and_hidden_rows():
    def hide(worksheet):
        worksheet.row_dimensions[4].hidden = True
        worksheet["A9"].value = " "

    reading = read(a_workbook([], HEADER, [], ROW, [], ROW, change=hide))

    assert reading.records.rows == [4, 6]
    assert [finding.code for finding in reading.findings] == ["BW-011"]
    assert reading.findings[0].message.startswith("1 lege regels")


def test_rows_and_cells_without_an_address_are_counted():
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEADER)
    values = "<c><v>1</v></c><c/><c><v>10</v></c><c t='str'><v>x</v></c>"

    reading = read(with_sheet_xml(f"<row>{cells}</row><row r='4'>{values}</row><row/>"))

    assert reading.records.rows == [4]
    assert reading.records.column("interv_datum") == [None]
    assert reading.records.column("opmerking") == ["x"]


def test_the_sheet_of_the_dataset_is_read_even_when_it_is_hidden():
    workbook = openpyxl.Workbook()
    workbook.active.append(["toelichting"])
    data = workbook.create_sheet("pmicd_nhr ")
    data.sheet_state = "hidden"
    data.append(HEADER)
    data.append(ROW)
    content = io.BytesIO()
    workbook.save(content)

    reading = read(content.getvalue())

    assert [finding.code for finding in reading.findings] == ["BW-012"]
    assert reading.records.rows == [2]


def test_without_the_sheet_of_the_dataset_the_first_visible_one_is_read():
    workbook = openpyxl.Workbook()
    workbook.active.sheet_state = "hidden"
    for title in ("Export", "Meer"):
        workbook.create_sheet(title).append(HEADER)
        workbook[title].append([title, *ROW[1:]])
    content = io.BytesIO()
    workbook.save(content)

    reading = read(content.getvalue())

    assert reading.records.column("interv_nr") == ["Export"]
    assert reading.records.origin.cell("interv_nr", 2) == "Export!A2"


def test_a_sheet_with_nothing_but_a_chart_is_no_data():
    workbook = openpyxl.Workbook()
    workbook.create_chartsheet("Grafiek", 0)
    workbook["Sheet"].append(HEADER)
    workbook["Sheet"].append(ROW)
    content = io.BytesIO()
    workbook.save(content)

    assert read(content.getvalue()).records.rows == [2]


def test_a_character_that_excel_writes_as_an_escape_is_read_back():
    sheet = parts_of(a_workbook())[SHEET_PART].replace(b"geen", b"een_x000D_twee")

    reading = read(with_part(a_workbook(), SHEET_PART, sheet))

    assert reading.records.column("opmerking") == ["een\rtwee"]


def test_a_workbook_without_a_visible_sheet_is_refused():
    content = a_workbook(sheet="Export")
    workbook = parts_of(content)["xl/workbook.xml"]
    hidden = with_part(content, "xl/workbook.xml", workbook.replace(b'"visible"', b'"veryHidden"'))

    reading = read(hidden)

    assert [finding.code for finding in reading.findings] == ["BF-021"]
    assert "PMICD_NHR" in reading.findings[0].message


@pytest.mark.parametrize(
    "change",
    [
        lambda worksheet: worksheet.merge_cells("A4:B4"),
        lambda worksheet: worksheet.append(["=1+1"]),
        lambda worksheet: worksheet.append(['=cmd|" /c calc"!A0']),
    ],
)
def test_formulas_and_merged_cells_in_the_data_are_refused(change):
    assert codes(a_workbook(change=change)) == ["BF-013"]


@pytest.mark.parametrize(
    "part",
    ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/externalLinks/externalLink1.xml"],
)
def test_macros_and_links_to_other_files_are_refused(part):
    assert codes(with_part(a_workbook(), part, b"<a/>")) == ["BF-013"]


def test_formulas_outside_the_data_do_no_harm():
    workbook = openpyxl.Workbook()
    workbook.active.title = "PMICD_NHR"
    workbook.active.append(HEADER)
    workbook.active.append(ROW)
    workbook.create_sheet("Telling").append(["=COUNTA(PMICD_NHR!A:A)"])
    content = io.BytesIO()
    workbook.save(content)

    assert codes(content.getvalue()) == ["BW-012"]


def test_values_beside_the_table_are_named_by_the_warning_on_unknown_columns():
    reading = read(a_workbook(HEADER, [*ROW, None, "let op"]))

    assert [finding.code for finding in reading.findings] == ["BW-001"]
    assert "(kolom 6 zonder naam)" in reading.findings[0].message


def test_a_workbook_of_the_strict_kind_is_refused_by_name():
    content = a_workbook()
    workbook = parts_of(content)["xl/workbook.xml"]
    strict = workbook.replace(
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )

    reading = read(with_part(content, "xl/workbook.xml", strict))

    assert [finding.code for finding in reading.findings] == ["BF-001"]
    assert "geen gewone Excelwerkmap" in reading.findings[0].message


def test_a_binary_workbook_under_another_name_is_refused():
    relations = parts_of(a_workbook())["_rels/.rels"].replace(b"workbook.xml", b"workbook.bin")

    assert codes(with_part(a_workbook(), "_rels/.rels", relations)) == ["BF-001"]


@pytest.mark.parametrize(
    "missing", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]
)
def test_a_workbook_that_lacks_a_part_is_refused(missing):
    parts = parts_of(a_workbook())
    del parts[missing]

    assert codes(a_package(parts)) == ["BF-004"]
