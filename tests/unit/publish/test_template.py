"""The template as a hospital opens it, and as our own reader reads it back."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from databroker.dataset import FieldType
from databroker.intake.reading import Reading, read_delivery
from databroker.publish import template_workbook
from databroker.publish.template import template_columns
from databroker.validation import validate
from tests.support.interventions import BASES, CONTEXT, an_intervention, interventie
from tests.unit.intake.builders import a_dataset, a_field, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

    from databroker.dataset import Dataset

DATASET = interventie()
MADE = template_workbook(DATASET)
COLUMNS = {column.name: column for column in template_columns(DATASET)}


def opened(content: bytes = MADE) -> Workbook:
    return load_workbook(io.BytesIO(content))


def data_sheet() -> Worksheet:
    return opened()[DATASET.sheet]


def validations(sheet: Worksheet) -> dict[str, DataValidation]:
    """Give what Excel accepts, by the name of the column."""
    found = {}
    for each in sheet.data_validations.dataValidation:
        (place,) = each.sqref.ranges
        assert (place.min_row, place.max_row) == (2, DATASET.max_rows + 1)
        assert place.min_col == place.max_col
        found[sheet.cell(1, place.min_col).value] = each
    return found


def typed(name: str, value: str) -> Any:
    """Give what Excel keeps when somebody types this in the column."""
    field = COLUMNS[name].field
    if not value:
        return None
    if field.type is FieldType.DATE:
        return dt.datetime.strptime(value, "%d-%m-%Y")  # noqa: DTZ007 - Excel knows no zones
    if field.type in {FieldType.TEXT, FieldType.UDI}:
        return value
    return float(value) if "." in value else int(value)


def filled(rows: Iterable[dict[str, str]]) -> bytes:
    workbook = opened()
    sheet = workbook[DATASET.sheet]
    for number, row in enumerate(rows, 2):
        for place, name in enumerate(COLUMNS, 1):
            cell = sheet.cell(number, place, typed(name, row.get(name, "")))
            # What Excel does, and openpyxl does not.
            cell.number_format = sheet.column_dimensions[cell.column_letter].number_format
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def delivered(content: bytes) -> Reading:
    return read_delivery(content, "kwartaal 1.xlsx", [DATASET])


def test_a_template_filled_with_good_interventions_gives_no_finding_at_all() -> None:
    content = filled(an_intervention(base) for base in BASES)

    reading = delivered(content)

    assert reading.findings == []
    assert reading.records is not None
    assert reading.count == len(BASES)
    assert list(reading.records.names) == list(COLUMNS)


@pytest.mark.parametrize("base", BASES)
def test_what_is_read_from_the_template_is_what_was_filled_in(base: str) -> None:
    row = an_intervention(base)

    records = delivered(filled([row])).records

    assert records is not None
    read = {name: records.column(name)[0] or "" for name in records.names}
    assert read == {name: row.get(name, "") for name in COLUMNS}
    assert validate(records, DATASET, CONTEXT).findings == []


def test_an_empty_template_holds_no_records() -> None:
    findings = delivered(MADE).findings

    assert [finding.code for finding in findings] == ["BF-011"]


def test_a_sheet_beside_those_of_the_template_is_still_told() -> None:
    workbook = load_workbook(io.BytesIO(filled([an_intervention()])))
    workbook.create_sheet("Blad1")
    content = io.BytesIO()
    workbook.save(content)

    findings = delivered(content.getvalue()).findings

    assert [finding.code for finding in findings] == ["BW-012"]


def test_the_data_sheet_comes_first_and_the_lists_are_hidden() -> None:
    workbook = opened()

    assert tuple(workbook.sheetnames) == DATASET.template_sheets
    assert [sheet.sheet_state for sheet in workbook] == ["visible", "visible", "hidden"]
    assert workbook.active is workbook[DATASET.sheet]


def test_the_header_is_that_of_the_handbook_and_stays_in_sight() -> None:
    sheet = data_sheet()

    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert [column.position for column in COLUMNS.values()] == list(range(1, 59))
    assert sheet.freeze_panes == "B2"
    assert sheet.max_row == 1


def test_every_code_can_be_chosen_from_a_list() -> None:
    workbook = opened()
    choices = validations(workbook[DATASET.sheet])
    coded = {name: column.field for name, column in COLUMNS.items() if column.field.codes}

    assert {name for name, each in choices.items() if each.type == "list"} == set(coded)
    for name, field in coded.items():
        sheet, _, cells = choices[name].formula1.partition("!")
        listed = [cell.value for (cell,) in workbook[sheet][cells.replace("$", "")]]
        assert list(map(str, listed)) == list(field.codes or {})
        assert all(isinstance(code, int) for code in listed)


def test_every_cell_tells_what_is_asked() -> None:
    asked = validations(data_sheet())

    assert list(asked) == list(COLUMNS)
    assert asked["geslacht"].prompt.splitlines() == [
        "Geslacht", "Verplicht: altijd", "1 = Man", "2 = Vrouw", "-1 = Onbekend",
    ]  # fmt: skip
    assert "als lead_ingreep3 is gevuld" in asked["lead_type3"].prompt
    for name, each in asked.items():
        assert each.showInputMessage
        assert each.showErrorMessage
        assert each.promptTitle == name
        assert not each.prompt.endswith("…")


def test_the_header_tells_all_there_is_to_know_about_a_column() -> None:
    sheet = data_sheet()
    told = {cell.value: cell.comment.text for cell in sheet[1] if cell.comment}

    assert list(told) == list(COLUMNS)
    assert told["gewicht"].splitlines() == [
        "Gewicht",
        "Nummer: PMICD-PAT-20",
        "Verplicht: altijd",
        "Type: getal",
        "Gebruikelijk: van 35 t/m 180 kg",
        "Notatie: maximaal 1 decimaal",
        "Eenheid: kg",
        "Volledigheid: minstens 95 % bekend",
        "Toegestaan:",
        "getal met hoogstens 1 decimaal van 0,4 t/m 250 kg, of -1 = onbekend",
    ]


@pytest.mark.parametrize("name", ["interv_nr", "pat_nr", "postcode", "impl_device_code"])
def test_a_column_with_identifiers_is_text_so_that_zeros_stay(name: str) -> None:
    sheet = data_sheet()
    letter = sheet.cell(1, list(COLUMNS).index(name) + 1).column_letter

    # openpyxl keeps the style of a column apart from that of its (absent) cells.
    assert sheet.column_dimensions[letter].number_format == "@"
    marked = parts_of(MADE)["xl/worksheets/sheet1.xml"].decode()
    assert f"{letter}2:{letter}{DATASET.max_rows + 1}" in marked.partition("<ignoredErrors>")[2]


def test_a_needed_column_differs_in_more_than_colour() -> None:
    looks: dict[tuple[bool, bool], set[Any]] = {}
    for cell in data_sheet()[1]:
        field = COLUMNS[cell.value].field
        look = bool(cell.font.bold), bool(cell.font.italic), cell.border.bottom.style
        looks.setdefault((field.required, bool(field.condition)), set()).add(look)

    assert looks == {
        (True, False): {(True, False, "thick")},
        (False, True): {(True, True, "mediumDashed")},
        (False, False): {(False, False, "thin")},
    }


def test_the_version_is_in_a_cell_with_a_name_and_in_the_properties() -> None:
    workbook = opened()

    for name, value in (("Sjabloon_dataset", DATASET.id), ("Sjabloon_versie", DATASET.version)):
        ((sheet, cell),) = workbook.defined_names[name].destinations
        assert workbook[sheet][cell.replace("$", "")].value == value
    assert {each.name: each.value for each in workbook.custom_doc_props.props} == {
        "Dataset": DATASET.id,
        "Versie": DATASET.version,
    }


def test_the_help_has_a_line_for_every_variable() -> None:
    column = [cell.value for cell in opened()["Lees mij"]["B"]]

    names = [column.field.name.replace("{n}", "[n]") for column in COLUMNS.values()]
    assert [name for name in dict.fromkeys(names) if name not in column] == []


def test_the_same_dataset_gives_the_same_bytes() -> None:
    assert template_workbook(DATASET) == MADE


def test_no_cell_is_a_formula() -> None:
    cells = [cell for sheet in opened() for row in sheet.iter_rows() for cell in row]

    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []


@pytest.mark.parametrize(
    ("facts", "formula"),
    [
        (
            {"type": FieldType.INTEGER, "hard_min": 20, "hard_max": 270, "unknown": "-1"},
            "OR(A2=-1,AND(ISNUMBER(A2),A2>=20,A2<=270,ROUND(A2,0)=A2))",
        ),
        ({"type": FieldType.DECIMAL, "max_decimals": 1}, "AND(ISNUMBER(A2),ROUND(A2,1)=A2)"),
        ({"type": FieldType.DECIMAL, "hard_max": 0.5}, "AND(ISNUMBER(A2),A2<=0.5)"),
    ],
)
def test_a_number_is_held_to_its_hard_limits(facts: dict[str, Any], formula: str) -> None:
    (validation,) = sheet_of(a_dataset(fields=(a_field("x", positions=(1,), **facts_of(facts)),)))

    assert (validation.type, validation.formula1) == ("custom", formula)


def test_a_list_of_texts_and_a_long_help_fit_in_excel() -> None:
    codes = {f"N{number}": "een lange omschrijving van de code" for number in range(60)}
    field = a_field("mutatie" * 6, positions=(1,), codes=codes)

    (validation,) = sheet_of(a_dataset(fields=(field,)))

    assert validation.formula1 == "_lijsten!$A$2:$A$61"
    assert len(validation.prompt) == 255
    assert len(validation.promptTitle) == 32
    assert validation.prompt.endswith("…")


def facts_of(facts: dict[str, Any]) -> dict[str, Any]:
    return {"field_type" if name == "type" else name: value for name, value in facts.items()}


def sheet_of(dataset: Dataset) -> list[DataValidation]:
    sheet = opened(template_workbook(dataset))[dataset.sheet]
    return list(sheet.data_validations.dataValidation)
