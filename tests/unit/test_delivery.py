"""What an object in the inbox is: a delivery, or a stray."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.delivery import Kind, Source, StrayObjectError, outbox_prefix, received
from tests.support.builders import INBOX, RECEIVED_AT, a_delivery

GOOD = "epd/MCX/pmicd-interventie/productie/kwartaal 1.csv"


def receive(key=GOOD, *, etag="abc", sequencer="01", bucket=INBOX):
    return received(
        Source(bucket, key, etag, 10),
        sequencer=sequencer,
        own_bucket=INBOX,
        received_at=RECEIVED_AT,
    )


def test_the_key_says_who_delivers_what_and_why():
    delivery = receive("epd/MCX/pmicd-interventie@22.2/test/kwartaal 1.csv")

    assert (delivery.centre, delivery.dataset, delivery.dataset_version) == (
        "MCX",
        "pmicd-interventie",
        "22.2",
    )
    assert (delivery.kind, delivery.file_name) == (Kind.TEST, "kwartaal 1.csv")


def test_the_same_event_again_is_the_same_delivery():
    assert receive() == receive()


@pytest.mark.parametrize("change", [{"sequencer": "02"}, {"etag": "abd"}, {"key": GOOD + "x"}])
def test_every_put_is_a_delivery_of_its_own(change):
    assert receive(**change).delivery_id != receive().delivery_id


def test_the_id_is_a_name_that_an_execution_and_a_mail_can_carry():
    assert receive().delivery_id.startswith("MCX-20260305-")
    assert receive().delivery_id.replace("-", "").isalnum()


@pytest.mark.parametrize(
    "key",
    [
        "kwartaal 1.csv",
        "epd/MCX/pmicd-interventie/kwartaal 1.csv",
        "epd/MCX/pmicd-interventie/echt/kwartaal 1.csv",
        "epd/mcx/pmicd-interventie/test/kwartaal 1.csv",
        "epd/MCX/pmicd-interventie/test/map/kwartaal 1.csv",
        "epd/MCX/pmicd-interventie/test/",
        "epd/MCX/pmicd-interventie@/test/a.csv",
        "web/MCX/pmicd-interventie/test/a.csv",
        "../epd/MCX/pmicd-interventie/test/a.csv",
    ],
)
def test_an_object_outside_the_scheme_is_a_stray(key):
    with pytest.raises(StrayObjectError):
        receive(key)


def test_an_event_of_another_bucket_is_a_stray():
    with pytest.raises(StrayObjectError):
        receive(bucket="elsewhere")


@given(st.text(max_size=80))
def test_whatever_the_key_it_is_a_delivery_or_a_stray(key):
    try:
        delivery = receive("epd/" + key)
    except StrayObjectError:
        return

    assert delivery.source.key == "epd/" + key
    assert delivery.centre.isascii()
    assert delivery.centre.isupper()


def test_today_is_the_day_in_the_netherlands():
    late = dt.datetime(2026, 3, 5, 23, 30, tzinfo=dt.UTC)

    assert a_delivery(received_at=late).today == dt.date(2026, 3, 6)


@pytest.mark.parametrize(
    ("file_name", "folder"),
    [
        ("..", "_."),
        (".", "_"),
        (".verborgen.csv", "_verborgen.csv"),
        ("kwartaal 1 (\u00e9)#?.csv", "kwartaal_1______.csv"),
        ("a\n\x00\u202e.csv", "a___.csv"),
        ("x" * 255, "x" * 255),
    ],
)
def test_the_place_in_the_outbox_is_one_plain_folder_whatever_the_file_is_called(file_name, folder):
    delivery = a_delivery(file_name=file_name)

    assert outbox_prefix(delivery) == f"outbox/MCX/{folder}/{delivery.delivery_id}/"
