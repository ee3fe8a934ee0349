"""The workbook as a hospital opens it: what is on the five sheets, and that nothing in it is alive."""

import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from databroker.delivery import Change, Counts, Kind, Status
from databroker.findings import Level
from databroker.report import workbook
from databroker.report.summary import ZorgTtpFigures, record_lines
from databroker.report.workbook import write_workbook
from databroker.rules import Completeness
from tests.support.reports import a_delivery, a_finding, a_report

NAUGHTY = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example","klik")',
    "{=SUM(1,2)}",
    "+31201234567",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "http://x.example/",
    "mailto:x@y.example",
    "internal:Samenvatting!A1",
    "0012",
    "1e5",
    "TRUE",
    "#REF!",
    "a\x00b",
    "\x01\x02\x1b[31m",
    "regel 1\nregel 2",
    "\x7f\x85\x9f",
    "_x0000_",
    "_x000D_",
    "\u202egnp.exe",
    "\u2066links\u2069",
    "a\u200bb\ufeff",
    "\ud800",
    "\ufffe\uffff",
    "</t></si><f>1</f>",
    "]]>&amp;<!--",
    "&L&D&[Pad]",
    "Zoë 😀 漢字 ﷽",
    " ",
    "x" * 40_000,
]


def opened(report):
    return load_workbook(BytesIO(write_workbook(report)))


def lines_of(sheet):
    """Give the filled lines of a sheet, each without its empty end."""
    lines = []
    for cells in sheet.iter_rows(values_only=True):
        line = list(cells)
        while line and line[-1] is None:
            line.pop()
        lines.append(line)
    return lines


def everything(book):
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


def a_full_report():
    findings = [
        a_finding("BW-002", row=None, interv_nr=None, field=None, message="Eerder aangeboden."),
        a_finding("W-304", row=4, interv_nr="MCX-3", field="LVEF", value="25", message="LVEF 25."),
        a_finding("F-001", row=3, interv_nr="MCX-2", cell="PMICD_NHR!I3"),
        a_finding("F-001", row=2, interv_nr="MCX-1", cell="PMICD_NHR!I2"),
        a_finding("TW-001", row=5, interv_nr="MCX-4", field=None, message="Ongewijzigd."),
    ]
    records = record_lines(
        [(2, "MCX-1"), (3, "MCX-2"), (4, "MCX-3"), (5, "MCX-4")],
        findings,
        {4: Change.NEW, 5: Change.UNCHANGED},
    )
    return a_report(
        counts=Counts(records=4, accepted=2, refused=2, new=1, unchanged=1),
        labels={"lengte": "Lengte"},
        allowed={"lengte": "geheel getal", "LVEF": "1 t/m 99 %"},
        links={"F-001": "regels.md#f-001", "BW-002": "regels.md#bw-002"},
        findings=findings,
        records=records,
        completeness=[
            Completeness("lengte", "Lengte", 4, 2, 1, 1, 50.0, 95.0, ok=False),
            Completeness("LVEF", "LVEF", 4000, 3999, 0, 1, 99.975, 95.0, ok=True),
            Completeness("partnernaam", "Partnernaam", 4, 1, 0, 3, 25.0, None, ok=None),
            Completeness("AV_block", "AV-blok", 0, 0, 0, 0, None, 95.0, ok=None),
        ],
    )


def test_the_workbook_has_the_five_sheets():
    assert opened(a_report()).sheetnames == [
        "Samenvatting",
        "Meldingen",
        "Records",
        "Volledigheid",
        "Legenda",
    ]


def test_the_summary_tells_the_outcome_the_facts_and_the_counts():
    report = a_full_report()
    verdict = report.verdict

    lines = lines_of(opened(report)["Samenvatting"])

    assert lines[:12] == [
        ["Uploadrapportage"],
        ["MCX · PM/ICD Interventie"],
        [],
        [f"{verdict.word}. {verdict.sentence}"],
        [],
        ["Centrum", "MCX", None, None, "Records in bestand", 4],
        ["Sjabloon", "PM/ICD Interventie, versie 22.2", None, None, "Geaccepteerd", 2],
        [
            "Soort bestand",
            "Productie: goedgekeurde data wordt in de database opgenomen",
            None,
            None,
            "Geweigerd",
            2,
        ],
        ["Bestand", "kwartaal 3.csv", None, None, "Nieuw", 1],
        ["Aanlevering", "MCX-20261122-0123456789abcdef", None, None, "Gewijzigd", 0],
        ["SHA-256", "abababababab", None, None, "Ongewijzigd", 1],
        ["Start", "22-11-2026 08:14:03"],
    ]


def test_the_figures_of_zorgttp_stand_in_the_summary_of_what_was_pseudonymised():
    figures = ZorgTtpFigures(persons=40, pseudonyms=132, errors=1, speed=812)

    told = lines_of(opened(a_report(zorgttp=figures))["Samenvatting"])
    untold = lines_of(opened(a_report())["Samenvatting"])

    shown = [tuple(line[4:6]) for line in told if len(line) > 5 and "ZorgTTP" in str(line[4])]
    assert shown == [
        ("ZorgTTP: personen", 40),
        ("ZorgTTP: pseudoniemen", 132),
        ("ZorgTTP: fouten", 1),
        ("ZorgTTP: records per seconde", 812),
    ]
    assert "ZorgTTP" not in str(untold)


def test_the_summary_counts_per_level_and_per_code():
    lines = lines_of(opened(a_full_report())["Samenvatting"])

    levels = lines.index(["Meldingen per niveau"])
    codes = lines.index(["Meldingen per code"])
    assert [line[:4] for line in lines[levels + 2 : levels + 8]] == [
        ["BF-*", "Fout (bestand)", 0, 0],
        ["F-*", "Fout (record)", 2, 2],
        ["TF-*", "Fout (conflict)", 0, 0],
        ["W-*", "Waarschuwing (record)", 1, 1],
        ["TW-*", "Waarschuwing (conflict)", 1, 1],
        ["BW-*", "Waarschuwing (bestand)", 0, 1],
    ]
    assert lines[codes + 2 :] == [
        [
            "F-001",
            "Fout (record)",
            "lengte",
            2,
            "2, 3",
            "Lengte: verplicht veld is leeg.",
            "Vul het veld.",
            "Lengte",
            "regels.md#f-001",
        ],
        ["W-304", "Waarschuwing (record)", "LVEF", 1, "4", "LVEF 25.", "Vul het veld."],
        ["TW-001", "Waarschuwing (conflict)", None, 1, "5", "Ongewijzigd.", "Vul het veld."],
        [
            "BW-002",
            "Waarschuwing (bestand)",
            None,
            1,
            None,
            "Eerder aangeboden.",
            "Vul het veld.",
            None,
            "regels.md#bw-002",
        ],
    ]


def test_many_rows_of_one_code_are_told_by_the_first_of_them():
    findings = [a_finding(row=row) for row in range(2, 14)]

    lines = lines_of(opened(a_report(findings=findings))["Samenvatting"])

    assert lines[-1][3:5] == [12, "2, 3, 4, 5, 6 (+7 meer)"]


def test_the_findings_stand_in_order_and_the_unchanged_are_only_counted():
    lines = lines_of(opened(a_full_report())["Meldingen"])

    assert lines == [
        [
            "Regel",
            "Interventienummer",
            "Code",
            "Ernst",
            "Variabele",
            "Omschrijving",
            "Aangeleverde waarde",
            "Melding",
            "Oplossing",
            "Cel",
            "Toegestaan",
            "Uitleg",
        ],
        [
            2,
            "MCX-1",
            "F-001",
            "Fout (record)",
            "lengte",
            "Lengte",
            None,
            "Lengte: verplicht veld is leeg.",
            "Vul het veld.",
            "PMICD_NHR!I2",
            "geheel getal",
            "regels.md#f-001",
        ],
        [
            3,
            "MCX-2",
            "F-001",
            "Fout (record)",
            "lengte",
            "Lengte",
            None,
            "Lengte: verplicht veld is leeg.",
            "Vul het veld.",
            "PMICD_NHR!I3",
            "geheel getal",
            "regels.md#f-001",
        ],
        [
            4,
            "MCX-3",
            "W-304",
            "Waarschuwing (record)",
            "LVEF",
            None,
            "25",
            "LVEF 25.",
            "Vul het veld.",
            None,
            "1 t/m 99 %",
        ],
        [
            None,
            None,
            "BW-002",
            "Waarschuwing (bestand)",
            None,
            None,
            None,
            "Eerder aangeboden.",
            "Vul het veld.",
            None,
            None,
            "regels.md#bw-002",
        ],
        [],
        ["Ongewijzigde records (TW-001) staan niet in deze lijst: 1."],
    ]


def test_too_many_findings_are_cut_off_with_a_word(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_FINDINGS", 3)
    findings = [a_finding(row=row) for row in range(2, 2_002)]

    lines = lines_of(opened(a_report(findings=findings))["Meldingen"])

    assert [line[0] for line in lines[1:4]] == [2, 3, 4]
    assert lines[4] == []
    assert len(lines) == 6
    assert lines[5][0].startswith("Alleen de eerste 3 meldingen staan in deze lijst; 1.997 ")


def test_every_record_has_a_line_with_what_became_of_it():
    lines = lines_of(opened(a_full_report())["Records"])

    assert lines == [
        ["Regel", "Interventienummer", "Status", "Verwerking", "F", "W", "TF", "TW"],
        [2, "MCX-1", "geweigerd", None, 1, 0, 0, 0],
        [3, "MCX-2", "geweigerd", None, 1, 0, 0, 0],
        [4, "MCX-3", "geaccepteerd", "nieuw", 0, 1, 0, 0],
        [5, "MCX-4", "geaccepteerd", "ongewijzigd", 0, 0, 0, 1],
    ]


def test_the_completeness_is_held_to_its_norm():
    lines = lines_of(opened(a_full_report())["Volledigheid"])

    assert lines[:5] == [
        [
            "Variabele",
            "Omschrijving",
            "Van toepassing",
            "Ingevuld",
            "Onbekend",
            "Leeg",
            "Volledigheid",
            "Norm",
            "Voldoet",
        ],
        ["lengte", "Lengte", 4, 2, 1, 1, 0.5, 95, "nee"],
        ["LVEF", "LVEF", 4000, 3999, 0, 1, 0.999, 95, "ja"],
        ["partnernaam", "Partnernaam", 4, 1, 0, 3, 0.25, None, "n.v.t."],
        ["AV_block", "AV-blok", 0, 0, 0, 0, None, 95, "n.v.t."],
    ]


def test_a_completeness_of_nothing_is_nothing_and_not_empty():
    completeness = [Completeness("lengte", "Lengte", 4, 0, 0, 4, 0.0, 95.0, ok=False)]

    lines = lines_of(opened(a_report(completeness=completeness))["Volledigheid"])

    assert lines[1] == ["lengte", "Lengte", 4, 0, 0, 4, 0, 95, "nee"]


def test_the_legend_explains_every_level_in_the_words_of_the_manual():
    lines = lines_of(opened(a_report())["Legenda"])

    explained = {line[0]: line[2] for line in lines if len(line) == 3}
    assert {f"{level}-*" for level in Level} <= explained.keys()
    assert explained["F-*"] == "Dit record kan niet worden opgenomen in de database"


def test_the_legend_tells_where_the_codes_are_explained():
    page = "docs/datasets/pmicd-interventie/22.2/regels.md"

    told = lines_of(opened(a_report(rule_page=page))["Legenda"])
    without = lines_of(opened(a_report())["Legenda"])

    assert told[-1] == [
        f"Elke code is uitgelegd in de regelcatalogus: {page}, bijvoorbeeld {page}#f-001."
    ]
    assert without == told[:-1]


@pytest.mark.parametrize("name", ["Meldingen", "Records", "Volledigheid"])
def test_a_list_keeps_its_header_in_sight_and_can_be_filtered(name):
    sheet = opened(a_full_report())[name]

    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.auto_filter.ref.endswith(str(5))


def test_a_refused_file_has_a_report_too():
    report = a_report(
        delivery=a_delivery(kind=Kind.TEST, file_name="leeg.csv"),
        dataset_version=None,
        sha256=None,
        status=Status.REFUSED,
        counts=Counts(),
        findings=[a_finding("BF-002", row=None, field=None, message="Het bestand is leeg.")],
    )

    book = opened(report)

    assert book["Samenvatting"]["A4"].value.startswith("Geweigerd.")
    assert book["Meldingen"]["H2"].value == "Het bestand is leeg."
    assert book["Records"]["A3"].value == "Er zijn geen records gelezen."


def test_the_verdict_has_a_colour_of_its_own():
    good = opened(a_report())["Samenvatting"]["A4"].fill.fgColor.rgb
    bad = opened(a_report(status=Status.FAILED))["Samenvatting"]["A4"].fill.fgColor.rgb

    assert good != bad


@pytest.mark.parametrize("naughty", NAUGHTY, ids=range(len(NAUGHTY)))
def test_nothing_a_hospital_delivers_comes_alive(naughty):
    finding = a_finding(
        message=naughty, fix=naughty, value=naughty, interv_nr=naughty, field=naughty, cell=naughty
    )
    report = a_report(
        delivery=a_delivery(file_name=naughty),
        labels={naughty: naughty},
        allowed={naughty: naughty},
        links={finding.code: naughty},
        findings=[finding],
        records=record_lines([(2, naughty)], [finding], {}),
        completeness=[Completeness(naughty, naughty, 1, 1, 0, 0, 100.0, 95.0, ok=True)],
    )

    content = write_workbook(report)

    cells = everything(load_workbook(BytesIO(content)))
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    with ZipFile(BytesIO(content)) as parts:
        pages = [parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name]
    assert len(pages) == 5
    assert not any(b"<f>" in page or b"<f " in page for page in pages)


@pytest.mark.parametrize("naughty", [text for text in NAUGHTY if text.isprintable()][:-1])
def test_what_can_be_read_is_shown_as_it_was_delivered(naughty):
    sheet = opened(a_report(findings=[a_finding(value=naughty)]))["Meldingen"]

    assert (sheet["G2"].value or "") == naughty.strip()


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_makes_a_workbook_that_opens_without_control_characters(text):
    shown = opened(a_report(findings=[a_finding(value=text)]))["Meldingen"]["G2"]

    assert shown.data_type in {"s", "n"}
    assert not re.search(
        r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown.value or ""
    )


def test_a_value_without_end_is_cut_off_where_a_reader_sees_it():
    sheet = opened(a_report(findings=[a_finding(value="x" * 40_000)]))["Meldingen"]

    assert sheet["G2"].value == "x" * 999 + "…"


def test_the_same_report_is_the_same_file():
    assert write_workbook(a_full_report()) == write_workbook(a_full_report())
