"""XML as an EPD writes it, and XML made to hurt."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databroker.intake import read_delivery
from tests.unit.intake.builders import HEADER, ROW, XML_ROOT, a_dataset, an_xml

RECORD = (
    "<record><interv_nr>MCX-000001</interv_nr><interv_datum>2026-03-15</interv_datum>"
    "<ICD_PMfunctie>10</ICD_PMfunctie></record>"
)


def delivery(*records, root=XML_ROOT, prologue=""):
    return f"{prologue}{root}{''.join(records or (RECORD,))}</aanlevering>".encode()


def read(content, **facts):
    return read_delivery(content, "export.xml", [a_dataset(**facts)], ())


def codes(content, **facts):
    return [finding.code for finding in read(content, **facts).findings]


def message(content):
    (finding,) = read(content).findings
    return finding.message


# --- what a vendor may write ---------------------------------------------------------------------
def test_a_record_is_found_on_the_line_it_starts_on_and_a_cell_by_its_path():
    content = f"""<?xml version="1.0" encoding="UTF-8"?>
{XML_ROOT}
  <record>
    <interv_nr>MCX-000001</interv_nr>
    <interv_datum>2026-03-15</interv_datum>
    <ICD_PMfunctie>10</ICD_PMfunctie>
  </record>

  <record>
    <interv_nr>MCX-000002</interv_nr>
    <opmerking>a &amp; b<![CDATA[ < c]]></opmerking>
  </record>
</aanlevering>
"""

    reading = read(content.encode())

    assert reading.findings == []
    assert reading.records.rows == [3, 9]
    assert reading.records.column("interv_datum") == ["15-03-2026", None]
    assert reading.records.column("opmerking") == [None, "a & b < c"]
    assert reading.records.origin.cell("opmerking", 9) == "/aanlevering/record[2]/opmerking"


def test_without_line_breaks_the_rows_count_the_records():
    reading = read(delivery(RECORD, RECORD, "\n", RECORD))

    assert reading.records.rows == [2, 3, 4]
    assert reading.records.origin.cell("interv_nr", 4) == "/aanlevering/record[3]/interv_nr"


def test_records_that_share_a_line_behind_the_root_are_counted_too():
    assert read(delivery("\n", RECORD, "\n", RECORD, RECORD)).records.rows == [2, 3, 4]
    assert read(delivery("\n\n", RECORD, RECORD)).records.rows == [2, 3]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-03-15", "15-03-2026"),
        ("15-03-2026", "15-03-2026"),
        ("15/03/2026", "15/03/2026"),
        ("2026-03-15T00:00:00", "2026-03-15T00:00:00"),
        (" 2026-03-15", " 2026-03-15"),
        ("2026-03-1a", "2026-03-1a"),
        ("2026-03x15", "2026-03x15"),
    ],
)
def test_a_date_as_xml_has_it_is_written_as_the_handbook_has_it(written, kept):
    reading = read(delivery(RECORD.replace("2026-03-15", written)))

    assert reading.records.column("interv_datum") == [kept]


def test_only_a_date_is_a_date():
    with_remark = RECORD.replace("</record>", "<opmerking>2026-03-15</opmerking></record>")

    assert read(delivery(with_remark)).records.column("opmerking") == ["2026-03-15"]


def test_any_case_alias_prefix_and_attribute_will_do():
    root = XML_ROOT.replace("<aan", "<n:aan").replace(">", ' xmlns:n="https://example.org/n">')
    record = (
        '<n:record id="7"><Interv_Nr>MCX-000001</Interv_Nr><n:interv_datum soort="x">2026-03-15'
        "</n:interv_datum><ICD_PM_indicatie>10</ICD_PM_indicatie></n:record>"
    )

    reading = read(f"{root}{record}</n:aanlevering>".encode())

    assert reading.findings == []
    assert reading.records.column("ICD_PMfunctie") == ["10"]
    path = "/aanlevering/record[1]/ICD_PM_indicatie"
    assert reading.records.origin.cell("ICD_PMfunctie", 2) == path


def test_one_record_may_use_the_alias_and_another_the_name():
    renamed = RECORD.replace("ICD_PMfunctie", "ICD_PM_indicatie")

    reading = read(delivery(RECORD, renamed))

    assert reading.findings == []
    assert reading.records.column("ICD_PMfunctie") == ["10", "10"]


def test_comments_and_instructions_mean_nothing():
    extra = '<?xml-stylesheet href="a.xsl"?><!-- <record/> -->'

    assert codes(delivery(RECORD, prologue=extra)) == []


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16", "UTF-16"),
        ("cp1252", "windows-1252"),
        ("latin-1", "ISO-8859-1"),
    ],
)
def test_the_usual_encodings_are_read(encoding, declared):
    prologue = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    record = RECORD.replace("</record>", "<opmerking>ingreep bij Ménière</opmerking></record>")

    reading = read(delivery(record, prologue=prologue).decode().encode(encoding))

    assert reading.records.column("opmerking") == ["ingreep bij Ménière"]


def test_what_need_not_be_filled_may_be_left_out_of_every_record():
    optional = a_dataset().fields[2].name
    record = RECORD.replace(f"<{optional}>10</{optional}>", "")

    reading = read(delivery(record))

    assert reading.findings == []
    assert reading.records.column(optional) == [None]


# --- what refuses or warns -------------------------------------------------------------------------
def test_a_column_that_every_record_must_fill_and_none_has_is_missing():
    record = RECORD.replace("interv_datum", "datum")

    reading = read(delivery(record))

    assert [finding.code for finding in reading.findings] == ["BF-007"]
    assert "interv_datum" in reading.findings[0].message


def test_unknown_elements_are_ignored_with_a_warning_that_names_them():
    record = RECORD.replace("</record>", "<Status>klaar</Status></record>")

    reading = read(delivery(record))

    assert [finding.code for finding in reading.findings] == ["BW-001"]
    assert "Status" in reading.findings[0].message
    assert reading.records.names == HEADER[:3]


@pytest.mark.parametrize("again", ["interv_nr", "INTERV_NR", "n:interv_nr"])
def test_a_column_twice_in_a_record_is_refused_with_its_line(again):
    record = RECORD.replace("</record>", f"\n<{again}>MCX-000002</{again}></record>")

    told = message(delivery(RECORD, record))

    assert codes(delivery(RECORD, record)) == ["BF-006"]
    assert "interv_nr (regel 2)" in told


def test_an_unknown_element_twice_is_not_named():
    record = RECORD.replace("</record>", "<Jansen/><Jansen/></record>")

    assert "een onbekende kolom (regel 1)" in message(delivery(record))


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (XML_ROOT.replace("interventie", "followup"), "(lijkt op pmicd-followup)"),
        (XML_ROOT.replace("pmicd-interventie", "Jansen, J."), "(lijkt op een ander sjabloon)"),
        ("<aanlevering>", "(lijkt op een ander sjabloon)"),
        (XML_ROOT.replace("22.2", "25.1"), "Interventie 22.2 (lijkt op versie 25.1)"),
        (XML_ROOT.replace("22.2", "Jansen, J."), "(lijkt op versie onbekend)"),
    ],
)
def test_another_dataset_or_version_is_refused(root, words):
    assert codes(delivery(root=root)) == ["BF-008"]
    assert words in message(delivery(root=root))


def test_a_version_need_not_be_named():
    assert codes(delivery(root='<aanlevering dataset="pmicd-interventie">')) == []


@pytest.mark.parametrize(
    "content", [b"<html/>", b"<record/>", b"<Bundle xmlns='http://hl7.org/fhir'/>"]
)
def test_xml_of_another_kind_is_refused(content):
    assert codes(content) == ["BF-001"]
    assert "geen XML-aanlevering" in message(content)


@pytest.mark.parametrize(
    ("content", "line", "position"),
    [
        (b"<aanlevering", 1, 1),
        (XML_ROOT.encode(), 1, len(XML_ROOT) + 1),
        (delivery() + b"\n<meer/>", 2, 1),
        (delivery("\n<record><interv_nr>a</interv_datum></record>"), 2, 23),
        (delivery("\n<record><lengte>&onbekend;</lengte></record>"), 2, 17),
        (delivery("\n<record><lengte><cm>1</cm></lengte></record>"), 2, 17),
        (delivery("\n <rij/>"), 2, 2),
        (delivery("\n tekst"), 2, 7),  # of text, where it ends
        (delivery("\n<record>tekst<lengte>1</lengte></record>"), 2, 14),
        (delivery("<record><lengte>\x01</lengte></record>"), 1, len(XML_ROOT) + 17),
    ],
)
def test_what_is_not_formed_as_agreed_is_refused_with_its_place(content, line, position):
    assert codes(content) == ["BF-019"]
    assert f"(regel {line}, positie {position})" in message(content)


@pytest.mark.parametrize("records", [["<record/>"], ["<record><interv_nr> </interv_nr></record>"]])
def test_a_file_of_nothing_but_empty_records_is_refused(records):
    assert codes(delivery(*records))[0] in {"BF-007", "BF-011"}


def test_a_file_without_records_is_refused():
    assert codes(f"{XML_ROOT}</aanlevering>".encode()) == ["BF-011"]


def test_more_records_than_allowed_are_refused_and_counted():
    reading = read(delivery(*[RECORD] * 4), max_rows=3)

    assert reading.count == 4
    assert [finding.code for finding in reading.findings] == ["BF-014"]
    assert codes(delivery(*[RECORD] * 4), max_rows=4) == []
    assert read(delivery(*[RECORD] * 4), max_rows=1).count == 4


@pytest.mark.parametrize("encoding", ["no-such", "utf-7", "shift_jis", "cp037"])
def test_an_encoding_that_nobody_reads_is_refused(encoding):
    prologue = f'<?xml version="1.0" encoding="{encoding}"?>'

    assert codes(delivery(prologue=prologue)) == ["BF-005"]


@pytest.mark.parametrize(
    "content",
    [delivery().decode().encode("utf-16-le"), b"\xff\xfe<", delivery().replace(b"MCX", b"M\0X")],
)
def test_bytes_that_are_no_text_are_refused(content):
    assert codes(content) == ["BF-005"]


# --- what hurts --------------------------------------------------------------------------------------
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "declaration",
    [
        f'<!DOCTYPE aanlevering [<!ENTITY a0 "ha">{LAUGHS}]>',
        f'<!DOCTYPE aanlevering [<!ENTITY a "{"a" * 50_000}">]>',
        '<!DOCTYPE aanlevering [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE aanlevering [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd"> %a;]>',
        '<!DOCTYPE aanlevering SYSTEM "http://127.0.0.1:9/a.dtd">',
        "<!DOCTYPE aanlevering>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_whatever_it_declares(declaration, encoding):
    content = delivery(RECORD.replace("10", "&a;"), prologue=declaration)

    assert codes(content.decode().encode(encoding)) == ["BF-018"]


@pytest.mark.parametrize(
    "content",
    [
        delivery(RECORD.replace("10", "9" * 32_768)),
        delivery(RECORD.replace("10", f"<![CDATA[{'<' * 32_768}]]>")),
        delivery(f"<record a='{'x' * 200_000}'/>"),
        delivery("<record " + " ".join(f"a{number}=''" for number in range(40_000)) + "/>"),
    ],
)
def test_a_text_or_tag_without_end_is_refused(content):
    assert codes(content) == ["BF-018"]


def test_the_longest_text_of_a_spreadsheet_is_read():
    assert codes(delivery(RECORD.replace("10", "9" * 32_767))) == []


def test_elements_in_each_other_are_refused_at_the_first_too_deep():
    assert codes(delivery("<record>" + "<a>" * 1_000_000)) == ["BF-019"]


def test_more_columns_than_any_dataset_has_are_refused():
    elements = "".join(f"<a{number}/>" for number in range(501))

    assert codes(delivery(f"<record>{elements}</record>")) == ["BF-006"]


def test_a_flood_of_records_costs_no_memory():
    content = delivery("<record/>" * 500_000)
    tracemalloc.start()

    reading = read(content)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (reading.count, [f.code for f in reading.findings]) == (500_000, ["BF-014"])
    assert peak < 5_000_000


def test_no_finding_names_what_the_file_holds():
    private = "Jansen-1950"
    contents = [
        delivery(root=f'<aanlevering dataset="{private} x">'),
        f"<{private}/>".encode(),
        delivery(f"<record><{private}/><{private}/></record>"),
        delivery(f"<record><{private}>1</b></record>"),
        delivery(f"<record>{private}</record>"),
    ]

    told = [message(content) for content in contents]

    assert not any(private in words for words in told)


def test_the_builder_writes_what_this_page_is_about():
    assert read(an_xml()).records.column("opmerking") == [ROW[3]]


_PIECES = [
    b"<", b">", b"/>", b"</", b"<record>", b"</record>", b"<!--", b"]]>", b"<![CDATA[", b"<?", b"&",
    b"&#xD800;", b"&#0;", b"<!DOCTYPE a>", b"\xff", b"\0", b"\r\n", b"<lengte xmlns='x'>", b"=''",
    b"<n:interv_nr>", b"\xef\xbb\xbf", b"<?xml version='1.0' encoding='utf-16'?>",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    piece=st.sampled_from(_PIECES) | st.binary(max_size=4),
    start=st.integers(0, len(delivery())),
    skipped=st.integers(0, 20),
)
def test_whatever_stands_in_a_place_the_outcome_is_a_reading(piece, start, skipped):
    content = delivery()

    reading = read(content[:start] + piece + content[start + skipped :])

    known = {"BF-001", "BF-005", "BF-006", "BF-007", "BF-008", "BF-011", "BF-018", "BF-019"}
    assert {finding.code for finding in reading.findings} <= known | {"BW-001"}
    assert (reading.records is None) == any(f.code[:2] == "BF" for f in reading.findings)
    assert reading.records is None or reading.records.to_ipc()
