from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from databroker.delivery import DeliveryId
from databroker.ports import BatchRefusedError, PseudonymServiceUnavailableError
from databroker.privacy.exchange import exchange
from databroker.privacy.pseudonymise import pseudonymise
from databroker.privacy.pseudonyms import COLUMNS, temporary_type
from databroker.records import Records
from tests.support.people import a_row, records_of
from tests.support.zorgttp import InMemoryZorgTtp

DELIVERY = DeliveryId("MCX-20261122-0123456789abcdef")


@dataclass
class FixedExchange:
    """Answers the same, whatever it is asked."""

    answers: list[str]

    def exchange(self, batch_id: str, tokens: Sequence[str]) -> list[str]:
        del batch_id, tokens
        return self.answers


def with_tokens(service: InMemoryZorgTtp, *rows: dict[str, str | None]) -> Records:
    records = records_of(*rows)
    return records.with_columns(pseudonymise(records, service.source()).columns)


def with_one_token(kind: str = "L") -> Records:
    token = f"WS{'0' * 29}-P-{kind}-A/AAAA"
    return Records.of({COLUMNS["L"]: [token]}, [2])


def test_every_token_becomes_the_definitive_pseudonym_it_stands_for():
    service = InMemoryZorgTtp()
    records = with_tokens(service, a_row(), a_row(pat_nr="222", partnernaam="Test"), a_row())

    result = exchange(records, service.registry(), DELIVERY)

    for name in COLUMNS.values():
        expected = [service.tokens[token] if token else None for token in records.column(name)]
        assert result.records.column(name) == expected
    assert result.records.column("diagnose") == records.column("diagnose")
    assert result.tokens == len(service.tokens)


def test_a_token_that_rows_share_is_exchanged_once_in_batches_named_after_the_delivery():
    service = InMemoryZorgTtp()
    records = with_tokens(service, *[a_row(), a_row(pat_nr="222")] * 3)

    exchange(records, service.registry(), DELIVERY, most=4)

    assert service.batches == [f"{DELIVERY}-1", f"{DELIVERY}-2"]
    assert len(service.exchanged) == 6


def test_a_second_try_gets_the_same_answer():
    service = InMemoryZorgTtp()
    records = with_tokens(service, a_row(), a_row(pat_nr="222"))
    first = exchange(records, service.registry(), DELIVERY, most=4)

    second = exchange(records, service.registry(), DELIVERY, most=4)

    assert second.records == first.records


def test_what_was_exchanged_before_stays_as_it_is():
    service = InMemoryZorgTtp()
    once = exchange(with_tokens(service, a_row()), service.registry(), DELIVERY)

    twice = exchange(once.records, service.registry(), DELIVERY)

    assert twice.tokens == 0
    assert twice.records == once.records


def test_tokens_of_another_delivery_are_refused():
    service = InMemoryZorgTtp()
    records = with_tokens(service, a_row())
    exchange(records, service.registry(), DELIVERY)

    with pytest.raises(BatchRefusedError) as refused:
        exchange(records, service.registry(), DeliveryId("MCX-20261122-fedcba9876543210"))

    assert refused.value.code == "2104"


def test_records_without_tokens_need_no_call():
    service = InMemoryZorgTtp()

    result = exchange(records_of(a_row()), service.registry(), DELIVERY)

    assert (result.tokens, service.batches) == (0, [])


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [f"DP-L-A-{'a' * 43}"] * 2,
        [f"WS{'1' * 29}-P-L-A/AAAA"],
        [f"DP-B-A-{'a' * 43}"],
        ["1234567"],
        [""],
    ],
    ids=["short", "long", "a token", "another type", "no pseudonym", "empty"],
)
def test_nothing_but_a_definitive_pseudonym_of_the_type_is_taken(answers):
    with pytest.raises(PseudonymServiceUnavailableError):
        exchange(with_one_token(), FixedExchange(answers), DELIVERY)


def test_the_sample_of_zorgttp_is_recognised_as_temporary():
    sample = "WSabzzzzzz0SdACDDArAEJCGsCDECDE-P-C-A/PjAAAAAc4G94wE7puMw5psa6YyagXFi42IEGAg1w=="

    assert temporary_type(sample) == "C"
