"""`aanleveren lever`, `status` and `rapport` against S3: what lands where, and how a command ends."""

import io
import json
import sys

import boto3
import pytest
from moto import mock_aws

from aanleveren import deliver, s3
from tests.support.cloud import REGION
from tests.support.reports import a_delivery

ID = a_delivery().delivery_id
HERE = {"LocationConstraint": REGION}
FOLDER = f"outbox/MCX/kwartaal_3.csv/{ID}/"
ADDRESS = ("--dataset", "pmicd-interventie", "--centre", "MCX", "--soort", "test")


@pytest.fixture(autouse=True)
def nhr(monkeypatch, tmp_path):
    """Give S3 with the two buckets, named in the environment; nobody answers by itself."""
    monkeypatch.setenv("AANLEVEREN_INBOX", "inbox-bucket")
    monkeypatch.setenv("AANLEVEREN_OUTBOX", "outbox-bucket")
    monkeypatch.setenv("HOME", str(tmp_path))
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        s3 = boto3.client("s3")
        for bucket in ("inbox-bucket", "outbox-bucket"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
        yield s3


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "kwartaal 3.csv"
    path.write_bytes(b"interv_nr\n")
    return path


@pytest.fixture
def answer(nhr):
    """Put the documents of a delivery in the outbox, as NHR does."""

    def put(folder=FOLDER, **documents):
        for name, content in documents.items():
            form = "xlsx" if isinstance(content, bytes) else "json"
            body = content if form == "xlsx" else json.dumps(content).encode()
            nhr.put_object(Bucket="outbox-bucket", Key=f"{folder}{name}.{form}", Body=body)

    return put


RECEIPT = {"delivery_id": ID, "status": "ontvangen"}


def processed(status="verwerkt", refused=0):
    counts = {"records": 9, "accepted": 9 - refused, "refused": refused}
    counts |= {"new": 9 - refused, "changed": 0, "unchanged": 0}
    return {"delivery_id": ID, "status": status, "counts": counts, "findings": []}


# --- lever -----------------------------------------------------------------------------------------
def test_a_file_lands_where_the_databroker_looks_for_it(aanleveren, file, nhr):
    ran = aanleveren("lever", file, *ADDRESS)

    key = "epd/MCX/pmicd-interventie/test/kwartaal 3.csv"
    assert (ran.exit_code, ran.out) == (0, f"s3://inbox-bucket/{key}\n")
    assert nhr.get_object(Bucket="inbox-bucket", Key=key)["Body"].read() == file.read_bytes()


def test_what_is_kept_in_the_config_file_need_not_be_typed(aanleveren, file, tmp_path):
    lines = ("dataset = 'pmicd-interventie'", "centre = 'MCX'", "soort = 'productie'")
    log = tmp_path / "log.txt"
    (tmp_path / ".aanleveren.toml").write_text("\n".join([*lines, f"logboek = '{log}'"]))

    ran = aanleveren("lever", file)

    key = "epd/MCX/pmicd-interventie/productie/kwartaal 3.csv"
    assert (ran.exit_code, ran.out) == (0, f"s3://inbox-bucket/{key}\n")
    assert " lever exit=0 " in log.read_text()


def test_json_has_the_place_and_once_it_is_known_the_number(aanleveren, file, nhr, monkeypatch):
    sent = aanleveren("lever", file, *ADDRESS, "--json")
    put = nhr.put_object

    def received(*_, **__):
        put(Bucket="outbox-bucket", Key=f"{FOLDER}ontvangen.json", Body=json.dumps(RECEIPT))

    monkeypatch.setattr(deliver, "upload", received)
    waited = aanleveren("lever", file, *ADDRESS, "--json", "--wacht")

    place = "s3://inbox-bucket/epd/MCX/pmicd-interventie/test/kwartaal 3.csv"
    assert sent.document == {"place": place, "delivery_id": None}
    assert waited.document == {"place": place, "delivery_id": ID}


def test_every_byte_that_goes_is_told(nhr, file):
    file.write_bytes(b"x" * 3_000_000)
    told = []

    with file.open("rb") as content:
        s3.upload(nhr, "inbox-bucket", "groot.csv", content, told.append)

    assert sum(told) == 3_000_000
    assert len(told) > 1


def test_a_large_file_is_one_object_put_in_one_go(nhr):
    asked = []
    nhr.meta.events.register("before-call.s3.*", lambda model, **_: asked.append(model.name))

    s3.upload(nhr, "inbox-bucket", "groot.csv", io.BytesIO(b"x" * 20_000_000), lambda _: None)

    assert asked == ["PutObject"]


def test_without_a_receipt_in_time_another_try_is_not_advised(aanleveren, file, answer):
    answer(ontvangen=RECEIPT)  # of an earlier delivery of a file of this name

    ran = aanleveren("lever", file, *ADDRESS, "--wacht", "0")

    assert (ran.exit_code, ran.out) == (3, "")
    assert "lever niet opnieuw aan" in ran.err


@pytest.mark.parametrize("dataset", ["PMICD", "pmicd-interventie@x", "a/b"])
def test_what_the_databroker_would_not_see_is_not_sent(aanleveren, file, nhr, dataset):
    ran = aanleveren("lever", file, *ADDRESS, "--dataset", dataset)

    assert ran.exit_code == 2
    assert "Contents" not in nhr.list_objects_v2(Bucket="inbox-bucket")


def test_a_file_that_is_not_there_cannot_be_delivered(aanleveren, file):
    ran = aanleveren("lever", file.with_name("weg.csv"), *ADDRESS)

    assert ran.exit_code == 2


# --- status ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "refused", "exit_code"),
    [
        ("verwerkt", 0, 0),
        ("getest", 0, 0),
        ("verwerkt", 1, 1),
        ("getest", 9, 1),
        ("geweigerd", 0, 1),
        ("mislukt", 0, 3),
    ],
)
def test_the_exit_code_is_that_of_a_check(aanleveren, answer, status, refused, exit_code):
    answer(ontvangen=RECEIPT, verwerkt=processed(status, refused))

    ran = aanleveren("status", ID)

    assert ran.exit_code == exit_code
    assert ran.out == (
        f"{ID}: {status}. 9 records: {9 - refused} goed "
        f"({9 - refused} nieuw, 0 gewijzigd, 0 ongewijzigd), {refused} geweigerd.\n"
    )


def test_a_delivery_that_is_under_way_is_told_so(aanleveren, answer):
    answer(ontvangen=RECEIPT)

    ran = aanleveren("status", ID)

    assert (ran.exit_code, ran.out) == (0, f"{ID}: ontvangen, nog niet verwerkt.\n")


def test_who_waits_in_vain_may_try_again(aanleveren, answer):
    answer(ontvangen=RECEIPT)

    ran = aanleveren("status", ID, "--wacht", "0")

    assert (ran.exit_code, ran.out) == (3, "")


def test_the_log_has_the_number_and_the_counts(aanleveren, answer, tmp_path):
    answer(ontvangen=RECEIPT, verwerkt=processed(refused=1))
    log = tmp_path / "log.txt"

    aanleveren("status", ID, "--logboek", log)

    told = "records=9 accepted=8 refused=1 new=8 changed=0 unchanged=0"
    assert f"{told} nummer={ID}\n" in log.read_text()


def test_json_is_the_document_of_the_outbox(aanleveren, answer):
    answer(ontvangen=RECEIPT, verwerkt=processed())

    ran = aanleveren("status", ID, "--json")

    assert ran.document == processed()


def test_a_file_name_stands_for_its_latest_delivery(aanleveren, answer, file):
    answer(FOLDER.replace(ID, "MCX-20260101-ffffffffffffffff"), ontvangen={"delivery_id": "x"})
    answer(ontvangen=RECEIPT)

    ran = aanleveren("status", file, "--centre", "MCX")

    assert ran.out.startswith(ID)


def test_a_file_without_a_centre_is_wrong_usage(aanleveren, file):
    ran = aanleveren("status", file)

    assert ran.exit_code == 2
    assert "--centre" in ran.err


@pytest.mark.parametrize("what", [(ID,), ("kwartaal 3.csv", "--centre", "MCX")])
def test_what_was_not_received_may_still_come(aanleveren, what):
    ran = aanleveren("status", *what)

    assert (ran.exit_code, ran.out) == (3, "")


# --- rapport ---------------------------------------------------------------------------------------
def test_the_report_is_fetched(aanleveren, answer, tmp_path):
    answer(ontvangen=RECEIPT, verwerkt=processed(), rapportage=b"PK...")
    place = tmp_path / "rapport.xlsx"

    ran = aanleveren("rapport", ID, "--naar", place)

    assert (ran.exit_code, ran.out) == (0, f"{place}\n")
    assert place.read_bytes() == b"PK..."


def test_json_tells_where_the_report_is(aanleveren, answer, tmp_path):
    answer(ontvangen=RECEIPT, rapportage=b"PK...")
    place = tmp_path / "rapport.xlsx"

    ran = aanleveren("rapport", ID, "--naar", place, "--json")

    assert ran.document == {"delivery_id": ID, "file": str(place)}


def test_without_a_place_the_report_is_named_by_the_delivery(
    aanleveren, answer, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    answer(ontvangen=RECEIPT, rapportage=b"PK...")

    ran = aanleveren("rapport", ID)

    assert ran.exit_code == 0
    assert (tmp_path / f"{ID}.xlsx").read_bytes() == b"PK..."


def test_a_report_that_is_not_there_yet_is_worth_another_try(aanleveren, answer, tmp_path):
    answer(ontvangen=RECEIPT)

    ran = aanleveren("rapport", ID, "--naar", tmp_path / "rapport.xlsx")

    assert ran.exit_code == 3
    assert not (tmp_path / "rapport.xlsx").exists()


def test_a_place_that_cannot_be_written_is_told(aanleveren, answer, tmp_path):
    answer(ontvangen=RECEIPT, rapportage=b"PK...")

    ran = aanleveren("rapport", ID, "--naar", tmp_path / "weg" / "rapport.xlsx")

    assert ran.exit_code == 3


def test_a_report_of_no_number_is_wrong_usage(aanleveren):
    ran = aanleveren("rapport", "kwartaal 3.csv")

    assert ran.exit_code == 2


# --- where the NHR is ------------------------------------------------------------------------------
def test_an_option_goes_before_the_environment_and_that_before_the_file(
    aanleveren, file, nhr, tmp_path, monkeypatch
):
    (tmp_path / ".aanleveren.toml").write_text('inbox = "uit-bestand"\n')
    monkeypatch.setenv("AANLEVEREN_INBOX", "uit-omgeving")
    for name in ("uit-bestand", "uit-omgeving", "uit-optie"):
        nhr.create_bucket(Bucket=name, CreateBucketConfiguration=HERE)

    option = aanleveren("lever", file, *ADDRESS, "--inbox", "uit-optie")
    environment = aanleveren("lever", file, *ADDRESS)
    monkeypatch.delenv("AANLEVEREN_INBOX")
    kept = aanleveren("lever", file, *ADDRESS)

    places = [ran.out.split("/")[2] for ran in (option, environment, kept)]
    assert places == ["uit-optie", "uit-omgeving", "uit-bestand"]


@pytest.mark.parametrize("content", ["inbox =", 'bucket = "x"', "inbox = 1", None])
def test_a_config_file_that_is_not_right_is_wrong_usage(aanleveren, file, tmp_path, content):
    config = tmp_path / "config.toml"
    if content is not None:
        config.write_text(content)

    ran = aanleveren("lever", file, *ADDRESS, "--config", config)

    assert ran.exit_code == 2
    assert "config" in ran.err


def test_without_an_inbox_it_is_wrong_usage(aanleveren, file, monkeypatch):
    monkeypatch.delenv("AANLEVEREN_INBOX")

    ran = aanleveren("lever", file, *ADDRESS)

    assert ran.exit_code == 2
    assert "AANLEVEREN_INBOX" in ran.err


@pytest.mark.parametrize(
    ("wrong", "exit_code"),
    [
        (("--inbox", "een-andere-bucket"), 2),
        (("--inbox", "!"), 2),
        (("--endpoint", "geen adres"), 2),
    ],
)
def test_a_wrong_place_is_wrong_usage(aanleveren, file, wrong, exit_code):
    ran = aanleveren("lever", file, *ADDRESS, *wrong)

    assert (ran.exit_code, ran.out) == (exit_code, "")


def test_without_credentials_there_is_no_access(aanleveren, file, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    ran = aanleveren("lever", file, *ADDRESS)

    assert ran.exit_code == 4


def test_without_a_network_it_is_worth_another_try(aanleveren, file):
    ran = aanleveren("lever", file, *ADDRESS, "--endpoint", "http://127.0.0.1:9")

    assert ran.exit_code == 3
    assert "127.0.0.1" not in ran.err


def test_without_boto3_it_is_told_what_to_install(aanleveren, file, monkeypatch):
    for module in ("s3", "outbox", "deliver"):
        monkeypatch.delitem(sys.modules, f"aanleveren.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)

    ran = aanleveren("lever", file, *ADDRESS)

    assert ran.exit_code == 2
    assert "client[s3]" in ran.err
