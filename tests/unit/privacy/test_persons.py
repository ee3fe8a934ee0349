import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from databroker.privacy import persons
from databroker.privacy.batches import batches_of, with_sentinels
from databroker.privacy.persons import FIELDS, INGREDIENTS, TYPES, People
from tests.support.people import a_row, records_of


def test_a_full_row_asks_for_every_type_with_the_seven_fields_only():
    people = People.of(records_of(a_row(partnernaam="van Test", bsn="999994669")))

    [batch] = batches_of(people, most=10)

    assert set(batch.types) == {"C", "N", "P", "B", "L"}
    assert people.sent(batch.persons, batch.types) == [
        {
            "G": "M",
            "GD": "19930515",
            "PC": "1234AA",
            "GN": "VOOR",
            "PNM": "TEST",
            "BSN": "999994669",
            "PN": "1234567",
        }
    ]


def test_a_type_whose_data_is_missing_is_not_asked_and_idle_data_stays_home():
    people = People.of(records_of(a_row(geslacht="-1", postcode="0000")))

    [batch] = batches_of(people, most=10)

    assert batch.types == ("L",)
    assert people.sent(batch.persons, batch.types) == [{"PN": "1234567"}]


def test_a_row_left_out_and_a_row_with_nothing_are_about_nobody():
    empty = dict.fromkeys(a_row(), None)
    records = records_of(a_row(), empty, a_row())

    people = People.of(records, leave_out={2})

    assert people.of_record.tolist() == [-1, -1, 0]
    assert len(people) == 1


def test_a_column_that_was_not_delivered_is_not_asked():
    records = records_of(a_row()).without(["bsn", "partnernaam"])

    [batch] = batches_of(People.of(records), most=10)

    assert set(batch.types) == {"C", "N", "L"}


def test_persons_who_are_written_the_same_are_one_person():
    records = records_of(
        a_row(),
        a_row(geb_naam="van VOORBEELD", postcode="1234aa"),
        a_row(geslacht="-1"),
        a_row(geslacht="-1", postcode="9999 ZZ"),
    )

    people = People.of(records)

    assert people.of_record.tolist()[:2] == [people.of_record[0]] * 2
    assert people.of_record.tolist()[2:] == [people.of_record[2]] * 2
    assert len(people) == 2


def test_who_shares_the_ingredients_of_a_type_is_alike_for_that_type_only():
    people = People.of(records_of(a_row(pat_nr="1"), a_row(pat_nr="2"), a_row(geslacht="-1")))

    c, naam, pat = (people.alike(kind).tolist() for kind in ("C", "N", "L"))

    full = [index for index in range(3) if c[index] >= 0]
    assert len(full) == 2
    assert len({c[index] for index in full}) == len({naam[index] for index in full}) == 1
    assert min(c) == -1
    assert len(set(pat)) == 3
    assert people.alike("B").tolist() == [-1, -1, -1]


def test_personal_data_cannot_be_printed():
    shown = repr(People.of(records_of(a_row())))

    assert "VOOR" not in shown
    assert "1234567" not in shown


def test_sentinels_are_in_every_batch_and_alone_before_them():
    people = People.of(records_of(*(a_row(pat_nr=str(number)) for number in range(1, 6))))
    sentinels = People.known([{"PN": "7"}, {"PN": "8"}])

    everyone, batches = with_sentinels(people, list(batches_of(people, most=3)), sentinels)

    assert [batch.number for batch in batches] == [0, 1, 2]
    asked = [everyone.sent(batch.persons, ["L"]) for batch in batches]
    assert asked[0] == [{"PN": "7"}, {"PN": "8"}]
    assert all({"PN": "7"} in persons and {"PN": "8"} in persons for persons in asked[1:])
    assert sorted(index for batch in batches for index in batch.persons.tolist()) == list(
        range(len(everyone))
    )


def test_nobody_to_ask_needs_no_sentinels():
    people = People.of(records_of(a_row()), leave_out={2})

    everyone, batches = with_sentinels(people, list(batches_of(people, 3)), People.known([{}]))

    assert (len(everyone), batches) == (0, [])


cells = st.none() | st.sampled_from(["1", "2", "-1", "1993-05-15", "1234 AA", "Bos", "Test", "7"])


@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(a_row(), cells)), max_size=12),
    st.integers(min_value=1, max_value=4),
)
def test_every_distinct_person_is_in_one_batch_of_its_types_and_no_batch_is_too_large(rows, most):
    records = records_of(*rows)
    people = People.of(records)

    batches = list(batches_of(people, most))

    asked = [person for batch in batches for person in people.sent(batch.persons, batch.types)]
    expected = [_asked(row) for row in rows]
    assert sorted(map(repr, asked)) == sorted({repr(person) for person in expected if person})
    assert all(1 <= len(batch.persons) <= most for batch in batches)
    place = {int(person): at for batch in batches for at, person in enumerate(batch.persons)}
    assert len(place) == len(people)
    for row, person in zip(expected, people.of_record.tolist(), strict=True):
        assert (person == -1) == (row == {})
        assert person == -1 or people.sent([person], TYPES) == [row]


def _asked(row: dict[str, str | None]) -> dict[str, str]:
    written = {name: row[column] and write(row[column]) for name, (column, write) in FIELDS.items()}
    filled = {name for name, cell in written.items() if cell}
    needed = {name for each in INGREDIENTS.values() if set(each) <= filled for name in each}
    return {name: cell for name, cell in written.items() if name in needed}


def test_two_persons_whose_keys_collide_are_two_persons(monkeypatch):
    monkeypatch.setattr(persons, "mixed", lambda words: words[0] * 0)

    people = People.of(records_of(a_row(pat_nr="1"), a_row(pat_nr="2"), a_row(pat_nr="1")))

    assert people.of_record.tolist() == [0, 1, 0]
    assert len(people) == 2


def test_another_process_with_other_secrets_makes_the_same_batches():
    rows = [a_row(pat_nr=str(number % 7), bsn="999994669" if number % 2 else None)
            for number in range(20)]  # fmt: skip
    script = (
        "from databroker.privacy.batches import batches_of;"
        "from databroker.privacy.persons import People;"
        "from tests.support.people import records_of;"
        f"people = People.of(records_of(*{rows!r}));"
        "print([people.sent(batch.persons, batch.types) for batch in batches_of(people, 3)])"
    )

    def run():
        return subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    assert run() == run() == run()
