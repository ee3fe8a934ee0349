"""Writing a delivery as the files hospitals send, row by row, whatever its size."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from xlsxwriter import Workbook

from databroker.dataset import Dataset, FieldType, find_dataset
from simulators.hospital.columns import DATASET, VERSION
from simulators.hospital.deliveries import in_order
from simulators.hospital.fhir import dataset_tag, iso, resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from simulators.hospital.deliveries import Planted, SyntheticDelivery


def write_csv(
    delivery: SyntheticDelivery, path: Path, *, delimiter: str = ";", encoding: str = "utf-8-sig"
) -> tuple[Planted, ...]:
    """Write the delivery as CSV and give the answers to its mistakes."""
    answers: list[Planted] = []
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(delivery.columns)
        for record in delivery:
            writer.writerow(record.cells)
            answers += record.planted
    return in_order(answers)


def write_xlsx(
    delivery: SyntheticDelivery, path: Path, *, sheet: str = "PMICD_NHR"
) -> tuple[Planted, ...]:
    """Write the delivery as a workbook of text cells and give the answers to its mistakes."""
    answers: list[Planted] = []
    # A mistake like `=Voorbeeld` is a text here too; a formula would refuse the whole file.
    with Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False}) as workbook:
        page = workbook.add_worksheet(sheet)
        page.freeze_panes(1, 0)
        page.write_row(0, 0, delivery.columns)
        for line, record in enumerate(delivery, start=1):
            for column, cell in enumerate(record.cells):
                if cell:
                    page.write_string(line, column, cell)
            answers += record.planted
    return in_order(answers)


def write_xml(delivery: SyntheticDelivery, path: Path) -> tuple[Planted, ...]:
    """Write the delivery as XML, each record on the line it would have in CSV, with the answers."""
    answers: list[Planted] = []
    columns = _dataset().columns
    dates = {name for name, each in columns.items() if each.field.type is FieldType.DATE}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>')
        file.write(f'<aanlevering dataset="{DATASET}" versie="{VERSION}">\n')
        for record in delivery:
            elements = (
                f"<{name}>{escape(iso(cell) if name in dates else cell)}</{name}>"
                for name, cell in zip(delivery.columns, record.cells, strict=True)
                if cell
            )
            file.write(f"<record>{''.join(elements)}</record>\n")
            answers += record.planted
        file.write("</aanlevering>\n")
    return in_order(answers)


def write_fhir(delivery: SyntheticDelivery, path: Path) -> tuple[Planted, ...]:
    """Write the delivery as a FHIR bundle, a resource on a line, and give the answers."""
    answers: list[Planted] = []
    dataset = _dataset()
    meta = json.dumps({"tag": [dataset_tag(dataset)]})
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"resourceType": "Bundle", "type": "collection", "meta": {meta}, "entry": [')
        separator = "\n"
        for record in delivery:
            cells = dict(zip(delivery.columns, record.cells, strict=True))
            for resource in resources(cells, record.row, dataset):
                entry = json.dumps(
                    {"resource": resource}, ensure_ascii=False, separators=(",", ":")
                )
                file.write(f"{separator}{entry}")
                separator = ",\n"
            answers += record.planted
        file.write("\n]}\n")
    return in_order(answers)


def _dataset() -> Dataset:
    dataset = find_dataset(DATASET, VERSION)
    if dataset is None:
        raise LookupError(f"there is no {DATASET} {VERSION}")
    return dataset


def write_answers(answers: Iterable[Planted], path: Path) -> None:
    """Write the findings that the delivery must give, as JSON."""
    content = [answer._asdict() for answer in answers]
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
