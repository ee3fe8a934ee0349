"""A bundle as an EPD sends it, and JSON made to hurt."""

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databroker.dataset import FieldType, datasets
from databroker.intake import read_delivery
from databroker.intake.fhir import bundle as fhir_bundle
from tests.unit.intake.builders import (
    NHR,
    a_bundle,
    a_dataset,
    a_field,
    a_lead,
    a_procedure,
    an_observation,
)

BSN = "http://fhir.nl/fhir/NamingSystem/bsn"
TEST_BSN = "999994669"
LOCAL = "https://ziekenhuis.example/patientnummer"
NAME = "http://hl7.org/fhir/StructureDefinition/humanname"
FIELDS = (
    a_field("interv_nr", required=True),
    a_field("interv_datum", FieldType.DATE, required=True),
    *(a_field(name) for name in ("pat_nr", "bsn", "geb_naam", "partnernaam")),
    a_field("geb_datum", FieldType.DATE),
    a_field("geslacht", FieldType.CODE),
    a_field("postcode"),
    a_field("kreatinine_gehalte", FieldType.INTEGER, number="PMICD-PAT-30", unit="µmol/l"),
    a_field("gewicht", FieldType.DECIMAL, number="PMICD-PAT-20", unit="kg", unknown="-1"),
    a_field("diabetes", FieldType.CODE, number="PMICD-PAT-40"),
    a_field("datum_later", FieldType.DATE, number="PMICD-FU-1"),
    a_field("impl_device_code", FieldType.UDI, number="PMICD-INT-842"),
    a_field("opmerking", number="-"),
    a_field("lead_type{n}", FieldType.CODE, number="PMICD-INT-1220", slots=2),
)


def read(content, **facts):
    return read_delivery(content, "bundel.json", [a_dataset(fields=FIELDS, **facts)], ())


def codes(content, **facts):
    return [finding.code for finding in read(content, **facts).findings]


def record(*resources):
    """The cells of the only record of a bundle that is right."""
    reading = read(a_bundle(*resources))
    assert [finding.code for finding in reading.findings] == []
    records = reading.records
    cells = {name: records.column(name)[0] for name in records.names}
    return {name: cell for name, cell in cells.items() if cell is not None}


def refusal(content):
    """The path of the first fault."""
    (finding,) = read(content).findings
    assert finding.code == "BF-022"
    return finding.message.partition("(")[2].partition(")")[0]


def a_patient(**elements):
    return {"resourceType": "Patient", "id": "m1", **elements}


OF_PATIENT = a_procedure(subject={"reference": "Patient/m1"})


# --- where a column stands ---------------------------------------------------------------------
def test_the_number_and_the_day_stand_in_the_procedure():
    assert record(a_procedure()) == {"interv_nr": "MCX-000001", "interv_datum": "15-03-2026"}


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-15T23:30:00+01:00", "15-03-2026"),
        ("2026-03-15T00:30:00Z", "15-03-2026"),
        ("2026-03", "2026-03"),
        ("15-03-2026", "15-03-2026"),
    ],
)
def test_of_a_moment_the_day_is_kept_as_it_is_written(written, day):
    assert record(a_procedure(performedDateTime=written))["interv_datum"] == day


def test_the_person_stands_in_the_patient():
    own = {"url": f"{NAME}-own-name", "valueString": "Voorbeeld"}
    partner = {"url": f"{NAME}-partner-name", "valueString": "Testpersoon"}
    patient = a_patient(
        identifier=[{"system": BSN, "value": TEST_BSN}, {"system": LOCAL, "value": "0012"}],
        name=[
            {"use": "nickname", "family": "Anders"},
            {
                "use": "official",
                "family": "Testpersoon-Voorbeeld",
                "_family": {"extension": [partner, own]},
            },
        ],
        gender="female",
        birthDate="1941-02-12",
        address=[{"city": "Utrecht"}, {"postalCode": "1234 AA"}],
    )

    found = record(OF_PATIENT, patient)

    assert found == record(a_procedure()) | {
        "pat_nr": "0012",
        "bsn": TEST_BSN,
        "geb_naam": "Voorbeeld",
        "partnernaam": "Testpersoon",
        "geb_datum": "12-02-1941",
        "geslacht": "2",
        "postcode": "1234 AA",
    }


def test_a_name_without_parts_is_the_name_of_birth():
    found = record(OF_PATIENT, a_patient(name=[{"family": "Voorbeeld"}]))

    assert found["geb_naam"] == "Voorbeeld"
    assert "partnernaam" not in found


def test_the_name_of_a_partner_alone_is_no_name_of_birth():
    partner = {"url": f"{NAME}-partner-name", "valueString": "Testpersoon"}
    name = {"family": "Testpersoon", "_family": {"extension": [partner]}}

    found = record(OF_PATIENT, a_patient(name=[name]))

    assert found["partnernaam"] == "Testpersoon"
    assert "geb_naam" not in found


@pytest.mark.parametrize(
    ("gender", "code"),
    [("male", "1"), ("female", "2"), ("other", "-1"), ("unknown", "-1"), ("man", "man")],
)
def test_gender_is_the_code_of_the_handbook(gender, code):
    assert record(OF_PATIENT, a_patient(gender=gender))["geslacht"] == code


@pytest.mark.parametrize(
    ("number", "column", "value", "cell"),
    [
        ("PMICD-PAT-30", "kreatinine_gehalte", {"valueInteger": 88}, "88"),
        ("PMICD-PAT-30", "kreatinine_gehalte", {"valueString": "88 umol"}, "88 umol"),
        ("PMICD-PAT-30", "kreatinine_gehalte", {"valueInteger": 10**50}, str(10**50)),
        ("PMICD-PAT-20", "gewicht", {"valueQuantity": {"value": 80.5}}, "80.5"),
        ("PMICD-PAT-20", "gewicht", {"valueQuantity": {"value": 80, "unit": "KG"}}, "80"),
        ("PMICD-PAT-20", "gewicht", {"dataAbsentReason": {"text": "niet gewogen"}}, "-1"),
        ("PMICD-PAT-40", "diabetes", {"valueCodeableConcept": {"coding": [{"code": "10"}]}}, "10"),
        ("PMICD-FU-1", "datum_later", {"valueDateTime": "2026-03-20T10:00:00Z"}, "20-03-2026"),
        ("PMICD-INT-842", "impl_device_code", {"valueString": "0"}, "0"),
        ("opmerking", "opmerking", {"valueString": "één"}, "één"),
    ],
)
def test_any_other_column_is_an_observation_under_its_variable_number(number, column, value, cell):
    assert record(a_procedure(), an_observation(number, **value))[column] == cell


def test_a_quantity_in_the_unit_of_the_handbook_or_ucum_is_read_and_any_other_refused():
    for unit in ("µmol/l", "μmol/L", "umol/L"):
        quantity = {"value": 88, "unit": "micromol", "code": unit}
        found = record(a_procedure(), an_observation("PMICD-PAT-30", valueQuantity=quantity))
        assert found["kreatinine_gehalte"] == "88"

    wrong = an_observation("PMICD-PAT-30", valueQuantity={"value": 1, "unit": "mg/dl"})

    path = "1 fouten, eerste: Bundle.entry[1].resource.valueQuantity.unit"
    assert refusal(a_bundle(a_procedure(), wrong)) == path


def test_of_several_codings_ours_is_taken():
    codings = [
        {"system": "http://snomed.info/sct", "code": "73211009"},
        {"system": f"{NHR}/CodeSystem/antwoord", "code": "10"},
    ]
    observation = an_observation("PMICD-PAT-40", valueCodeableConcept={"coding": codings})
    observation["code"]["coding"].insert(0, {"system": "http://loinc.org", "code": "1-8"})

    assert record(a_procedure(), observation)["diabetes"] == "10"


def test_a_udi_may_stand_in_the_device_the_observation_is_about():
    udi = "(01)09520123456788(21)S1"
    device = {"resourceType": "Device", "id": "d", "udiCarrier": [{"carrierHRF": udi}]}
    observation = an_observation("PMICD-INT-842", device={"reference": "Device/d"})

    assert record(a_procedure(), device, observation)["impl_device_code"] == udi


def test_a_device_beside_a_value_is_what_measured_it():
    observation = an_observation("PMICD-PAT-30", valueInteger=88, device={"display": "analyser"})

    assert record(a_procedure(), observation)["kreatinine_gehalte"] == "88"


def test_a_lead_has_its_number_in_an_extension():
    observation = an_observation("PMICD-INT-1220", extension=a_lead(2), valueInteger=30)

    assert record(a_procedure(), observation)["lead_type2"] == "30"


def test_references_may_be_full_urls_and_a_patient_may_have_several_procedures():
    entries = [
        {"resource": a_patient(gender="male"), "fullUrl": "urn:uuid:1", "request": {"url": "x"}},
        {"resource": a_procedure(1, "MCX-000001", subject={"reference": "urn:uuid:1"})},
        {"resource": a_procedure(2, "MCX-000002", subject={"reference": "urn:uuid:1"})},
    ]

    reading = read(a_bundle(type="transaction", entry=entries))

    assert reading.findings == []
    assert reading.records.column("geslacht") == ["1", "1"]


def test_rows_count_the_procedures_and_a_cell_is_found_by_its_path():
    reading = read(
        a_bundle(
            a_patient(gender="male"),
            a_procedure(1, "MCX-000001", subject={"reference": "Patient/m1"}),
            an_observation("PMICD-PAT-30", 2, valueInteger=88),
            a_procedure(2, "MCX-000002"),
        )
    )

    origin = reading.records.origin
    assert reading.records.rows == [2, 3]
    assert origin.cell("interv_nr", 3) == "Bundle.entry[3].resource.identifier.value"
    assert origin.cell("geslacht", 2) == "Bundle.entry[0].resource.gender"
    assert origin.cell("kreatinine_gehalte", 3) == "Bundle.entry[2].resource.value"
    assert origin.cell("kreatinine_gehalte", 2) is None


def test_resources_and_observations_for_others_are_not_looked_at():
    other = {"resourceType": "Observation", "code": {"coding": [{"system": "x", "code": "y"}]}}

    found = record(a_procedure(), {"resourceType": "Practitioner", "name": 3}, other)

    assert found == record(a_procedure())


def test_an_unknown_variable_is_ignored_with_a_warning():
    reading = read(a_bundle(a_procedure(), an_observation("PMICD-XX-1", valueInteger=1)))

    assert [finding.code for finding in reading.findings] == ["BW-001"]
    assert "PMICD-XX-1" in reading.findings[0].message


def test_a_column_that_every_record_must_fill_and_none_has_is_missing():
    procedure = a_procedure()
    del procedure["performedDateTime"]

    assert codes(a_bundle(procedure)) == ["BF-007"]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ({"code": "pmicd-interventie", "version": "22.2"}, []),
        ({"code": "pmicd-interventie"}, []),
        ({"code": "pmicd-interventie", "version": "1.0"}, ["BF-008"]),
        ({"code": "pmicd-followup"}, ["BF-008"]),
        ({"code": "Jansen, J."}, ["BF-008"]),
    ],
)
def test_a_tag_may_name_the_dataset_and_its_version(tag, expected):
    meta = {"tag": [{"system": "x"}, {"system": f"{NHR}/CodeSystem/dataset", **tag}]}

    reading = read(a_bundle(a_procedure(), meta=meta))

    assert [finding.code for finding in reading.findings] == expected
    assert not any("Jansen" in finding.message for finding in reading.findings)


@pytest.mark.parametrize("dataset", datasets(), ids=lambda each: f"{each.id}@{each.version}")
def test_no_two_columns_of_a_dataset_go_by_the_same_number_and_lead(dataset):
    variables = fhir_bundle._variables(dataset)

    found = {column.name for leads in variables.values() for column in leads.values()}

    assert found == set(dataset.columns)


# --- what does not follow the profile -------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[]", "1 fouten, eerste: Bundle"),
        (b'[{"resourceType": "Bundle"}]', "1 fouten, eerste: Bundle"),
        (a_bundle(resourceType=["Bundle"]), "1 fouten, eerste: Bundle.type"),
        (a_bundle(type={}), "1 fouten, eerste: Bundle.type"),
        (b"{}", "1 fouten, eerste: Bundle.type"),
        (b'{"resourceType": "Patient"}', "1 fouten, eerste: Bundle.type"),
        (a_bundle(type="searchset"), "1 fouten, eerste: Bundle.type"),
        (a_bundle(entry={}), "1 fouten, eerste: Bundle.entry"),
        (a_bundle(entry=[1, {}]), "2 fouten, eerste: Bundle.entry[0]"),
        (a_bundle(a_procedure(identifier=[])), "1 fouten, eerste: Bundle.entry[0].resource.identifier"),
        (a_bundle(a_procedure(status="entered-in-error")), "1 fouten, eerste: Bundle.entry[0].resource.status"),
        (a_bundle(a_procedure(performedDateTime=2026)), "1 fouten, eerste: Bundle.entry[0].resource.performedDateTime"),
        (a_bundle(OF_PATIENT), "1 fouten, eerste: Bundle.entry[0].resource.subject.reference"),
        (a_bundle(a_procedure(), a_procedure()), "1 fouten, eerste: Bundle.entry[1]"),
    ],
)  # fmt: skip
def test_a_bundle_off_the_profile_is_refused_with_the_first_path(content, told):
    assert refusal(content) == told


@pytest.mark.parametrize(
    ("observation", "path"),
    [
        (an_observation("PMICD-PAT-30"), ".value"),
        (an_observation("PMICD-PAT-30", valueInteger=1, valueString="1"), ".value"),
        (an_observation("PMICD-PAT-30", valueInteger="1"), ".valueInteger"),
        (an_observation("PMICD-PAT-30", valueInteger=1.5), ".valueInteger"),
        (an_observation("PMICD-PAT-30", valueString=1), ".valueString"),
        (an_observation("PMICD-PAT-30", valueString="a" * 32_768), ".valueString"),
        (an_observation("PMICD-PAT-30", valueString="\ud800"), ".valueString"),
        (an_observation("PMICD-PAT-30", valueBoolean=True), ".value"),
        (an_observation("PMICD-PAT-20", valueQuantity={}), ".valueQuantity.value"),
        (an_observation("PMICD-PAT-40", valueCodeableConcept={"coding": [{}, {}]}), ".valueCodeableConcept"),
        (an_observation("PMICD-PAT-40", device={"reference": "Device/d"}), ".device"),
        (an_observation("PMICD-INT-842", device={"reference": "Device/d"}), ".device.reference"),
        (an_observation("PMICD-INT-842", device={"reference": "Procedure/p1"}), ".device.reference"),
        (an_observation("PMICD-INT-1220", valueInteger=30), ".extension"),
        (an_observation("PMICD-INT-1220", valueInteger=30, extension=a_lead(3)), ".extension"),
        (an_observation("PMICD-INT-1220", valueInteger=30, extension=a_lead(0)), ".extension[0]"),
        (an_observation("PMICD-PAT-30", valueInteger=1, extension=a_lead(1)), ".extension"),
        (an_observation("PMICD-PAT-30", 9, valueInteger=1), ".partOf[0].reference"),
        (an_observation("PMICD-PAT-30", valueInteger=1, partOf=[]), ".partOf"),
        (an_observation("Jansen, J.", valueInteger=1), ".code"),
    ],
)  # fmt: skip
def test_an_observation_off_the_profile_is_refused_with_its_path(observation, path):
    told = refusal(a_bundle(a_procedure(), observation))

    assert told.endswith(f"eerste: Bundle.entry[1].resource{path}")


def test_a_column_that_stands_twice_is_refused():
    twice = [an_observation("PMICD-PAT-30", valueInteger=88)] * 2

    told = refusal(a_bundle(a_procedure(), *twice))

    assert told == "1 fouten, eerste: Bundle.entry[2].resource"


@pytest.mark.parametrize("elements", [
    {"identifier": [{"system": LOCAL, "value": "1"}, {"value": "2"}]},
    {"identifier": [{"system": BSN, "value": TEST_BSN}] * 2},
])  # fmt: skip
def test_a_patient_with_two_numbers_of_a_kind_is_refused(elements):
    told = refusal(a_bundle(OF_PATIENT, a_patient(**elements)))

    assert told == "1 fouten, eerste: Bundle.entry[1].resource.identifier[1]"


def test_a_device_without_one_udi_is_refused():
    device = {"resourceType": "Device", "id": "d"}
    observation = an_observation("PMICD-INT-842", device={"reference": "Device/d"})

    told = refusal(a_bundle(a_procedure(), device, observation))

    assert told == "1 fouten, eerste: Bundle.entry[1].resource.udiCarrier"


def test_a_bundle_without_procedures_has_no_records():
    assert codes(a_bundle(entry=[])) == ["BF-011"]


def test_more_records_than_allowed_are_refused_and_counted():
    content = a_bundle(*[a_procedure(number) for number in range(4)])

    reading = read(content, max_rows=3)

    assert reading.count == 4
    assert [finding.code for finding in reading.findings] == ["BF-014"]


# --- what is no JSON, or hurts -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "line", "position"),
    [
        (b"{", 1, 2),
        (b'{\n "a": 1,}', 2, 9),
        (b'{"a": "\x01"}', 1, 8),
        (b'{"NaN": "NaN",\n "a\\"": NaN}', 2, 9),
        (b'{"a": [-Infinity]}', 1, 8),
        (b'{"a": 01}', 1, 8),
        (b'{"a": 1} {}', 1, 10),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(content, line, position):
    (finding,) = read(content).findings

    assert finding.code == "BF-019"
    assert f"(regel {line}, positie {position})" in finding.message


def test_a_key_that_stands_twice_is_refused_with_its_path():
    content = a_bundle(a_procedure()).replace(b'"status"', b'"status": "stopped", "status"')

    assert refusal(content) == "1 fouten, eerste: Bundle.entry[0].resource"


def test_a_path_never_holds_a_name_from_the_file():
    content = b'{"Jansen, J.": {"a": 1, "a": 2}}'

    assert refusal(content) == "2 fouten, eerste: Bundle.?"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp1252"])
def test_another_encoding_than_utf_8_is_refused(encoding):
    text = json.dumps({"a": "é"}, ensure_ascii=False)

    assert codes(text.encode(encoding)) == ["BF-005"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":[' + b"1," * 1_500_000 + b"1]}",
    ],
)
def test_nesting_without_end_and_a_flood_of_values_are_refused(content):
    assert codes(content) == ["BF-018"]


def test_a_flood_of_values_is_refused_before_it_costs_memory():
    content = b'{"a":[' + b"1," * 3_000_000 + b"1]}"
    tracemalloc.start()

    codes(content)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_number_of_any_length_is_only_text():
    observation = an_observation("PMICD-PAT-30", valueInteger=1)
    long = a_bundle(a_procedure(), observation).replace(
        b'"valueInteger": 1', b'"valueInteger": ' + b"9" * 30_000
    )

    assert read(long).records.column("kreatinine_gehalte") == ["9" * 30_000]


def test_the_text_of_a_constant_in_a_long_string_costs_no_memory():
    content = b'{"a": "' + b"NaN " * 500_000 + b'", "b": NaN}'
    tracemalloc.start()

    assert codes(content) == ["BF-019"]

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def places(value, path=()):
    """The path of every value in a document."""
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, child in value.items() if isinstance(value, dict) else ():
        yield from places(child, (*path, key))


def whole_bundle():
    own = {"url": f"{NAME}-own-name", "valueString": "Voorbeeld"}
    patient = a_patient(
        identifier=[{"system": BSN, "value": TEST_BSN}, {"system": LOCAL, "value": "1"}],
        name=[{"use": "official", "_family": {"extension": [own]}}],
        gender="male",
        address=[{"postalCode": "1234 AA"}],
    )
    return json.loads(
        a_bundle(
            OF_PATIENT,
            patient,
            {"resourceType": "Device", "id": "d", "udiCarrier": [{"carrierHRF": "0"}]},
            an_observation("PMICD-INT-842", device={"reference": "Device/d"}),
            an_observation("PMICD-INT-1220", valueInteger=30, extension=a_lead(1)),
            an_observation("PMICD-PAT-20", valueQuantity={"value": 80.5, "unit": "kg"}),
            an_observation("PMICD-PAT-40", valueCodeableConcept={"coding": [{"code": "10"}]}),
            meta={"tag": [{"system": f"{NHR}/CodeSystem/dataset", "code": "pmicd-interventie"}]},
        )
    )


@settings(deadline=None, max_examples=300)
@given(place=st.sampled_from(list(places(whole_bundle()))), other=_ANYTHING)
def test_whatever_stands_in_a_place_the_outcome_is_a_reading(place, other):
    bundle = {"root": whole_bundle()}
    parent, (*steps, last) = bundle, ("root", *place)
    for step in steps:
        parent = parent[step]
    parent[last] = other

    reading = read(json.dumps(bundle["root"]).encode())

    refusals = {"BF-001", "BF-007", "BF-008", "BF-011", "BF-019", "BF-022"}
    assert {finding.code for finding in reading.findings} <= refusals | {"BW-001", "BF-006"}
    assert (reading.records is None) == any(f.code[:2] == "BF" for f in reading.findings)
    assert reading.records is None or reading.records.to_ipc()
