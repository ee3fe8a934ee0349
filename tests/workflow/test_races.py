"""Two who want the same record."""

from dataclasses import replace

from databroker.delivery import Centre
from tests.support.builders import another_delivery
from tests.support.workflow import (
    OUT,
    PRODUCTION,
    ROUND,
    handler_of,
    records,
)


class Racing:
    """A registry in which others write between comparing and writing, so many times."""

    def __init__(self, registry, times):
        self.registry, self.times = registry, times

    def __getattr__(self, name):
        return getattr(self.registry, name)

    def register(self, delivery, writes):
        for write in writes:
            if self.times > 0 and write.interv_nr.endswith("001"):
                self.times -= 1
                self.overtake(delivery, write)
        return self.registry.register(delivery, writes)

    def overtake(self, delivery, write):
        standing = self.registry.look_up(Centre("MCX"), [write.interv_nr])
        version = standing[write.interv_nr].version if standing else 0
        fields = write.fields | {"lengte": str(150 + self.times)}
        rival = another_delivery(self.times + 2, received_at=delivery.received_at)
        theirs = replace(write, seen_version=version, fields=fields)
        assert self.registry.register(rival, [theirs]) == [True]


def race(monkeypatch, times):
    app = handler_of("ingest")
    ledger, papers, registry = app.wiring()
    racing = Racing(registry, times)
    monkeypatch.setattr(app, "wiring", lambda: (ledger, papers, racing))


def test_a_lost_race_is_compared_again_for_that_record_only(workflow, a_file, monkeypatch):
    race(monkeypatch, times=1)

    outcome = workflow.deliver(a_file(6))

    assert outcome.states == [*PRODUCTION, "Iets goedgekeurd?", *ROUND, *ROUND, *OUT]
    counts = outcome.processed["counts"]
    assert (counts["new"], counts["changed"], counts["accepted"]) == (5, 1, 6)
    assert outcome.codes == ["TW-002"]
    assert sorted(item["version"]["N"] for item in records()) == ["1"] * 5 + ["2"]


def test_a_race_that_is_lost_every_time_refuses_that_record(workflow, a_file, monkeypatch):
    race(monkeypatch, times=99)

    outcome = workflow.deliver(a_file(6))

    assert outcome.states == [*PRODUCTION, "Iets goedgekeurd?", *ROUND, *ROUND, *ROUND, *OUT]
    counts = outcome.processed["counts"]
    assert (counts["accepted"], counts["refused"], counts["new"]) == (5, 1, 5)
    assert "TF-009" in outcome.codes
