"""Workbooks made to hurt: each is refused before it costs time or memory."""

import io
import tracemalloc
import zipfile

import pytest

from databroker.intake import read_delivery
from tests.unit.intake.builders import (
    HEADER,
    SHEET_PART,
    a_dataset,
    a_package,
    a_workbook,
    a_workbook_with_shared_strings,
    parts_of,
    with_part,
    with_sheet_xml,
)

STRINGS, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
OUTSIDE = b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>'
FILLED = "<row r='1'><c r='A1' t='str'><v>interv_nr</v></c></row>"


def codes(content):
    reading = read_delivery(content, "export.xlsx", [a_dataset()], ())
    assert reading.records is None
    return [finding.code for finding in reading.findings]


@pytest.mark.parametrize("document", [BOMB, OUTSIDE, BOMB.decode().encode("utf-16")])
@pytest.mark.parametrize(
    "part",
    ["[Content_Types].xml", "xl/workbook.xml", STRINGS, STYLES, SHEET_PART, "customXml/item1.xml"],
)
def test_a_document_type_in_any_part_is_refused(part, document):
    assert codes(with_part(a_workbook(), part, document)) == ["BF-018"]


def test_a_document_type_cannot_hide_behind_a_long_comment():
    late = b"<!--" + bytes(range(65, 91)) * 4_000 + b"-->" + BOMB.partition(b"?>")[2]

    assert codes(with_part(a_workbook(), "customXml/item1.xml", late)) == ["BF-018"]


@pytest.mark.parametrize(
    "endless",
    [
        "<row r='1' x='{}'/>",
        "<row {}/>".replace("{}", "\n \t" * 70_000),
        "<!--{}-->",
        "<!--{}-->".replace("{}", "<a>" * 70_000),
        "<?a {}?>",
        "<?a {}?>".replace("{}", "<a>" * 70_000),
    ],
)
def test_a_token_without_end_is_refused(endless):
    assert codes(with_sheet_xml(endless.replace("{}", "0123456789" * 21_000))) == ["BF-018"]


def test_a_bomb_is_refused_without_inflating_it():
    bomb = with_sheet_xml("<row/>" * 10_000_000)
    tracemalloc.start()

    found = codes(bomb)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == ["BF-018"]
    assert peak < 5_000_000


def test_a_part_is_never_inflated_beyond_the_size_it_declares():
    honest = a_package({"[Content_Types].xml": b" " * 60_000_000, "_rels/.rels": b"<a/>"})
    lying = honest.replace((60_000_000).to_bytes(4, "little"), (60_000).to_bytes(4, "little"))
    tracemalloc.start()

    found = codes(lying)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == ["BF-004"]
    assert peak < 5_000_000


def test_too_many_parts_are_refused():
    parts = parts_of(a_workbook()) | {f"xl/media/{number}.png": b"" for number in range(500)}

    assert codes(a_package(parts)) == ["BF-018"]


def test_more_than_can_be_read_in_one_go_is_refused_as_too_large():
    stored = io.BytesIO(a_workbook())
    with zipfile.ZipFile(stored, "a") as archive:
        for number in range(151):
            archive.writestr(f"xl/media/{number}.bin", bytes(1_000_000), zipfile.ZIP_DEFLATED)

    reading = read_delivery(stored.getvalue(), "export.xlsx", [a_dataset()], ())

    assert [finding.code for finding in reading.findings] == ["BF-003"]
    assert "150 MB" in reading.findings[0].message


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_one_name_are_refused():
    content = io.BytesIO(a_workbook())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(SHEET_PART, parts_of(a_workbook())[SHEET_PART])

    assert codes(content.getvalue()) == ["BF-004"]


def test_parts_that_share_their_bytes_are_refused():
    parts = {"[Content_Types].xml": bytes(range(256)) * 40, "_rels/.rels": b"<a/>"}
    content = io.BytesIO(a_package(parts))
    with zipfile.ZipFile(content) as archive:
        claimed = archive.infolist()[0].compress_size
    size = len(content.getvalue())

    overlapping = content.getvalue().replace(
        claimed.to_bytes(4, "little"), (size + 1).to_bytes(4, "little")
    )

    assert codes(overlapping) == ["BF-018"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_no_spreadsheet_uses_is_refused(method):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, part in parts_of(a_workbook()).items():
            archive.writestr(name, part)

    assert codes(content.getvalue()) == ["BF-004"]


def test_a_damaged_part_is_refused():
    content = bytearray(a_workbook())
    content[content.index(SHEET_PART.encode()) + 60] ^= 0xFF

    assert codes(bytes(content)) == ["BF-004"]


@pytest.mark.parametrize(
    "rows",
    [
        "<row r='99999999999'/>",
        "<row r='1048577'/>",
        "<row r='0'/>",
        "<row r='1e3'/>",
        "<row r='2'/><row r='2'/>",
        "<row r='3'/><row r='2'/>",
        "<row r='1'><c r='A2'/></row>",
        "<row r='1'><c r='B1'/><c r='A1'/></row>",
        "<row r='1'><c r='A1'/><c r='A1'/></row>",
        "<row r='1'><c r='a1'/></row>",
        "<row r='1'><c r='AAAA1'/></row>",
        "<row r='1'><c r='A1'></row>",
    ],
)
def test_rows_and_cells_out_of_order_or_off_the_sheet_are_refused(rows):
    assert codes(with_sheet_xml(rows)) == ["BF-004"]


def test_a_filled_cell_far_to_the_right_is_refused():
    far = "<row r='1'><c r='XFD1'><v>1</v></c></row>"

    assert codes(with_sheet_xml(far)) == ["BF-006"]


def test_a_filled_cell_far_down_is_a_record_like_any_other():
    cells = "".join(
        f'<c r="{letter}1" t="str"><v>{name}</v></c>'
        for letter, name in zip("ABCD", HEADER, strict=True)
    )
    far = "<row r='1048576'><c r='A1048576' t='str'><v>MCX-000001</v></c></row>"

    reading = read_delivery(
        with_sheet_xml(f"<row r='1'>{cells}</row>{far}"), "export.xlsx", [a_dataset()], ()
    )

    assert reading.findings == []
    assert reading.records.rows == [1_048_576]


def test_a_dimension_that_lies_is_not_believed():
    sheet = parts_of(a_workbook())[SHEET_PART]
    lying = sheet.replace(b'ref="A1:D2"', b'ref="A1:XFD1048576"')
    assert lying != sheet

    reading = read_delivery(
        with_part(a_workbook(), SHEET_PART, lying), "export.xlsx", [a_dataset()]
    )

    assert len(reading.records) == 1


def test_a_cell_longer_than_any_spreadsheet_allows_is_refused():
    long = f"<row r='2'><c r='A2' t='str'><v>{'x' * 32_768}</v></c></row>"

    assert codes(with_sheet_xml(FILLED + long)) == ["BF-018"]


def test_more_merges_than_can_be_counted_are_refused_at_the_first():
    merges = "<mergeCells>" + "<mergeCell ref='A1:B2'/>" * 20_000 + "</mergeCells>"

    assert codes(with_sheet_xml(FILLED, merges)) == ["BF-013"]


@pytest.mark.parametrize(
    "cell",
    [
        "<c r='A2' t='s'><v>99</v></c>",  # no such shared string
        "<c r='A2' t='s'><v>x</v></c>",
        "<c r='A2' s='99'><v>1</v></c>",  # no such style
        "<c r='A2'><v>one</v></c>",
        "<c r='A2' t='d'><v>yesterday</v></c>",
        f"<c r='A2'><v>{'9' * 5_000}</v></c>",
    ],
)
def test_a_cell_that_makes_no_sense_is_refused(cell):
    assert codes(with_sheet_xml(f"{FILLED}<row r='2'>{cell}</row>")) == ["BF-004"]


@pytest.mark.parametrize(
    ("part", "document"),
    [
        ("xl/workbook.xml", b"<workbook"),
        ("xl/workbook.xml", b'<?xml version="1.0" encoding="no-such"?><workbook/>'),
        (SHEET_PART, b'<?xml version="1.0" encoding="no-such"?><worksheet/>'),
        (SHEET_PART, b"<html/>"),
        (STYLES, b"<styleSheet"),
    ],
)
def test_a_part_that_is_no_use_is_refused(part, document):
    assert codes(with_part(a_workbook(), part, document)) in (["BF-004"], ["BF-018"])


@pytest.mark.parametrize(
    ("part", "tags"),
    [
        (STYLES, 200_001),
        ("xl/workbook.xml", 200_001),
        ("[Content_Types].xml", 200_001),
        (STRINGS, 2_000_001),
    ],
)
def test_a_flood_of_tags_is_refused(part, tags):
    numbers = "".join(f"<a n='{number * number % 1_000_003}'/>" for number in range(200_001))
    flood = "<a>" + numbers + numbers * (tags // 200_001 - 1) + "<a/>" * (tags % 200_001) + "</a>"

    assert codes(with_part(a_workbook_with_shared_strings(), part, flood.encode())) == ["BF-018"]


def test_a_flood_of_validations_before_the_data_is_refused():
    columns = "".join(f"<x n='{number * number % 1_000_003}'/>" for number in range(200_001))

    assert codes(with_sheet_xml(columns + FILLED)) == ["BF-018"]


def test_a_flood_of_blank_cells_is_refused(monkeypatch):
    monkeypatch.setattr("databroker.intake.xlsx.limits.MAX_TAGS", 100)

    assert codes(with_sheet_xml(FILLED + "<row>" + "<c/>" * 100 + "</row>")) == ["BF-018"]


def test_a_value_outside_any_cell_is_no_value():
    assert codes(with_sheet_xml("<v>1</v><row><v>2</v></row>")) == ["BF-011"]


def test_a_worksheet_in_an_encoding_that_hides_its_tags_is_refused():
    sheet = parts_of(a_workbook())[SHEET_PART].decode().encode("utf-16")

    assert codes(with_part(a_workbook(), SHEET_PART, sheet)) == ["BF-018"]


def test_a_part_behind_a_password_is_refused():
    content = bytearray(a_workbook())
    flags = content.index(b"PK\x01\x02") + 8
    content[flags] |= 1

    assert codes(bytes(content)) == ["BF-004"]
