"""The road in one go ends where the steps of the workflow end."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace

import pytest

from databroker.check import check_file
from databroker.dataset import find_versions
from databroker.delivery import Centre, Kind
from databroker.ports import CentreProfile
from databroker.rules import Context
from databroker.steps.check_structure import check_structure
from databroker.steps.privacy import anonymise
from databroker.steps.validate import validate
from databroker.steps.write_report import write_report
from simulators.hospital import make_delivery, write_csv
from tests.support.builders import RECEIVED_AT, a_delivery
from tests.support.memory import (
    MemoryCentres,
    MemoryInbox,
    MemoryLedger,
    MemoryOutbox,
    MemoryPapers,
    MemoryTables,
)

TODAY = RECEIVED_AT.date()
MCX = Centre("MCX")


def the_answer_to_a_test_delivery(content: bytes) -> dict[str, object]:
    """Walk the steps of a test, and give `verwerkt.json`."""
    delivery = replace(a_delivery(), kind=Kind.TEST)
    inbox, ledger, tables, papers, outbox = (
        MemoryInbox(), MemoryLedger(), MemoryTables(), MemoryPapers(), MemoryOutbox(),
    )  # fmt: skip
    centres = MemoryCentres({MCX: CentreProfile(MCX, "Voorbeeldziekenhuis X", ())})
    inbox.put(delivery.source, content)
    ledger.claim(delivery)
    structure = check_structure(
        delivery, inbox=inbox, centres=centres, ledger=ledger, tables=tables, papers=papers
    )
    delivery = ledger.delivery(delivery.delivery_id)  # its version is settled now
    if structure.accepted:
        anonymise(delivery, intake_tables=tables, tables=tables, papers=papers)
        validate(delivery, tables=tables, papers=papers)
    now = RECEIVED_AT + dt.timedelta(minutes=1)
    write_report(delivery, now, ledger=ledger, tables=tables, papers=papers, outbox=outbox)
    (document,) = [text for key, text in outbox.documents.items() if key.endswith("verwerkt.json")]
    answer: dict[str, object] = json.loads(document)
    return answer


def ragged(content: bytes) -> bytes:
    """Break a line of the file, so that its cells cannot be told apart."""
    lines = content.splitlines(keepends=True)
    return b"".join([*lines[:9], lines[9].replace(b";", b"", 1), *lines[10:]])


@pytest.mark.parametrize(
    ("centre", "errors", "change"),
    [
        ("MCX", 0.0, bytes),
        ("MCX", 0.3, bytes),
        ("MCX", 0.3, ragged),
        ("MCY", 0.0, bytes),
        ("MCX", 0.0, lambda content: content[:400]),
        ("MCX", 0.0, lambda _: b""),
    ],
)
def test_a_check_says_what_the_answer_to_a_test_delivery_says(tmp_path, centre, errors, change):
    path = tmp_path / "kwartaal.csv"
    write_csv(make_delivery(120, today=TODAY, centre=centre, errors=errors), path)
    content = change(path.read_bytes())

    checked = check_file(
        content, "kwartaal 1.csv", find_versions("pmicd-interventie"), Context(TODAY, MCX)
    )

    answer = the_answer_to_a_test_delivery(content)
    assert asdict(checked.counts) == answer["counts"]
    assert [finding.as_json() for finding in checked.findings] == answer["findings"]
    assert checked.refuses == bool(checked.counts.refused or not checked.counts.records)


def test_a_line_that_could_not_be_read_is_a_refused_record(tmp_path):
    path = tmp_path / "kwartaal.csv"
    write_csv(make_delivery(120, today=TODAY), path)

    checked = check_file(
        ragged(path.read_bytes()),
        "kwartaal 1.csv",
        find_versions("pmicd-interventie"),
        Context(TODAY, MCX),
    )

    assert (checked.counts.records, checked.counts.refused) == (120, 1)
    assert [(each.code, each.row) for each in checked.findings] == [("F-012", 10)]
