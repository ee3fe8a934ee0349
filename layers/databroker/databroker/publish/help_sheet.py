"""The sheet "Lees mij" of the template: how to fill it in, and every column in a table."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name

from databroker.dataset.words import allowed_lines, needed, number, usual

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from databroker.dataset import Column, Dataset, Field
    from databroker.publish.looks import Looks

_WIDTHS = (15, 28, 40, 17, 36, 50, 24, 14)
_NAMES = (
    "Kolom",
    "Variabele",
    "Omschrijving",
    "Nummer",
    "Verplicht",
    "Toegestaan",
    "Gebruikelijk",
    "Volledigheid",
)
_LAST = len(_WIDTHS) - 1
_LINE_HEIGHT = 15
_ROOM = 3
"""Characters of a column's width that the indent and wide letters take."""
_MEGABYTE = 1_000_000


def write_help(sheet: Worksheet, dataset: Dataset, columns: list[Column], looks: Looks) -> int:
    """Write the sheet; give the row (from 1) of the dataset's name, which the version is under."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L&8{dataset.label} {dataset.version}&R&8Pagina &P van &N")
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, f"Sjabloon {dataset.label}", looks.title)
    for row, (fact, value) in enumerate((("Dataset", dataset.id), ("Versie", dataset.version)), 2):
        sheet.write_string(row, 0, fact, looks.fact)
        sheet.write_string(row, 1, value, looks.value)
    row = _write_steps(sheet, 5, dataset, looks)
    row = _write_marks(sheet, row + 1, looks)
    _write_columns(sheet, row + 1, columns, looks)
    return 3


def _write_steps(sheet: Worksheet, row: int, dataset: Dataset, looks: Looks) -> int:
    sheet.write_string(row, 0, "Invullen", looks.heading)
    room = sum(_WIDTHS)
    for place, step in enumerate(_steps(dataset), 1):
        row += 1
        sheet.merge_range(row, 0, row, _LAST, f"{place}.  {step}", looks.step)
        sheet.set_row(row, _LINE_HEIGHT * ceil(len(step) / room))
    return row + 1


def _steps(dataset: Dataset) -> list[str]:
    own = [column.name for column in dataset.columns.values() if column.position is None]
    rows = f"{dataset.max_rows:,}".replace(",", ".")
    steps = [
        (
            f"Vul het werkblad {dataset.sheet}: één regel per record, vanaf rij 2. Laat de namen in "
            "rij 1 staan; hun volgorde mag veranderen."
        ),
        (
            "Kies een cel om te zien wat er gevraagd wordt. Codes kiest u uit de lijst; alle uitleg "
            "van een kolom staat in de opmerking bij de naam."
        ),
        (
            "Is een waarde onbekend, gebruik dan -1 waar de tabel dat toestaat. Onbekend telt niet als "
            "ingevuld."
        ),
        (
            "Voorloopnullen blijven staan: de kolommen voor nummers van personen en implantaten zijn "
            "tekst."
        ),
        (
            "Plakt u gegevens, kies dan Plakken speciaal, Waarden. Formules, macro's en samengevoegde "
            "cellen worden geweigerd."
        ),
        (
            f"Sla op als Excelwerkmap (.xlsx): hoogstens {rows} records en "
            f"{dataset.max_bytes // _MEGABYTE} MB. De andere werkbladen mogen in het bestand blijven."
        ),
        (
            "Het ingevulde bestand bevat persoonsgegevens: lever het alleen aan in de map van uw "
            "centrum, nooit per e-mail."
        ),
    ]
    if own:
        steps.append(f"Wie ze aanlevert, zet deze kolommen erachter: {', '.join(own)}.")
    return steps


def _write_marks(sheet: Worksheet, row: int, looks: Looks) -> int:
    sheet.write_string(row, 0, "Kolomnamen", looks.heading)
    for look, word, meaning in (
        (looks.always, "vet", "Verplicht: altijd invullen. Dikke rand onder de naam."),
        (looks.sometimes, "vet cursief", "Soms verplicht: zie de tabel. Streepjesrand."),
        (looks.free, "gewoon", "Niet verplicht. Dunne rand."),
    ):
        row += 1
        sheet.write_string(row, 0, word, look)
        sheet.write_string(row, 1, meaning, looks.aside)
    return row + 1


def _write_columns(sheet: Worksheet, row: int, columns: list[Column], looks: Looks) -> None:
    places: dict[str, list[str]] = {}
    fields: dict[str, Field] = {}
    for place, column in enumerate(columns):
        places.setdefault(column.field.name, []).append(xl_col_to_name(place))
        fields[column.field.name] = column.field
    sheet.write_string(row, 0, "Kolommen", looks.heading)
    row += 1
    sheet.repeat_rows(row)
    sheet.set_row(row, 22)
    for place, name in enumerate(_NAMES):
        sheet.write_string(row, place, name, looks.table_head)
    for name, field in fields.items():
        row += 1
        cells = (", ".join(places[name]), *_line(field))
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, cell, looks.name if place == 1 else looks.cell)
        # Excel fits a row to its text on opening, LibreOffice does not.
        lines = max(_lines(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))
        sheet.set_row(row, _LINE_HEIGHT * lines)


def _lines(cell: str, width: int) -> int:
    return sum(max(1, ceil(len(line) / (width - _ROOM))) for line in cell.split("\n"))


def _line(field: Field) -> tuple[str, ...]:
    return (
        field.name.replace("{n}", "[n]"),
        field.label.replace("{n}", "[n]"),
        field.number,
        needed(field, "[n]"),
        "\n".join(allowed_lines(field)),
        usual(field),
        "" if field.norm is None else f"{number(field.norm)} %",
    )
