"""The profile nhr-pmicd-bundle: where in a bundle the columns of an intervention stand.

A hand-written subset of FHIR R4 (4.0.1). What the profile does not ask for is not looked at. Values
are not judged here: the rules do that, as for any file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from databroker.dataset.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from databroker.dataset import Column, Dataset
    from databroker.intake.fhir.element import Element

INTERVENTION = "https://nhr.nl/fhir/NamingSystem/interv-nr"
VARIABLE = "https://nhr.nl/fhir/CodeSystem/variabele"
ANSWER = "https://nhr.nl/fhir/CodeSystem/antwoord"
DATASET = "https://nhr.nl/fhir/CodeSystem/dataset"
LEAD = "https://nhr.nl/fhir/StructureDefinition/lead"
BSN = "http://fhir.nl/fhir/NamingSystem/bsn"
OWN_NAME = "http://hl7.org/fhir/StructureDefinition/humanname-own-name"
PARTNER_NAME = "http://hl7.org/fhir/StructureDefinition/humanname-partner-name"

_TYPES = ("collection", "transaction")
_STATUSES = ("completed", "stopped")
_GENDERS = {"male": "1", "female": "2", "other": "-1", "unknown": "-1"}
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_LEAD_NUMBER = re.compile(r"[1-9]\d?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)T.+", re.ASCII)

_PLACES = {
    "interv_nr": "identifier.value",
    "interv_datum": "performed",
    "pat_nr": "identifier.value",
    "bsn": "identifier.value",
    "geb_naam": "name.family",
    "partnernaam": "name.family",
    "geb_datum": "birthDate",
    "geslacht": "gender",
    "postcode": "address.postalCode",
}
"""Columns with an element of their own, in the Procedure or the Patient; all others are an
Observation. Written as FHIRPath, without the places in a list."""


@dataclass(slots=True)
class Intervention:
    """A record: its cells by column, and the entry of the bundle in which each stands."""

    cells: dict[str, str] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)

    def put(self, name: str, text: str | None, entry: int, where: Element) -> None:
        """Fill a cell; one that is filled already is a fault."""
        if name in self.entries:
            where.fault()
        self.entries[name] = entry
        if text is not None:
            self.cells[name] = text


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the bundle holds; `paths` are those of the columns, `{}` standing for the entry."""

    records: list[Intervention]
    paths: Mapping[str, str]
    dataset: str | None
    version: str | None


def read_bundle(bundle: Element, dataset: Dataset) -> Bundle:
    """Read the interventions; what does not follow the profile is left in the faults."""
    if not _is_bundle(bundle):
        return Bundle([], {}, None, None)
    entries = _Entries(bundle)
    records: dict[int, Intervention] = {}
    for number, procedure in entries.of("Procedure"):
        records[number] = _read_procedure(number, procedure, entries, dataset)
    variables = _variables(dataset)
    for number, observation in entries.of("Observation"):
        _read_observation(number, observation, entries, records, variables)
    paths = {
        name: f"Bundle.entry[{{}}].resource.{_PLACES.get(name, 'value')}"
        for name in dataset.columns
    }
    tag = next((tag for tag in bundle.get("meta").get("tag").each() if _is_of(tag, DATASET)), None)
    named = tag.get("code").text() if tag else None
    version = tag.get("version").text() if tag else None
    return Bundle(list(records.values()), paths, named, version)


def _is_bundle(bundle: Element) -> bool:
    kind = bundle.get("resourceType").value
    if kind == "Bundle" and bundle.get("type").value in _TYPES:
        return True
    wrong = bundle.get("type") if isinstance(bundle.value, dict) else bundle
    wrong.fault()
    return False


class _Entries:
    """The resources of a bundle, found by type and by what refers to them."""

    def __init__(self, bundle: Element) -> None:
        self._by_type: dict[str, list[tuple[int, Element]]] = {}
        self._by_reference: dict[str, tuple[int, Element]] = {}
        for number, entry in enumerate(bundle.get("entry").each()):
            resource = entry.get("resource")
            kind = resource.get("resourceType").text()
            if kind is None:
                entry.fault()
                continue
            self._by_type.setdefault(kind, []).append((number, resource))
            identity = resource.get("id").text()
            for name in (entry.get("fullUrl").text(), identity and f"{kind}/{identity}"):
                if name and self._by_reference.setdefault(name, (number, resource))[0] != number:
                    entry.fault()

    def of(self, kind: str) -> list[tuple[int, Element]]:
        """Give the resources of a type with the number of their entry."""
        return self._by_type.get(kind, [])

    def referred(self, reference: Element, kind: str) -> tuple[int, Element] | None:
        """Give the resource that is referred to; one that is not in the bundle is a fault."""
        name = reference.get("reference").text()
        found = self._by_reference.get(name) if name else None
        if found is None or found[1].value["resourceType"] != kind:
            reference.get("reference").fault()
            return None
        return found


# --- Procedure and Patient -------------------------------------------------------------------------
def _read_procedure(
    number: int, procedure: Element, entries: _Entries, dataset: Dataset
) -> Intervention:
    record = Intervention()
    if procedure.get("status").value not in _STATUSES:
        procedure.get("status").fault()
    identifiers = procedure.get("identifier").each()
    own = [each for each in identifiers if _is_of(each, INTERVENTION)]
    if len(own) != 1:
        procedure.get("identifier").fault()
    found = {
        "interv_nr": own[0].get("value").text() if own else None,
        "interv_datum": _day(procedure.get("performedDateTime").text()),
    }
    _put_all(record, number, procedure, found, dataset)
    if procedure.has("subject"):
        patient = entries.referred(procedure.get("subject"), "Patient")
        if patient is not None:
            _put_all(record, *patient, _person(patient[1]), dataset)
    return record


def _put_all(
    record: Intervention,
    number: int,
    resource: Element,
    found: Mapping[str, str | None],
    dataset: Dataset,
) -> None:
    for name, text in found.items():
        if text is not None and name in dataset.columns:
            record.put(name, text, number, resource)


def _person(patient: Element) -> dict[str, str | None]:
    identifiers = patient.get("identifier").each()
    local = [each for each in identifiers if not _is_of(each, BSN)]
    national = [each for each in identifiers if _is_of(each, BSN)]
    for several in (local[1:], national[1:]):
        for one in several:
            one.fault()
    gender = patient.get("gender").text()
    return {
        "pat_nr": local[0].get("value").text() if local else None,
        "bsn": national[0].get("value").text() if national else None,
        **_names(patient),
        "geb_datum": patient.get("birthDate").text(),
        "geslacht": _GENDERS.get(gender, gender) if gender else None,
        "postcode": _postcode(patient),
    }


def _names(patient: Element) -> dict[str, str | None]:
    """Give the names of a person, as nl-core has them in extensions of the family name."""
    names = patient.get("name").each()
    official = [name for name in names if name.get("use").value == "official"] or names
    if not official:
        return {}
    parts = official[0].get("_family").get("extension").each()
    own, partner = (
        next(
            (part.get("valueString").text() for part in parts if part.get("url").value == url), None
        )
        for url in (OWN_NAME, PARTNER_NAME)
    )
    whole = None if own or partner else official[0].get("family").text()
    return {"geb_naam": own or whole, "partnernaam": partner}


def _postcode(patient: Element) -> str | None:
    addresses = patient.get("address").each()
    found = [address.get("postalCode").text() for address in addresses]
    return next(filter(None, found), None)


# --- Observation -----------------------------------------------------------------------------------
def _variables(dataset: Dataset) -> dict[str, dict[int | None, Column]]:
    """Give the columns by variable number, then by lead; without a number it goes by its name."""
    found: dict[str, dict[int | None, Column]] = {}
    for column in dataset.columns.values():
        code = column.field.number if column.field.number != "-" else column.field.stem
        found.setdefault(code, {})[column.slot] = column
    return found


def _read_observation(
    number: int,
    observation: Element,
    entries: _Entries,
    records: Mapping[int, Intervention],
    variables: Mapping[str, Mapping[int | None, Column]],
) -> None:
    code = _variable(observation)
    if code is None:
        return  # an observation for somebody else
    procedures = observation.get("partOf").each()
    if len(procedures) != 1:
        observation.get("partOf").fault()
        return
    procedure = entries.referred(procedures[0], "Procedure")
    lead = _lead(observation)
    column = variables.get(code, {}).get(lead)
    if column is None and code in variables:
        observation.get("extension").fault()  # a lead too many, or none where one is needed
    text = _value(observation, column, entries)
    if procedure is not None:
        name = column.name if column else code
        records[procedure[0]].put(name, text, number, observation)


def _variable(observation: Element) -> str | None:
    codings = observation.get("code").get("coding").each()
    ours = [coding for coding in codings if _is_of(coding, VARIABLE)]
    if not ours:
        return None
    code = ours[0].get("code").text()
    if len(ours) > 1 or code is None or not _CODE.fullmatch(code):
        observation.get("code").fault()
        return None
    return code


def _lead(observation: Element) -> int | None:
    for extension in observation.get("extension").each():
        if extension.get("url").value == LEAD:
            number = extension.get("valuePositiveInt").number(whole=True)
            if number and _LEAD_NUMBER.fullmatch(number):
                return int(number)
            extension.fault()
    return None


def _value(observation: Element, column: Column | None, entries: _Entries) -> str | None:
    """Give the one value of an observation as text; a device is one only where no other stands."""
    given = [name for name in _VALUES if observation.has(name)]
    if not given and observation.has("device"):
        return _of_device(observation.get("device"), column, entries)
    if len(given) != 1:
        observation.get("value").fault()
        return None
    return _VALUES[given[0]](observation.get(given[0]), column)


def _of_device(device: Element, column: Column | None, entries: _Entries) -> str | None:
    """Give the UDI of the device that an observation is about."""
    if column and column.field.type is not FieldType.UDI:
        device.fault()
        return None
    found = entries.referred(device, "Device")
    if found is None:
        return None
    carriers = found[1].get("udiCarrier")
    if len(carriers.each()) != 1:
        carriers.fault()
        return None
    return carriers.each()[0].get("carrierHRF").text()


def _of_quantity(quantity: Element, column: Column | None) -> str | None:
    unit = quantity.get("code").text() or quantity.get("unit").text()
    wanted = column.field.unit if column else None
    if unit and wanted and _plain(unit) != _plain(wanted):
        quantity.get("unit").fault()
    return quantity.get("value").number(whole=False)


def _of_concept(concept: Element, _column: Column | None) -> str | None:
    codings = concept.get("coding").each()
    chosen = codings if len(codings) == 1 else [each for each in codings if _is_of(each, ANSWER)]
    if len(chosen) != 1:
        concept.fault()
        return None
    return chosen[0].get("code").text()


_VALUES: dict[str, Callable[[Element, Column | None], str | None]] = {
    "valueInteger": lambda value, _column: value.number(whole=True),
    "valueQuantity": _of_quantity,
    "valueCodeableConcept": _of_concept,
    "valueString": lambda value, _column: value.text(),
    "valueDateTime": lambda value, _column: _day(value.text()),
    "dataAbsentReason": lambda _value, column: column.field.unknown if column else None,
}


def _is_of(element: Element, system: str) -> bool:
    return bool(element.get("system").value == system)


def _day(text: str | None) -> str | None:
    """Give the day of a moment as it is written, in the time of the hospital."""
    match = _DAY.fullmatch(text or "")
    return match[1] if match else text


def _plain(unit: str) -> str:
    """Write a unit so that UCUM (`umol/L`) and the handbook (with a micro sign) are one."""
    return unit.casefold().replace("\N{GREEK SMALL LETTER MU}", "u")
