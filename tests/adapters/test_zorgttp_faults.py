"""Every way in which ZorgTTP can go wrong: what comes of it, and after how many calls."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from databroker.adapters import zorgttp
from databroker.adapters.zorgttp import Account, ZorgTtpExchange, ZorgTtpSource
from databroker.delivery import DeliveryId
from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    PseudonymServiceUnavailableError,
    UntrustedAnswerError,
)
from databroker.privacy.desk import Desk
from databroker.privacy.exchange import exchange
from databroker.privacy.pseudonymise import pseudonymise
from databroker.privacy.trust import Checks
from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import Role, read_settings
from tests.support.people import a_row, records_of
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databroker.privacy.pseudonymise import Pseudonyms
    from databroker.records import Records

AWAY, WRONG = PseudonymServiceUnavailableError, UntrustedAnswerError
REFUSED, FATAL = CredentialsRefusedError, BatchRefusedError
DELIVERY = DeliveryId("MCX-20261122-0123456789abcdef")
CANARY = 4_711_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(create_app(read_settings())) as address:
        yield address


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[None]:
    monkeypatch.setattr(zorgttp, "LONGEST_ANSWER", 0.4)
    yield
    urllib3.request("DELETE", f"{url}/faults")


def account(role: Role, name: str) -> Account:
    known = read_settings().account(role, name)
    return Account(name, known.username, known.password)


def goes_wrong(url: str, *faults: dict[str, Any]) -> None:
    told = urllib3.request("PUT", f"{url}/faults", json=list(faults))
    assert told.status == 200, told.data


def calls(url: str, call: str) -> int:
    counts: dict[str, int] = urllib3.request("GET", f"{url}/counts").json()
    return counts.get(f"{call.removeprefix('/')}.calls", 0)


def eight_patients() -> Records:
    """Make patients of whom no two share a pseudonym of any type."""
    return records_of(
        *(
            a_row(pat_nr=str(CANARY + number), geb_datum=f"19{40 + number}-05-15")
            for number in range(8)
        )
    )


def ask(url: str, checks: Checks | None = None) -> Pseudonyms:
    records = eight_patients()
    source = ZorgTtpSource(url, account(Role.SOURCE, "MCX"))
    return pseudonymise(records, Desk(source, checks or Checks(sentinels=False), workers=1))


def status(number: int, **more: object) -> dict[str, object]:
    return {"kind": "status", "status": number, **more}


GO_WRONG: list[tuple[str, dict[str, object], type[Exception] | None, int]] = [
    # call, fault, what is raised, calls of that kind
    ("/pseudonymise", {"kind": "latency", "seconds": 0.05}, None, 1),
    ("/pseudonymise", {"kind": "timeout"}, AWAY, 1),
    ("/pseudonymise", status(429, retry_after=0, times=2), None, 3),
    ("/pseudonymise", status(429), AWAY, 4),
    ("/pseudonymise", status(429, retry_after=60), AWAY, 1),
    ("/pseudonymise", status(503, retry_after=0, times=3), None, 4),
    ("/pseudonymise", status(503), AWAY, 4),
    ("/pseudonymise", status(500), AWAY, 1),
    ("/pseudonymise", status(502), AWAY, 1),
    ("/pseudonymise", status(404), AWAY, 1),
    ("/pseudonymise", status(401, code="200"), REFUSED, 1),
    ("/pseudonymise", status(403, code="303"), REFUSED, 1),
    ("/pseudonymise", status(422, code="2009"), FATAL, 1),
    ("/pseudonymise", {"kind": "cut"}, AWAY, 1),
    ("/pseudonymise", {"kind": "html"}, AWAY, 1),
    ("/pseudonymise", {"kind": "malformed"}, AWAY, 1),
    ("/pseudonymise", {"kind": "large"}, AWAY, 1),
    ("/pseudonymise", {"kind": "empty"}, AWAY, 1),
    ("/pseudonymise", {"kind": "redirect"}, AWAY, 1),
    ("/pseudonymise", {"kind": "short"}, WRONG, 1),
    ("/pseudonymise", {"kind": "long"}, WRONG, 1),
    ("/pseudonymise", {"kind": "reordered"}, WRONG, 1),
    ("/pseudonymise", {"kind": "reversed"}, WRONG, 1),
    ("/pseudonymise", {"kind": "rotated"}, WRONG, 1),
    ("/pseudonymise", {"kind": "swapped"}, WRONG, 1),
    ("/pseudonymise", {"kind": "duplicated"}, WRONG, 1),
    ("/pseudonymise", {"kind": "wrong_type"}, WRONG, 1),
    ("/session", status(401, code="999"), REFUSED, 1),
    ("/session", status(503), AWAY, 4),
    ("/session", {"kind": "html"}, AWAY, 1),
    ("/session", {"kind": "timeout"}, AWAY, 1),
    ("/session", {"kind": "redirect"}, AWAY, 1),
    ("/reverse", {"kind": "cut"}, AWAY, 1),
    ("/reverse", {"kind": "swapped"}, WRONG, 1),
    ("/reverse", {"kind": "short"}, WRONG, 1),
    ("/reverse", status(503, times=1), None, 2),
]


def _named(case: object) -> str | None:
    return json.dumps(case) if isinstance(case, dict) else None


@pytest.mark.parametrize(("call", "fault", "raised", "count"), GO_WRONG, ids=_named)
def test_a_question_of_the_hospital_that_goes_wrong(
    url: str, call: str, fault: dict[str, object], raised: type[Exception] | None, count: int
) -> None:
    before = calls(url, call)
    goes_wrong(url, {"call": call, **fault})

    if raised is None:
        assert ask(url).count == 8
    else:
        with pytest.raises(raised) as error:
            ask(url)
        text = "".join(traceback.format_exception(error.value))
        assert str(CANARY)[:4] not in text
        assert "ontwikkeling" not in text

    assert calls(url, call) - before == count


def test_the_answer_of_another_call_is_seen_when_all_are_there(url: str) -> None:
    goes_wrong(url, {"call": "/pseudonymise", "kind": "cached", "after": 1})
    records = eight_patients()
    source = ZorgTtpSource(url, account(Role.SOURCE, "MCX"))
    plain = Checks(sentinels=False, read_back=False)

    with pytest.raises(UntrustedAnswerError):
        pseudonymise(records, Desk(source, plain, workers=1, most=4))


EXCHANGE_WRONG: list[tuple[dict[str, object], type[Exception], int]] = [
    ({"kind": "timeout"}, AWAY, 1),
    (status(503), AWAY, 4),
    (status(500), AWAY, 1),
    (status(403, code="303"), REFUSED, 1),
    (status(422, code="2002"), FATAL, 1),
    ({"kind": "cut"}, AWAY, 1),
    ({"kind": "html"}, AWAY, 1),
    ({"kind": "malformed"}, AWAY, 1),
    ({"kind": "large"}, AWAY, 1),
    ({"kind": "short"}, WRONG, 2),
    ({"kind": "long"}, WRONG, 2),
    ({"kind": "reordered"}, WRONG, 2),
    ({"kind": "swapped", "times": 1, "seed": 3}, WRONG, 2),
    ({"kind": "duplicated"}, WRONG, 2),
]


@pytest.mark.parametrize(("fault", "raised", "most"), EXCHANGE_WRONG, ids=_named)
def test_a_question_of_the_registry_that_goes_wrong(
    url: str, fault: dict[str, object], raised: type[Exception], most: int
) -> None:
    persons = ask(url).persons
    registry = ZorgTtpExchange(url, account(Role.REGISTRY, "NHR"))
    before = calls(url, "/exchange")
    goes_wrong(url, {"call": "/exchange", **fault})

    with pytest.raises(raised):
        exchange(persons, registry, DELIVERY, workers=1)

    assert 1 <= calls(url, "/exchange") - before <= most

    goes_wrong(url)
    assert exchange(persons, registry, DELIVERY).void == ()
