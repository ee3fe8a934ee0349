"""What the ledger promises, kept by the fake and by DynamoDB alike."""

import datetime as dt
from dataclasses import replace

import pytest

from databroker.adapters.ledger import DynamoLedger
from databroker.delivery import Counts, DeliveryId, Ending, Status
from databroker.ports import DeliveryClosedError
from tests.support.builders import RECEIVED_AT, a_delivery, another_delivery
from tests.support.cloud import a_cloud
from tests.support.memory import MemoryLedger

DONE = RECEIVED_AT + dt.timedelta(minutes=1)
COUNTS = Counts(records=6, accepted=5, refused=1, new=3, changed=1, unchanged=1)


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request):
    if request.param == "memory":
        yield MemoryLedger()
        return
    with a_cloud():
        yield DynamoLedger("ledger-table")


def test_a_delivery_is_claimed_once_and_reads_back_as_it_was(ledger):
    delivery = a_delivery(dataset_version="22.2")

    assert ledger.claim(delivery) is True
    assert ledger.claim(delivery) is False

    assert ledger.delivery(delivery.delivery_id) == delivery
    assert ledger.ending(delivery.delivery_id) is None


def test_a_delivery_without_a_version_reads_back_without(ledger):
    ledger.claim(a_delivery())

    assert ledger.delivery(a_delivery().delivery_id).dataset_version is None


def test_a_delivery_has_the_version_that_was_settled_however_often(ledger):
    delivery = a_delivery()
    ledger.claim(delivery)

    ledger.settle_version(delivery.delivery_id, "22.2")
    ledger.settle_version(delivery.delivery_id, "22.2")

    assert ledger.delivery(delivery.delivery_id) == replace(delivery, dataset_version="22.2")


def test_a_delivery_that_was_never_claimed_is_not_there(ledger):
    with pytest.raises(LookupError):
        ledger.delivery(DeliveryId("MCX-20260305-none"))


def test_a_delivery_ends_once_and_stays_as_it_ended(ledger):
    delivery_id = a_delivery().delivery_id
    ledger.claim(a_delivery())
    ended = Ending(Status.PROCESSED, COUNTS, DONE)

    assert ledger.finish(delivery_id, Status.PROCESSED, COUNTS, DONE) == ended
    assert ledger.finish(delivery_id, Status.PROCESSED, Counts(9), DONE + dt.timedelta(1)) == ended
    assert ledger.finish(delivery_id, Status.FAILED, Counts(), DONE) == ended

    assert ledger.ending(delivery_id) == ended


def test_a_delivery_that_waits_for_zorgttp_says_so_until_it_goes_on(ledger):
    delivery_id = a_delivery().delivery_id
    ledger.claim(a_delivery())
    assert ledger.status(delivery_id) is Status.RECEIVED

    ledger.wait(delivery_id, waits=True)
    waiting = ledger.status(delivery_id)
    ledger.wait(delivery_id, waits=False)

    assert waiting is Status.WAITING
    assert ledger.status(delivery_id) is Status.RECEIVED


def test_a_delivery_that_is_final_waits_no_more(ledger):
    delivery_id = a_delivery().delivery_id
    ledger.claim(a_delivery())
    ledger.finish(delivery_id, Status.FAILED, Counts(), DONE)

    ledger.wait(delivery_id, waits=True)

    assert ledger.status(delivery_id) is Status.FAILED
    with pytest.raises(LookupError):
        ledger.status(DeliveryId("MCX-20260305-none"))


def test_reaching_a_step_gives_the_delivery(ledger):
    ledger.claim(a_delivery())

    assert ledger.reach(a_delivery().delivery_id, "Valideer") == a_delivery()


def test_a_delivery_that_was_never_claimed_reaches_nothing(ledger):
    with pytest.raises(LookupError):
        ledger.reach(DeliveryId("MCX-20260305-none"), "Valideer")


@pytest.mark.parametrize("status", [Status.PROCESSED, Status.TESTED, Status.REFUSED])
def test_what_ended_well_may_be_handed_out_again(ledger, status):
    ledger.claim(a_delivery())
    ledger.finish(a_delivery().delivery_id, status, COUNTS, DONE)

    assert ledger.reach(a_delivery().delivery_id, "Maak uploadrapportage") == a_delivery()


def test_a_delivery_that_a_fault_ended_reaches_no_further_step(ledger):
    ledger.claim(a_delivery())
    ledger.finish(a_delivery().delivery_id, Status.FAILED, Counts(), DONE)

    with pytest.raises(DeliveryClosedError):
        ledger.reach(a_delivery().delivery_id, "Lees in")


def test_the_same_content_is_recognised_but_not_against_itself(ledger):
    first, second = a_delivery(), another_delivery()
    ledger.claim(first)
    ledger.claim(second)

    assert ledger.first_seen(first, "sha") is None
    assert ledger.first_seen(first, "sha") is None
    assert ledger.first_seen(second, "sha") == RECEIVED_AT
    assert ledger.first_seen(second, "sha") == RECEIVED_AT

    assert ledger.sha256(second.delivery_id) == "sha"


def test_the_same_content_of_another_centre_is_nobodys_business(ledger):
    first = a_delivery()
    other = another_delivery(centre="MCY")
    ledger.claim(first)
    ledger.claim(other)
    ledger.first_seen(first, "sha")

    assert ledger.first_seen(other, "sha") is None


def test_the_mail_is_noted(ledger):
    delivery_id = a_delivery().delivery_id
    ledger.claim(a_delivery())

    assert ledger.mailed(delivery_id) is False
    ledger.mark_mailed(delivery_id)

    assert ledger.mailed(delivery_id) is True


def test_content_that_nobody_read_has_no_hash(ledger):
    ledger.claim(a_delivery())

    assert ledger.sha256(a_delivery().delivery_id) is None


def test_a_user_may_try_five_times_in_a_quarter_of_an_hour(ledger):
    at = [RECEIVED_AT + dt.timedelta(minutes=minutes) for minutes in (0, 1, 2, 3, 4, 5, 14, 15, 16)]

    may = [ledger.may_try("a user", now) for now in at]

    # The sixth and seventh come too soon; when the first is forgotten there is room for one.
    assert may == [True] * 5 + [False, False, True, True]
    assert ledger.may_try("another user", at[5])
