"""A column that is read at once says of every cell what reading that cell says."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databroker.dataset import Field, FieldType, datasets
from databroker.rules import Cell, read_cell
from databroker.rules.cells import ColumnReader
from databroker.rules.vectors import EMPTY
from databroker.texts import Texts

FIELDS = {
    f"{field.type} {field.name}": field
    for field in {
        (each.type, each.codes is None, each.unknown, each.max_decimals): each
        for dataset in datasets()
        for each in dataset.fields
    }.values()
}
"""One field of every kind there is."""

DAYS = st.dates(dt.date(1790, 1, 1), dt.date(2210, 12, 31))
TEXTS = st.one_of(
    st.none(),
    DAYS.map(lambda day: f"{day:%d-%m}-{day.year:04d}"),
    DAYS.map(lambda day: f"{day:%d/%m}/{day.year:04d}"),
    DAYS.map(dt.date.isoformat),
    st.builds("{:02d}-{:02d}-{:04d}".format, *[st.integers(0, 40)] * 2, st.integers(1990, 2030)),
    st.integers(-1, 300).map(str),
    st.decimals(-2, 300, places=2).map(str),
    st.sampled_from(["0_Nee", "-1_x", "-1", "-1.0", "10 ", " 10", "10,0", "=1", "+1", "a ", "(01)", "01", "0_"]),
    st.text(st.sampled_from("aZ0-_. ()=é\x07\x1d"), min_size=1, max_size=45),
).filter(lambda text: text is None or not text.isspace())  # fmt: skip


def number_of(cell: Cell) -> float:
    match cell.value:
        case dt.date() as day:
            return float(day.toordinal())
        case int() | float() as number:
            return float(number)
        case _:
            return EMPTY


@pytest.mark.parametrize("name", FIELDS)
@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=30), st.booleans())
def test_a_column_says_what_each_cell_says(name: str, texts: list[str | None], twice: bool) -> None:
    field: Field = FIELDS[name]
    reader = ColumnReader(field)
    if twice:
        reader.read(Texts.of(texts[::-1]))  # what it remembers changes nothing

    cells = reader.read(Texts.of(texts))

    expected = [read_cell(text, field) for text in texts]
    problems = {index: cell.problem for index, cell in enumerate(expected) if cell.problem}
    assert dict(cells.problems) == problems
    assert cells.normalised == sum(cell.normalised for cell in expected)
    assert cells.comma == any(cell.comma for cell in expected)
    assert cells.empty.tolist() == [cell.text is None for cell in expected]
    if field.type is FieldType.TEXT:
        assert [cells.text(index) for index in range(len(texts))] == [
            cell.text for cell in expected
        ]
    assert cells.canonical().tolist() == [None if cell.problem else cell.text for cell in expected]
    if cells.numbers is not None:
        assert cells.numbers.tolist() == [number_of(cell) for cell in expected]
