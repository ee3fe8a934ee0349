"""An intervention as the resources of a FHIR bundle (docs/formats.md), as an EPD would send them."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any

from databroker.dataset import Column, Dataset, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NHR = "https://nhr.nl/fhir"
_NL_BSN = "http://fhir.nl/fhir/NamingSystem/bsn"
_HL7_NAME = "http://hl7.org/fhir/StructureDefinition/humanname"
_GENDERS = {"1": "male", "2": "female", "-1": "unknown"}
_ELSEWHERE = {
    "interv_nr", "interv_datum", "pat_nr", "geb_naam", "partnernaam", "geb_datum", "geslacht",
    "postcode", "bsn",
}  # fmt: skip
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")


def dataset_tag(dataset: Dataset) -> dict[str, str]:
    """Give the tag that names the dataset and its version."""
    system = f"{_NHR}/CodeSystem/dataset"
    return {"system": system, "code": dataset.id, "version": dataset.version}


def resources(cells: Mapping[str, str], place: int, dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Give the resources of one intervention; `place` tells them from those of another."""
    yield {
        "resourceType": "Procedure",
        "id": f"p{place}",
        "status": "stopped" if cells.get("interv_afgebroken") == "1" else "completed",
        "identifier": [_identifier(f"{_NHR}/NamingSystem/interv-nr", cells["interv_nr"])],
        "subject": {"reference": f"Patient/m{place}"},
        **_filled(performedDateTime=iso(cells.get("interv_datum", ""))),
    }
    yield _patient(cells, place)
    numbers = count(1)
    for name, cell in cells.items():
        column = dataset.columns.get(name)
        if column is None or name in _ELSEWHERE or not cell:
            continue
        device: dict[str, Any] = {}
        if cell.startswith("(01)"):
            device = {"reference": f"Device/d{place}-{next(numbers)}"}
            identity = device["reference"].partition("/")[2]
            carriers = [{"carrierHRF": cell}]
            yield {"resourceType": "Device", "id": identity, "udiCarrier": carriers}
        yield {
            "resourceType": "Observation",
            "status": "final",
            **_lead(column),
            "code": {"coding": [_code(column)]},
            "partOf": [{"reference": f"Procedure/p{place}"}],
            **({"device": device} if device else _value(cell, column)),
        }


def iso(date: str) -> str:
    """Write a date of the handbook as XML and FHIR have it; what is none stays as it is."""
    match = re.fullmatch(r"(\d\d)-(\d\d)-(\d{4})", date)
    return "-".join(reversed(match.groups())) if match else date


def _patient(cells: Mapping[str, str], place: int) -> dict[str, Any]:
    local = _identifier("https://ziekenhuis.example/patientnummer", cells.get("pat_nr", ""))
    national = _identifier(_NL_BSN, cells.get("bsn", ""))
    gender = cells.get("geslacht", "")
    return {
        "resourceType": "Patient",
        "id": f"m{place}",
        **_filled(
            identifier=[each for each in (local, national) if each["value"]],
            name=_name(cells.get("geb_naam", ""), cells.get("partnernaam", "")),
            gender=_GENDERS.get(gender, gender),
            birthDate=iso(cells.get("geb_datum", "")),
            address=_filled(postalCode=cells.get("postcode", "")),
        ),
    }


def _name(own: str, partner: str) -> list[dict[str, Any]]:
    parts = {"own-name": own, "partner-name": partner}
    extensions = [
        {"url": f"{_HL7_NAME}-{kind}", "valueString": name} for kind, name in parts.items() if name
    ]
    family = "-".join(filter(None, (partner, own)))
    return [{"use": "official", "family": family, "_family": {"extension": extensions}}]


def _identifier(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}


def _code(column: Column) -> dict[str, str]:
    number = column.field.number
    return {
        "system": f"{_NHR}/CodeSystem/variabele",
        "code": column.field.stem if number == "-" else number,
    }


def _lead(column: Column) -> dict[str, Any]:
    if column.slot is None:
        return {}
    url = f"{_NHR}/StructureDefinition/lead"
    return {"extension": [{"url": url, "valuePositiveInt": column.slot}]}


def _value(cell: str, column: Column) -> dict[str, Any]:
    match column.field.type:
        case FieldType.CODE:
            system = f"{_NHR}/CodeSystem/antwoord"
            return {"valueCodeableConcept": {"coding": [{"system": system, "code": cell}]}}
        case FieldType.INTEGER if _WHOLE.fullmatch(cell):
            return {"valueInteger": int(cell)}
        case FieldType.DECIMAL if _NUMBER.fullmatch(cell):
            number = int(cell) if _WHOLE.fullmatch(cell) else float(cell)
            return {"valueQuantity": {"value": number, "unit": column.field.unit}}
        case FieldType.DATE:
            return {"valueDateTime": iso(cell)}
        case _:
            return {"valueString": cell}


def _filled(**elements: Any) -> dict[str, Any]:
    filled = {name: value for name, value in elements.items() if value}
    if "address" in filled:
        filled["address"] = [filled["address"]]
    return filled
