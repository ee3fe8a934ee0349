"""The uploadrapportage: the Excel workbook a hospital opens to see what to mend.

Five sheets, from the whole to the part. Every delivered value is a text cell: a formula, a link
or a control character in a hospital's file never comes alive in ours (trust model, T36).
"""

from __future__ import annotations

from io import BytesIO
from math import floor
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from databroker.delivery import Kind
from databroker.findings import READING_ORDER, Level
from databroker.report.cells import Page, Styles
from databroker.report.summary import UNCHANGED_CODE, Tone

if TYPE_CHECKING:
    import datetime as dt

    from databroker.report.summary import FindingGroup, RecordLine, Report
    from databroker.rules import Completeness

MOST_FINDINGS = 50_000
"""More lines than anyone reads, and few enough for Excel to open at once."""

_ROWS_SHOWN = 5
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")

_KINDS = {
    Kind.PRODUCTION: "Productie: goedgekeurde data wordt in de database opgenomen",
    Kind.TEST: "Test: data wordt niet in de database opgenomen",
}
_STATUS_WORDS = (
    ("Geaccepteerd", "Het record is of kan in de database worden opgenomen."),
    (
        "Geweigerd",
        "Het record heeft minstens een fout (F of TF), of het hele bestand is geweigerd.",
    ),
    ("Nieuw", "Het interventienummer was nog niet bekend en is toegevoegd."),
    ("Gewijzigd", "Het record was al bekend en is bijgewerkt met uw aanlevering."),
    ("Ongewijzigd", "Het record was al bekend met dezelfde inhoud; er is niets aangepast."),
)

_HINTS = (
    "Regel is het regelnummer in uw eigen bestand (de kopregel is regel 1).",
    "Cel is de plaats in uw eigen werkblad; bij een CSV-bestand blijft deze kolom leeg.",
    "Persoonsgegevens worden nooit getoond; zoek het record op met het regel- of interventienummer.",
    "Vragen? Neem contact op met uw analist of accountmanager bij de NHR.",
)


def write_workbook(report: Report) -> bytes:
    """Write the workbook of a delivery."""
    content = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(content, options) as workbook:
        workbook.set_properties(
            {
                "title": "Uploadrapportage",
                "subject": report.delivery.delivery_id,
                "company": "Nederlandse Hart Registratie",
                # Fixed, so that the same report is the same file.
                "created": report.finished_at.replace(tzinfo=None),
            }
        )
        styles = Styles(workbook)

        def page(name: str) -> Page:
            return Page(workbook, styles, name, report.delivery.delivery_id)

        _write_summary(page("Samenvatting"), report)
        _write_findings(page("Meldingen"), report)
        _write_records(page("Records"), report)
        _write_completeness(page("Volledigheid"), report)
        _write_legend(page("Legenda"), report)
    return content.getvalue()


# --- Samenvatting ------------------------------------------------------------------------------
def _write_summary(page: Page, report: Report) -> None:
    styles, verdict = page.styles, report.verdict
    page.widths(13, 25, 25, 10, 32, 58, 42, 34, 54)
    page.sheet.set_row(page.next, 28)
    page.line(("Uploadrapportage", styles.title))
    page.line((f"{report.delivery.centre} · {report.dataset_label}", styles.subtitle))
    page.gap()
    page.sheet.set_row(page.next, 30)
    banner = f"{verdict.word}. {verdict.sentence}"
    page.sheet.merge_range(page.next, 0, page.next, 6, banner, styles.verdicts[verdict.tone])
    page.next += 2
    _write_facts(page, report)
    page.gap()
    _write_levels(page, report)
    page.gap()
    _write_groups(page, report)


def _write_facts(page: Page, report: Report) -> None:
    delivery, counts, styles = report.delivery, report.counts, page.styles
    version = report.dataset_version
    dataset = f"{report.dataset_label}, versie {version}" if version else report.dataset_label
    facts = (
        ("Centrum", delivery.centre),
        ("Sjabloon", dataset),
        ("Soort bestand", _KINDS[delivery.kind]),
        ("Bestand", delivery.file_name),
        ("Aanlevering", delivery.delivery_id),
        ("SHA-256", report.sha256[:12] if report.sha256 else "niet bepaald"),
        ("Start", _moment(delivery.received_at)),
        ("Einde", _moment(report.finished_at)),
    )
    numbers = [
        ("Records in bestand", counts.records),
        ("Geaccepteerd", counts.accepted),
        ("Geweigerd", counts.refused),
        ("Nieuw", counts.new),
        ("Gewijzigd", counts.changed),
        ("Ongewijzigd", counts.unchanged),
    ]
    if report.zorgttp:
        numbers += [
            ("ZorgTTP: personen", report.zorgttp.persons),
            ("ZorgTTP: pseudoniemen", report.zorgttp.pseudonyms),
            ("ZorgTTP: fouten", report.zorgttp.errors),
            ("ZorgTTP: records per seconde", report.zorgttp.speed),
        ]
    top = page.next
    for place, (name, value) in enumerate(facts):
        page.put(top + place, 0, name, styles.fact)
        page.put(top + place, 1, value, styles.fact_value)
    for place, (name, number) in enumerate(numbers):
        page.put(top + place, 4, name, styles.fact)
        page.put(top + place, 5, number, styles.fact_number)
    page.next = top + max(len(facts), len(numbers))


def _write_levels(page: Page, report: Report) -> None:
    styles = page.styles
    page.line(("Meldingen per niveau", styles.heading))
    names = ("Niveau", "Ernst", "Records", "Aantal", "Betekenis", "", "")
    page.header(*names, numbers={"Records", "Aantal"})
    for level in READING_ORDER:
        groups = [group for group in report.groups if group.example.level is level]
        rows = {row for group in groups for row in group.rows}
        page.line(
            (f"{level}-*", styles.marks[_tone(level)]),
            (level.severity, styles.text),
            (len(rows), styles.number),
            (sum(group.count for group in groups), styles.number),
        )
        # Merged, as the meaning needs the room of three columns of the table below it.
        page.sheet.merge_range(page.next - 1, 4, page.next - 1, 6, level.meaning, styles.text)


def _write_groups(page: Page, report: Report) -> None:
    styles = page.styles
    page.line(("Meldingen per code", styles.heading))
    names = (
        "Code",
        "Ernst",
        "Variabele",
        "Aantal",
        "Eerste regels",
        "Melding",
        "Oplossing",
        "Omschrijving",
        "Uitleg",
    )
    page.header(*names, numbers={"Aantal"})
    for group in report.groups:
        first = group.example
        page.line(
            (first.code, styles.marks[_tone(first.level)]),
            (first.level.severity, styles.text),
            (first.field, styles.text),
            (group.count, styles.number),
            (_first_rows(group), styles.wrapped),
            (first.message, styles.wrapped),
            (first.fix, styles.wrapped),
            (report.labels.get(first.field or ""), styles.wrapped),
            (report.links.get(first.code), styles.wrapped),
        )
    if not report.groups:
        page.line(("Er zijn geen meldingen.", styles.note))


def _first_rows(group: FindingGroup) -> str:
    shown = ", ".join(str(row) for row in group.rows[:_ROWS_SHOWN])
    more = len(group.rows) - _ROWS_SHOWN
    return f"{shown} (+{more} meer)" if more > 0 else shown


# --- Meldingen ---------------------------------------------------------------------------------
def _write_findings(page: Page, report: Report) -> None:
    styles = page.styles
    names = (
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
    )
    page.widths(9, 22, 10, 25, 26, 34, 30, 58, 44, 20, 44, 54)
    page.header(*names)
    page.freeze_header()
    told = [finding for finding in report.findings_in_order if finding.code != UNCHANGED_CODE]
    for finding in told[:MOST_FINDINGS]:
        page.line(
            (finding.row, styles.row),
            (finding.interv_nr, styles.text),
            (finding.code, styles.text),
            (finding.level.severity, styles.marks[_tone(finding.level)]),
            (finding.field, styles.text),
            (report.labels.get(finding.field or ""), styles.wrapped),
            (finding.value, styles.wrapped),
            (finding.message, styles.wrapped),
            (finding.fix, styles.wrapped),
            (finding.cell, styles.text),
            (report.allowed.get(finding.field or ""), styles.wrapped),
            (report.links.get(finding.code), styles.text),
        )
    page.filter_from(0, len(names))
    for note in _notes_on_findings(told_of=len(told), findings=len(report.findings)):
        page.gap()
        page.line((note, styles.note))


def _notes_on_findings(*, told_of: int, findings: int) -> list[str]:
    notes = []
    if not told_of:
        notes.append("Er zijn geen meldingen om te tonen.")
    if told_of > MOST_FINDINGS:
        left = _count(told_of - MOST_FINDINGS)
        notes.append(
            f"Alleen de eerste {_count(MOST_FINDINGS)} meldingen staan in deze lijst; {left} "
            "meldingen zijn weggelaten. De aantallen in de samenvatting zijn volledig."
        )
    if findings > told_of:
        notes.append(
            f"Ongewijzigde records ({UNCHANGED_CODE}) staan niet in deze lijst: "
            f"{_count(findings - told_of)}."
        )
    return notes


# --- Records -----------------------------------------------------------------------------------
def _write_records(page: Page, report: Report) -> None:
    names = ("Regel", "Interventienummer", "Status", "Verwerking", "F", "W", "TF", "TW")
    page.widths(9, 26, 16, 16, 9, 9, 9, 9)
    page.header(*names, numbers={"F", "W", "TF", "TW"})
    page.freeze_header()
    for record in report.records:
        _write_record(page, record)
    page.filter_from(0, len(names))
    if not report.records:
        page.gap()
        page.line(("Er zijn geen records gelezen.", page.styles.note))


def _write_record(page: Page, record: RecordLine) -> None:
    styles = page.styles
    numbers = (
        Level.RECORD_REFUSED,
        Level.RECORD_WARNING,
        Level.CONFLICT_REFUSED,
        Level.CONFLICT_WARNING,
    )
    status = "geaccepteerd" if record.accepted else "geweigerd"
    tone = Tone.GOOD if record.accepted else Tone.BAD
    page.line(
        (record.row, styles.row),
        (record.interv_nr, styles.text),
        (status, styles.marks[tone]),
        (record.change and record.change.value, styles.text),
        *((record.findings.get(level, 0), styles.number) for level in numbers),
    )


# --- Volledigheid ------------------------------------------------------------------------------
def _write_completeness(page: Page, report: Report) -> None:
    names = (
        "Variabele",
        "Omschrijving",
        "Van toepassing",
        "Ingevuld",
        "Onbekend",
        "Leeg",
        "Volledigheid",
        "Norm",
        "Voldoet",
    )
    page.widths(28, 52, 18, 13, 13, 11, 17, 11, 13)
    page.header(*names, numbers=names[2:8])
    page.freeze_header()
    for completeness in report.completeness:
        _write_completeness_line(page, completeness)
    page.filter_from(0, len(names))
    if report.completeness:
        bar = {"type": "data_bar", "bar_color": "#B9D3E8"}
        limits = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
        page.sheet.conditional_format(1, 6, page.next - 1, 6, {**bar, **limits})
        page.gap()
        note = "Onbekend (-1) telt als niet ingevuld. De norm geldt voor het hele bestand."
    else:
        page.gap()
        note = "De volledigheid is niet bepaald."
    page.line((note, page.styles.note))


def _write_completeness_line(page: Page, completeness: Completeness) -> None:
    styles, meets, pct = page.styles, completeness.ok, completeness.pct
    # Rounded down, as in BW-005: a norm that is missed by little is not shown as met.
    share = None if pct is None else floor(pct * 10) / 1000
    words = {True: ("ja", Tone.GOOD), False: ("nee", Tone.BAD)}
    word, style = ("n.v.t.", styles.text)
    if meets is not None:
        word, style = words[meets][0], styles.marks[words[meets][1]]
    page.line(
        (completeness.column, styles.text),
        (completeness.label, styles.text),
        (completeness.applicable, styles.number),
        (completeness.filled, styles.number),
        (completeness.unknown, styles.number),
        (completeness.empty, styles.number),
        (share, styles.percentage),
        (completeness.norm, styles.norm),
        (word, style),
    )


# --- Legenda -----------------------------------------------------------------------------------
def _write_legend(page: Page, report: Report) -> None:
    styles = page.styles
    page.widths(18, 26, 120)
    page.line(("Niveaus van meldingen", styles.heading))
    page.header("Niveau", "Ernst", "Betekenis")
    for level in READING_ORDER:
        page.line(
            (f"{level}-*", styles.marks[_tone(level)]),
            (level.severity, styles.text),
            (level.meaning, styles.wrapped),
        )
    page.gap()
    page.line(("Status van records", styles.heading))
    page.header("Woord", "", "Betekenis")
    for word, meaning in _STATUS_WORDS:
        page.line((word, styles.text), (None, styles.text), (meaning, styles.wrapped))
    page.gap()
    page.line(("Lezen", styles.heading))
    for hint in _HINTS:
        page.line((hint, styles.fact))
    if report.rule_page:
        where = f"{report.rule_page}, bijvoorbeeld {report.rule_page}#f-001"
        page.line((f"Elke code is uitgelegd in de regelcatalogus: {where}.", styles.fact))


# --- words -------------------------------------------------------------------------------------
def _tone(level: Level) -> Tone:
    refuses = level.refuses_record or level is Level.FILE_REFUSED
    return Tone.BAD if refuses else Tone.MIXED


def _moment(when: dt.datetime) -> str:
    return when.astimezone(_AMSTERDAM).strftime("%d-%m-%Y %H:%M:%S")


def _count(number: int) -> str:
    return f"{number:,}".replace(",", ".")
