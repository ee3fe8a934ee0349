"""However a workbook writes a cell, it is read as the same text, by column or one by one."""

import datetime as dt
import io
import random
import re

import numpy as np
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from databroker.intake import read_delivery
from databroker.intake.sheet import UnreadableError
from databroker.intake.xlsx.cells import EPOCH_1900, EPOCH_1904, number_text
from databroker.intake.xlsx.digits import are_as_written
from databroker.intake.xlsx.grid import Meaning, lines_of
from databroker.intake.xlsx.reader import read_xlsx
from databroker.intake.xlsx.shared_strings import read_strings
from databroker.intake.xlsx.sheet_rows import read_rows
from databroker.intake.xlsx.styles import style_of
from databroker.texts import Texts
from tests.unit.intake.builders import HEADER, a_dataset

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORMATS = ["General", "dd-mm-yyyy", "000000000", "[h]:mm:ss", "0.00", "h:mm"]
STRINGS = ["MCX", " ", "", "een_x000D_twee", "\xe9\xe9n & twee"]


def outcome(pieces, *, by_column, epoch=EPOCH_1900):
    """Every cell that has a text, or the code of what refuses the sheet."""
    meaning = Meaning([style_of(each) for each in FORMATS], Texts.of(STRINGS), epoch)
    try:
        grids = map(meaning.read, read_rows(pieces, meaning, 10_000, by_column=by_column))
        found, numbers = [], []
        for lines in lines_of(grids, range(30), 0):
            numbers += lines.rows.tolist()
            columns = {place: texts.tolist() for place, texts in lines.cells.items()}
            found += [
                (row, place, columns[place][index])
                for index, row in enumerate(lines.rows.tolist())
                for place in columns
                if columns[place][index] is not None
            ]
    except UnreadableError as error:
        return error.code
    assert numbers == sorted(set(numbers))  # a row is given once, however the sheet was cut
    return sorted(found)


def cut(sheet, places):
    """Cut a document before some of its tags, as inflating a part does."""
    tags = [match.start() for match in re.finditer(b"<", sheet)][1:]
    cuts = sorted({tags[place % len(tags)] for place in places})
    return [sheet[i:j] for i, j in zip([0, *cuts], [*cuts, None], strict=True)]


ORDINARY = st.sampled_from(
    [
        "{} t='s'><v>0</v></c>",
        "{} t='s'><v>3</v></c>",
        "{} s='1'><v>46086</v></c>",
        "{} s='1'><v>60</v></c>",
        "{} s='1'><v>46086.75</v></c>",
        "{} s='1'><v>-4</v></c>",
        "{} s='2'><v>19</v></c>",
        "{} s='3'><v>1.25</v></c>",
        "{} s='5' t='n'><v>0.5</v></c>",
        "{} s='4'><v>66.60000000000001</v></c>",
        "{}><v>1E-7</v></c>",
        "{}><v>0</v></c>",
        "{}><v>007</v></c>",
        "{}><v>123456789012345</v></c>",
        "{}><v>12345678901234567890</v></c>",
        "{} t='b'><v>1</v></c>",
        "{} t='e'><v>#N/A</v></c>",
        "{} t='d'><v>2026-03-05T12:00:00</v></c>",
        "{} t='str' s='1'><v>a &amp; b&#10;&#xE9;</v></c>",
        "{} t='inlineStr'><is><t>  x </t></is></c>",
        "{} t='inlineStr'><is><t xml:space='preserve'> \xe9 _x0041_ &lt;</t></is></c>",
        "{} t='inlineStr'><is><t>   </t></is></c>",
        "{} t='inlineStr'><v>1</v></c>",
        "{} t='s'><is><t>1</t></is></c>",
        "{} s='1' t='str'><v></v></c>",
        "{} t='x' s='0'><v>y</v></c>",
        "{} s='2'/>",
        "{}></c>",
    ]
)
STRANGE = st.sampled_from(
    [
        "{} t='inlineStr'><is><r><rPr><b/></rPr><t>een</t></r><r><t> twee</t></r></is></c>",
        "{} t='inlineStr'><is><t>x</t><rPh sb='0' eb='1'><t>nee</t></rPh></is></c>",
        "{} t='str'><v><![CDATA[<row r='9'>]]></v></c>",
        "{} t='str'><!-- <row r='8'> --><v>na</v></c>",
        "{} t='str'><v>a>b</v></c>",
        "{} t='str'><v>a\r\nb</v></c>",
        "{} vm='1' t='n' >\n<v>5</v> </c>",
        "{} ph='1'><v> 5 </v></c>",
        "{} t='str'><v/></c>",
        "{} s='1'><v>1</v>x</c>",
        "{} s='1'>x<v>1</v></c>",
        "{}><v>1</v><extLst><ext><c r='Z1'><v>2</v></c></ext></extLst></c>",
        "<x:c xmlns:x='{ns}' r='{r}'><x:v>6</x:v></x:c>",
        "<c xmlns='other' r='{r}'><v>6</v></c>",
    ]
)
WRONG = [
    "{} t='s'><v>99</v></c>",
    "{} t='s'><v>-1</v></c>",
    "{} s='9'><v>1</v></c>",
    "{} s='x'><v>1</v></c>",
    "{}><v>one</v></c>",
    "{}><v>1_0</v></c>",
    "{}><v>1</v></v></c>",
    "{}><v>1</c>",
    "{} t='str'><v>]]></v></c>",
    "{} t='str'><v>&nbsp;</v></c>",
    "{} t='str'><v>&#0;</v></c>",
    "{} t='str'><v>\x01</v></c>",
    "{} t='str'><v>\uffff</v></c>",
    "{} t='s' t='s'><v>1</v></c>",
    "{} s='1' s='1'><v>1</v></c>",
    "{} t='inlineStr'><is><t>1</is></t></c>",
    "{} t='inlineStr'><is><t>1</t></c></is>",
    "{} t='str'><v>1</t></c>",
    "{} y:z='1'><v>1</v></c>",
    "{}><f>1+1</f><v>2</v></c>",
    "<c r='{r}'/><c r='{r}'><v>1</v></c>",
    "<c r='A1'/>",
    "<c r='D99'><v>1</v></c>",
    "<c><v>1</v>",
]
ROW_TAGS = st.sampled_from(
    [
        "<row r='{}'>",
        "<row r='{}' spans='1:9' ht='12.8' x14ac:dyDescent='0.25'>",
        "<row  r='{}'>",
        "<row spans='1:9' r='{}'>",
    ]
)
WRONG_ROWS = [
    *(
        "<row r='1'>",
        "<row r='2'>",
        "<row r='3' r='3'>",
        "<row r='3' q:a='1'>",
        "<row r='3' ht='<'>",
    ),
    *("<row r='3' ht='1' ht='1'>", "<row r='3' xmlns='other' ht='1'><row>", "<row r='3'/>"),
    *("<row r='3' ht='&no;'>", "<row r='1048577'>", "<row r='3'><row r='4'>"),
]
TAILS = st.sampled_from(["", "\n", "<row r='900'/>", "<row/>", "<row><c><v>8</v></c></row>"])


@st.composite
def sheets(draw, cells, rows=ROW_TAGS):
    parts, number = [], 0
    for _ in range(draw(st.integers(1, 6))):
        number += draw(st.sampled_from([1, 1, 1, 7, 100]))
        row, place = [draw(rows).replace("{}", str(number))], 0
        for cell in draw(st.lists(cells, max_size=6)):
            place += draw(st.sampled_from([1, 1, 2, 26]))
            address = f"{get_column_letter(min(place, 600))}{number}"
            opened = cell.replace("{}", f"<c r='{address}'").replace("{r}", address)
            row.append(opened.replace("{ns}", MAIN))
        parts.append("".join([*row, "</row>"]))
    quote = draw(st.sampled_from('"""\''))
    data = "".join(parts).replace("'", quote) + draw(TAILS)
    root = draw(st.sampled_from(["worksheet", "worksheet", "x:worksheet"]))
    prefixes = f"xmlns:x='{MAIN}' xmlns:x14ac='ac'"
    inside = f"<sheetPr/><sheetData>{data}</sheetData><pageMargins left='1'/>"
    if root.startswith("x:"):
        inside = re.sub(r"<(/?)(sheetData|row|c|v|is|t)\b", r"<\1x:\2", inside)
    sheet = f"<?xml version='1.0'?><{root} xmlns='{MAIN}' {prefixes}>{inside}</{root}>"
    return cut(sheet.encode(), draw(st.lists(st.integers(0, 500), max_size=4)))


@settings(max_examples=400, deadline=None)
@given(pieces=sheets(ORDINARY), epoch=st.sampled_from([EPOCH_1900, EPOCH_1904]))
def test_ordinary_sheets_are_read_by_column_as_one_by_one(pieces, epoch):
    one_by_one = outcome([b"".join(pieces)], by_column=False, epoch=epoch)

    assert outcome(pieces, by_column=True, epoch=epoch) == one_by_one
    assert outcome(pieces, by_column=False, epoch=epoch) == one_by_one


@settings(max_examples=400, deadline=None)
@given(pieces=sheets(st.one_of(ORDINARY, ORDINARY, STRANGE)))
def test_strange_cells_are_read_as_if_there_were_no_ordinary_ones(pieces):
    assert outcome(pieces, by_column=True) == outcome([b"".join(pieces)], by_column=False)


def an_ordinary_sheet(wrong_row, wrong_cell):
    rows = [
        "<row r='1'><c r='A1'><v>1</v></c><c r='B1' s='1'/></row>",
        "<row r='2'><c r='A2' t='s'><v>0</v></c></row>",
        f"{wrong_row}<c r='B3'><v>1</v></c>{wrong_cell}<c r='D3'><v>4</v></c></row>",
        "<row r='5'><c r='A5'><v>5</v></c></row>",
    ]
    data = "".join(rows).replace("'", '"')
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'.encode()


@pytest.mark.parametrize(
    ("wrong_row", "wrong_cell"),
    [
        *(("<row r='3'>", cell) for cell in WRONG),
        *((row, "<c r='C3'/>") for row in WRONG_ROWS),
    ],
)
def test_what_is_wrong_is_refused_by_column_as_one_by_one(wrong_row, wrong_cell):
    cell = wrong_cell.replace("{}", "<c r='C3'").replace("{r}", "C3")
    sheet = an_ordinary_sheet(wrong_row, cell)

    one_by_one = outcome([sheet], by_column=False)

    assert isinstance(one_by_one, str)
    assert outcome([sheet], by_column=True) == one_by_one
    assert outcome(cut(sheet, [2, 11]), by_column=True) == one_by_one


def test_an_ordinary_sheet_is_read_without_the_parser(monkeypatch):
    sheet = an_ordinary_sheet("<row r='3'>", "<c r='C3' t='s' s='1'><v>0</v></c>")
    monkeypatch.setattr("databroker.intake.xlsx.sheet_scan.SheetScan._next_row", None)

    assert (3, 2, "MCX") in outcome([sheet], by_column=True)


@settings(max_examples=300, deadline=None)
@given(
    strings=st.lists(
        st.sampled_from(
            [
                "<si><t>een</t></si>",
                "<si><t xml:space='preserve'> een &amp; _x000D_ </t></si>",
                "<si><t> </t></si>",
                "<si><t></t></si>",
                "<si><t/></si>",
                "<si/>",
                "<si><t>\xe9\xe9n</t></si>",
                "<si><r><t>een</t></r><r><rPr><b/></rPr><t xml:space='preserve'> twee</t></r></si>",
                "<si><t>een</t><rPh sb='0' eb='1'><t>nee</t></rPh></si>",
                "<si><t><![CDATA[<si>]]></t></si>",
                "<!-- <si> -->",
                "<x:si xmlns:x='{}'><x:t>x</x:t></x:si>",
                "<si><t>&nbsp;</t></si>",
                "<si><t>a</si>",
            ]
        ),
        min_size=1,
        max_size=20,
    ),
    places=st.lists(st.integers(0, 100), max_size=3),
)
def test_shared_strings_are_read_by_column_as_one_by_one(strings, places):
    inside = "".join(strings).replace("'", '"').replace("{}", MAIN)
    part = f'<sst xmlns="{MAIN}" count="9">{inside}</sst>'.encode()

    def read(pieces, *, by_column):
        try:
            return read_strings(pieces, 10_000, by_column=by_column).tolist()
        except UnreadableError as error:
            return error.code

    assert read(cut(part, places), by_column=True) == read([part], by_column=False)


def seen(cell):
    """What a cell is seen as, by what openpyxl makes of it."""
    value, shown = cell.value, cell.number_format or ""
    match value:
        case None:
            return None
        case bool():
            return "WAAR" if value else "ONWAAR"
        case int() | float():
            text = str(value)
            if isinstance(value, float):
                text = np.format_float_positional(float(f"{value:.15g}"), trim="-")
            zeros = len(shown) if set(shown) == {"0"} and len(shown) > 1 else 0
            return text.zfill(zeros) if text.isdecimal() else text
        case dt.date():
            return f"{value:%d-%m-}{value.year:04}"
        case _:
            return None if str(value).isspace() or not str(value) else str(value)


def as_seen(content):
    """Every cell with a text, by openpyxl and by ourselves."""
    sheet = read_xlsx(content, a_dataset())
    found = {(sheet.row, place): text for place, text in enumerate(sheet.header) if text}
    for lines in sheet.body(range(100)):
        for place, texts in lines.cells.items():
            for row, text in zip(lines.rows.tolist(), texts, strict=True):
                if text is not None:
                    found[row, place] = text
    workbook = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    cells = [cell for row in workbook.worksheets[0].iter_rows() for cell in row]
    known = {(cell.row, cell.column - 1): seen(cell) for cell in cells}
    return {where: text for where, text in known.items() if text is not None}, found


NUMBER_FORMATS = [
    *("General", "0", "0.00", "00", "000000000", "#,##0", "0%", "@", "dd-mm-yyyy", "d mmm yy"),
    *("h:mm", "[h]:mm", "[mm]:ss", "yyyy-mm-dd h:mm:ss", '0" d"', "[Red]0", "[$-413]d mmmm yyyy"),
    *("[$EUR ]0.00", "0;dd", '"dag" 0', "\\d0", "_d0", "[>100]0;d", "m/d/yy h:mm", "mm:ss"),
]
VALUES = [
    *(None, 0, 1, 19, 59, 61, 366, 46_086, 46_086.5, 0.25, 0.999, 9_999_999, -3, 123_456_789),
    *(72.5, 66.60000000000001, 0.1 + 0.2, 1e-7, 1.5e-10, 9.5e20, 1e15, 9_520_123_456_788, 2.0),
    *("0012", " ", "een\ntwee", "a & b <c>", "\xe9\xe9n", " x ", "#N/A", True, False, "1e5"),
    *(dt.date(2026, 3, 5), dt.datetime.fromisoformat("1999-12-31T23:59:59"), dt.time(13, 5)),
]


@pytest.mark.filterwarnings("ignore:Cell")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_a_workbook_of_openpyxl_is_read_as_openpyxl_reads_it(seed, epoch):
    chance = random.Random(seed)  # noqa: S311 - no secret
    workbook = openpyxl.Workbook()
    if epoch:
        workbook.epoch = epoch
    for row in range(1, 60):
        for column in range(1, 30):
            cell = workbook.active.cell(row, column, chance.choice(VALUES))
            if cell.value is not None and not isinstance(cell.value, dt.date | dt.time):
                cell.number_format = chance.choice(NUMBER_FORMATS)
    content = io.BytesIO()
    workbook.save(content)

    known, found = as_seen(content.getvalue())

    assert found == known


@pytest.mark.filterwarnings("ignore:Cell")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("constant_memory", [False, True])
def test_a_workbook_of_xlsxwriter_is_read_as_openpyxl_reads_it(seed, constant_memory):
    chance = random.Random(seed)  # noqa: S311 - no secret
    content = io.BytesIO()
    options = {"in_memory": True, "constant_memory": constant_memory, "date_1904": seed % 2 == 0}
    with xlsxwriter.Workbook(content, options) as workbook:
        page = workbook.add_worksheet()
        formats = [workbook.add_format({"num_format": each}) for each in NUMBER_FORMATS]
        bold, plain = workbook.add_format({"bold": True}), workbook.add_format()
        dates = workbook.add_format({"num_format": "dd-mm-yyyy"})
        for row in range(60):
            for column in range(30):
                value, shape = chance.choice(VALUES), chance.choice([None, *formats])
                if value is None:
                    page.write_blank(row, column, None, bold)
                elif isinstance(value, dt.date | dt.time):
                    page.write_datetime(row, column, value, dates)
                elif value == "een\ntwee":
                    page.write_rich_string(row, column, bold, "een\n", plain, " twee")
                else:
                    page.write(row, column, value, shape)

    known, found = as_seen(content.getvalue())

    assert found == known


def test_a_thousand_sheets_with_blank_and_hidden_rows_have_no_cell_at_a_wrong_address():
    chance = random.Random(3)  # noqa: S311 - no secret
    wrong = 0
    for _ in range(1_000):
        content = io.BytesIO()
        first, columns = chance.choice([0, 0, 1, 5]), chance.sample(range(60), len(HEADER))
        with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
            page = workbook.add_worksheet("PMICD_NHR")
            hidden = workbook.add_format({"bold": True})
            rows = sorted(chance.sample(range(first + 1, first + 40), chance.randint(1, 12)))
            written = {first: HEADER} | {
                row: [f"{get_column_letter(column + 1)}{row + 1}" for column in columns]
                for row in rows
            }
            for row in range(first, first + 42):
                if chance.random() < 0.3:
                    page.set_row(row, 12, hidden, {"hidden": chance.random() < 0.5})
                for column, text in sorted(zip(columns, written.get(row, []), strict=False)):
                    page.write(row, column, text)
                if row not in written and chance.random() < 0.3:
                    page.write_blank(row, chance.randrange(60), None, hidden)

        records = read_delivery(content.getvalue(), "export.xlsx", [a_dataset()], ()).records

        assert records.rows == [row + 1 for row in rows]
        for name in HEADER:
            for row, text in zip(records.rows, records.column(name), strict=True):
                wrong += records.origin.cell(name, row) != f"PMICD_NHR!{text}"
    assert wrong == 0


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("{}><v>007</v></c>", "7"),
        ("{}><v>0</v></c>", "0"),
        ("{}><v>66.60000000000001</v></c>", "66.6"),
        ("{} s='1'><v>60</v></c>", "29-02-1900"),
        ("{} s='1'><v>59</v></c>", "28-02-1900"),
        ("{} t='inlineStr'><is><r><t>a</t></r><r><t> b</t></r></is></c>", "a b"),
        ("{} t='inlineStr'><is><t>a</t><rPh sb='0' eb='1'><t>b</t></rPh></is></c>", "a"),
        ("{} t='str'><v><![CDATA[<row r=]]>&#65;</v></c>", "<row r=A"),
        ("{} t='inlineStr'><is><t>_x005F_x0041_</t></is></c>", "_x0041_"),
    ],
)
@pytest.mark.parametrize("by_column", [False, True])
def test_a_cell_is_read_as_what_it_shows(cell, text, by_column):
    sheet = an_ordinary_sheet("<row r='3'>", cell.replace("{}", "<c r='C3'"))

    assert (3, 2, text) in outcome([sheet], by_column=by_column)


@pytest.mark.parametrize("numbers", [(1, 1), (2, 1), (1, 3, 2), (1, 3, 3)])
def test_rows_out_of_order_are_refused_by_column_too(numbers):
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in numbers)
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()

    assert outcome([sheet], by_column=True) == "BF-004"
    last = sheet.rindex(b"<row ")
    assert outcome([sheet[:last], sheet[last:]], by_column=True) == "BF-004"


@settings(max_examples=500, deadline=None)
@given(
    numbers=st.lists(
        st.one_of(
            st.from_regex(r"[0-9]{0,9}\.?[0-9]{0,9}", fullmatch=True),
            st.text("0123456789.-+eE/:", max_size=18),
        ),
        max_size=9,
    )
)
def test_only_numbers_that_are_seen_as_written_are_left_as_they_are(numbers):
    for number, left in zip(numbers, are_as_written(Texts.of(numbers)).tolist(), strict=True):
        if left:
            assert number_text(number, style_of("General"), EPOCH_1900) == number


@pytest.mark.parametrize("hidden", ["<!-- {} -->", "<x><![CDATA[{}]]></x>"])
def test_a_row_that_a_comment_hides_is_none_wherever_the_sheet_was_cut(hidden):
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>8</v></c></row>' for row in (8, 9))
    sheet = an_ordinary_sheet(hidden.replace("{}", rows) + "<row r='3'>", "")

    for place in range(sheet.count(b"<")):
        assert outcome(cut(sheet, [place]), by_column=True) == outcome([sheet], by_column=False)
    assert (8, 0, "8") not in outcome([sheet], by_column=True)
