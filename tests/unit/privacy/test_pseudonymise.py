from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from databroker.dataset import find_dataset
from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    Diagnostic,
    Pseudonymised,
    PseudonymServiceUnavailableError,
)
from databroker.privacy.pseudonymise import pseudonymise
from databroker.records import Origin
from tests.support.people import TEST_BSNS, a_row, records_of
from tests.support.zorgttp import InMemorySource, InMemoryZorgTtp


@dataclass
class TamperedSource:
    """ZorgTTP with something in between that changes its answers."""

    true_source: InMemorySource
    tamper: Callable[[list[Pseudonymised]], list[Pseudonymised]]

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> list[Pseudonymised]:
        return self.tamper(self.true_source.pseudonymise(types, persons))


def test_every_row_gets_the_tokens_of_its_own_person():
    service = InMemoryZorgTtp()
    rows = [a_row(pat_nr=str(number), bsn=bsn) for number, bsn in enumerate(TEST_BSNS, start=1)]
    records = records_of(*rows, a_row(pat_nr="77", partnernaam="Test"), rows[1])

    result = pseudonymise(records, service.source(), most=2)

    alone = [
        answer.pseudonyms["L"]
        for number in records.column("pat_nr")
        for answer in service.source().pseudonymise(["L"], [{"PN": str(number)}])
    ]
    assert _owners(service, result.columns["ps_pat"]) == _owners(service, alone)
    assert [token is None for token in result.columns["ps_partner"]] == [True] * 5 + [False, True]
    assert [token is None for token in result.columns["ps_bsn"]] == [False] * 5 + [True, False]
    assert (result.dropped, result.failed, result.persons) == ((), (), 6)


def test_equal_persons_share_one_answer_and_are_sent_once():
    service = InMemoryZorgTtp()

    result = pseudonymise(records_of(a_row(), a_row(), a_row()), service.source())

    assert len(service.persons) == 1
    assert all(len(set(tokens)) == 1 for tokens in result.columns.values())


def test_a_row_refused_before_is_not_sent_and_is_not_said_to_fail():
    service = InMemoryZorgTtp()
    records = records_of(a_row(pat_nr="111"), a_row(pat_nr="222"))

    result = pseudonymise(records, service.source(), refused={2})

    assert [person["PN"] for person in service.persons] == ["222"]
    assert [token is None for token in result.columns["ps_pat"]] == [True, False]
    assert result.failed == ()


def test_nothing_is_called_when_nothing_is_left_to_send():
    service = InMemoryZorgTtp()

    result = pseudonymise(records_of(a_row()), service.source(), refused={2})

    assert service.calls == 0
    assert result.columns["ps_pat"] == [None]


def test_no_medical_value_is_sent():
    service = InMemoryZorgTtp()

    pseudonymise(records_of(a_row(bsn=TEST_BSNS[0], partnernaam="Test")), service.source())

    assert "MEDISCH-GEHEIM" not in str(service.persons)
    assert set(service.persons[0]) == {"G", "GD", "PC", "GN", "PNM", "BSN", "PN"}


def test_a_warning_drops_the_value_and_keeps_the_row():
    service = InMemoryZorgTtp()
    origin = Origin("PMICD_NHR", {"bsn": "I"})
    records = records_of(a_row(bsn="123456789"), origin=origin)

    result = pseudonymise(records, service.source())

    [remark] = result.dropped
    assert (remark.row, remark.cell, remark.interv_nr) == (2, "PMICD_NHR!I2", "MCX-000123")
    assert (remark.column, remark.codes) == ("bsn", "3001")
    assert result.columns["ps_bsn"] == [None]
    assert result.columns["ps_naam"] != [None]
    assert result.failed == ()


def test_a_row_that_leads_to_no_patient_fails_and_keeps_no_token():
    records = records_of(a_row(pat_nr=None), a_row())

    result = pseudonymise(records, InMemoryZorgTtp().source())

    assert [(remark.row, remark.codes) for remark in result.failed] == [(2, "te weinig gegevens")]
    assert {name for name, tokens in result.columns.items() if tokens[0]} == set()
    assert result.columns["ps_pat"][1] is not None


@pytest.mark.parametrize(
    "changes", [{"geslacht": "-1"}, {"geb_datum": None}, {"geb_naam": "-", "postcode": "-1"}]
)
def test_a_patient_of_whom_too_little_is_known_to_link_is_still_the_patient_of_the_centre(changes):
    records = records_of(a_row(**changes))

    result = pseudonymise(records, InMemoryZorgTtp().source())

    assert result.failed == ()
    assert {name for name, tokens in result.columns.items() if tokens[0]} == {"ps_pat"}


def test_a_row_that_lost_its_only_link_fails_with_the_code_of_zorgttp():
    records = records_of(a_row(geslacht="-1", bsn="123456789"))

    result = pseudonymise(records, InMemoryZorgTtp().source())

    assert [(remark.row, remark.codes) for remark in result.failed] == [(2, "3001")]


def test_calls_side_by_side_give_the_rows_the_same_patients():
    service = InMemoryZorgTtp()
    records = records_of(*(a_row(pat_nr=str(number)) for number in range(1, 41)))
    source = service.source()

    with ThreadPoolExecutor(4) as executor:
        result = pseudonymise(records, source, calls=executor.map, most=3)

    one_by_one = pseudonymise(records, source)
    assert _owners(service, result.columns["ps_pat"]) == _owners(
        service, one_by_one.columns["ps_pat"]
    )


def test_a_refused_account_and_a_fatal_code_stop_everything():
    records = records_of(a_row())

    with pytest.raises(CredentialsRefusedError):
        pseudonymise(records, InMemoryZorgTtp(refuses_account=True).source())
    with pytest.raises(BatchRefusedError) as refused:
        pseudonymise(records, InMemoryZorgTtp(fatal="2009").source())

    assert refused.value.code == "2009"


def _without_a_type(answers: list[Pseudonymised]) -> list[Pseudonymised]:
    return [Pseudonymised({"L": answer.pseudonyms["L"]}) for answer in answers]


def _types_swapped(answers: list[Pseudonymised]) -> list[Pseudonymised]:
    return [
        Pseudonymised(
            {
                **answer.pseudonyms,
                "C": answer.pseudonyms["N"],
                "N": answer.pseudonyms["C"],
            }
        )
        for answer in answers
    ]


def _of_another_shape(answers: list[Pseudonymised]) -> list[Pseudonymised]:
    return [Pseudonymised(dict.fromkeys(answer.pseudonyms, "x")) for answer in answers]


def _with_a_type_too_many(answers: list[Pseudonymised]) -> list[Pseudonymised]:
    first, *others = answers
    extra = "WS" + "0" * 29 + "-P-B-A/ZZZZ"
    said = (Diagnostic("3001", "BSN"),)
    return [Pseudonymised({**first.pseudonyms, "B": extra}, said), *others]


@pytest.mark.parametrize(
    "tamper",
    [
        lambda answers: answers[:-1],
        lambda answers: [*answers, answers[0]],
        lambda answers: [answers[0]] * len(answers),
        _without_a_type,
        _types_swapped,
        _of_another_shape,
        _with_a_type_too_many,
    ],
    ids=["short", "long", "repeated", "type lost", "types swapped", "shape", "type too many"],
)
def test_an_answer_that_cannot_be_right_is_no_answer(tamper):
    source = TamperedSource(InMemoryZorgTtp().source(), tamper)
    records = records_of(a_row(pat_nr="111"), a_row(pat_nr="222"))

    with pytest.raises(PseudonymServiceUnavailableError) as fault:
        pseudonymise(records, source)

    assert "111" not in str(fault.value)


def test_one_answer_given_for_two_batches_is_no_answer():
    first: list[list[Pseudonymised]] = []

    def replay(answers: list[Pseudonymised]) -> list[Pseudonymised]:
        first.append(answers)
        return first[0]

    source = TamperedSource(InMemoryZorgTtp().source(), replay)
    records = records_of(a_row(pat_nr="111"), a_row(pat_nr="222"))

    with pytest.raises(PseudonymServiceUnavailableError):
        pseudonymise(records, source, most=1)


def test_a_fatal_code_about_one_person_is_fatal():
    source = TamperedSource(
        InMemoryZorgTtp().source(),
        lambda answers: [Pseudonymised({}, (Diagnostic("2007", "PN"),)) for _ in answers],
    )

    with pytest.raises(BatchRefusedError) as refused:
        pseudonymise(records_of(a_row()), source)

    assert refused.value.code == "2007"


def test_the_hospital_reads_which_rows_lost_what_and_no_value():
    dataset = find_dataset("pmicd-interventie", "22.2")
    assert dataset is not None
    records = records_of(a_row(bsn="123456789"), a_row(pat_nr=None), a_row())

    result = pseudonymise(records, InMemoryZorgTtp().source())
    findings = list(result.findings(dataset))

    assert [(finding.code, finding.row, finding.field) for finding in findings] == [
        ("W-107", 2, "bsn"),
        ("F-110", 3, None),
        ("BW-015", None, None),
    ]
    assert "3001" in findings[0].message
    assert "1" in findings[2].message
    assert "123456789" not in str(findings)


def _owners(service: InMemoryZorgTtp, tokens: Sequence[str | None]) -> list[str]:
    return [service.tokens[token] for token in tokens if token]
