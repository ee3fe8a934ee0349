"""A thousand persons by every road to their pseudonyms, against the simulator."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from aanleveren.written import as_csv, as_xml
from databroker.adapters.zorgttp import Account, ZorgTtpExchange, ZorgTtpSource
from databroker.dataset import find_versions
from databroker.delivery import Centre, DeliveryId
from databroker.intake import read_delivery
from databroker.privacy.at_source import pseudonymise_at_source
from databroker.privacy.delivered import read_delivered
from databroker.privacy.desk import Desk
from databroker.privacy.exchange import exchange
from databroker.privacy.identity import check_identity
from databroker.privacy.pseudonymise import PERSON, pseudonymise
from databroker.privacy.pseudonyms import COLUMNS
from databroker.privacy.trust import Checks
from databroker.rules import Context
from simulators.hospital.deliveries import make_delivery
from simulators.hospital.files import write_csv
from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import Role, read_settings
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from databroker.intake import Reading
    from databroker.records import Records

TODAY = dt.date(2026, 3, 5)
PERSONS = 1000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(create_app(read_settings())) as address:
        yield address


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    path: Path = tmp_path_factory.mktemp("delivery") / "file.csv"
    write_csv(make_delivery(PERSONS, today=TODAY), path)
    return read(path.read_bytes(), path.name)


def read(content: bytes, name: str) -> Reading:
    return read_delivery(content, name, find_versions("pmicd-interventie"))


def login(role: Role, name: str) -> Account:
    known = read_settings().account(role, name)
    return Account(name, known.username, known.password)


def source(url: str, centre: str) -> ZorgTtpSource:
    return ZorgTtpSource(url, login(Role.SOURCE, centre))


def exchanged(
    url: str, persons: Records, of_record: Records, delivery: str
) -> list[list[str | None]]:
    registry = ZorgTtpExchange(url, login(Role.REGISTRY, "NHR"))
    found = exchange(persons, registry, DeliveryId(delivery))
    assert (found.void, found.refused) == ((), {})
    made = found.of(of_record)
    return [made.column(name) for name in COLUMNS.values()]


def by_webservice(url: str, reading: Reading, centre: str) -> list[list[str | None]]:
    context = Context(TODAY, Centre("MCX"))
    check = check_identity(reading.records, reading.dataset, context)
    pseudonyms = pseudonymise(check.clean, Desk(source(url, centre)), check.refused)
    assert pseudonyms.failed == ()
    records = check.clean.with_columns({PERSON: pseudonyms.of_record})
    return exchanged(url, pseudonyms.persons, records, f"{centre}-webservice")


def at_source(url: str, reading: Reading, centre: str, kind: str) -> list[list[str | None]]:
    context = Context(TODAY, Centre("MCX"))
    desk = Desk(source(url, centre), Checks(sentinels=False))
    done = pseudonymise_at_source(reading.records, reading.dataset, context, desk)
    content = as_xml(done.records, reading.dataset) if kind == "xml" else as_csv(done.records)
    again = read(content, f"versleuteld.{kind}")
    check = check_identity(again.records, again.dataset, context)
    delivered = read_delivered(check.clean, again.dataset)
    assert (delivered.findings, again.records.rows) == ((), reading.records.rows)
    records = check.clean.with_columns({PERSON: delivered.of_record})
    return exchanged(url, delivered.persons, records, f"{centre}-{kind}")


def test_every_road_gives_a_thousand_persons_the_same_pseudonyms(
    url: str, reading: Reading
) -> None:
    first = by_webservice(url, reading, "MCX")
    roads = [at_source(url, reading, "MCX", kind) for kind in ("csv", "xml")]

    assert len(set(first[0])) > PERSONS // 2
    assert None not in first[0]
    assert roads == [first, first]


def test_two_centres_differ_in_the_reversible_pseudonym_only(url: str, reading: Reading) -> None:
    here = dict(zip(COLUMNS, by_webservice(url, reading, "MCX"), strict=True))
    there = dict(zip(COLUMNS, at_source(url, reading, "MCY", "csv"), strict=True))

    assert not set(here.pop("L")) & set(there.pop("L"))
    assert here == there
