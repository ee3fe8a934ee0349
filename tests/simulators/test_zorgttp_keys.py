"""The keys of the simulator: their versions, re-keying, and the way back for a centre."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.privacy.pseudonyms import definitive_type, temporary_type
from simulators.zorgttp.persons import INGREDIENTS
from simulators.zorgttp.refusals import ItemCode, RefusedError
from simulators.zorgttp.settings import KeyVersion, Role, read_settings
from simulators.zorgttp.third_party import Outcome, ZorgTtp
from tests.simulators.parties import (
    AFTER_A,
    IN_B,
    PERSON,
    VERSION_B,
    VERSIONS,
    Clock,
    another_registry,
    running,
)
from tests.support.people import TEST_BSNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.parties import Simulator

SETTINGS = another_registry(read_settings().changed(key_versions=VERSIONS))
MCX, MCY = (SETTINGS.account(Role.SOURCE, name) for name in ("MCX", "MCY"))
NHR = SETTINGS.account(Role.REGISTRY, "NHR")
TYPES = tuple(INGREDIENTS)

persons = st.fixed_dictionaries(
    {
        "G": st.sampled_from("MV"),
        "GD": st.dates().map(lambda day: day.strftime("%Y%m%d").zfill(8)),
        "PC": st.from_regex(r"[1-9][0-9]{3}[A-Z]{2}", fullmatch=True),
        "GN": st.from_regex(r"[A-Z]{1,4}", fullmatch=True),
        "PNM": st.from_regex(r"[A-Z]{1,4}", fullmatch=True),
        "BSN": st.sampled_from(TEST_BSNS),
        "PN": st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    }
)
types = st.sampled_from(TYPES)
centres = st.sampled_from([MCX, MCY])


class Service:
    """The simulator without HTTP, with a clock that can be set."""

    def __init__(self, settings: Any = SETTINGS) -> None:
        self.clock = Clock()
        self.zorgttp = ZorgTtp(settings, self.clock)

    def token(self, centre: Any, kind: str, person: dict[str, str]) -> str:
        [answer] = self.zorgttp.pseudonymise(centre, [kind], [person])
        token: str = answer["pseudonyms"][kind]
        return token

    def definitive(self, centre: Any, kind: str, person: dict[str, str]) -> str:
        token = self.token(centre, kind, person)
        [outcome] = self.zorgttp.exchange(NHR, token, [token])
        assert outcome.text is not None
        return outcome.text


@pytest.fixture
def rotating() -> Iterator[Simulator]:
    with running(SETTINGS) as simulator:
        yield simulator


@given(persons, types, centres, st.booleans())
def test_a_definitive_pseudonym_is_made_of_the_person_and_the_keys_alone(
    person, kind, centre, later
):
    first, second = Service(), Service()
    if later:
        first.clock.now = second.clock.now = IN_B

    assert first.definitive(centre, kind, person) == second.definitive(centre, kind, person)


@given(persons, types, centres)
def test_a_rekeyed_pseudonym_is_what_the_current_version_makes_of_the_person(person, kind, centre):
    service = Service()
    old = service.definitive(centre, kind, person)
    service.clock.now = IN_B

    [renewed] = service.zorgttp.rekey(NHR, [old])

    assert renewed == Outcome(service.definitive(centre, kind, person))
    assert renewed.text is not None
    assert renewed.text.split("-")[3:] != old.split("-")[3:]
    assert service.zorgttp.rekey(NHR, [renewed.text]) == [renewed]


@given(st.lists(persons, max_size=5), centres)
def test_a_centre_gets_back_what_it_had_pseudonymised(people, centre):
    service = Service()
    tokens = [service.token(centre, "L", person) for person in people]
    lasting = [service.definitive(centre, "L", person) for person in people]
    expected = [Outcome(person["PN"]) for person in people]

    assert service.zorgttp.reverse(centre, tokens) == expected
    assert service.zorgttp.reverse(centre, lasting) == expected
    service.clock.now = IN_B
    renewed = [outcome.text or "" for outcome in service.zorgttp.rekey(NHR, lasting)]
    assert service.zorgttp.reverse(centre, renewed) == expected


@given(persons, persons, types, centres, centres)
def test_pseudonyms_are_equal_when_what_they_are_made_of_is(one, other, kind, here, there):
    service = Service()
    made_of_one = [one[field] for field in INGREDIENTS[kind]]
    made_of_other = [other[field] for field in INGREDIENTS[kind]]
    alike = made_of_one == made_of_other and (kind != "L" or here == there)

    pseudonyms = service.definitive(here, kind, one), service.definitive(there, kind, other)

    assert (pseudonyms[0] == pseudonyms[1]) is alike


@given(persons, types, centres, st.booleans())
def test_both_shapes_are_as_agreed_under_each_version(person, kind, centre, later):
    service = Service()
    service.clock.now = IN_B if later else service.clock.now
    token, lasting = service.token(centre, kind, person), service.definitive(centre, kind, person)
    version = "B" if later else "A"

    assert temporary_type(token) == definitive_type(lasting) == kind
    assert temporary_type(lasting) is definitive_type(token) is None
    assert re.fullmatch(rf"WS[A-Za-z0-9]{{29}}-P-{kind}-{version}/[A-Za-z0-9+/]+=*", token)
    assert lasting.startswith(f"DP-{kind}-{version}-")


@given(persons, types)
def test_a_pseudonym_with_another_digit_is_known_to_nobody(person, kind):
    service = Service()
    lasting = service.definitive(MCX, kind, person)
    # The last digit can have bits that say nothing; the one in the middle has none.
    place = len(lasting) // 2
    forged = lasting[:place] + ("A" if lasting[place] != "A" else "B") + lasting[place + 1 :]

    assert service.zorgttp.rekey(NHR, [forged]) == [Outcome(None, ItemCode.UNKNOWN)]
    assert service.zorgttp.reverse(MCX, [forged]) == [Outcome(None, ItemCode.UNREADABLE)]


def test_the_latest_version_that_has_begun_makes_the_pseudonyms(rotating):
    before = rotating.nhr.exchange(rotating.mcx.token(), batch="x-1")
    rotating.clock.now = IN_B

    after = rotating.nhr.exchange(rotating.mcx.token(), batch="x-2")

    assert (before[0][:7], after[0][:7]) == ("DP-C-A-", "DP-C-B-")


def test_a_token_of_the_old_version_gets_a_pseudonym_of_the_current_one():
    with running(SETTINGS.changed(token_seconds=10 * 366 * 86400)) as rotating:
        token = rotating.mcx.token()
        rotating.clock.now = IN_B

        assert rotating.nhr.exchange(token) == rotating.nhr.exchange(rotating.mcx.token())


def test_a_batch_that_is_asked_again_after_a_rotation_gets_the_same_answer():
    with running(SETTINGS.changed(token_seconds=10 * 366 * 86400)) as rotating:
        token = rotating.mcx.token()
        first = rotating.nhr.exchange(token, batch="x-1")
        rotating.clock.now = IN_B
        again = rotating.nhr.exchange(token, batch="x-1")
        rotating.clock.now = AFTER_A
        fresh = rotating.nhr.exchange(rotating.mcx.token(), batch="x-1")

    assert first == again
    assert fresh[0].startswith("DP-C-B-")


def test_after_its_end_nothing_of_a_version_can_be_read():
    with running(SETTINGS.changed(token_seconds=10 * 366 * 86400)) as rotating:
        token, other = rotating.mcx.token("L"), rotating.mcx.token("L")
        [lasting] = rotating.nhr.exchange(token)
        rotating.clock.now = AFTER_A
        mcx, nhr = rotating.mcx, rotating.nhr

        assert nhr.exchange(other) == ["2105"]
        assert nhr.rekey(lasting) == ["2105"]
        assert mcx.reverse(lasting, other) == ["2105", "2105"]


def test_rekeying_answers_each_pseudonym_in_order_and_counts(rotating):
    nhr, mcx = rotating.nhr, rotating.mcx
    one, other = nhr.exchange(mcx.token(), mcx.token("L"))
    rotating.clock.now = IN_B
    nhr, mcx = rotating.nhr, rotating.mcx

    status, result = nhr.post("/rekey", {"pseudonyms": [one, "onzin", mcx.token(), other]})

    assert status == 200
    assert list(result) == ["statistics", "records"]
    assert (result["statistics"]["pseudonymTotal"], result["statistics"]["errorTotal"]) == (2, 2)
    assert result["records"][1] == {"pseudonym": None, "diagnostics": [{"code": "2101"}]}
    assert result["records"][2] == {"pseudonym": None, "diagnostics": [{"code": "2101"}]}
    assert [each["pseudonym"] and each["pseudonym"][:7] for each in result["records"]] == [
        "DP-C-B-",
        None,
        None,
        "DP-L-B-",
    ]
    counts = nhr.counts()
    assert (counts["rekey.calls"], counts["rekey.records"], counts["rekeyed"]) == (1, 4, 2)


@pytest.mark.parametrize("kind", ["C", "L"])
def test_a_registry_cannot_rekey_what_is_of_another_one(rotating, kind):
    [pseudonym] = rotating.nhr.exchange(rotating.mcx.token(kind))

    assert rotating.log_in(Role.REGISTRY, "ANDERS").rekey(pseudonym) == ["2102"]


def test_reversing_answers_each_pseudonym_in_order_and_is_counted_by_account(rotating):
    mcx, nhr = rotating.mcx, rotating.nhr
    token, of_another_type = mcx.token("L", PN="7654321"), mcx.token("C")
    [lasting] = nhr.exchange(mcx.token("L", PN="1234567"))
    items = [
        token,
        "onzin",
        of_another_type,
        lasting,
        *nhr.exchange(of_another_type),
        "DP-L-A-" + "x" * 32,
    ]

    status, result = mcx.post("/reverse", {"pseudonyms": items})

    assert status == 200
    assert list(result) == ["statistics", "records"]
    assert (result["statistics"]["pseudonymTotal"], result["statistics"]["errorTotal"]) == (2, 4)
    unreadable = {"value": None, "diagnostics": [{"code": "316"}]}
    assert result["records"] == [
        {"value": "7654321", "diagnostics": []},
        unreadable,
        unreadable,
        {"value": "1234567", "diagnostics": []},
        unreadable,
        unreadable,
    ]
    counts = mcx.counts()
    assert (counts["reversed"], counts["reverse.diagnostics.316"]) == (2, 4)
    assert (counts["reversed.MCX.calls"], counts["reversed.MCX.values"]) == (1, 2)


def test_a_token_that_expired_is_not_reversed_and_a_lasting_pseudonym_is(rotating):
    token = rotating.mcx.token("L")
    [lasting] = rotating.nhr.exchange(token)
    rotating.clock.now += rotating.settings.token_seconds

    assert rotating.mcx.reverse(token, lasting) == ["2103", PERSON["PN"]]


@pytest.mark.parametrize("lasting", [False, True], ids=["token", "definitive"])
def test_one_pseudonym_of_another_centre_has_the_whole_call_refused(rotating, lasting):
    [own, foreign] = rotating.mcx.token("L"), rotating.mcy.token("L")
    if lasting:
        own, foreign = rotating.nhr.exchange(own, foreign)

    refusal = rotating.mcx.post("/reverse", {"pseudonyms": [own, foreign]})

    assert refusal == (403, {"code": "303"})
    counts = rotating.mcx.counts()
    assert counts["reversed"] == 0
    assert (counts["reversed.MCX.calls"], counts["reverse.refused.303"]) == (1, 1)


@pytest.mark.parametrize(
    "versions",
    [
        [],
        [VERSION_B, VERSION_B],
        [VERSION_B, VERSION_B | {"version": "C"}],
        [VERSION_B | {"until": "2023-12-31"}],
        [VERSION_B | {"version": "BB"}],
        [VERSION_B | {"tot": "2030-01-01"}],
        [{"version": "B"}],
    ],
)
def test_key_versions_that_are_impossible_are_refused(versions):
    with pytest.raises(ValueError, match="key_versions"):
        read_settings().changed(key_versions=versions)


def test_without_a_version_that_has_begun_it_does_not_start():
    with pytest.raises(ValueError, match="begun"):
        Service(read_settings().changed(key_versions=[VERSION_B]))


def test_a_moment_is_utc_unless_it_says_otherwise():
    day, time, elsewhere = (
        KeyVersion.model_validate({"version": "A", "from": text}).begins.timestamp()
        for text in ("2024-01-01", "2024-01-01T00:00:00", "2024-01-01T01:00:00+01:00")
    )

    assert day == time == elsewhere


def test_the_order_of_the_versions_in_the_settings_is_of_no_account():
    service = Service(read_settings().changed(key_versions=VERSIONS[::-1]))
    service.clock.now = IN_B

    assert service.definitive(MCX, "C", PERSON).startswith("DP-C-B-")


def test_a_refusal_has_no_value_in_its_text():
    service = Service()
    foreign = service.token(MCY, "L", PERSON)

    with pytest.raises(RefusedError) as refused:
        service.zorgttp.reverse(MCX, [foreign])

    assert str(refused.value) == "303"
