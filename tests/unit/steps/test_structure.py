"""What the structure check says of its own, in both languages."""

from __future__ import annotations

from databroker.delivery import Centre
from databroker.ports import CentreProfile
from databroker.steps.check_structure import check_structure
from databroker.steps.papers import STRUCTURE, findings_of
from tests.support.builders import a_delivery, another_delivery
from tests.support.memory import (
    MemoryCentres,
    MemoryInbox,
    MemoryLedger,
    MemoryPapers,
    MemoryTables,
)

MCX = Centre("MCX")
KNOWN = MemoryCentres({MCX: CentreProfile(MCX, "Voorbeeldziekenhuis X", ())})


def told(*deliveries, centres=KNOWN):
    """Check the same empty file for each delivery, and give what is said of the last."""
    inbox, ledger, papers = MemoryInbox(), MemoryLedger(), MemoryPapers()
    for delivery in deliveries:
        inbox.put(delivery.source, b"")
        ledger.claim(delivery)
        check_structure(
            delivery,
            inbox=inbox,
            centres=centres,
            ledger=ledger,
            tables=MemoryTables(),
            papers=papers,
        )
    paper = papers.read(deliveries[-1].delivery_id, STRUCTURE)
    return {finding.code: finding for finding in findings_of(paper)}


def test_an_unknown_centre_is_called_so_in_both_languages():
    finding = told(a_delivery(), centres=MemoryCentres())["BF-024"]

    assert finding.message.endswith("noemt een onbekende centrum: MCX.")
    assert finding.message_en.endswith("names an unknown centre: MCX.")


def test_the_moment_of_an_earlier_delivery_is_told_in_both_languages():
    finding = told(a_delivery(), another_delivery())["BW-002"]

    assert finding.message == "Dit bestand is eerder aangeboden op 05-03-2026 om 10:30."
    assert finding.message_en == "This file was submitted before, on 05-03-2026 at 10:30."
