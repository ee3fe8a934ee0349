"""The XSD that is made from a dataset, read by the little of XML Schema that it uses."""

import datetime as dt
import re

import pytest
from defusedxml.ElementTree import fromstring

from aanleveren.written import as_xml
from databroker.dataset import datasets, find_dataset
from databroker.delivery import Centre
from databroker.intake import read_delivery
from databroker.privacy.at_source import pseudonymise_at_source
from databroker.privacy.desk import Desk
from databroker.privacy.trust import Checks
from databroker.publish import documents, xsd
from databroker.rules import Context
from simulators.hospital import make_delivery, write_xml
from tests.support.zorgttp import InMemoryZorgTtp

XS = "{http://www.w3.org/2001/XMLSchema}"
TODAY = dt.date(2026, 3, 5)
BASES = {
    "xs:string": r"(?s).*",
    "xs:integer": r"[+-]?[0-9]+",
    "xs:decimal": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)",
    "xs:date": r"-?[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(Z|[+-][0-9]{2}:[0-9]{2})?",
}
FACETS = {
    "minLength": lambda text, limit: len(text) >= int(limit),
    "maxLength": lambda text, limit: len(text) <= int(limit),
    "minInclusive": lambda text, limit: float(text) >= float(limit),
    "maxInclusive": lambda text, limit: float(text) <= float(limit),
    "fractionDigits": lambda text, limit: len(text.partition(".")[2].rstrip("0")) <= int(limit),
    "pattern": lambda text, pattern: re.fullmatch(pattern, text) is not None,
}


class Schema:
    """As much of a validator as the schema asks for; anything it does not know is an error."""

    def __init__(self, text):
        self.root = fromstring(text)
        self.types = {each.get("name"): each for each in self.root.iter() if each.get("name")
                      and each.tag in {f"{XS}simpleType", f"{XS}complexType"}}  # fmt: skip
        self.attributes = self.root.findall(f"{XS}element/{XS}complexType/{XS}attribute")
        self.columns = self.root.findall(f"{XS}complexType/{XS}all/{XS}element")

    def faults(self, document):
        root = fromstring(document)
        found = [] if root.tag == "aanlevering" else ["root"]
        fixed = {each.get("name"): each.get("fixed") for each in self.attributes}
        found += [] if root.attrib == fixed else ["attributes"]
        known = {each.get("name"): each for each in self.columns}
        for record in root:
            names = [cell.tag for cell in record]
            found += [] if record.tag == "record" else ["record"]
            found += [name for name in set(names) if names.count(name) > 1]
            found += [name for name in names if name not in known]
            found += [
                name
                for name, each in known.items()
                if each.get("minOccurs") == "1" and name not in names
            ]
            found += [
                cell.tag
                for cell in record
                if cell.tag in known
                and not self.allows(self.types[known[cell.tag].get("type")], cell.text or "")
            ]
        return found

    def allows(self, simple, text):
        (kind,) = [each for each in simple if each.tag != f"{XS}annotation"]
        if kind.tag == f"{XS}union":
            return any(self.allows(member, text) for member in kind)
        assert kind.tag == f"{XS}restriction"
        if not re.fullmatch(BASES[kind.get("base")], text):
            return False
        values = [each.get("value") for each in kind if each.tag == f"{XS}enumeration"]
        if values:
            return text in values
        return all(
            FACETS[each.tag.removeprefix(XS)](text, each.get("value"))
            for each in kind
            if each.tag != f"{XS}annotation"
        )


INTERVENTIONS = find_dataset("pmicd-interventie", "22.2")
SCHEMA = Schema(xsd(INTERVENTIONS))


@pytest.fixture
def a_document(tmp_path):
    def write(size=40, **how):
        path = tmp_path / "levering.xml"
        write_xml(make_delivery(size, today=TODAY, **how), path)
        return path.read_text(encoding="utf-8")

    return write


@pytest.mark.parametrize("dataset", datasets(), ids=lambda each: f"{each.id}@{each.version}")
def test_every_column_of_every_dataset_is_in_its_schema_with_its_type(dataset):
    schema = Schema(xsd(dataset))

    names = [element.get("name") for element in schema.columns]

    assert names == list(dataset.columns)
    assert {element.get("type") for element in schema.columns} <= schema.types.keys()
    assert [each.get("fixed") for each in schema.attributes] == [dataset.id, dataset.version]
    assert all(element.find(f".//{XS}documentation").text for element in schema.columns)


def test_the_schema_says_what_it_is_once_and_the_same_every_time():
    text = xsd(INTERVENTIONS)

    assert text == xsd(INTERVENTIONS)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<xs:schema ')
    assert text.endswith("</xs:schema>\n")
    assert len(SCHEMA.types) == len(INTERVENTIONS.fields) + 1


def test_the_schema_is_a_document_of_every_version():
    named = {f"{each.id}-{each.version}.xsd": each for each in datasets()}

    made = {name: documents(dataset)[name] for name, dataset in named.items()}

    assert made == {name: xsd(dataset).encode() for name, dataset in named.items()}


@pytest.mark.parametrize("bsn", [False, True])
def test_a_delivery_without_mistakes_follows_the_schema(a_document, bsn):
    assert SCHEMA.faults(a_document(bsn=bsn)) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lengte", "-1"),
        ("lengte", "270"),
        ("gewicht", "80.5"),
        ("gewicht", "-1"),
        ("diabetes", "-1"),
        ("lead_type7", "30"),
        ("interv_datum", "2026-02-28"),
        ("postcode", "1234 AA"),
    ],
)
def test_a_value_that_the_dataset_knows_is_allowed(name, text):
    column = INTERVENTIONS.columns[name]

    assert SCHEMA.allows(SCHEMA.types[column.field.stem], text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("interv_nr", ""),
        ("interv_nr", "MCX-" + "1" * 30),
        ("lengte", "271"),
        ("lengte", "lang"),
        ("lengte", "180,0"),
        ("gewicht", "71.25"),
        ("diabetes", "99"),
        ("diabetes", "0_Nee"),
        ("interv_datum", "28-02-2026"),
        ("interv_datum", "2026-02-28Z"),
        ("lead_type7", "7"),
    ],
)
def test_a_value_that_a_rule_would_refuse_is_refused_by_the_schema(name, text):
    column = INTERVENTIONS.columns[name]

    assert not SCHEMA.allows(SCHEMA.types[column.field.stem], text)


def test_what_the_schema_refuses_in_a_record_is_told(a_document):
    document = a_document(1)
    record = re.search("<record>.*</record>", document)[0]

    wrong = {
        "attributes": document.replace('versie="22.2"', 'versie="1"'),
        "lengte": document.replace("</record>", "<lengte>180</lengte></record>"),
        "Status": document.replace("</record>", "<Status/></record>"),
        "geb_naam": re.sub("<geb_naam>.*</geb_naam>", "", document),
        "record": document.replace(record, record.replace("record>", "rij>")),
    }

    assert {name: SCHEMA.faults(text) for name, text in wrong.items()} == {
        name: [name] for name in wrong
    }


def test_what_follows_the_schema_is_read_without_a_remark(a_document):
    reading = read_delivery(a_document().encode(), "levering.xml", [INTERVENTIONS])

    assert reading.findings == []
    assert reading.count == 40


@pytest.mark.parametrize("version", ["22.2", "25.1"])
def test_a_file_that_was_pseudonymised_at_the_source_fits_its_own_schema(tmp_path, version):
    dataset = find_dataset("pmicd-interventie", "22.2")
    write_xml(make_delivery(30, today=TODAY), tmp_path / "file.xml")
    reading = read_delivery((tmp_path / "file.xml").read_bytes(), "file.xml", [dataset])
    context = Context(TODAY, Centre("MCX"))
    desk = Desk(InMemoryZorgTtp().source(), Checks(sentinels=False))
    done = pseudonymise_at_source(reading.records, dataset, context, desk)
    made = documents(find_dataset("pmicd-interventie", version))
    schema = Schema(made[f"pmicd-interventie-{version}-versleuteld.xsd"])
    plain = Schema(made[f"pmicd-interventie-{version}.xsd"])
    written = as_xml(done.records, dataset)

    if version == "22.2":
        assert schema.faults(written) == []
    assert "ps_pat" in {column.get("name") for column in schema.columns}
    assert plain.faults(written) != []
    assert not {"pat_nr", "bsn", "geb_naam"} & {column.get("name") for column in schema.columns}


def test_a_dataset_without_personal_data_has_one_schema():
    made = documents(find_dataset("pmicd-followup", "25.1"))

    assert [name for name in made if name.endswith(".xsd")] == ["pmicd-followup-25.1.xsd"]
