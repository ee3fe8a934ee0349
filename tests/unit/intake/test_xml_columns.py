"""An XML document by column gives what it gives by event, and nearly every document is read so."""

from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from databroker.dataset import datasets
from databroker.intake import read_delivery
from databroker.intake.xml import columns as xml_columns
from databroker.intake.xml.columns import read_columns
from databroker.intake.xml.part import Tags
from databroker.records import PART as BLOCK
from databroker.texts import Texts
from tests.unit.intake.builders import XML_ROOT, a_dataset, an_xml

LONG = "{16384}"
"""Stands for so many letters, of which a cell may hold twice as many less one."""

END = "</aanlevering>"
RECORD = "<record><interv_nr>MCX-1</interv_nr><interv_datum>2026-03-15</interv_datum></record>"


def told(content, **facts):
    """All there is to know of a file."""
    reading = read_delivery(content, "export.xml", [a_dataset(**facts)], ())
    records = reading.records
    found: dict[str, object] = {}
    if records is not None:
        found = {name: records.column(name) for name in records.names}
        found["rows"] = records.rows
        found["cells"] = [
            records.origin.cell(name, row) for name in records.names for row in records.rows
        ]
    return found, reading.count, reading.findings


def by_event(content, **facts):
    with patch("databroker.intake.xml.reader.read_columns", return_value=None):
        return told(content, **facts)


def written(document, encoding="utf-8"):
    return document.replace(LONG, "x" * 16_384).encode(encoding, "xmlcharrefreplace")


def is_ordinary(content, **facts):
    return read_columns(content, None, a_dataset(**facts)) is not None


# --- what is ordinary ------------------------------------------------------------------------------
_NAMES = ["interv_nr", "interv_datum", "ICD_PMfunctie", "opmerking", "Status"]
_SPELLED = {
    "ICD_PMfunctie": ["ICD_PMfunctie", "ICD_PM_indicatie", "icd_pmFunctie", "n:ICD_PMfunctie"],
    "Status": ["Status", "n:Status", "é-tat", "een_naam_van_meer_dan_drie_woorden"],
}
_TEXTS = ["2026-03-15", "15-03-2026", "15/03/2026", "2026-03-1a", "MCX-000001", "10", "é", "𝒳"]
_TEXTS += [
    "&lt;&#233;&#x1D4B3;",
    "a > b",
    "/>",
    "a\r\nb",
    "a\nb",
    "\t",
    " \xa0",
    "\u2003x",
    "ab" * 9,
]
_TEXTS += ["&#13;", "&#32;", " ", "]]", "&amp;&amp;amp;", "\u3000", "\x85", LONG]
_ANY_TEXT = st.sampled_from(_TEXTS)
_ATTRIBUTES = st.sampled_from(["", " ", ' id="1"', " a='é&lt;&#10;'\r\n\tb:c = '\"/'"])
_GAPS = st.sampled_from(["", "\n", "\r\n", "\n    ", "\r\n\t\t", "  \n" * 7])


@st.composite
def ordinary(draw, texts=_ANY_TEXT):
    gap = draw(_GAPS)
    prefix = draw(st.sampled_from(["", "n:"]))
    parts = [XML_ROOT.replace(">", " xmlns:n='urn:n'>")]
    for _ in range(draw(st.integers(1, 6))):
        names = draw(st.lists(st.sampled_from(_NAMES), unique=True, max_size=5))
        parts += [gap, f"<{prefix}record{draw(_ATTRIBUTES)}>"]
        for name in names:
            tag = draw(st.sampled_from(_SPELLED.get(name, [name, name.upper()])))
            text = draw(st.just("") | texts)
            forms = [f"<{tag}>{text}</{tag}>", f"<{tag}{draw(_ATTRIBUTES)}>{text}</{tag}>"]
            forms += [f"<{tag}/>", f"<{tag} />", f"<{tag} nil='ja'/>"] if not text else []
            parts += [gap, draw(st.sampled_from(forms))]
        parts += [gap, f"</{prefix}record>"]
    named = f"<{prefix}record><{_NAMES[0]}>1</{_NAMES[0]}></{prefix}record>"
    return "".join([*parts, gap, named, gap, END])


_ENCODINGS = [("utf-8", ""), ("utf-8-sig", ""), ("utf-8", "utf-8"), ("utf-16", "UTF-16")]
_ENCODINGS += [("cp1252", "Windows-1252"), ("latin-1", "ISO-8859-1")]


@settings(deadline=None, max_examples=300)
@given(document=ordinary(), encoding=st.sampled_from(_ENCODINGS))
def test_an_ordinary_document_is_read_by_column_and_gives_the_same(document, encoding):
    encoding, declared = encoding
    prologue = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    content = written(prologue + document, encoding)

    with patch.object(xml_columns, "PART", 85_000 if LONG in document else 1200):
        assert encoding == "utf-16" or is_ordinary(content)
        assert told(content) == by_event(content)


@settings(deadline=None, max_examples=100)
@given(
    document=ordinary(st.text(st.characters(codec="utf-8", exclude_characters="<&>"), max_size=9))
)
def test_whatever_is_written_both_give_the_same(document):
    content = written(document)

    assert told(content) == by_event(content)


# --- what is not -----------------------------------------------------------------------------------
_ODD = [
    "<", ">", "/>", "</", "<a>", "</a>", "<record>", "</record>", "<record/>", "<record id='1'>",
    "<!--", "-->", "<!-- <record> -->", "<!-- </record> -->", "<![CDATA[", "]]>", "<?p?>", "&", "&a;",
    "&#0;", "&#x110000;", "\r", "\x0b", "\x7f", "\ufffe", "\ufeff", "\xa0", "a", "<a b='>'/>",
    "<a b='/>'/>", "<a/ >", "<a//>", "<a ></a>", "<a></a >", "<a b=''>", "<1/>", "<a:b:c/>", "</>", "<>",
    "<lengte xmlns='x'/>", "<interv_nr/>", "<INTERV_NR/>", "<n:record/>", "<n:record>", "</n:record>",
    "<record a='1' a='2'>", "<record a>", "<record a='1'/>", "<a b='<'>1</a>", "<a b='>'>1</a>",
    "<recordx>", "<recordx/>", "<recordx a='1'/>", "<a b='&c;'>1</a>", "<a b='1'>1</a>", "<a b='1' b='1'>1</a>", "<ab>1</a>", "< a='1'>1</>",
    "<record><record/></record>", "<record></record>", "</aanlevering>", "<aanlevering>", " " * 300,
    "<!DOCTYPE a>", "<?xml version='1.0' encoding='latin-1'?>", LONG, LONG * 2, "<" + "a" * 65 + "/>",
]  # fmt: skip


@settings(deadline=None, max_examples=600)
@given(
    document=ordinary(),
    pieces=st.lists(
        st.tuples(st.sampled_from(_ODD), st.floats(0, 1), st.sampled_from([0, 0, 1, 9, 40])),
        min_size=1,
        max_size=3,
    ),
    snap=st.booleans(),
    max_rows=st.sampled_from([2, 20_000]),
)
def test_whatever_stands_anywhere_both_give_the_same(document, pieces, snap, max_rows):
    for piece, place, skipped in pieces:
        at = int(place * len(document))
        at = document.find("<", at) if snap and "<" in document[at:] else at
        document = document[:at] + piece + document[at + skipped :]
    content = written(document)

    assert told(content, max_rows=max_rows) == by_event(content, max_rows=max_rows)


@settings(deadline=None, max_examples=100)
@given(document=ordinary(), place=st.floats(0, 1), byte=st.binary(min_size=1, max_size=3))
@example(document=f"{XML_ROOT}{RECORD}{END}", place=0.5, byte=b"\xed\xa0\x80")
@example(document=f"{XML_ROOT}{RECORD}{END}", place=0.5, byte=b"\xc0\x80")
def test_whatever_byte_stands_anywhere_both_give_the_same(document, place, byte):
    content = written(document)
    at = int(place * len(content))
    content = content[:at] + byte + content[at:]

    assert told(content) == by_event(content)


@pytest.mark.parametrize("piece", _ODD)
@pytest.mark.parametrize(
    "around",
    ["{}" + XML_ROOT + RECORD + END, XML_ROOT + "{}" + RECORD + END, XML_ROOT + RECORD + "{}" + END,
     XML_ROOT + RECORD + "{}" + RECORD + END, XML_ROOT + RECORD + END + "{}",
     XML_ROOT + RECORD + "<record>{}<a>1</a></record>" + END,
     XML_ROOT + RECORD + "<record><a>{}1</a></record>" + END,
     XML_ROOT + RECORD + "<record><a>1</a>{}</record>" + END],
)  # fmt: skip
def test_what_is_odd_in_any_kind_of_place_gives_the_same(piece, around):
    content = written(around.format(piece))

    assert told(content) == by_event(content)


@pytest.mark.parametrize(
    "record",
    [
        "<record><interv_nr>1</interv_nt></record>",
        "<record><interv_nr>1</interv_n></record>",
        "<record><interv_n>1</interv_nr></record>",
        "<record><interv_nr>1</interv_nr></recore>",
        "<record><a>1</b><b>1</a></record>",
        "<record><interv_nr>1</interv_nr></record></record>",
        "<record><a>1<a/></a></record>",
        "<record><a>1<b></record></a></record>",
    ],
)
def test_tags_that_do_not_belong_together_are_refused(record):
    content = written(XML_ROOT + record + END)

    assert [finding.code for finding in told(content)[2]] == ["BF-019"]
    assert told(content) == by_event(content)


@pytest.mark.parametrize(
    "declared", ["utf-16", "latin-1", "cp1252", "us-ascii", "utf-7", "utf-8-sig", "no-such"]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("byte", [b"a", b"\x81", b"\xe9", "é".encode()])
def test_an_encoding_that_is_not_true_gives_the_same(declared, mark, byte):
    prologue = f'<?xml version="1.0"\n encoding = \'{declared}\' standalone="yes"?>'
    content = mark + (prologue + XML_ROOT + RECORD + END).encode().replace(b"MCX", byte)

    assert told(content) == by_event(content)


@pytest.mark.parametrize(
    ("before", "between", "behind"),
    [
        ("<record id='1'><b>1</b></record>", "", ""),
        ("", "<record id='1'><b>1</b></record>", ""),
        ("", "<record/>", "<n:record><b>1</b></n:record>"),
        ("<record/>", "<record />", "<record/>"),
        (
            "<record id='1'></record>",
            "<record id='2'><b c=''/></record><record id='3'><b c=''>1</b></record>",
            "a",
        ),
        ("\r ", "\n", "\n"),
        ("<!-- <record> -->", "", "<!-- </record> -->"),
    ],
)
def test_what_is_around_the_records_gives_the_same(before, between, behind):
    content = written("".join([XML_ROOT, before, "\n", RECORD, between, RECORD, behind, END]))

    assert told(content) == by_event(content)
    assert told(content, max_rows=5) == by_event(content, max_rows=5)


@pytest.mark.parametrize("inside", ["\n", "\r", "\r\n", "\n\r", "&#13;"])
@pytest.mark.parametrize("between", ["\n", "\r", "\r\n", "\r\n\r\n", ""])
def test_a_record_is_found_on_its_line_whatever_ends_a_line(inside, between):
    record = RECORD.replace("MCX-1", f"MCX{inside}1")
    content = written(between.join(["<?xml version='1.0'?>", XML_ROOT, record, record, END]))

    assert told(content) == by_event(content)


# --- many records --------------------------------------------------------------------------------
def test_blocks_and_blank_records_give_the_same():
    rows = [[f"MCX-{number}", "2026-03-15", "", "x"] for number in range(BLOCK + 20)]
    rows[7] = rows[BLOCK - 1] = rows[BLOCK] = rows[-1] = rows[-2] = ["", " ", "", "\n"]
    content = an_xml(*rows)

    assert is_ordinary(content, max_rows=len(rows))
    assert told(content, max_rows=len(rows)) == by_event(content, max_rows=len(rows))


@pytest.mark.parametrize(
    "dataset", datasets(), ids=lambda dataset: f"{dataset.id}-{dataset.version}"
)
def test_the_names_of_a_dataset_can_be_told_apart(dataset):
    tags = Tags(b"record")

    for name in dataset.headers:
        tags.numbers(Texts.of([name]))

    assert len(tags.names) == len(dataset.headers) + 1
