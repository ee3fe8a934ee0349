"""JSON Schema of one record, for a vendor that checks its export before it is a file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from databroker.dataset import FieldType
from databroker.dataset.words import allowed, codes_of, kind, needed, usual

if TYPE_CHECKING:
    from databroker.dataset import Column, Dataset, Field

    Schema = dict[str, Any]

_DATE = "^(0[1-9]|[12][0-9]|3[01])([-/])(0[1-9]|1[0-2])\\2[0-9]{4}$"
_NUMBERS = {FieldType.INTEGER: "integer", FieldType.DECIMAL: "number"}


def record_schema(dataset: Dataset) -> Schema:
    """Describe one record as an object of texts and numbers; an empty variable is left out.

    It knows form, codes, hard limits and need. The rules between variables are the databroker's.
    """
    columns = dataset.columns
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nhr:{dataset.id}:{dataset.version}:record",
        "title": f"{dataset.label}, versie {dataset.version}",
        "description": "Eén record. Codes en getallen zijn getallen, de rest is tekst; "
        "een lege variabele wordt weggelaten.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _value(column) for name, column in columns.items()},
        "required": [name for name, column in columns.items() if column.field.required],
    }
    needs = [need for column in columns.values() if (need := _need(column, dataset)) is not None]
    return schema | ({"allOf": needs} if needs else {})


def _value(column: Column) -> Schema:
    field = column.field
    return {
        "title": column.label,
        "description": _description(column),
        **_form(field),
    }


def _description(column: Column) -> str:
    field = column.field
    parts = [f"{kind(field)}; verplicht: {needed(field, column.slot)}"]
    parts += [field.format] if field.format else []
    parts += [f"eenheid {field.unit}"] if field.unit else []
    parts += [f"toegestaan {allowed(field)}"] if field.type in _NUMBERS else []
    parts += [f"gebruikelijk {usual(field)}"] if usual(field) else []
    return "; ".join(parts)


def _form(field: Field) -> Schema:
    if field.codes is not None:
        return {
            "oneOf": [
                {"const": _code(code, field), "title": label}
                for code, label in codes_of(field).items()
            ]
        }
    if field.type is FieldType.DATE:
        return {"type": "string", "pattern": _DATE}
    if field.type not in _NUMBERS:
        bounds = {"minLength": field.min_length or 1, "maxLength": field.max_length}
        return {"type": "string"} | _given(bounds)
    limits = _given({"minimum": _whole(field.hard_min), "maximum": _whole(field.hard_max)})
    number: Schema = {"type": _NUMBERS[field.type], **limits}
    if field.unknown is None:
        return number
    return {"anyOf": [number, {"const": _code(field.unknown, field), "title": "Onbekend"}]}


def _code(code: str, field: Field) -> str | int:
    return code if field.type is FieldType.TEXT else int(code)


def _whole(limit: float | None) -> float | None:
    return int(limit) if limit is not None and limit == int(limit) else limit


def _given(facts: Schema) -> Schema:
    return {name: value for name, value in facts.items() if value is not None}


# --- what is needed when --------------------------------------------------------------------------
class _NoSchemaError(Exception):
    """A condition that says more than a schema can."""


def _need(column: Column, dataset: Dataset) -> Schema | None:
    """Say when a variable is needed; None when it is not, or when a schema cannot say it."""
    condition = column.field.required_when
    if condition is None:
        return None
    names = {
        each.field.stem: name
        for name, each in dataset.columns.items()
        if each.slot in {None, column.slot}
    }
    try:
        when = _holds(ast.parse(condition, mode="eval").body, names)
    except _NoSchemaError:
        return None
    return {"if": when, "then": {"required": [column.name]}}


def _holds(node: ast.expr, names: dict[str, str]) -> Schema:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return {"allOf": [_holds(part, names) for part in parts]}
        case ast.BoolOp(op=ast.Or(), values=parts):
            return {"anyOf": [_holds(part, names) for part in parts]}
        case ast.Compare(left=ast.Name(id=stem), ops=[operator], comparators=[right]) if (
            stem in names  # what only the registry knows is not in the record
        ):
            return _compared(names[stem], operator, right)
        case _:
            raise _NoSchemaError


def _compared(name: str, operator: ast.cmpop, right: ast.expr) -> Schema:
    try:
        value = ast.literal_eval(right)
    except ValueError as error:
        raise _NoSchemaError from error
    filled: Schema = {"required": [name]}
    match operator, value:
        case ast.Is(), None:
            return {"not": filled}
        case ast.IsNot(), None:
            return filled
        case ast.Eq(), int() | str():
            return {"properties": {name: {"const": value}}, **filled}
        case ast.In(), tuple() if None not in value:
            return {"properties": {name: {"enum": list(value)}}, **filled}
        case _:
            raise _NoSchemaError
