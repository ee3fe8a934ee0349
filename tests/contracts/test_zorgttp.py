"""What both ports of ZorgTTP promise, by the fake and by the adapter with the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from databroker.adapters.zorgttp import Account, ZorgTtpExchange, ZorgTtpSource
from databroker.ports import BatchRefusedError, CredentialsRefusedError, Diagnostic, Exchanged
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
        return Account(name, known.username, known.password)

    stranger = Account("MCX", "onbekend", "onbekend")
    return Parties(
        lambda centre: ZorgTtpSource(url, account(Role.SOURCE, centre)),
        ZorgTtpExchange(url, account(Role.REGISTRY, "NHR")),
        ZorgTtpSource(url, stranger),
        ZorgTtpExchange(url, stranger),
    )


def test_every_person_gets_one_answer_in_order(parties: Parties) -> None:
    source = parties.source("MCX")
    persons = [PERSON | {"PN": str(number)} for number in range(1, 6)]

    together, _ = source.pseudonymise(["L"], persons)

    alone = [source.pseudonymise(["L"], [person])[0][0] for person in persons]
    first = parties.registry.exchange("order-1", [each.pseudonyms["L"] for each in together])
    again = parties.registry.exchange("order-2", [each.pseudonyms["L"] for each in alone])
    assert first == again
    assert len(set(first)) == 5


def test_an_answer_has_a_token_for_each_type_asked(parties: Parties) -> None:
    [answer], _ = parties.source("MCX").pseudonymise(["C", "N", "B", "L"], [PERSON])

    types = {kind: temporary_type(token) for kind, token in answer.pseudonyms.items()}
    assert types == {"C": "C", "N": "N", "B": "B", "L": "L"}
    assert answer.diagnostics == ()


def test_the_same_person_gets_another_token_each_time(parties: Parties) -> None:
    source = parties.source("MCX")

    (first, second), _ = source.pseudonymise(["C"], [PERSON, PERSON])
    [third], _ = source.pseudonymise(["C"], [PERSON])

    assert len({each.pseudonyms["C"] for each in (first, second, third)}) == 3


def test_a_bsn_that_fails_costs_that_pseudonym_only(parties: Parties) -> None:
    [answer], _ = parties.source("MCX").pseudonymise(["B", "L"], [PERSON | {"BSN": "123456789"}])

    assert set(answer.pseudonyms) == {"L"}
    assert answer.diagnostics == (Diagnostic("3001", "BSN"),)


def test_a_missing_field_costs_the_pseudonyms_that_need_it(parties: Parties) -> None:
    person = {name: value for name, value in PERSON.items() if name != "GD"}

    [answer], _ = parties.source("MCX").pseudonymise(["C", "N", "L"], [person])

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
    [here], _ = parties.source("MCX").pseudonymise(["B", "L"], [PERSON])
    [there], _ = parties.source("MCY").pseudonymise(["B", "L"], [PERSON])
    tokens = [
        here.pseudonyms["B"],
        there.pseudonyms["B"],
        here.pseudonyms["L"],
        there.pseudonyms["L"],
    ]

    answers = parties.registry.exchange("centres-1", tokens)
    b_here, b_there, l_here, l_there = (each.pseudonym or "" for each in answers)

    assert b_here == b_there
    assert l_here != l_there
    assert [definitive_type(each) for each in (b_here, l_here)] == ["B", "L"]
    assert temporary_type(b_here) is None


def test_a_token_is_exchanged_once_but_for_the_same_batch(parties: Parties) -> None:
    [answer], _ = parties.source("MCX").pseudonymise(["C"], [PERSON])
    token = answer.pseudonyms["C"]
    first = parties.registry.exchange("once-1", [token])

    again = parties.registry.exchange("once-1", [token])

    assert again == first
    assert first[0].code is None
    assert parties.registry.exchange("once-2", [token]) == [Exchanged(None, "2104")]


def test_a_token_that_is_not_accepted_costs_no_other(parties: Parties) -> None:
    [answer], _ = parties.source("MCX").pseudonymise(["C"], [PERSON])
    unknown = f"WS{'x' * 29}-P-C-A/AAAA"

    refused, given = parties.registry.exchange("item-1", [unknown, answer.pseudonyms["C"]])

    assert refused == Exchanged(None, "2101")
    assert definitive_type(given.pseudonym or "") == "C"


def test_a_centre_turns_back_what_is_its_own_temporary_or_definitive(parties: Parties) -> None:
    source = parties.source("MCX")
    [answer], _ = source.pseudonymise(["L", "C"], [PERSON])
    token = answer.pseudonyms["L"]
    [lasting] = parties.registry.exchange("back-1", [token])

    found = source.reverse([token, lasting.pseudonym or "", answer.pseudonyms["C"], "x"])

    assert found == ["1", "1", None, None]


def test_a_centre_cannot_turn_back_what_is_of_another(parties: Parties) -> None:
    [mine], _ = parties.source("MCX").pseudonymise(["L"], [PERSON])
    [theirs], _ = parties.source("MCY").pseudonymise(["L"], [PERSON])

    with pytest.raises(CredentialsRefusedError):
        parties.source("MCX").reverse([mine.pseudonyms["L"], theirs.pseudonyms["L"]])


def test_a_definitive_pseudonym_is_made_with_the_key_of_today(parties: Parties) -> None:
    [answer], _ = parties.source("MCX").pseudonymise(["C"], [PERSON])
    [lasting] = parties.registry.exchange("key-1", [answer.pseudonyms["C"]])

    assert parties.registry.rekey([lasting.pseudonym or ""]) == [lasting]
    [unknown] = parties.registry.rekey([f"DP-C-A-{'x' * 43}"])
    assert unknown == Exchanged(None, "2101")


def test_the_figures_of_a_call_are_those_of_its_answer(parties: Parties) -> None:
    persons = [PERSON, PERSON | {"BSN": "123456789"}]

    _, statistics = parties.source("MCX").pseudonymise(["B", "L"], persons)

    assert (statistics.pseudonyms, statistics.errors) == (3, 1)
    assert statistics.speed > 0


def test_a_refused_account_gets_nothing(parties: Parties) -> None:
    with pytest.raises(CredentialsRefusedError):
        parties.refused_source.pseudonymise(["C"], [PERSON])
    with pytest.raises(CredentialsRefusedError):
        parties.refused_registry.exchange("x-1", [])
