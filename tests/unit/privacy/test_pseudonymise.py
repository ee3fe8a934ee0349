import pytest

from databroker.dataset import find_dataset
from databroker.ports import Statistics
from databroker.privacy.desk import Desk
from databroker.privacy.pseudonymise import Pseudonyms, pseudonymise
from databroker.privacy.pseudonyms import COLUMNS
from databroker.privacy.trust import Checks
from databroker.records import Origin
from tests.support.people import TEST_BSNS, a_row, records_of
from tests.support.zorgttp import InMemoryZorgTtp

PLAIN = Checks(sentinels=False, read_back=False)


def desk(service: InMemoryZorgTtp) -> Desk:
    return Desk(service.source(), PLAIN)


def tokens(result: Pseudonyms, column: str) -> list[str | None]:
    """Give the token of each record."""
    of_person = result.persons.column(column)
    return [row and of_person[int(row) - 1] for row in result.of_record.tolist()]


def test_every_row_gets_the_tokens_of_its_own_person():
    service = InMemoryZorgTtp()
    rows = [a_row(pat_nr=str(number), bsn=bsn) for number, bsn in enumerate(TEST_BSNS, start=1)]
    records = records_of(*rows, a_row(pat_nr="77", partnernaam="Test"), rows[1])

    result = pseudonymise(records, desk(service))

    numbers = [token and service.owners[token][1] for token in tokens(result, "ps_pat")]
    assert numbers == records.column("pat_nr")
    assert [each is None for each in tokens(result, "ps_partner")] == [True] * 5 + [False, True]
    assert [each is None for each in tokens(result, "ps_bsn")] == [False] * 5 + [True, False]
    assert (result.dropped, result.failed, result.count) == ((), (), 6)


def test_equal_persons_share_one_answer_and_are_sent_once():
    service = InMemoryZorgTtp()

    result = pseudonymise(records_of(a_row(), a_row(), a_row()), desk(service))

    assert len(service.persons) == 1
    assert result.of_record.tolist() == ["1", "1", "1"]


def test_a_row_refused_before_is_not_sent_and_is_not_said_to_fail():
    service = InMemoryZorgTtp()
    records = records_of(a_row(pat_nr="111"), a_row(pat_nr="222"))

    result = pseudonymise(records, desk(service), refused={2})

    assert [person["PN"] for person in service.persons] == ["222"]
    assert result.of_record.tolist() == [None, "1"]
    assert result.failed == ()


def test_nothing_is_called_when_nothing_is_left_to_send():
    service = InMemoryZorgTtp()

    result = pseudonymise(records_of(a_row()), Desk(service.source()), refused={2})

    assert service.calls == 0
    assert result.of_record.tolist() == [None]


def test_no_medical_value_is_sent():
    service = InMemoryZorgTtp()

    pseudonymise(records_of(a_row(bsn=TEST_BSNS[0], partnernaam="Test")), desk(service))

    assert "MEDISCH-GEHEIM" not in str(service.persons)
    assert set(service.persons[0]) == {"G", "GD", "PC", "GN", "PNM", "BSN", "PN"}


def test_a_warning_drops_the_value_and_keeps_the_row():
    origin = Origin("PMICD_NHR", {"bsn": "I"})
    records = records_of(a_row(bsn="123456789"), origin=origin)

    result = pseudonymise(records, desk(InMemoryZorgTtp()))

    [remark] = result.dropped
    assert (remark.row, remark.cell, remark.interv_nr) == (2, "PMICD_NHR!I2", "MCX-000123")
    assert (remark.column, remark.codes) == ("bsn", "3001")
    assert tokens(result, "ps_bsn") == [None]
    assert tokens(result, "ps_naam") != [None]
    assert result.failed == ()


def test_a_row_that_leads_to_no_patient_fails_and_keeps_no_person():
    records = records_of(a_row(pat_nr=None), a_row())

    result = pseudonymise(records, desk(InMemoryZorgTtp()))

    assert [(remark.row, remark.codes) for remark in result.failed] == [(2, "te weinig gegevens")]
    assert [row is None for row in result.of_record.tolist()] == [True, False]


@pytest.mark.parametrize(
    "changes", [{"geslacht": "-1"}, {"geb_datum": None}, {"geb_naam": "-", "postcode": "-1"}]
)
def test_a_patient_of_whom_too_little_is_known_to_link_is_still_the_patient_of_the_centre(changes):
    result = pseudonymise(records_of(a_row(**changes)), desk(InMemoryZorgTtp()))

    assert result.failed == ()
    assert {name for name in COLUMNS.values() if tokens(result, name)[0]} == {"ps_pat"}


def test_a_row_that_lost_its_only_link_fails_with_the_code_of_zorgttp():
    records = records_of(a_row(geslacht="-1", bsn="123456789"))

    result = pseudonymise(records, desk(InMemoryZorgTtp()))

    assert [(remark.row, remark.codes) for remark in result.failed] == [(2, "3001")]
    assert result.of_record.tolist() == [None]


def test_the_figures_of_zorgttp_are_added_up():
    records = records_of(a_row(bsn="123456789"), a_row(pat_nr="2"), a_row(pat_nr="3"))

    result = pseudonymise(records, Desk(InMemoryZorgTtp().source(), PLAIN, most=1))

    assert result.statistics == Statistics(pseudonyms=9, errors=1, speed=1000)


def test_the_hospital_reads_which_rows_lost_what_and_no_value():
    dataset = find_dataset("pmicd-interventie", "22.2")
    assert dataset is not None
    records = records_of(a_row(bsn="123456789"), a_row(pat_nr=None), a_row())

    result = pseudonymise(records, desk(InMemoryZorgTtp()))
    findings = list(result.findings(dataset))

    assert [(finding.code, finding.row, finding.field) for finding in findings] == [
        ("W-107", 2, "bsn"),
        ("F-110", 3, None),
        ("BW-015", None, None),
    ]
    assert "3001" in findings[0].message
    assert "1" in findings[2].message
    assert "123456789" not in str(findings)
