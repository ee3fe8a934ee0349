"""Small files and a small dataset for the tests of the intake; valid unless told otherwise."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import openpyxl
import xlsxwriter

from databroker.dataset import Dataset, Field, FieldType, IdClass, find_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

HEADER = ["interv_nr", "interv_datum", "ICD_PMfunctie", "opmerking"]
ROW = ["MCX-000001", "15-03-2026", "10", "geen"]
SHEET_PART = "xl/worksheets/sheet1.xml"


def a_field(name: str, field_type: FieldType = FieldType.TEXT, **facts: Any) -> Field:
    settings: dict[str, Any] = {
        "name": name,
        "number": "-",
        "label": name,
        "label_en": name,
        "type": field_type,
        "id_class": IdClass.NONE,
        "kept": True,
        "column_required": True,
        "required": False,
    }
    return Field(**settings | facts)


def a_dataset(**facts: Any) -> Dataset:
    real = find_dataset("pmicd-interventie", "22.2")
    assert real is not None
    fields = (
        a_field("interv_nr", required=True),
        a_field("interv_datum", FieldType.DATE, required=True),
        a_field("ICD_PMfunctie", FieldType.CODE, aliases=("ICD_PM_indicatie",)),
        a_field("opmerking", column_required=False),
        a_field("lead_type{n}", column_required=False, slots=2),
    )
    settings: dict[str, Any] = {"fields": fields, "max_rows": 50} | facts
    return dataclasses.replace(real, **settings)


def a_csv(*rows: Sequence[str], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    lines = io.StringIO(newline="")
    csv.writer(lines, delimiter=delimiter).writerows(rows or (HEADER, ROW))
    return lines.getvalue().encode(encoding)


def a_workbook(
    *rows: Sequence[Any],
    sheet: str = "PMICD_NHR",
    change: Callable[[Worksheet], object] | None = None,
) -> bytes:
    workbook = openpyxl.Workbook()
    worksheet = workbook.active
    assert isinstance(worksheet, openpyxl.worksheet.worksheet.Worksheet)
    worksheet.title = sheet
    for row in rows or (HEADER, ROW):
        worksheet.append(list(row))
    if change is not None:
        change(worksheet)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def a_workbook_with_shared_strings() -> bytes:
    """What Excel writes; openpyxl puts its strings in the cells."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        worksheet = workbook.add_worksheet("PMICD_NHR")
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_row(1, 0, ROW)
    return content.getvalue()


def parts_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def a_package(parts: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def with_part(package: bytes, name: str, part: bytes) -> bytes:
    return a_package(parts_of(package) | {name: part})


def with_sheet_xml(sheet_data: str, after: str = "") -> bytes:
    """A workbook whose worksheet holds exactly this XML."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{namespace}"><sheetData>{sheet_data}</sheetData>{after}</worksheet>'
    return with_part(a_workbook(), SHEET_PART, sheet.encode())


XML_ROOT = '<aanlevering dataset="pmicd-interventie" versie="22.2">'


def an_xml(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    """An XML delivery with each record on the line it would have in CSV, empty elements included."""
    lines = [XML_ROOT]
    for row in rows or (ROW,):
        cells = (f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(header, row, strict=True))
        lines.append(f"<record>{''.join(cells)}</record>")
    return "\n".join([*lines, "</aanlevering>"]).encode()


NHR = "https://nhr.nl/fhir"


def a_procedure(number: int = 1, interv_nr: str = "MCX-000001", **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "id": f"p{number}",
        "status": "completed",
        "identifier": [{"system": f"{NHR}/NamingSystem/interv-nr", "value": interv_nr}],
        "performedDateTime": "2026-03-15",
    } | elements


def an_observation(code: str, procedure: int = 1, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": f"{NHR}/CodeSystem/variabele", "code": code}]},
        "partOf": [{"reference": f"Procedure/p{procedure}"}],
    } | elements


def a_lead(number: Any) -> list[dict[str, Any]]:
    return [{"url": f"{NHR}/StructureDefinition/lead", "valuePositiveInt": number}]


def a_bundle(*resources: Any, **elements: Any) -> bytes:
    """A bundle; of one complete intervention unless told otherwise."""
    usual = (a_procedure(), an_observation("ICD_PMfunctie", valueInteger=10))
    entries = [{"resource": resource} for resource in resources or usual]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries} | elements
    return json.dumps(bundle).encode()
