from hypothesis import given
from hypothesis import strategies as st

from databroker.privacy.persons import FIELDS, batches_of, requests_of
from tests.support.people import a_row, records_of


def test_a_full_row_asks_for_every_type_with_the_seven_fields_only():
    records = records_of(a_row(partnernaam="van Test", bsn="999994669"))

    [request] = requests_of(records, leave_out=())

    assert request is not None
    assert request.types == ("C", "N", "P", "B", "L")
    assert dict(request.person) == {
        "G": "M",
        "GD": "19930515",
        "PC": "1234AA",
        "GN": "VOOR",
        "PNM": "TEST",
        "BSN": "999994669",
        "PN": "1234567",
    }


def test_a_type_whose_data_is_missing_is_not_asked_and_idle_data_stays_home():
    records = records_of(a_row(geslacht="-1", postcode="0000"))

    [request] = requests_of(records, leave_out=())

    assert request is not None
    assert request.types == ("L",)
    assert dict(request.person) == {"PN": "1234567"}


def test_a_row_left_out_and_a_row_with_nothing_ask_nothing():
    empty = dict.fromkeys(a_row(), None)
    records = records_of(a_row(), empty, a_row())

    requests = requests_of(records, leave_out={2})

    assert [request is None for request in requests] == [True, True, False]


def test_a_column_that_was_not_delivered_is_not_asked():
    records = records_of(a_row())
    records = records.without(["bsn", "partnernaam"])

    [request] = requests_of(records, leave_out=())

    assert request is not None
    assert request.types == ("C", "N", "L")


def test_equal_persons_are_asked_once():
    records = records_of(a_row(), a_row(geb_naam="van VOORBEELD", postcode="1234aa"), a_row())

    batches = list(batches_of(requests_of(records, leave_out=())))

    assert [len(batch.requests) for batch in batches] == [1]


def test_what_is_asked_of_a_person_cannot_be_printed():
    [request] = requests_of(records_of(a_row()), leave_out=())

    shown = repr(request)

    assert "VOOR" not in shown
    assert "1234567" not in shown


cells = st.none() | st.sampled_from(["1", "2", "-1", "1993-05-15", "1234 AA", "Bos", "Test", "7"])


@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(a_row(), cells)), max_size=12),
    st.integers(min_value=1, max_value=4),
)
def test_every_distinct_request_is_in_one_batch_of_its_types_and_no_batch_is_too_large(rows, most):
    requests = requests_of(records_of(*rows), leave_out=())

    batches = list(batches_of(requests, most))

    asked = [request for batch in batches for request in batch.requests]
    assert sorted(map(hash, asked)) == sorted(map(hash, set(requests) - {None}))
    assert all(1 <= len(batch.requests) <= most for batch in batches)
    assert all(request.types == batch.types for batch in batches for request in batch.requests)
    assert all({name for name, _ in request.person} <= FIELDS.keys() for request in asked)
