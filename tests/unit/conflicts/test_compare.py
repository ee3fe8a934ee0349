"""New, changed, unchanged or refused: one record against the registry."""

import datetime as dt

import pytest

from databroker.conflicts.compare import Accepted, Known, compare
from databroker.dataset import find_dataset
from databroker.delivery import Centre, Change
from databroker.ports import Implant, Registered
from databroker.records import Origin
from tests.support.builders import (
    DEVICE,
    OTHER_DEVICE,
    RECEIVED_AT,
    a_delivery,
    another_delivery,
    registered_fields,
)

DATASET = find_dataset("pmicd-interventie", "22.2")
ORIGIN = Origin("PMICD_NHR", {"interv_nr": "A", "interv_datum": "B", "impl_device_code": "Y"})
UDI = ("09520123456788", "SN0001")
OTHER_UDI = ("09520123456788", "SN0002")
NUMBER = "MCX-000123"
CARRIED = Implant(*UDI, Centre("MCX"), NUMBER)


def registered(version=1, at=RECEIVED_AT, **fields):
    stored = registered_fields(**fields) if fields is not None else {}
    return Registered(NUMBER, version, a_delivery().delivery_id, at, stored)


def decide(delivered, *, known=None, implants=(), delivery=None):
    decisions = compare(
        [Accepted(7, delivered)],
        Known(
            {NUMBER: known} if known else {},
            {(implant.gtin, implant.serial): implant for implant in implants},
        ),
        delivery=delivery or another_delivery(),
        dataset=DATASET,
        origin=ORIGIN,
    )
    assert len(decisions) == 1
    return decisions[0]


def codes(decision):
    return [finding.code for finding in decision.findings]


def test_a_record_that_is_not_registered_is_new_and_places_its_implant():
    decision = decide(registered_fields())

    assert (decision.change, codes(decision)) == (Change.NEW, [])
    assert decision.write.seen_version == 0
    assert decision.write.fields == registered_fields()
    assert decision.write.placed == (UDI,)


def test_a_record_with_the_same_content_is_unchanged_and_not_written():
    decision = decide(registered_fields(), known=registered())

    assert (decision.change, codes(decision), decision.write) == (Change.UNCHANGED, [], None)


def test_a_record_with_other_content_is_changed_and_says_what_changed():
    decision = decide(registered_fields(lengte="180", gewicht="80"), known=registered(version=3))

    assert decision.change is Change.CHANGED
    assert codes(decision) == ["TW-002"]
    assert "gewicht, lengte" in decision.findings[0].message
    assert decision.write.seen_version == 3
    assert decision.write.fields["lengte"] == "180"
    assert decision.write.placed == ()


def test_an_empty_value_never_overwrites():
    decision = decide(registered_fields(lengte=None), known=registered())

    assert (decision.change, codes(decision)) == (Change.UNCHANGED, ["TW-003"])
    assert decision.findings[0].field == "lengte"


def test_an_empty_value_is_kept_when_something_else_changes():
    decision = decide(registered_fields(lengte=None, gewicht="80"), known=registered())

    assert codes(decision) == ["TW-003", "TW-002"]
    assert decision.write.fields["lengte"] == "178"
    assert decision.write.fields["gewicht"] == "80"


def test_the_number_of_another_patient_is_refused():
    other = registered(ps_pat="DP-L-1-0000000000000000000002")
    decision = decide(registered_fields(), known=other)

    assert (decision.change, codes(decision), decision.write) == (
        Change.REFUSED,
        ["TF-001"],
        None,
    )
    assert (decision.findings[0].row, decision.findings[0].cell) == (7, "PMICD_NHR!A7")


def test_another_date_is_refused_unless_it_is_meant_as_a_correction():
    stored = registered(interv_datum="2026-02-13")

    assert codes(decide(registered_fields(), known=stored)) == ["TF-002"]

    corrected = decide(registered_fields(mutatie="W"), known=stored)
    assert (corrected.change, codes(corrected)) == (Change.CHANGED, ["TW-002"])
    assert "mutatie" not in corrected.write.fields


def test_an_older_delivery_never_overwrites_a_newer_one():
    newer = registered(at=RECEIVED_AT + dt.timedelta(days=30))

    decision = decide(registered_fields(lengte="180"), known=newer)

    assert (decision.change, codes(decision)) == (Change.REFUSED, ["TF-009"])


@pytest.mark.parametrize("action", ["W", "V"])
def test_a_correction_of_what_is_not_registered_is_refused(action):
    assert codes(decide(registered_fields(mutatie=action))) == ["TF-011"]


def test_a_withdrawal_takes_everything_away_and_lets_the_implant_go():
    decision = decide(
        registered_fields(mutatie="V"), known=registered(version=2), implants=[CARRIED]
    )

    assert decision.change is Change.CHANGED
    assert (decision.write.fields, decision.write.seen_version) == ({}, 2)
    assert decision.write.let_go == (UDI,)


def test_a_withdrawn_record_can_be_delivered_anew():
    withdrawn = Registered(NUMBER, 2, a_delivery().delivery_id, RECEIVED_AT, {})

    decision = decide(registered_fields(), known=withdrawn)

    assert decision.change is Change.NEW
    assert (decision.write.seen_version, decision.write.placed) == (2, (UDI,))


def test_an_implant_that_someone_else_carries_is_refused_without_saying_who():
    held = Implant(*UDI, Centre("MCY"), "MCY-000777")

    decision = decide(registered_fields(), implants=[held])

    assert codes(decision) == ["TF-005"]
    assert decision.findings[0].field == "impl_device_code"
    assert "MCY" not in str(decision.findings[0])


def test_an_implant_that_was_removed_elsewhere_may_be_placed():
    gone = Implant(*UDI, Centre("MCY"), "MCY-000777", removed_by="MCY#MCY-000778")

    assert decide(registered_fields(), implants=[gone]).change is Change.NEW


def test_the_implant_of_the_record_itself_is_no_conflict():
    own = Implant(*UDI, Centre("MCX"), NUMBER)

    decision = decide(registered_fields(lengte="180"), known=registered(), implants=[own])

    assert decision.change is Change.CHANGED


def test_a_corrected_implant_lets_the_old_one_go():
    decision = decide(
        registered_fields(impl_device_code=OTHER_DEVICE), known=registered(), implants=[CARRIED]
    )

    assert (decision.write.placed, decision.write.let_go) == ((OTHER_UDI,), (UDI,))


def test_only_an_implant_that_the_registry_knows_can_be_removed_from_it():
    exchange = registered_fields(
        impl_device_code=OTHER_DEVICE, terminatie_device="10", terminatie_device_code=DEVICE
    )
    known = Implant(*UDI, Centre("MCX"), "MCX-000001")

    assert decide(exchange).write.removed == ()
    assert decide(exchange, implants=[known]).write.removed == (UDI,)


def test_an_implant_placed_by_another_record_of_the_same_file_can_be_removed():
    placing = registered_fields(interv_nr="MCX-000001")
    removing = registered_fields(
        impl_device_code=OTHER_DEVICE, terminatie_device="10", terminatie_device_code=DEVICE
    )

    _, later = compare(
        [Accepted(2, placing), Accepted(3, removing)],
        Known({}, {}),
        delivery=a_delivery(),
        dataset=DATASET,
        origin=ORIGIN,
    )

    assert later.write.removed == (UDI,)


def test_what_changed_is_told_in_the_words_of_the_hospital():
    delivered = registered_fields(
        lengte="180", ps_naam="DP-N-2", geb_jaar="1944", ps_bsn="DP-B-9", mutatie="W"
    )

    decision = decide(delivered, known=registered(ps_naam="DP-N-1"))

    (finding,) = decision.findings
    assert finding.message.endswith("gewijzigde velden: lengte, persoonsgegevens.")
    assert decision.write.fields["ps_naam"] == "DP-N-2"


def test_what_was_derived_before_and_is_not_now_is_kept_in_silence():
    decision = decide(registered_fields(), known=registered(ps_bsn="DP-B-9"))

    assert (decision.change, codes(decision)) == (Change.UNCHANGED, [])


def test_an_implant_of_another_centre_is_refused_even_under_the_same_number():
    elsewhere = Implant(*UDI, Centre("MCY"), NUMBER)

    decision = decide(registered_fields(), implants=[elsewhere])

    assert (decision.change, codes(decision)) == (Change.REFUSED, ["TF-005"])
    assert "MCY" not in repr(decision.findings)


def test_a_column_that_was_renamed_since_is_the_same_column():
    newer = find_dataset("pmicd-interventie", "25.1")
    (decision,) = compare(
        [Accepted(7, registered_fields(ICD_PM_indicatie="20"))],
        Known({NUMBER: registered(ICD_PMfunctie="20")}, {}),
        delivery=another_delivery(),
        dataset=newer,
        origin=ORIGIN,
    )

    assert (decision.change, codes(decision)) == (Change.UNCHANGED, [])


def test_a_correction_under_a_newer_version_keeps_one_name_for_one_column():
    newer = find_dataset("pmicd-interventie", "25.1")
    (decision,) = compare(
        [Accepted(7, registered_fields(ICD_PM_indicatie="10"))],
        Known({NUMBER: registered(ICD_PMfunctie="20")}, {}),
        delivery=another_delivery(),
        dataset=newer,
        origin=ORIGIN,
    )

    assert decision.write.fields["ICD_PM_indicatie"] == "10"
    assert "ICD_PMfunctie" not in decision.write.fields
