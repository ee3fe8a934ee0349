"""What the registry promises, kept by the fake and by DynamoDB alike."""

import pytest

from databroker.adapters.registry import DynamoRegistry
from databroker.delivery import Centre
from databroker.ports import TemporaryPseudonymError, Write
from tests.support.builders import a_delivery, another_delivery, registered_fields
from tests.support.cloud import a_cloud
from tests.support.memory import MemoryRegistry

MCX, MCY = Centre("MCX"), Centre("MCY")
DEVICE, LEAD = ("09520123456788", "SN0001"), ("09520123451028", "LD#1")
FIELDS = registered_fields()


@pytest.fixture(params=["memory", "dynamodb"])
def registry(request):
    if request.param == "memory":
        yield MemoryRegistry()
        return
    with a_cloud():
        yield DynamoRegistry("registry-table")


def register(registry, delivery, write):
    (won,) = registry.register(delivery, [write])
    return won


def a_write(number="MCX-000123", seen=0, **implants):
    return Write(number, seen, FIELDS | {"interv_nr": number}, **implants)


def test_a_new_record_is_registered_with_everything_that_says_where_it_came_from(registry):
    delivery = a_delivery()

    assert register(registry, delivery, a_write()) is True

    found = registry.look_up(MCX, ["MCX-000123", "MCX-000999"])
    assert list(found) == ["MCX-000123"]
    record = found["MCX-000123"]
    assert (record.version, record.delivery_id) == (1, delivery.delivery_id)
    assert record.delivered_at == delivery.received_at
    assert record.fields == FIELDS


def test_a_temporary_pseudonym_is_never_registered(registry):
    token = f"WS{'0' * 29}-P-L-A/AAAA"
    bad = Write("MCX-000124", 0, FIELDS | {"ps_pat": token})

    with pytest.raises(TemporaryPseudonymError) as refused:
        registry.register(a_delivery(), [a_write(), bad])

    assert token not in str(refused.value)
    assert registry.look_up(MCX, ["MCX-000123", "MCX-000124"]) == {}


def test_another_centre_has_a_record_of_its_own_under_the_same_number(registry):
    register(registry, a_delivery(), a_write())

    assert registry.look_up(MCY, ["MCX-000123"]) == {}


def test_many_records_are_found_whatever_the_size_of_a_request(registry):
    numbers = [f"MCX-{number:06}" for number in range(230)]
    for number in numbers[:205]:
        register(registry, a_delivery(), a_write(number))

    found = registry.look_up(MCX, [*numbers, *numbers])

    assert sorted(found) == numbers[:205]


def test_the_same_write_of_the_same_delivery_again_is_one_write(registry):
    delivery = a_delivery()
    write = a_write(placed=(DEVICE,))
    register(registry, delivery, write)

    assert register(registry, delivery, write) is True

    assert registry.look_up(MCX, ["MCX-000123"])["MCX-000123"].version == 1


def test_a_record_that_appeared_meanwhile_is_a_lost_race(registry):
    register(registry, a_delivery(), a_write())

    assert register(registry, another_delivery(), a_write()) is False

    assert registry.look_up(MCX, ["MCX-000123"])["MCX-000123"].delivery_id == (
        a_delivery().delivery_id
    )


def test_a_correction_follows_the_version_it_saw_and_no_other(registry):
    register(registry, a_delivery(), a_write())

    assert register(registry, another_delivery(2), a_write(seen=1)) is True
    assert register(registry, another_delivery(3), a_write(seen=1)) is False

    record = registry.look_up(MCX, ["MCX-000123"])["MCX-000123"]
    assert (record.version, record.delivery_id) == (2, another_delivery(2).delivery_id)


def test_an_earlier_write_of_the_same_delivery_is_not_taken_for_another(registry):
    register(registry, a_delivery(), a_write())

    assert register(registry, a_delivery(), a_write(seen=3)) is False

    assert registry.look_up(MCX, ["MCX-000123"])["MCX-000123"].version == 1


def test_a_withdrawn_record_keeps_its_version_and_nothing_else(registry):
    register(registry, a_delivery(), a_write())

    register(registry, another_delivery(), Write("MCX-000123", 1, {}))

    record = registry.look_up(MCX, ["MCX-000123"])["MCX-000123"]
    assert (record.withdrawn, record.version) == (True, 2)


def test_a_placed_implant_is_carried_until_it_is_removed(registry):
    register(registry, a_delivery(), a_write(placed=(DEVICE, LEAD)))
    register(registry, a_delivery(), a_write("MCX-000124", removed=(DEVICE,)))

    found = registry.look_up_implants([DEVICE, LEAD, ("09520123456788", "SN9")])

    assert set(found) == {DEVICE, LEAD}
    assert (found[LEAD].centre, found[LEAD].interv_nr) == (MCX, "MCX-000123")
    assert found[LEAD].removed_by is None
    assert found[DEVICE].removed_by == "MCX#MCX-000124"


def test_an_implant_is_carried_once_and_then_the_record_is_not_written_either(registry):
    register(registry, a_delivery(), a_write(placed=(DEVICE,)))

    assert register(registry, a_delivery(), a_write("MCX-000124", placed=(LEAD, DEVICE))) is False

    assert registry.look_up(MCX, ["MCX-000124"]) == {}
    assert registry.look_up_implants([LEAD]) == {}


def test_an_implant_that_was_removed_may_be_placed_again(registry):
    register(registry, a_delivery(), a_write(placed=(DEVICE,)))
    register(registry, a_delivery(), a_write("MCX-000124", removed=(DEVICE,)))

    assert register(registry, a_delivery(), a_write("MCX-000125", placed=(DEVICE,))) is True

    held = registry.look_up_implants([DEVICE])[DEVICE]
    assert (held.interv_nr, held.removed_by) == ("MCX-000125", None)


def test_an_implant_may_be_placed_by_the_record_that_carries_it_already(registry):
    register(registry, a_delivery(), a_write(placed=(DEVICE,)))

    assert register(registry, another_delivery(), a_write(seen=1, placed=(DEVICE,))) is True

    assert registry.look_up_implants([DEVICE])[DEVICE].interv_nr == "MCX-000123"


def test_a_correction_lets_go_of_an_implant_and_gives_another_back(registry):
    register(registry, a_delivery(), a_write(placed=(LEAD,)))
    register(registry, a_delivery(), a_write("MCX-000124", placed=(DEVICE,), removed=(LEAD,)))

    corrected = a_write("MCX-000124", seen=1, let_go=(DEVICE,), given_back=(LEAD,))
    assert register(registry, another_delivery(), corrected) is True

    found = registry.look_up_implants([DEVICE, LEAD])
    assert found[DEVICE].removed_by == "MCX#MCX-000124"
    assert (found[LEAD].interv_nr, found[LEAD].removed_by) == ("MCX-000123", None)


def test_an_implant_of_another_record_cannot_be_let_go_nor_given_back(registry):
    register(registry, a_delivery(), a_write("MCX-000001", placed=(DEVICE, LEAD)))
    register(registry, a_delivery(), a_write("MCX-000002", removed=(LEAD,)))

    assert register(registry, a_delivery(), a_write("MCX-000003", let_go=(DEVICE,))) is False
    assert register(registry, a_delivery(), a_write("MCX-000003", given_back=(LEAD,))) is False

    found = registry.look_up_implants([DEVICE, LEAD])
    assert (found[DEVICE].removed_by, found[LEAD].removed_by) == (None, "MCX#MCX-000002")


def test_removing_an_implant_that_is_not_registered_is_a_lost_race(registry):
    assert register(registry, a_delivery(), a_write(removed=(DEVICE,))) is False


def test_many_records_are_written_together_each_on_its_own_condition(registry):
    register(registry, a_delivery(), a_write("MCX-000005"))
    writes = [a_write(f"MCX-{number:06}") for number in range(10)]

    won = registry.register(another_delivery(), writes)

    assert won == [number != 5 for number in range(10)]
    found = registry.look_up(MCX, [write.interv_nr for write in writes])
    assert len(found) == 10
    assert found["MCX-000005"].delivery_id == a_delivery().delivery_id


def test_writing_together_again_is_one_write_each(registry):
    writes = [a_write(f"MCX-{number:06}", placed=(("gtin", str(number)),)) for number in range(60)]

    assert registry.register(a_delivery(), writes) == [True] * 60
    assert registry.register(a_delivery(), writes) == [True] * 60

    found = registry.look_up(MCX, [write.interv_nr for write in writes])
    assert {record.version for record in found.values()} == {1}


def test_two_records_may_change_one_implant_whatever_is_written_together(registry):
    register(registry, a_delivery(), a_write("MCX-000001", placed=(DEVICE,)))
    removing = a_write("MCX-000002", removed=(DEVICE,))
    placing = a_write("MCX-000003", placed=(DEVICE,))

    assert registry.register(a_delivery(), [removing, placing]) == [True, True]

    assert registry.look_up_implants([DEVICE])[DEVICE].interv_nr == "MCX-000003"


def test_no_writes_are_no_trouble(registry):
    assert registry.register(a_delivery(), []) == []
