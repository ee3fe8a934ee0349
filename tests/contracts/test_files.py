"""What Inbox, Tables, Papers and Outbox promise, kept by the fakes and by S3 alike."""

from dataclasses import replace

import boto3
import pytest

from databroker.adapters.files import S3Answers, S3Inbox, S3Outbox, S3Papers, S3Remains
from databroker.adapters.tables import intake_tables
from databroker.delivery import DeliveryId, Source, outbox_prefix
from databroker.ports import SourceVanishedError
from databroker.privacy.desk import KeptInMemory
from databroker.records import Origin, Records
from tests.support.builders import INBOX, a_delivery
from tests.support.cloud import REGION, a_cloud
from tests.support.memory import MemoryInbox, MemoryOutbox, MemoryPapers, MemoryTables
from tests.support.workflow import objects

KEY = "epd/MCX/pmicd-interventie/test/a b.csv"
FIRST, SECOND = DeliveryId("MCX-20260305-1"), DeliveryId("MCX-20260305-2")


@pytest.fixture(params=["memory", "s3"])
def world(request):
    if request.param == "memory":
        yield "memory"
        return
    with a_cloud():
        yield "s3"


@pytest.fixture
def inbox(world):
    return MemoryInbox() if world == "memory" else S3Inbox()


@pytest.fixture
def put(world, inbox):
    """Put an object as a hospital does, and give how it is announced."""

    def put_in_memory(content: bytes) -> Source:
        source = Source(INBOX, KEY, f"etag-{content!r}", len(content))
        inbox.put(source, content)
        return source

    def put_in_s3(content: bytes) -> Source:
        answer = boto3.client("s3", region_name=REGION).put_object(
            Bucket=INBOX, Key=KEY, Body=content
        )
        return Source(INBOX, KEY, answer["ETag"].strip('"'), len(content))

    return put_in_memory if world == "memory" else put_in_s3


@pytest.fixture
def tables(world):
    return MemoryTables() if world == "memory" else intake_tables("intake-workbench-bucket")


@pytest.fixture
def remains(world, tables):
    return tables if world == "memory" else S3Remains("intake-workbench-bucket")


@pytest.fixture
def outbox(world):
    return MemoryOutbox() if world == "memory" else S3Outbox("outbox-bucket")


@pytest.fixture
def document(world, outbox):
    """Read what stands in the place of `a_delivery`."""

    def read(name):
        key = outbox_prefix(a_delivery()) + name
        if world == "memory":
            return outbox.documents[key]
        return objects("outbox-bucket")[key]

    return read


def test_the_object_that_was_received_can_be_read(inbox, put):
    source = put(b"interv_nr\r\n")

    assert inbox.read(source) == b"interv_nr\r\n"


def test_an_object_that_is_gone_has_vanished(inbox, put):
    source = put(b"old")
    inbox.delete(source)

    with pytest.raises(SourceVanishedError):
        inbox.read(source)


def test_an_object_that_was_replaced_has_vanished_and_its_successor_stays(inbox, put):
    old = put(b"old")
    new = put(b"new")

    with pytest.raises(SourceVanishedError):
        inbox.read(old)
    inbox.delete(old)

    assert inbox.read(new) == b"new"


def test_deleting_twice_changes_nothing(inbox, put):
    source = put(b"old")
    inbox.delete(source)

    inbox.delete(source)

    with pytest.raises(SourceVanishedError):
        inbox.read(source)


def test_an_object_whose_name_begins_with_the_same_letters_is_another(inbox, put):
    source = put(b"old")

    inbox.delete(replace(source, key=KEY[:-1]))

    assert inbox.read(source) == b"old"


def test_a_table_comes_back_as_it_was_with_its_place_in_the_file(tables):
    origin = Origin("PMICD_NHR", {"interv_nr": "A"})
    records = Records.of({"interv_nr": ["MCX-1", None], "lengte": ["1", "é"]}, [2, 5], origin)

    tables.write(FIRST, "raw", records)

    back = tables.read(FIRST, "raw")
    assert back.rows == [2, 5]
    assert back.column("interv_nr") == ["MCX-1", None]
    assert back.column("lengte") == ["1", "é"]
    assert back.origin.cell("interv_nr", 5) == "PMICD_NHR!A5"


def test_a_table_that_was_never_written_is_missing(tables):
    with pytest.raises(LookupError):
        tables.read(FIRST, "raw")


def test_all_tables_of_a_delivery_go_and_those_of_another_stay(tables, remains):
    records = Records.of({"interv_nr": ["MCX-1"]}, [2])
    for delivery_id in (FIRST, SECOND):
        tables.write(delivery_id, "raw", records)

    remains.delete_all(FIRST)
    remains.delete_all(FIRST)

    with pytest.raises(LookupError):
        tables.read(FIRST, "raw")
    assert len(tables.read(SECOND, "raw")) == 1


def test_a_paper_comes_back_and_a_missing_one_is_none(world):
    papers = MemoryPapers() if world == "memory" else S3Papers("workbench-bucket")

    papers.write(FIRST, "structure", {"findings": [], "records": 3, "naam": "é"})

    assert papers.read(FIRST, "structure") == {"findings": [], "records": 3, "naam": "é"}
    assert papers.read(FIRST, "privacy") is None


def test_a_document_that_is_there_stays_when_it_may_not_be_replaced(outbox, document):
    outbox.put_if_absent(a_delivery(), "verwerkt.json", b"first", "application/json")
    outbox.put_if_absent(a_delivery(), "verwerkt.json", b"second", "application/json")
    assert document("verwerkt.json") == b"first"

    outbox.put(a_delivery(), "verwerkt.json", b"third", "application/json")

    assert document("verwerkt.json") == b"third"


def test_the_outbox_has_a_place_of_its_own_for_every_delivery(outbox):
    delivery = a_delivery(file_name="kwartaal 1 (é).csv")

    key = outbox.put(delivery, "ontvangen.json", b"{}", "application/json")

    assert key == f"outbox/MCX/kwartaal_1____.csv/{delivery.delivery_id}/ontvangen.json"


@pytest.fixture
def answers(world):
    return KeptInMemory() if world == "memory" else S3Answers("intake-workbench-bucket", FIRST)


def test_the_answer_of_a_batch_waits_under_its_number(answers):
    answers.write(12, {"round": 1})
    answers.write(0, {"round": 1})
    answers.write(12, {"round": 2})

    assert answers.numbers() == {0, 12}
    assert answers.read(12) == {"round": 2}


def test_the_answers_of_one_delivery_are_not_those_of_another():
    with a_cloud():
        first, second = (S3Answers("intake-workbench-bucket", each) for each in (FIRST, SECOND))
        first.write(1, {})

        assert second.numbers() == set()

        S3Remains("intake-workbench-bucket").delete_all(FIRST)

        assert first.numbers() == set()


def test_of_more_than_a_thousand_objects_none_is_left():
    with a_cloud():
        answers = S3Answers("intake-workbench-bucket", FIRST)
        for number in range(1_001):
            answers.write(number, {})
        assert answers.numbers() == set(range(1_001))

        S3Remains("intake-workbench-bucket").delete_all(FIRST)

        assert objects("intake-workbench-bucket") == {}
