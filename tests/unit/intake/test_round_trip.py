"""Whatever a table holds, it comes back cell for cell, each record with its own row."""

import io

import xlsxwriter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from databroker.intake import read_delivery
from tests.unit.intake.builders import (
    HEADER,
    a_bundle,
    a_csv,
    a_dataset,
    a_procedure,
    an_observation,
    an_xml,
)

_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n")
_WESTERN = st.characters(codec="cp1252", exclude_categories=("Cc",))


def tables(letters):
    """Rows under the header, blank ones among them; each record has a number."""
    cell = st.text(letters, max_size=8)
    record = st.tuples(st.from_regex(r"MCX-[0-9]{3,6}", fullmatch=True), *[cell] * 3)
    return st.lists(st.one_of(record, st.just(("",) * 4)), min_size=1, max_size=8).filter(
        lambda rows: any(map(any, rows))
    )


def expected(rows):
    """The records as the table should give them, without their rows."""
    return [[cell if cell.strip() else None for cell in row] for row in rows if any(row)]


def found(reading):
    columns = [reading.records.column(name) for name in HEADER]
    return [list(cells) for cells in zip(*columns, strict=True)]


def is_utf_8(content):
    """Some windows-1252 text can be read as UTF-8 just as well, and then is."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(deadline=None)
@given(
    rows=tables(_LETTERS),
    delimiter=st.sampled_from(";,\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_csv_file_comes_back_with_the_line_of_every_record(rows, delimiter, encoding):
    content = a_csv(HEADER, *rows, delimiter=delimiter, encoding=encoding)
    starts, line = [], 2
    for row in rows:
        starts += [line] if any(row) else []
        line += 1 + sum(cell.count("\n") for cell in row)

    reading = read_delivery(content, "export.csv", [a_dataset()], ())

    assert found(reading) == expected(rows)
    assert reading.records.rows == starts


@settings(deadline=None)
@given(rows=tables(_WESTERN), delimiter=st.sampled_from(";,\t"))
def test_a_windows_1252_file_comes_back(rows, delimiter):
    content = a_csv(
        HEADER, *rows, ["MCX-999", "", "", "\xe9"], delimiter=delimiter, encoding="cp1252"
    )
    assume(not is_utf_8(content))

    reading = read_delivery(content, "export.csv", [a_dataset()], ())

    assert found(reading) == [*expected(rows), ["MCX-999", None, None, "\xe9"]]


@settings(max_examples=60, deadline=None)
@given(rows=tables(_LETTERS), shared=st.booleans())
def test_a_workbook_comes_back_with_the_sheet_row_of_every_record(rows, shared):
    content = io.BytesIO()
    options = {"in_memory": True, "constant_memory": not shared, "strings_to_formulas": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        worksheet = workbook.add_worksheet("PMICD_NHR")
        for number, row in enumerate([HEADER, *rows]):
            for column, cell in enumerate(row):
                worksheet.write_string(number, column, cell)

    reading = read_delivery(content.getvalue(), "export.xlsx", [a_dataset()], ())

    assert found(reading) == expected(rows)
    assert reading.records.rows == [number for number, row in enumerate(rows, 2) if any(row)]
    assert reading.records.origin.cell("opmerking", 2) == "PMICD_NHR!D2"


_IN_XML = st.characters(
    codec="utf-8",
    exclude_categories=("Cs", "Cc"),
    include_characters="\n",
    exclude_characters="\ufffe\uffff",
)


@settings(deadline=None)
@given(rows=tables(_IN_XML), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_the_same_rows_as_csv_and_as_xml_give_the_same_records(rows, encoding):
    as_csv = read_delivery(a_csv(HEADER, *rows), "export.csv", [a_dataset()], ())

    content = an_xml(*rows).decode().encode(encoding)
    as_xml = read_delivery(content, "export.xml", [a_dataset()], ())

    assert as_xml.records.names == as_csv.records.names
    assert found(as_xml) == found(as_csv)
    assert as_xml.records.rows == as_csv.records.rows
    assert (as_xml.count, as_xml.findings) == (as_csv.count, as_csv.findings)


@settings(deadline=None)
@given(rows=tables(_LETTERS))
def test_the_same_rows_as_csv_and_as_fhir_give_the_same_records(rows):
    filled = [row for row in rows if any(row)]
    resources = []
    for number, (interv_nr, date, *others) in enumerate(filled):
        resources.append(a_procedure(number, interv_nr, performedDateTime=date))
        resources += [
            an_observation(name, number, valueString=cell)
            for name, cell in zip(HEADER[2:], others, strict=True)
        ]
    as_csv = read_delivery(a_csv(HEADER, *filled), "export.csv", [a_dataset()], ())

    as_fhir = read_delivery(a_bundle(*resources), "export.json", [a_dataset()], ())

    assert found(as_fhir) == found(as_csv)
    assert as_fhir.records.rows == list(range(2, len(filled) + 2))
    assert (as_fhir.count, as_fhir.findings) == (as_csv.count, as_csv.findings)
