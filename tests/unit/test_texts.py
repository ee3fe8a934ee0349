"""Columns of text in a buffer."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from databroker.texts import WORD, Texts

CELLS = st.lists(st.none() | st.text(min_size=1, max_size=30), max_size=20)


@given(CELLS)
def test_what_goes_in_comes_out(cells: list[str | None]) -> None:
    texts = Texts.of(cells)

    assert texts.tolist() == cells
    assert [texts[index] for index in range(len(texts))] == cells
    assert texts.at(range(len(texts))) == cells


@given(CELLS, st.data())
def test_some_cells_are_the_cells_that_were_asked(
    cells: list[str | None], data: st.DataObject
) -> None:
    wanted = data.draw(st.lists(st.integers(0, len(cells) - 1), max_size=40)) if cells else []
    some = Texts.of(cells).take(np.array(wanted, np.int64))

    assert some.tolist() == [cells[index] for index in wanted]
    assert some.compact().tolist() == some.tolist()


@given(CELLS, CELLS)
def test_columns_under_each_other_hold_the_cells_of_both(
    first: list[str | None], second: list[str | None]
) -> None:
    turned = Texts.of(second).take(slice(None, None, -1))

    assert Texts.concat([Texts.of(first), turned]).tolist() == first + second[::-1]


@given(CELLS, st.data())
def test_a_patch_changes_the_cells_it_names_and_no_other(
    cells: list[str | None], data: st.DataObject
) -> None:
    places = st.integers(0, max(len(cells) - 1, 0))
    patch = data.draw(st.dictionaries(places, st.none() | st.text(min_size=1))) if cells else {}

    patched = Texts.of(cells).patched(patch)

    assert patched.tolist() == [patch.get(index, cell) for index, cell in enumerate(cells)]


@given(CELLS, st.integers(0, 4))
def test_a_word_is_eight_bytes_and_zeros_past_the_end(cells: list[str | None], number: int) -> None:
    words = Texts.of(cells).words(number)

    for word, cell in zip(words.tolist(), cells, strict=True):
        part = (cell or "").encode()[WORD * number : WORD * (number + 1)]
        assert word == int.from_bytes(part, "little")


@given(CELLS, st.text(max_size=10))
def test_cells_that_begin_with_a_text_do(cells: list[str | None], text: str) -> None:
    begin = Texts.of(cells).begin_with(text.encode())

    assert begin.tolist() == [(cell or "").startswith(text) for cell in cells]


@given(CELLS, st.booleans())
def test_strange_cells_are_those_with_more_than_ascii_and_accented_letters(
    cells: list[str | None], turned: bool
) -> None:
    texts = Texts.of(cells)
    if turned:
        texts, cells = texts.take(slice(None, None, -1)), cells[::-1]

    plain = {chr(code) for code in (*range(0x20, 0x7F), *range(0xC0, 0x180))}
    strange = [index for index, cell in enumerate(cells) if set(cell or "") - plain]
    assert texts.strange_cells().tolist() == strange


def test_a_cell_made_empty_is_gone_from_a_compact_copy() -> None:
    texts = Texts.of(["geheim", "open"]).blanked(np.array([True, False]))

    assert texts.tolist() == [None, "open"]
    assert b"geheim" not in texts.compact().data.tobytes()
