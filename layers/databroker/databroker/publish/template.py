"""The Excel template of a dataset: the header, a choice of codes, and help at every cell.

The header of the data sheet is exactly what the reader looks for. Whatever marks a column as
needed is therefore in how its name looks and in the words beside it, never in the name itself:
a mark of a number format would end up in the name when Excel saves the sheet as CSV.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name, xl_range_abs

from databroker.dataset import FieldType
from databroker.dataset.model import HELP_SHEET, LISTS_SHEET
from databroker.dataset.words import allowed_lines, codes_of, kind, needed, number, usual
from databroker.publish.help_sheet import write_help
from databroker.publish.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter.worksheet import Worksheet

    from databroker.dataset import Column, Dataset, Field

_MOMENT = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - Excel knows no zones; fixed, so that bytes repeat
_OLDEST_DATE = dt.date(1900, 1, 1)
_TITLE, _MESSAGE = 32, 255
"""The longest title and text that Excel shows beside a cell."""
_NARROWEST, _NARROWEST_UDI, _ROOM = 12, 40, 4
_TEXTS = {FieldType.TEXT, FieldType.UDI}
_NUMBERS = {FieldType.INTEGER, FieldType.DECIMAL}


def template_columns(dataset: Dataset) -> list[Column]:
    """Give the columns of the template: those of the handbook, in its order.

    An optional column of our own is left out: `bsn` without numbers would be a warning a record.
    """
    return [column for column in dataset.columns.values() if column.position is not None]


def template_workbook(dataset: Dataset) -> bytes:
    """Write the template; the same dataset gives the same bytes."""
    content = BytesIO()
    with Workbook(content, {"in_memory": True, "default_date_format": "dd-mm-yyyy"}) as workbook:
        workbook.set_properties(
            {
                "title": f"Sjabloon {dataset.label}, versie {dataset.version}",
                "subject": dataset.id,
                "company": "Nederlandse Hart Registratie",
                "created": _MOMENT,
            }
        )
        workbook.set_custom_property("Dataset", dataset.id, "text")
        workbook.set_custom_property("Versie", dataset.version, "text")
        looks = Looks(workbook)
        columns = template_columns(dataset)
        # The data comes first: a reader that knows no names takes the first sheet.
        data = workbook.add_worksheet(dataset.sheet)
        guide = workbook.add_worksheet(HELP_SHEET)
        ranges = _write_lists(workbook.add_worksheet(LISTS_SHEET), columns, looks)
        _write_data(data, columns, dataset.max_rows, looks, ranges)
        first_fact = write_help(guide, dataset, columns, looks)
        workbook.define_name("Sjabloon_dataset", f"='{HELP_SHEET}'!$B${first_fact}")
        workbook.define_name("Sjabloon_versie", f"='{HELP_SHEET}'!$B${first_fact + 1}")
    return _stored(content)


def _stored(workbook: BytesIO) -> bytes:
    """Store the parts as they are: what deflate makes of them differs between builds of zlib."""
    content = BytesIO()
    with zipfile.ZipFile(workbook) as packed, zipfile.ZipFile(content, "w") as stored:
        for name in packed.namelist():
            part = zipfile.ZipInfo(name)
            part.create_system = 0  # zipfile names the machine it runs on
            stored.writestr(part, packed.read(name))
    return content.getvalue()


# --- the code lists --------------------------------------------------------------------------------
def _write_lists(sheet: Worksheet, columns: list[Column], looks: Looks) -> dict[str, str]:
    """Write the code lists on the hidden sheet; give the range of the codes by field."""
    fields = {column.field.name: column.field for column in columns if column.field.codes}
    ranges = {}
    for place, field in enumerate(fields.values()):
        left = 2 * place
        codes = codes_of(field)
        sheet.write_string(0, left, field.stem, looks.bold)
        for row, (code, label) in enumerate(codes.items(), 1):
            # A number, as the data column holds numbers: Excel compares type and value.
            if field.type in _TEXTS:
                sheet.write_string(row, left, code)
            else:
                sheet.write_number(row, left, int(code))
            sheet.write_string(row, left + 1, label)
        ranges[field.name] = f"={LISTS_SHEET}!{xl_range_abs(1, left, len(codes), left)}"
    sheet.hide()
    return ranges


# --- the data --------------------------------------------------------------------------------------
def _write_data(
    sheet: Worksheet,
    columns: list[Column],
    rows: int,
    looks: Looks,
    ranges: Mapping[str, str],
) -> None:
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 30)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    sheet.set_selection(1, 0, 1, 0)
    sheet.set_comments_author("Nederlandse Hart Registratie")
    for place, column in enumerate(columns):
        field = column.field
        least = _NARROWEST_UDI if field.type is FieldType.UDI else _NARROWEST
        sheet.set_column(place, place, max(len(column.name) + _ROOM, least), looks.body(field))
        sheet.write_string(0, place, column.name, looks.header(field))
        lines = describe(column)
        size = {"width": 330, "height": 20 + 17 * sum(1 + len(line) // 46 for line in lines)}
        sheet.write_comment(0, place, "\n".join(lines), {"font_size": 9, **size})
        rule = _validation(column, place, ranges)
        asked = {
            "input_title": _cut(column.name, _TITLE),
            "input_message": _cut(_prompt(column), _MESSAGE),
            "error_title": "Niet toegestaan",
            "error_message": _cut("\n".join(["Toegestaan:", *allowed_lines(field)]), _MESSAGE),
        }
        sheet.data_validation(1, place, rows, place, rule | asked)
    texts = [place for place, column in enumerate(columns) if column.field.type in _TEXTS]
    letters = [xl_col_to_name(place) for place in texts]
    marked = " ".join(f"{letter}2:{letter}{rows + 1}" for letter in letters)
    # Excel marks a number in a text column as a mistake; here it is meant.
    sheet.ignore_errors({"number_stored_as_text": marked})


def _validation(column: Column, place: int, ranges: Mapping[str, str]) -> dict[str, object]:
    """Give what Excel accepts in a column: never less than the databroker does."""
    field = column.field
    if field.name in ranges:
        return {"validate": "list", "source": ranges[field.name]}
    if field.type is FieldType.DATE:
        return {"validate": "date", "criteria": ">=", "value": _OLDEST_DATE}
    if field.type in _NUMBERS:
        return {"validate": "custom", "value": _number_formula(field, f"{xl_col_to_name(place)}2")}
    if field.max_length is not None:
        least = {"minimum": field.min_length or 0, "maximum": field.max_length}
        return {"validate": "length", "criteria": "between", **least}
    return {"validate": "any"}


def _number_formula(field: Field, cell: str) -> str:
    tests = [f"ISNUMBER({cell})"]
    tests += [f"{cell}>={field.hard_min:g}"] if field.hard_min is not None else []
    tests += [f"{cell}<={field.hard_max:g}"] if field.hard_max is not None else []
    decimals = 0 if field.type is FieldType.INTEGER else field.max_decimals
    tests += [f"ROUND({cell},{decimals})={cell}"] if decimals is not None else []
    known = f"AND({','.join(tests)})"
    return f"=OR({cell}={field.unknown},{known})" if field.unknown else f"={known}"


# --- the words -------------------------------------------------------------------------------------
def describe(column: Column) -> list[str]:
    """Tell all there is to know about a column, a line a fact."""
    field = column.field
    norm = "" if field.norm is None else f"minstens {number(field.norm)} % bekend"
    facts = (
        ("Nummer", field.number),
        ("Verplicht", needed(field, column.slot)),
        ("Type", kind(field)),
        ("Gebruikelijk", usual(field)),
        ("Notatie", (field.format or "") if field.type in _NUMBERS else ""),
        ("Eenheid", field.unit or ""),
        ("Volledigheid", norm),
    )
    told = [f"{what}: {said}" for what, said in facts if said]
    return [column.label, *told, "Toegestaan:", *allowed_lines(field)]


def _prompt(column: Column) -> str:
    asked = f"Verplicht: {needed(column.field, column.slot)}"
    return "\n".join([column.label, asked, *allowed_lines(column.field)])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
