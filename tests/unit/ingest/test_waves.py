"""The order of writing."""

from databroker.ingest.waves import waves
from databroker.ports import Write

X, Y = ("gtin", "x"), ("gtin", "y")


def numbers(writes):
    return [[write.interv_nr for write in group] for group in waves(writes)]


def test_records_that_have_nothing_to_do_with_each_other_go_together():
    assert numbers([Write("a", 0, {}, placed=(X,)), Write("b", 0, {}, placed=(Y,))]) == [["a", "b"]]


def test_an_implant_is_placed_before_it_is_removed_however_the_file_is_sorted():
    third = Write("c", 0, {}, removed=(Y,))
    second = Write("b", 0, {}, removed=(X,), placed=(Y,))
    first = Write("a", 0, {}, placed=(X,))

    assert numbers([third, second, first]) == [["a"], ["b"], ["c"]]


def test_what_the_registry_knows_already_needs_no_waiting():
    assert numbers([Write("a", 1, {}, removed=(X,)), Write("b", 0, {})]) == [["a", "b"]]


def test_records_that_wait_for_each_other_go_together():
    one = Write("a", 0, {}, placed=(X,), removed=(Y,))
    other = Write("b", 0, {}, placed=(Y,), removed=(X,))

    assert numbers([one, other]) == [["a", "b"]]


def test_nothing_to_write_is_nothing_to_do():
    assert numbers([]) == []
