from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databroker.intake import csv_file, read_delivery
from tests.unit.intake.builders import HEADER, ROW, a_csv, a_dataset

ACCENTED = ["MCX-000001", "15-03-2026", "10", "Ménière, één €"]


def read(content):
    return read_delivery(content, "export.csv", [a_dataset()], ())


def facts(reading):
    return [(finding.code, finding.row, finding.interv_nr) for finding in reading.findings]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize(
    ("encoding", "mentioned"),
    [("utf-8", None), ("utf-8-sig", None), ("cp1252", "windows-1252"), ("utf-16", "UTF-16")],
)
def test_every_delimiter_and_encoding_gives_the_same_text(delimiter, encoding, mentioned):
    reading = read(a_csv(HEADER, ACCENTED, delimiter=delimiter, encoding=encoding))

    assert reading.records.column("opmerking") == ["Ménière, één €"]
    assert facts(reading) == ([("BW-008", None, None)] if mentioned else [])
    assert mentioned is None or mentioned in reading.findings[0].message


def test_utf_16_with_the_big_end_first_is_read_too():
    reading = read(b"\xfe\xff" + a_csv(HEADER, ACCENTED, encoding="utf-16-be"))

    assert reading.records.column("opmerking") == ["Ménière, één €"]


@pytest.mark.parametrize(
    "content",
    [
        a_csv().replace(b"geen", b"ge\0en"),
        a_csv().replace(b"geen", b"\x81\x8d"),  # no character in windows-1252
        a_csv(encoding="utf-16-le"),  # no byte order mark
        b"\xef\xbb\xbf" + a_csv().replace(b"geen", b"\xe9\xe9n"),
        b"\xff\xfe" + a_csv(encoding="utf-16-le")[:-1],
        a_csv(encoding="utf-32"),
    ],
)
def test_text_that_cannot_be_decoded_is_refused(content):
    assert facts(read(content)) == [("BF-005", None, None)]


def test_the_delimiter_is_the_one_that_shows_the_columns_not_the_most_frequent_one():
    header = ["interv_nr", "interv_datum", "ICD_PMfunctie", "a,b,c,d,e,f,g"]

    reading = read(a_csv(header, [*ROW[:3], "1,2,3,4,5,6,7"]))

    assert reading.records.column("ICD_PMfunctie") == ["10"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_record_has_the_line_on_which_it_starts_even_after_cells_of_several_lines(end):
    note = f'"een{end}twee; ""drie""{end}{end}vier"'
    lines = [
        "interv_nr;interv_datum;ICD_PMfunctie;opmerking",
        "",
        f"MCX-000001;;;{note}",
        "MCX-2;;;",
    ]

    reading = read(end.join(lines).encode())

    assert reading.records.rows == [3, 7]
    assert reading.records.column("opmerking") == [f'een{end}twee; "drie"{end}{end}vier', None]


def test_a_line_ends_only_where_an_editor_ends_it():
    note = "a\x0bb\x0cc\x1cd\x85e\u2028f"

    reading = read(a_csv(HEADER, [*ROW[:3], note], ROW))

    assert reading.records.rows == [2, 3]
    assert reading.records.column("opmerking") == [note, "geen"]


def test_a_line_with_another_number_of_cells_is_refused_and_stays_out_of_the_table():
    reading = read(a_csv(HEADER, ROW, ROW[:3], ROW, ["MCX-000009", *ROW], ROW, ROW))

    assert facts(reading) == [("F-012", 3, "MCX-000001"), ("F-012", 5, "MCX-000009")]
    assert reading.findings[0].message == "Regel 3 heeft 3 kolommen in plaats van 4."
    assert reading.records.rows == [2, 4, 6, 7]
    assert reading.count == 6


@pytest.mark.parametrize("moved", ["999990019", "Testpersoon", "-1", ""])
def test_a_ragged_line_is_not_named_after_a_cell_that_moved_into_the_first_column(moved):
    reading = read(a_csv(HEADER, ROW, ROW, [moved, *ROW]))

    assert facts(reading) == [("F-012", 4, None)]


def test_a_file_whose_lines_mostly_differ_from_the_header_is_refused_at_the_first():
    mixed = a_csv(HEADER) + a_csv(ROW) + a_csv(ROW, ROW, delimiter=",")

    reading = read(mixed)

    assert (reading.records, reading.count) == (None, 3)
    assert facts(reading) == [("BF-012", None, None)]
    assert "regel 3)" in reading.findings[0].message


@pytest.mark.parametrize(
    "broken", [b'MCX-3;"open\nMCX-4;;;\n', b'MCX-3;"a"b;;\n', b"MCX-3;" + b"x" * 140_000 + b";;\n"]
)
def test_a_quote_that_is_never_closed_is_reported_where_its_record_starts(broken):
    reading = read(a_csv(HEADER, ROW, ROW) + broken)

    assert facts(reading) == [("BF-012", None, None)]
    assert "regel 4)" in reading.findings[0].message


def test_a_quote_inside_a_cell_is_just_a_character():
    reading = read(a_csv(HEADER, ROW).replace(b"geen", b'5" draad'))

    assert reading.records.column("opmerking") == ['5" draad']


def test_a_csv_file_has_lines_and_no_cell_addresses():
    reading = read(a_csv())

    assert reading.records.origin.cell("interv_nr", 2) is None


def test_the_header_may_stand_under_blank_lines():
    reading = read(b"\n \n" + a_csv(HEADER, ROW, delimiter=","))

    assert reading.records.rows == [4]


def test_a_line_without_end_is_refused_before_it_becomes_cells():
    reading = read(a_csv() + b"x;" * 500_001)

    assert (reading.records, reading.count) == (None, 0)
    assert facts(reading) == [("BF-012", None, None)]
    assert "regel 3)" in reading.findings[0].message


PIECES = st.sampled_from(
    [";", ";", ";", "\n", "\n", "\r\n", "\r", '"', '""', '";"', " ", "\t", "\xa0", "a", "MCX-1", "12", "é",
     "\u2003", "\x0b", '"a;b"', '"a\nb"', '"a""b"', ";;;\n", "MCX-1;01-02-2026;10;x\n"]
)  # fmt: skip


def outcome(content):
    reading = read(content)
    records = reading.records and [
        reading.records.rows,
        *(reading.records.column(name) for name in reading.records.names),
    ]
    return records, reading.count, reading.findings


@settings(deadline=None, max_examples=1500)
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(3, 60), st.integers(1, 6))
def test_lines_that_are_cut_together_give_what_they_give_one_by_one(body, stretch, lines):
    content = f"{';'.join(HEADER)}\n{body}".encode()

    with patch.multiple(csv_file, _STRETCH=stretch, _MANY_LINES=lines):
        together = outcome(content)
    with patch.object(csv_file._Stretch, "cut", lambda *_: None):
        one_by_one = outcome(content)

    assert together == one_by_one


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [b"a", b"\n", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80"]
        )
        | st.binary(max_size=2),
        max_size=8,
    ).map(b"".join),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_a_file_is_utf_8_when_python_reads_it(content, stretch, begin):
    try:
        content[begin:].decode()
        readable = True
    except UnicodeDecodeError:
        readable = False

    with patch.object(csv_file, "_STRETCH", stretch):
        assert csv_file._is_utf_8(content, min(begin, len(content))) is (
            readable or content.isascii()
        )
