"""What both ports of ZorgTTP promise, by the fake and by the adapter with the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from databroker.adapters.zorgttp import Account, ZorgTtpExchange, ZorgTtpSource
from databroker.ports import BatchRefusedError, CredentialsRefusedError, Diagnostic
from databroker.privacy.pseudonyms import definitive_type, temporary_type
from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import Role, read_settings
from tests.support.serving import serving
from tests.support.zorgttp import InMemoryZorgTtp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from databroker.ports import PseudonymExchange, PseudonymSource

PERSON = {"G": "M", "GD": "19930515", "PC": "1234AA", "GN": "VOOR", "PN": "1", "BSN": "999994669"}


@dataclass
class Parties:
    """The two sides of one ZorgTTP, and both again with an account that is refused."""

    source: Callable[[str], PseudonymSource]
    registry: PseudonymExchange
    refused_source: PseudonymSource
    refused_registry: PseudonymExchange


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with serving(create_app(read_settings())) as url:
        yield url


@pytest.fixture(params=["fake", "adapter"])
def parties(request: pytest.FixtureRequest) -> Parties:
    if request.param == "fake":
        good, bad = InMemoryZorgTtp(), InMemoryZorgTtp(refuses_account=True)
        return Parties(good.source, good.registry(), bad.source(), bad.registry())
    url = request.getfixturevalue("simulator")
    settings = read_settings()

    def account(role: Role, name: str) -> Account:
        known = settings.account(role, name)
        return Account(known.username, known.password)

    stranger = Account("onbekend", "onbekend")
    return Parties(
        lambda centre: ZorgTtpSource(url, account(Role.SOURCE, centre)),
        ZorgTtpExchange(url, account(Role.REGISTRY, "NHR")),
        ZorgTtpSource(url, stranger),
        ZorgTtpExchange(url, stranger),
    )


def test_every_person_gets_one_answer_in_order(parties: Parties) -> None:
    source = parties.source("MCX")
    persons = [PERSON | {"PN": str(number)} for number in range(1, 6)]

    together = source.pseudonymise(["L"], persons)

    alone = [source.pseudonymise(["L"], [person])[0] for person in persons]
    first = parties.registry.exchange("order-1", [each.pseudonyms["L"] for each in together])
    again = parties.registry.exchange("order-2", [each.pseudonyms["L"] for each in alone])
    assert first == again
    assert len(set(first)) == 5


def test_an_answer_has_a_token_for_each_type_asked(parties: Parties) -> None:
    [answer] = parties.source("MCX").pseudonymise(["C", "N", "B", "L"], [PERSON])

    types = {kind: temporary_type(token) for kind, token in answer.pseudonyms.items()}
    assert types == {"C": "C", "N": "N", "B": "B", "L": "L"}
    assert answer.diagnostics == ()


def test_the_same_person_gets_another_token_each_time(parties: Parties) -> None:
    source = parties.source("MCX")

    first, second = source.pseudonymise(["C"], [PERSON, PERSON])
    [third] = source.pseudonymise(["C"], [PERSON])

    assert len({each.pseudonyms["C"] for each in (first, second, third)}) == 3


def test_a_bsn_that_fails_costs_that_pseudonym_only(parties: Parties) -> None:
    [answer] = parties.source("MCX").pseudonymise(["B", "L"], [PERSON | {"BSN": "123456789"}])

    assert set(answer.pseudonyms) == {"L"}
    assert answer.diagnostics == (Diagnostic("3001", "BSN"),)


def test_a_missing_field_costs_the_pseudonyms_that_need_it(parties: Parties) -> None:
    person = {name: value for name, value in PERSON.items() if name != "GD"}

    [answer] = parties.source("MCX").pseudonymise(["C", "N", "L"], [person])

    assert set(answer.pseudonyms) == {"L"}
    assert answer.diagnostics == (Diagnostic("3002", "GD"),)


@pytest.mark.parametrize(
    ("types", "persons", "code"),
    [
        (["X"], [PERSON], "2003"),
        (["C"], [PERSON | {"DIAGNOSE": "x"}], "2004"),
        (["C"], [PERSON] * 1001, "2002"),
    ],
    ids=["unknown type", "unknown field", "too many"],
)
def test_a_call_that_is_wrong_is_refused_whole(
    parties: Parties, types: list[str], persons: list[dict[str, str]], code: str
) -> None:
    with pytest.raises(BatchRefusedError) as refused:
        parties.source("MCX").pseudonymise(types, persons)

    assert refused.value.code == code


def test_a_linking_pseudonym_is_the_same_for_all_centres_and_the_local_one_is_not(
    parties: Parties,
) -> None:
    [here] = parties.source("MCX").pseudonymise(["B", "L"], [PERSON])
    [there] = parties.source("MCY").pseudonymise(["B", "L"], [PERSON])
    tokens = [
        here.pseudonyms["B"],
        there.pseudonyms["B"],
        here.pseudonyms["L"],
        there.pseudonyms["L"],
    ]

    b_here, b_there, l_here, l_there = parties.registry.exchange("centres-1", tokens)

    assert b_here == b_there
    assert l_here != l_there
    assert [definitive_type(each) for each in (b_here, l_here)] == ["B", "L"]
    assert temporary_type(b_here) is None


def test_a_token_is_exchanged_once_but_for_the_same_batch(parties: Parties) -> None:
    [answer] = parties.source("MCX").pseudonymise(["C"], [PERSON])
    token = answer.pseudonyms["C"]
    first = parties.registry.exchange("once-1", [token])

    again = parties.registry.exchange("once-1", [token])

    assert again == first
    with pytest.raises(BatchRefusedError) as refused:
        parties.registry.exchange("once-2", [token])
    assert refused.value.code == "2104"


def test_a_batch_with_one_unknown_token_uses_up_none(parties: Parties) -> None:
    [answer] = parties.source("MCX").pseudonymise(["C"], [PERSON])
    token = answer.pseudonyms["C"]
    unknown = f"WS{'x' * 29}-P-C-A/AAAA"

    with pytest.raises(BatchRefusedError) as refused:
        parties.registry.exchange("none-1", [token, unknown])

    assert refused.value.code == "2101"
    assert len(parties.registry.exchange("none-2", [token])) == 1


def test_a_refused_account_gets_nothing(parties: Parties) -> None:
    with pytest.raises(CredentialsRefusedError):
        parties.refused_source.pseudonymise(["C"], [PERSON])
    with pytest.raises(CredentialsRefusedError):
        parties.refused_registry.exchange("x-1", [])
