"""`make up`: what it tells, whom it serves, what it keeps and what it leaves behind."""

from __future__ import annotations

import datetime as dt
import json
import signal
import smtplib
import stat
from email.message import EmailMessage
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.following import Hospital
from simulators.hospital import make_delivery, write_csv
from tests.journey.conftest import connect, lives, wait_until

CONTRACT = {
    "endpoint_url",
    "region",
    "web_url",
    "api_url",
    "mail_url",
    "zorgttp_url",
    "outputs",
    "users",
    "epd",
    "operator",
}
STACK_OUTPUTS = {
    "InboxBucket",
    "WorkbenchBucket",
    "OutboxBucket",
    "LakeBucket",
    "LedgerTable",
    "RegistryTable",
    "DeliveryStateMachineArn",
    "UserPoolId",
    "UserPoolClientId",
}


def test_outputs_keep_the_contract_and_are_for_their_owner_only(make_up):
    up = make_up()

    told, mode = up.told, (up.directory / "outputs.json").stat().st_mode

    assert told.keys() == CONTRACT
    assert told["outputs"].keys() >= STACK_OUTPUTS
    assert {user["centre"] for user in told["users"]} == told["epd"].keys() == {"MCX", "MCY"}
    assert stat.S_IMODE(mode) == 0o600


def test_everything_listens_on_this_machine_only(make_up):
    up = make_up()

    addresses = [address for pid in up.family() for address in listening(pid)]

    assert len(addresses) >= 4
    assert set(addresses) == {"0100007F"}


def test_a_second_start_says_that_one_runs_already(make_up):
    first = make_up()

    second = make_up(first.directory)

    assert second.process.wait(30) == 1
    assert "already runs" in second.process.stdout.read()
    assert first.process.poll() is None
    assert first.told["endpoint_url"]


def test_a_stop_leaves_no_process_and_no_outputs(make_up):
    up = make_up()
    family = up.family()

    code = up.stop(signal.SIGINT)

    assert code == 0
    assert len(family) >= 4
    assert [pid for pid in family if lives(pid)] == []
    assert not (up.directory / "outputs.json").exists()


def test_a_clean_stop_keeps_data_and_mail_for_the_next_start(make_up):
    up = make_up()
    before = up.told
    write_to_the_outbox(before)
    send_mail(up)
    up.stop(signal.SIGTERM)

    after = make_up(up.directory).told

    assert after["outputs"] == before["outputs"]
    assert after["users"] == before["users"]
    s3 = connect(after, "s3", "MCX")
    body = s3.get_object(Bucket=after["outputs"]["OutboxBucket"], Key="outbox/MCX/a/b.json")["Body"]
    assert body.read() == b"{}"
    assert len(list((up.directory / "mail").glob("*.json"))) == 1


def test_a_stop_in_the_middle_of_a_delivery_keeps_the_data_all_the_same(make_up, tmp_path):
    up = make_up()
    hospital = Hospital(up.told, "MCX")
    write_csv(make_delivery(400, today=dt.date(2026, 3, 5)), tmp_path / "file.csv")
    delivery = hospital.deliver(tmp_path / "file.csv", "productie")
    next(look for look in hospital.follow(delivery) if "Controleer structuur" in look.passed)
    family = up.family()

    code = up.stop(signal.SIGINT)
    after = make_up(up.directory).told

    assert code == 0
    assert [pid for pid in family if lives(pid)] == []
    key = f"{delivery.answers}{delivery.delivery_id}/ontvangen.json"
    assert connect(after, "s3", "MCX").get_object(Bucket=after["outputs"]["OutboxBucket"], Key=key)


def test_after_a_kill_nothing_lives_on_and_the_next_start_is_clean(make_up):
    up = make_up()
    before, family = up.told, up.family()
    write_to_the_outbox(before)

    up.stop(signal.SIGKILL)
    wait_until(lambda: not any(lives(pid) for pid in family))
    after = make_up(up.directory).told

    s3 = connect(after, "s3")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=after["outputs"]["OutboxBucket"], Key="outbox/MCX/a/b.json")


def write_to_the_outbox(told):
    s3 = connect(told, "s3")
    s3.put_object(Bucket=told["outputs"]["OutboxBucket"], Key="outbox/MCX/a/b.json", Body=b"{}")


def send_mail(up):
    message = EmailMessage()
    message["To"] = "lezer@mcx.example"
    message["Subject"] = "Een bericht"
    message.set_content("tekst")
    port = json.loads((up.directory / "ports.json").read_text())["smtp"]
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.send_message(message, from_addr="databroker@databroker.example")


def listening(pid):
    """List the addresses, as the kernel writes them, on which a process accepts connections."""
    try:
        files = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:
        return []
    tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [row.split() for table in tables for row in table.splitlines()[1:]]
    return [
        row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in files
    ]
