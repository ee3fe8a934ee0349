"""What the adapter makes of a ZorgTTP that does not do as agreed."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import traceback
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from databroker.adapters import zorgttp
from databroker.adapters.zorgttp import Account, ZorgTtpExchange, ZorgTtpSource, open_session
from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    Exchanged,
    Pseudonymised,
    PseudonymServiceUnavailableError,
    Statistics,
)
from databroker.privacy.batches import batches_of
from databroker.privacy.persons import People
from databroker.privacy.trust import expect_answers
from tests.support.people import a_row, records_of
from tests.support.serving import Script, answer
from tests.support.slides import ANSWERED, ASKED, SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = Account("MCX", "gebruiker", "ZTTP-CANARY-wachtwoord")
PERSON = {"PN": "CANARY-1234567"}
SESSION = answer(200, '{"session": "s-1", "expires_in": 900, "source": "MCX"}')
NEW_SESSION = answer(200, '{"session": "s-2", "expires_in": 900, "source": "MCX"}')
TOKEN = "WS" + "0" * 29 + "-P-L-A/AAAA"
RECORD = {"pseudonyms": {"L": TOKEN}, "diagnostics": []}
STATISTICS = {"pseudonymTotal": 1, "errorTotal": 0, "speed": 200}


def records(*each: object) -> bytes:
    return answer(200, json.dumps({"statistics": STATISTICS, "records": each}))


def bodies(script: Script) -> list[dict[str, object]]:
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in script.requests]


def paths(script: Script) -> list[str]:
    return [request.split()[1].decode() for request in script.requests]


def test_a_session_is_opened_once_and_the_connection_is_kept():
    with Script(SESSION, records(RECORD), records(RECORD)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        source.pseudonymise(["L"], [PERSON])
        source.pseudonymise(["L"], [PERSON])

    assert paths(script) == ["/session", "/pseudonymise", "/pseudonymise"]
    assert script.connections == 1
    assert b"Authorization: Bearer s-1" in script.requests[2]
    assert bodies(script)[1] == {"pseudonymTypes": ["L"], "records": [PERSON]}


def test_a_session_that_ended_is_renewed_once():
    ended = answer(401, '{"code": "200"}')
    with Script(SESSION, records(RECORD), ended, NEW_SESSION, records(RECORD)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)
        source.pseudonymise(["L"], [PERSON])

        [again], _ = source.pseudonymise(["L"], [PERSON])

    assert again.pseudonyms == {"L": TOKEN}
    assert paths(script)[2:] == ["/pseudonymise", "/session", "/pseudonymise"]
    assert b"Authorization: Bearer s-2" in script.requests[4]


def test_a_session_refused_after_it_was_renewed_is_a_refused_account():
    ended = answer(401, '{"code": "200"}')
    with Script(SESSION, records(RECORD), ended, NEW_SESSION, ended, SESSION) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)
        source.pseudonymise(["L"], [PERSON])

        with pytest.raises(CredentialsRefusedError):
            source.pseudonymise(["L"], [PERSON])

    assert len(script.requests) == 5


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_account_is_tried_once_however_often_we_are_asked(status):
    with Script(*[answer(status, '{"code": "999"}')] * 3) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        for _ in range(3):
            with pytest.raises(CredentialsRefusedError):
                source.pseudonymise(["L"], [PERSON])

    assert paths(script) == ["/session"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_new_session_that_is_refused_is_not_renewed(status):
    with Script(SESSION, *[answer(status, '{"code": "303"}')] * 3) as script:
        exchange = ZorgTtpExchange(script.url, ACCOUNT)

        with pytest.raises(CredentialsRefusedError):
            exchange.exchange("x-1", [TOKEN])

    assert len(script.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_after_the_time_it_names(status):
    busy = answer(status, "", Retry_After="0")
    with Script(SESSION, busy, busy, records(RECORD)) as script:
        [result], _ = ZorgTtpSource(script.url, ACCOUNT).pseudonymise(["L"], [PERSON])

    assert result.pseudonyms == {"L": TOKEN}
    assert len(script.requests) == 4


def test_a_service_that_stays_busy_is_left_alone_after_a_few_tries():
    with Script(SESSION, *[answer(503, "", Retry_After="0")] * 9) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(PseudonymServiceUnavailableError, match="503"):
            source.pseudonymise(["L"], [PERSON])

    assert len(script.requests) == 5


def test_a_service_that_asks_for_a_long_wait_is_left_alone_at_once():
    busy = answer(429, "", Retry_After="3600")
    with Script(SESSION, busy, records(RECORD)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(PseudonymServiceUnavailableError) as raised:
            source.pseudonymise(["L"], [PERSON])

    assert raised.value.wait_seconds == 3600
    assert len(script.requests) == 2


def test_a_refused_batch_carries_the_code_of_zorgttp():
    with Script(SESSION, answer(422, '{"code": "2002"}')) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(BatchRefusedError) as refused:
            source.pseudonymise(["L"], [PERSON])

    assert refused.value.code == "2002"


FAULTS = {
    "cut connection": b"",
    "half an answer": records(RECORD)[:-9],
    "server error": answer(500, "CANARY"),
    "not found": answer(404, "CANARY"),
    "page of a proxy": answer(200, "<html>CANARY</html>", Content_Type="text/html"),
    "malformed": answer(200, '{"records": [{"pseudonyms": {"L": "CANARY'),
    "other shape": answer(200, '{"records": [{"pseudonyms": {"L": ["CANARY"]}}]}'),
    "a number for a token": records(RECORD | {"pseudonyms": {"L": 7}}),
    "no records": answer(200, "{}"),
    "no statistics": answer(200, json.dumps({"records": [RECORD]})),
    "a sentence for a code": records(RECORD | {"diagnostics": [{"code": "CANARY", "field": "L"}]}),
    "nothing": answer(200, ""),
    "refusal without a code": answer(422, "<html>CANARY</html>"),
    "refusal with a sentence for a code": answer(422, '{"code": "CANARY 1234567"}'),
    "no HTTP": b"CANARY\r\n\r\n",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_unusable_answer_is_a_fault_whose_text_holds_no_value(fault):
    with Script(SESSION, fault) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(PseudonymServiceUnavailableError) as raised:
            source.pseudonymise(["L"], [PERSON])

    text = "".join(traceback.format_exception(raised.value))
    assert "CANARY" not in text
    assert len(script.requests) == 2


@pytest.mark.parametrize("fault", ["{}", '{"session": ""}', "<html>", '{"session": 1}'])
def test_a_session_that_is_none_is_a_fault(fault):
    with Script(answer(200, fault)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(PseudonymServiceUnavailableError):
            source.pseudonymise(["L"], [PERSON])


def test_the_figures_of_zorgttp_come_with_its_answer():
    with Script(SESSION, records(RECORD)) as script:
        _, statistics = ZorgTtpSource(script.url, ACCOUNT).pseudonymise(["L"], [PERSON])

    assert statistics == Statistics(pseudonyms=1, errors=0, speed=200)


def test_an_account_of_another_centre_is_refused_before_a_person_is_sent():
    other = answer(200, '{"session": "s-1", "expires_in": 900, "source": "MCY"}')
    with Script(*[other] * 3) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        for _ in range(2):
            with pytest.raises(CredentialsRefusedError):
                source.pseudonymise(["L"], [PERSON])

    assert paths(script) == ["/session"]
    assert b"CANARY-1234567" not in script.requests[0]


def test_a_session_somebody_opened_is_used_and_never_renewed():
    with Script(SESSION, records(RECORD), answer(401, '{"code": "200"}')) as script:
        opened = open_session(script.url, ACCOUNT)
        source = ZorgTtpSource(script.url, opened.session)
        source.pseudonymise(["L"], [PERSON])

        with pytest.raises(CredentialsRefusedError):
            source.pseudonymise(["L"], [PERSON])

    assert opened.seconds == 900
    assert "s-1" not in repr(opened)
    assert paths(script) == ["/session", "/pseudonymise", "/pseudonymise"]
    assert b"Authorization: Bearer s-1" in script.requests[2]


def test_a_pseudonym_is_turned_back():
    back = {"statistics": STATISTICS, "records": [{"value": "7", "diagnostics": []}]}
    with Script(SESSION, answer(200, json.dumps(back))) as script:
        [number] = ZorgTtpSource(script.url, ACCOUNT).reverse([TOKEN])

    assert number == "7"
    assert bodies(script)[1] == {"pseudonyms": [TOKEN]}


def test_a_token_that_is_not_accepted_has_the_code_of_zorgttp():
    given = [
        {"pseudonym": "DP-L-A-x", "diagnostics": []},
        {"pseudonym": None, "diagnostics": [{"code": "2103"}]},
    ]
    body = answer(200, json.dumps({"statistics": STATISTICS, "records": given}))
    with Script(SESSION, body) as script:
        found = ZorgTtpExchange(script.url, ACCOUNT).exchange("x-1", [TOKEN, TOKEN])

    assert found == [Exchanged("DP-L-A-x"), Exchanged(None, "2103")]
    assert bodies(script)[1] == {"batch": "x-1", "tokens": [TOKEN, TOKEN]}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with Script(SESSION, records(RECORD)) as elsewhere:
        moved = answer(status, "", Location=elsewhere.url)
        with Script(SESSION, moved, SESSION) as script:
            source = ZorgTtpSource(script.url, ACCOUNT)

            with pytest.raises(PseudonymServiceUnavailableError, match=str(status)):
                source.pseudonymise(["L"], [PERSON])

    assert elsewhere.requests == []
    assert len(script.requests) == 2


def test_an_endless_answer_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(zorgttp, "MOST_BYTES", 64)
    with Script(SESSION, records(*[RECORD] * 50)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(PseudonymServiceUnavailableError, match="too large"):
            source.pseudonymise(["L"], [PERSON] * 50)


def test_a_service_that_is_not_there_is_a_fault():
    with Script() as script:
        url = script.url

    with pytest.raises(PseudonymServiceUnavailableError) as raised:
        ZorgTtpSource(url, ACCOUNT).pseudonymise(["L"], [PERSON])

    assert "CANARY" not in "".join(traceback.format_exception(raised.value))


def test_a_proxy_named_by_the_environment_is_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Script(SESSION, records(RECORD)) as script:
        [result], _ = ZorgTtpSource(script.url, ACCOUNT).pseudonymise(["L"], [PERSON])

    assert result.pseudonyms == {"L": TOKEN}


def test_a_host_with_a_certificate_nobody_vouches_for_is_sent_nothing(tmp_path):
    with Script(SESSION, tls=self_signed(tmp_path)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT)

        with pytest.raises(PseudonymServiceUnavailableError):
            source.pseudonymise(["L"], [PERSON])

    assert script.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "http://zorgttp.example",
        "http://127.0.0.1.zorgttp.example",
        "http://localhost@zorgttp.example",
        "https://naam:geheim@zorgttp.example",
        "https://zorgttp.example?x=1",
        "ftp://127.0.0.1",
        "zorgttp.example",
        "https://",
        "",
    ],
)
def test_an_address_that_is_not_safe_is_refused_before_anything_is_sent(address):
    with pytest.raises(ValueError, match="https") as refused:
        ZorgTtpSource(address, ACCOUNT)

    assert "geheim" not in str(refused.value)


def test_an_https_address_with_a_path_is_taken():
    source = ZorgTtpSource("https://zorgttp.example/dienst/", ACCOUNT)

    assert "CANARY" not in repr(vars(source))


def test_a_password_cannot_be_printed():
    assert "CANARY" not in repr(ACCOUNT)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_the_question_and_the_answer_are_those_of_zorgttp():
    row = a_row(pat_nr=None, geb_naam=None)
    people = People.of(records_of(row))
    (batch,) = batches_of(people, 1)
    persons = people.sent(batch.persons, batch.types)
    with Script(SESSION, answer(200, ANSWERED % SAMPLE)) as script:
        answers, statistics = ZorgTtpSource(script.url, ACCOUNT).pseudonymise(batch.types, persons)

    _, asked = bodies(script)
    assert json.dumps(asked) == json.dumps(json.loads(ASKED))
    assert answers == [Pseudonymised({"C": SAMPLE})]
    assert statistics == Statistics(pseudonyms=1, errors=0, speed=200)
    expect_answers(batch.types, persons, answers)


def test_a_service_that_asked_for_a_long_wait_can_be_asked_again_on_the_same_line(monkeypatch):
    monkeypatch.setattr(zorgttp, "LONGEST_QUEUE", 2.0)
    busy = answer(503, "later", Retry_After="60")
    with Script(SESSION, busy, busy, records(RECORD)) as script:
        source = ZorgTtpSource(script.url, ACCOUNT, calls=1)

        for _ in range(2):
            with pytest.raises(PseudonymServiceUnavailableError):
                source.pseudonymise(["L"], [PERSON])
        (result,), _ = source.pseudonymise(["L"], [PERSON])

    assert result.pseudonyms == {"L": TOKEN}
