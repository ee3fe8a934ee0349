import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from databroker.delivery import DeliveryId
from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    Diagnostic,
    Pseudonymised,
    PseudonymServiceUnavailableError,
    Statistics,
    UntrustedAnswerError,
)
from databroker.privacy.desk import Desk, KeptInMemory
from databroker.privacy.exchange import exchange
from databroker.privacy.persons import People
from databroker.privacy.pseudonymise import PERSON, pseudonymise
from databroker.privacy.trust import SENTINELS, Checks
from databroker.records import Records
from tests.support.people import TEST_BSNS, a_row, records_of
from tests.support.tampering import OF_ONE_TYPE, TAMPERS, TamperedSource
from tests.support.zorgttp import InMemorySource, InMemoryZorgTtp

DELIVERY = DeliveryId("MCX-20261122-0123456789abcdef")
PLAIN = Checks(sentinels=False, read_back=False)


@dataclass
class FlakySource:
    """ZorgTTP that fails at some of the calls, counted from 1."""

    true_source: InMemorySource
    faults: dict[int, Exception]
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> tuple[list[Pseudonymised], Statistics]:
        with self.lock:
            self.calls += 1
            fault = self.faults.get(self.calls)
        if fault:
            raise fault
        return self.true_source.pseudonymise(types, persons)

    def reverse(self, pseudonyms: Sequence[str]) -> list[str | None]:
        return self.true_source.reverse(pseudonyms)


def people(count: int) -> Records:
    """Make so many patients; some share a birth date, a name or a BSN."""
    names = ["Voorbeeld", "Testpersoon", "Fictief"]
    return records_of(
        *(
            a_row(
                interv_nr=f"MCX-{number:06}",
                pat_nr=str(number),
                geb_naam=names[number % 3],
                bsn=TEST_BSNS[number % 3] if number % 4 == 0 else None,
                geslacht=str(number % 2 + 1),
            )
            for number in range(1, count + 1)
        )
    )


def registered(records: Records, desk: Desk, service: InMemoryZorgTtp, tries: int = 3) -> Records:
    """Walk the road to definitive pseudonyms as the workflow does, with its tries and rounds."""
    void: tuple[int, ...] = ()
    for number in range(1, 3):
        for left in reversed(range(tries)):
            try:
                pseudonyms = pseudonymise(
                    records,
                    Desk(
                        desk.source,
                        desk.checks,
                        kept=desk.kept,
                        most=desk.most,
                        round=number,
                        void=void,
                    ),
                )
                break
            except UntrustedAnswerError:
                if not left:
                    raise
        exchanged = exchange(pseudonyms.persons, service.registry(), DELIVERY)
        void = exchanged.void
        if not void:
            return exchanged.of(records.with_columns({PERSON: pseudonyms.of_record}))
    raise UntrustedAnswerError("mixed up")


def outcome_of(records: Records, desk: Desk, service: InMemoryZorgTtp) -> Records | None:
    """Give what would be registered, None when ZorgTTP is not believed."""
    try:
        return registered(records, desk, service)
    except UntrustedAnswerError:
        return None


def truth(records: Records) -> Records:
    """Ask for every record alone."""
    service = InMemoryZorgTtp()
    alone = [
        registered(part, Desk(service.source(), PLAIN, most=1), service)
        for part in records.parts(1)
    ]
    return Records.concat(alone)


def test_two_sentinels_are_in_every_call_at_places_nobody_can_foresee():
    service = InMemoryZorgTtp()
    places = set()
    for _ in range(20):
        service.persons.clear()
        Desk(service.source(), most=12).ask(People.of(people(10)))
        numbers = [person["PN"] for person in service.persons]
        places.add(numbers.index(SENTINELS[0]["PN"], 2))

    assert len(places) > 3


@pytest.mark.parametrize("checks", [PLAIN, Checks(), Checks(sentinels=False)])
def test_every_record_gets_the_definitive_pseudonyms_of_its_own_person(checks):
    service, records = InMemoryZorgTtp(), people(40)

    result = registered(records, Desk(service.source(), checks, most=9, workers=3), service)

    assert result == truth(records)


@pytest.mark.parametrize("tamper", TAMPERS)
def test_no_tampered_answer_gives_anyone_the_pseudonym_of_another(tamper):
    """Fifty chances for each way of tampering: 0 swapped pseudonyms."""
    records, tampered = people(20), 0
    expected = truth(records)
    for seed in range(50):
        service = InMemoryZorgTtp()
        source = TamperedSource(service.source(), TAMPERS[tamper], seed)

        assert outcome_of(records, Desk(source, most=12), service) in (None, expected)

        tampered += source.tampered
        once = TamperedSource(service.source(), TAMPERS[tamper], seed, times=1)
        assert registered(records, Desk(once, most=12), service) == expected

    assert tampered > 100


@pytest.mark.parametrize("tamper", set(TAMPERS) - {"two swapped", "duplicated", "shifted"})
def test_sentinels_alone_see_an_answer_in_another_order(tamper):
    records, tampered = people(20), 0
    expected = truth(records)
    for seed in range(50):
        service = InMemoryZorgTtp()
        source = TamperedSource(service.source(), TAMPERS[tamper], seed)
        desk = Desk(source, Checks(read_back=False), most=12, workers=1)

        assert outcome_of(records, desk, service) in (None, expected)

        tampered += source.tampered

    assert tampered > 100


def test_all_persons_together_show_that_one_token_of_two_was_swapped():
    """Reading back proves the patient number only; the others by who must be the same as whom."""
    records, swapped = people(24), 0
    expected = truth(records)
    for seed in range(50):
        service = InMemoryZorgTtp()
        source = TamperedSource(service.source(), OF_ONE_TYPE, seed, times=1)

        assert registered(records, Desk(source, most=14, workers=1), service) == expected

        swapped += source.tampered

    assert swapped > 40


def test_a_finished_batch_is_never_asked_again():
    service, kept = InMemoryZorgTtp(), KeptInMemory()
    gone = PseudonymServiceUnavailableError("gone")
    source = FlakySource(service.source(), {4: gone})
    desk = Desk(source, PLAIN, kept=kept, most=3, workers=1)
    records = people(15)

    with pytest.raises(PseudonymServiceUnavailableError):
        pseudonymise(records, desk)
    first = source.calls
    result = pseudonymise(records, desk)
    total = source.calls
    again = pseudonymise(records, desk)

    assert first in {4, 5}
    asked = [person["PN"] for person in service.persons]
    assert sorted(asked) == sorted(set(asked))
    assert source.calls == total
    assert again.persons == result.persons


def test_a_kept_answer_of_another_question_is_not_taken():
    service, kept = InMemoryZorgTtp(), KeptInMemory()
    pseudonymise(people(5), Desk(service.source(), PLAIN, kept=kept))
    calls = service.calls

    pseudonymise(people(6), Desk(service.source(), PLAIN, kept=kept))

    assert service.calls > calls


def test_the_worst_fault_of_calls_side_by_side_is_told():
    service = InMemoryZorgTtp()
    faults: dict[int, Exception] = {
        1: PseudonymServiceUnavailableError("gone"),
        2: CredentialsRefusedError("refused"),
        3: PseudonymServiceUnavailableError("gone"),
    }
    source = FlakySource(service.source(), faults)

    with pytest.raises(CredentialsRefusedError):
        pseudonymise(people(12), Desk(source, PLAIN, most=1, workers=3))

    assert source.calls <= 6


def test_no_more_calls_are_made_at_a_time_than_allowed():
    service, most, now = InMemoryZorgTtp(), 0, 0
    lock = threading.Lock()
    together = threading.Barrier(3)

    class Counting(InMemorySource):
        def pseudonymise(self, types, persons):
            nonlocal most, now
            with lock:
                now += 1
                most = max(most, now)
            together.wait(timeout=10)
            with lock:
                now -= 1
            return super().pseudonymise(types, persons)

    pseudonymise(people(15), Desk(Counting(service, "MCX"), PLAIN, most=1, workers=3))

    assert most == 3


def test_one_answer_given_for_two_batches_is_asked_again():
    service, kept = InMemoryZorgTtp(), KeptInMemory()
    source = TamperedSource(service.source(), TAMPERS["cached"], times=1)
    desk = Desk(source, PLAIN, kept=kept, most=1, workers=1)
    records = records_of(a_row(pat_nr="111"), a_row(pat_nr="222"))

    with pytest.raises(UntrustedAnswerError) as fault:
        pseudonymise(records, desk)
    result = pseudonymise(records, desk)

    assert "111" not in str(fault.value)
    assert len(set(result.persons.column("ps_pat"))) == 2


def _without_a_type(
    _random: Random, answers: list[Pseudonymised], _before: list[Pseudonymised]
) -> list[Pseudonymised]:
    return [Pseudonymised({"L": answer.pseudonyms["L"]}) for answer in answers]


def _types_swapped(
    _random: Random, answers: list[Pseudonymised], _before: list[Pseudonymised]
) -> list[Pseudonymised]:
    return [
        Pseudonymised({**each.pseudonyms, "C": each.pseudonyms["N"], "N": each.pseudonyms["C"]})
        for each in answers
    ]


def _of_another_shape(
    _random: Random, answers: list[Pseudonymised], _before: list[Pseudonymised]
) -> list[Pseudonymised]:
    return [Pseudonymised(dict.fromkeys(answer.pseudonyms, "x")) for answer in answers]


def _with_a_type_too_many(
    _random: Random, answers: list[Pseudonymised], _before: list[Pseudonymised]
) -> list[Pseudonymised]:
    first, *others = answers
    extra = "WS" + "0" * 29 + "-P-B-A/ZZZZ"
    said = (Diagnostic("3001", "BSN"),)
    return [Pseudonymised({**first.pseudonyms, "B": extra}, said), *others]


@pytest.mark.parametrize(
    "tamper", [_without_a_type, _types_swapped, _of_another_shape, _with_a_type_too_many]
)
def test_an_answer_that_is_not_what_was_asked_is_not_taken(tamper):
    source = TamperedSource(InMemoryZorgTtp().source(), tamper)
    records = records_of(a_row(pat_nr="111"), a_row(pat_nr="222"))

    with pytest.raises(UntrustedAnswerError) as fault:
        pseudonymise(records, Desk(source, PLAIN))

    assert "111" not in str(fault.value)


def test_a_fatal_code_about_one_person_is_fatal():
    source = TamperedSource(
        InMemoryZorgTtp().source(),
        lambda _random, answers, _before: [
            Pseudonymised({}, (Diagnostic("2007", "PN"),)) for _ in answers
        ],
    )

    with pytest.raises(BatchRefusedError) as refused:
        pseudonymise(records_of(a_row()), Desk(source, PLAIN))

    assert refused.value.code == "2007"


def test_a_refused_account_and_a_fatal_code_stop_everything():
    with pytest.raises(CredentialsRefusedError):
        pseudonymise(people(2), Desk(InMemoryZorgTtp(refuses_account=True).source()))
    with pytest.raises(BatchRefusedError) as refused:
        pseudonymise(people(2), Desk(InMemoryZorgTtp(fatal="2009").source()))

    assert refused.value.code == "2009"
