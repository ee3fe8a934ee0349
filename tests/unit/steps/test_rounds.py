"""Comparing and writing together: what one delivery leaves is what the next one finds."""

import datetime as dt
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from databroker.conflicts.implants import implants_of
from databroker.delivery import Centre
from databroker.ports import Write
from databroker.records import Records
from databroker.steps.find_conflicts import find_conflicts
from databroker.steps.ingest import ingest
from databroker.steps.papers import CLEAN, COMPARISON
from tests.support.builders import (
    DEVICE,
    OTHER_DEVICE,
    RECEIVED_AT,
    another_delivery,
    registered_fields,
)
from tests.support.memory import MemoryPapers, MemoryRegistry, MemoryTables

MCX = Centre("MCX")
UDI, OTHER_UDI = ("09520123456788", "SN0001"), ("09520123456788", "SN0002")


class Deliveries:
    """Deliver records to one registry, each delivery later than the one before."""

    def __init__(self):
        self.registry = MemoryRegistry()
        self.number = 1

    def deliver(self, *records, at=None, rounds=2):
        """Compare and write, again for what was lost; give what was decided and what stayed lost."""
        self.number += 1
        moment = at or RECEIVED_AT + dt.timedelta(days=self.number)
        delivery = another_delivery(self.number, received_at=moment)
        tables, papers = MemoryTables(), MemoryPapers()
        columns = {name: [r.get(name) for r in records] for r in records for name in r}
        rows = range(2, len(records) + 2)
        tables.write(delivery.delivery_id, CLEAN, Records.of(columns, rows))
        for round_number in range(1, rounds + 1):
            find_conflicts(
                delivery, round_number - 1, tables=tables, papers=papers, registry=self.registry
            )
            done = ingest(delivery, round_number, papers=papers, registry=self.registry, workers=1)
        decisions = papers.read(delivery.delivery_id, COMPARISON)["decisions"]
        told = [
            (line["change"], *(finding["code"] for finding in line["findings"]))
            for line in decisions
        ]
        return told, done.lost

    def carrier(self, implant):
        held = self.registry.implants.get(implant)
        return held.interv_nr if held and held.removed_by is None else None


class Rival:
    """A registry in which another delivery comes first, once."""

    def __init__(self, registry, fields):
        self.registry, self.fields = registry, fields

    def __getattr__(self, name):
        return getattr(self.registry, name)

    def register(self, delivery, writes):
        if self.fields:
            number, self.fields = self.fields["interv_nr"], None
            seen = self.registry.records[MCX, number]
            theirs = Write(number, seen.version, seen.fields | {"gewicht": "99"})
            earlier = another_delivery(99, received_at=delivery.received_at)
            assert self.registry.register(earlier, [theirs]) == [True]
        return self.registry.register(delivery, writes)


def a_record(number="MCX-000123", **changes):
    return registered_fields(**({"interv_nr": number, "impl_device_code": None} | changes))


def test_an_explanted_device_that_was_a_mistake_is_carried_again():
    world = Deliveries()
    world.deliver(a_record(impl_device_code=DEVICE))
    world.deliver(a_record(impl_device_code=OTHER_DEVICE, interv_nr="MCX-000001"))
    world.deliver(a_record("MCX-000124", terminatie_device_code=DEVICE))
    assert world.carrier(UDI) is None

    told, lost = world.deliver(a_record("MCX-000124", terminatie_device_code=OTHER_DEVICE))

    assert (told, lost) == ([("gewijzigd", "TW-002")], 0)
    assert (world.carrier(UDI), world.carrier(OTHER_UDI)) == ("MCX-000123", None)


def test_a_device_that_was_explanted_instead_of_placed_is_corrected_in_one_go():
    world = Deliveries()
    world.deliver(a_record(impl_device_code=DEVICE))

    told, lost = world.deliver(
        a_record(impl_device_code=OTHER_DEVICE, terminatie_device_code=DEVICE)
    )

    assert (told, lost) == ([("gewijzigd", "TW-002")], 0)
    assert (world.carrier(UDI), world.carrier(OTHER_UDI)) == (None, "MCX-000123")


def test_a_lead_that_is_capped_where_it_was_placed_is_corrected_in_one_go():
    world = Deliveries()
    world.deliver(a_record(lead_ingreep1="10", lead_code1=DEVICE))

    told, lost = world.deliver(a_record(lead_ingreep1="30", lead_code1=DEVICE))

    assert (told, lost) == ([("gewijzigd", "TW-002")], 0)
    assert world.carrier(UDI) is None


def test_a_lead_that_is_placed_and_taken_out_in_one_record_is_carried():
    world = Deliveries()

    told, lost = world.deliver(
        a_record(lead_ingreep1="10", lead_code1=DEVICE, lead_ingreep2="20", lead_code2=DEVICE)
    )

    assert (told, lost) == ([("nieuw",)], 0)
    assert world.carrier(UDI) == "MCX-000123"


def test_an_implant_that_went_to_another_record_is_not_let_go_twice():
    world = Deliveries()
    world.deliver(a_record("MCX-000001", impl_device_code=DEVICE))
    world.deliver(a_record("MCX-000002", terminatie_device_code=DEVICE))
    world.deliver(a_record("MCX-000003", impl_device_code=DEVICE))

    told, lost = world.deliver(a_record("MCX-000001", impl_device_code=OTHER_DEVICE))

    assert (told, lost) == ([("gewijzigd", "TW-002")], 0)
    assert world.carrier(UDI) == "MCX-000003"


def test_a_withdrawn_record_carries_nothing_and_can_be_delivered_anew():
    world = Deliveries()
    world.deliver(a_record(impl_device_code=DEVICE))

    told, lost = world.deliver(a_record(impl_device_code=DEVICE, mutatie="V"))
    assert (told, lost, world.carrier(UDI)) == ([("gewijzigd",)], 0, None)

    told, lost = world.deliver(a_record(impl_device_code=DEVICE))
    assert (told, lost, world.carrier(UDI)) == ([("nieuw",)], 0, "MCX-000123")
    assert world.registry.records[MCX, "MCX-000123"].version == 3


def test_withdrawing_asks_nothing_of_implants():
    world = Deliveries()
    world.deliver(a_record("MCX-000001", impl_device_code=DEVICE))
    world.deliver(a_record("MCX-000002"))

    told, lost = world.deliver(a_record("MCX-000002", impl_device_code=DEVICE, mutatie="V"))

    assert (told, lost) == ([("gewijzigd",)], 0)


def test_an_older_delivery_does_not_bring_back_what_was_withdrawn():
    world = Deliveries()
    world.deliver(a_record())
    world.deliver(a_record(mutatie="V"))

    told, lost = world.deliver(a_record(), at=RECEIVED_AT)

    assert (told, lost) == ([("geweigerd", "TF-009")], 0)


def test_a_number_in_small_letters_is_the_same_intervention():
    world = Deliveries()
    world.deliver(a_record("MCX-000123"))

    told, lost = world.deliver(a_record("mcx-000123"))

    assert (told, lost) == ([("ongewijzigd",)], 0)
    assert list(world.registry.records) == [(MCX, "MCX-000123")]


def test_a_record_that_lost_is_decided_anew_and_the_others_stand():
    world = Deliveries()
    world.deliver(a_record("MCX-000001"), a_record("MCX-000002"))
    world.registry = Rival(world.registry, a_record("MCX-000002"))

    told, lost = world.deliver(
        a_record("MCX-000001", lengte="180"), a_record("MCX-000002", lengte="180")
    )

    assert (told, lost) == ([("gewijzigd", "TW-002"), ("gewijzigd", "TW-002")], 0)
    versions = {number: held.version for (_, number), held in world.registry.records.items()}
    assert versions == {"MCX-000001": 2, "MCX-000002": 3}


def test_a_corrected_number_of_the_same_moment_is_no_older_delivery():
    world = Deliveries()
    world.deliver(a_record(), at=RECEIVED_AT)

    told, lost = world.deliver(a_record(lengte="180"), at=RECEIVED_AT)

    assert (told, lost) == ([("gewijzigd", "TW-002")], 0)


def test_an_implant_of_a_refused_record_cannot_be_taken_out_and_costs_no_round():
    world = Deliveries()

    told, lost = world.deliver(
        a_record("MCX-000001", impl_device_code=DEVICE, mutatie="W"),
        a_record("MCX-000002", terminatie_device_code=DEVICE),
        rounds=1,
    )

    assert (told, lost) == ([("geweigerd", "TF-011"), ("nieuw",)], 0)


def test_a_device_that_was_taken_out_and_is_now_put_in_is_carried_here():
    world = Deliveries()
    world.deliver(a_record("MCX-000001", impl_device_code=DEVICE))
    world.deliver(a_record("MCX-000002", terminatie_device_code=DEVICE))

    told, lost = world.deliver(
        a_record("MCX-000002", terminatie_device_code=OTHER_DEVICE, impl_device_code=DEVICE)
    )

    assert (told, lost) == ([("gewijzigd", "TW-002")], 0)
    assert world.carrier(UDI) == "MCX-000002"


@pytest.mark.parametrize("lead", range(1, 8))
@pytest.mark.parametrize("ended", ["20", "30", "31", "39"])
def test_every_lead_can_be_placed_and_ended_in_every_way(lead, ended):
    world = Deliveries()
    place = {f"lead_code{lead}": DEVICE}

    world.deliver(a_record("MCX-000001", **{f"lead_ingreep{lead}": "10"}, **place))
    assert world.carrier(UDI) == "MCX-000001"

    world.deliver(a_record("MCX-000002", **{f"lead_ingreep{lead}": ended}, **place))
    assert world.carrier(UDI) is None


def test_an_implant_that_only_the_whole_record_places_is_refused_like_any_other():
    world = Deliveries()
    world.deliver(a_record("MCX-000001", impl_device_code=DEVICE))
    world.deliver(a_record("MCX-000002", lead_ingreep1="10"))

    told, lost = world.deliver(a_record("MCX-000002", lead_code1=DEVICE))

    assert (told, lost) == ([("geweigerd", "TF-005")], 0)


def test_a_record_whose_implant_went_on_to_another_is_unchanged():
    world = Deliveries()
    world.deliver(a_record("MCX-000001", impl_device_code=DEVICE))
    world.deliver(a_record("MCX-000002", terminatie_device_code=DEVICE))
    world.deliver(a_record("MCX-000003", impl_device_code=DEVICE))

    told, lost = world.deliver(a_record("MCX-000001", impl_device_code=DEVICE))

    assert (told, lost) == ([("ongewijzigd",)], 0)


def test_a_withdrawn_record_is_placed_again_while_another_gives_its_device_back():
    world = Deliveries()
    world.deliver(a_record("MCX-000003", impl_device_code=OTHER_DEVICE))
    world.deliver(a_record("MCX-000003", mutatie="V"))
    world.deliver(a_record("MCX-000001", terminatie_device_code=OTHER_DEVICE))

    told, lost = world.deliver(
        a_record("MCX-000001", terminatie_device_code=DEVICE),
        a_record("MCX-000003", impl_device_code=OTHER_DEVICE),
    )

    assert (told, lost) == ([("gewijzigd", "TW-002"), ("nieuw",)], 0)
    assert world.carrier(OTHER_UDI) == "MCX-000003"


LEADS = st.fixed_dictionaries(
    {
        "impl_device_code": st.sampled_from([None, DEVICE, OTHER_DEVICE]),
        "terminatie_device_code": st.sampled_from([None, DEVICE, OTHER_DEVICE]),
        "lead_ingreep1": st.sampled_from([None, "10", "20"]),
        "lead_code1": st.sampled_from([None, DEVICE, OTHER_DEVICE]),
        "mutatie": st.sampled_from([None, "N", "W", "V"]),
    }
)
FILES = st.dictionaries(
    st.sampled_from(["MCX-000001", "MCX-000002", "MCX-000003"]), LEADS, min_size=1
)


@settings(deadline=None)
@given(st.lists(FILES, max_size=6))
def test_without_rivals_nothing_is_lost(files):
    world = Deliveries()

    for file in files:
        records = [a_record(number, **fields) for number, fields in file.items()]
        assume(not any(swap(*pair) for pair in combinations(records, 2)))

        _, lost = world.deliver(*records)

        assert lost == 0


def swap(one, other):
    """Tell whether each places what the other takes out: no two interventions can."""
    ones, others = implants_of(one), implants_of(other)
    return bool(ones.placed & others.removed and others.placed & ones.removed)
