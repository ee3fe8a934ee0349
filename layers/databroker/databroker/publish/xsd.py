"""The XSD of a dataset: what a vendor can hold an XML delivery against before sending it.

XML Schema 1.0, no more of it than every validator knows. The schema is stricter than our reader, in
what it can say of one value at a time: form, code lists and hard limits. All else is left to the
rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from databroker.dataset import FieldType
from databroker.dataset.words import codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from databroker.dataset import Column, Dataset, Field

_XS = "http://www.w3.org/2001/XMLSchema"
_BASES = {
    FieldType.TEXT: "xs:string",
    FieldType.UDI: "xs:string",
    FieldType.DATE: "xs:date",
    FieldType.INTEGER: "xs:integer",
    FieldType.DECIMAL: "xs:decimal",
    FieldType.CODE: "xs:string",
}


def xsd(dataset: Dataset) -> str:
    """Write the schema of an XML delivery of this dataset; the same data gives the same text."""
    schema = ET.Element("xs:schema", {"xmlns:xs": _XS, "version": dataset.version})
    _explain(schema, f"Aanlevering van dataset {dataset.label}, versie {dataset.version}.")
    _add_root(schema, dataset)
    _add_record(schema, dataset.columns.values())
    for field in dataset.fields:
        _add_type(schema, field)
    ET.indent(schema)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(schema, encoding="unicode")}\n'


def _add_root(schema: ET.Element, dataset: Dataset) -> None:
    kind = _add(_add(schema, "element", name="aanlevering"), "complexType")
    records = _add(kind, "sequence")
    _add(records, "element", name="record", type="record", maxOccurs="unbounded")
    for name, value in (("dataset", dataset.id), ("versie", dataset.version)):
        _add(kind, "attribute", name=name, type="xs:string", use="required", fixed=value)


def _add_record(schema: ET.Element, columns: Iterable[Column]) -> None:
    """Add the columns of a record: in any order, each once, only the required ones always."""
    together = _add(_add(schema, "complexType", name="record"), "all")
    for column in columns:
        least = "1" if column.field.required else "0"
        element = _add(
            together, "element", name=column.name, type=column.field.stem, minOccurs=least
        )
        _explain(element, _described(column))


def _described(column: Column) -> str:
    field = column.field
    parts = (column.label, field.unit, field.format if field.type is not FieldType.DATE else None)
    condition = field.condition and f"verplicht {field.condition}"
    told = "; ".join(part for part in (*parts, condition) if part)
    number = f" ({field.number})" if field.number != "-" else ""
    return f"{told.replace('{n}', str(column.slot))}{number}"


def _add_type(schema: ET.Element, field: Field) -> None:
    simple = _add(schema, "simpleType", name=field.stem)
    if field.codes is not None:
        _add_codes(simple, codes_of(field))
    elif field.unknown is None or field.type in {FieldType.TEXT, FieldType.UDI}:
        _add_limits(simple, field)
    else:
        # The code for unknown need not be within the limits.
        either = _add(simple, "union")
        _add_limits(_add(either, "simpleType"), field)
        _add_codes(_add(either, "simpleType"), codes_of(field))


def _add_codes(simple: ET.Element, codes: Mapping[str, str]) -> None:
    allowed = _add(simple, "restriction", base="xs:string")
    for code, label in codes.items():
        _explain(_add(allowed, "enumeration", value=code), label)


def _add_limits(simple: ET.Element, field: Field) -> None:
    allowed = _add(simple, "restriction", base=_BASES[field.type])
    if field.type is FieldType.DATE:
        # Of what xs:date allows, a time zone has no place in any dataset.
        _add(allowed, "pattern", value="[0-9]{4}-[0-9]{2}-[0-9]{2}")
    limits = {
        "minLength": field.min_length or (1 if field.required else None),
        "maxLength": field.max_length,
        "minInclusive": field.hard_min,
        "maxInclusive": field.hard_max,
        "fractionDigits": field.max_decimals,
    }
    of_text = {"minLength", "maxLength"}
    for name, limit in limits.items():
        is_text = _BASES[field.type] == "xs:string"
        if limit is not None and (name in of_text) == is_text:
            _add(allowed, name, value=f"{limit:g}")


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"xs:{tag}", attributes)


def _explain(element: ET.Element, text: str) -> None:
    _add(_add(element, "annotation"), "documentation").text = text
