"""What a function says of a column is what it says of every text in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.rules import bulk, functions
from databroker.rules.vectors import Text
from databroker.texts import Texts

TEXTS = st.lists(st.none() | st.text("aAbé1ÉßĲĳİ×÷- \n€", min_size=1, max_size=20), max_size=8)


def of_each(name: str, texts: list[str | None], *rest: str) -> list[Any]:
    return [functions.FUNCTIONS[name](text, *rest) for text in texts]


def of_the_column(name: str, texts: list[str | None], *rest: str) -> list[Any]:
    column = Text.of(Texts.of(texts))
    said = bulk.FUNCTIONS[name](bulk.Memory(), column, *rest)
    return [said[index] or None for index in range(len(texts))]


@pytest.mark.parametrize("name", ["klein", "acroniem"])
@given(texts=TEXTS)
def test_a_text_is_changed_as_it_is_on_its_own(name: str, texts: list[str | None]) -> None:
    assert of_the_column(name, texts) == [text or None for text in of_each(name, texts)]


@pytest.mark.parametrize("name", ["placeholder", "naam_ok", "elfproef"])
@given(texts=TEXTS)
def test_a_question_is_answered_as_of_one_text(name: str, texts: list[str | None]) -> None:
    assert of_the_column(name, texts) == [said or None for said in of_each(name, texts)]


@pytest.mark.parametrize("pattern", ["[a-z]+-.{2}", "a.*", "[A-Z]{1,3}é?", ".{3}"])
@given(texts=TEXTS)
def test_a_form_is_seen_as_in_one_text(pattern: str, texts: list[str | None]) -> None:
    said = of_the_column("past", texts, pattern)

    assert said == [fits or None for fits in of_each("past", texts, pattern)]


@given(TEXTS)
def test_a_column_in_lower_case_equals_the_texts_in_lower_case(texts: list[str | None]) -> None:
    small = Text.of(Texts.of(texts))
    lower = bulk.FUNCTIONS["klein"](bulk.Memory(), small)
    wanted = Text.of(Texts.of([None if text is None else text.lower() for text in texts]))

    assert lower.equals(wanted).all()


@pytest.mark.parametrize("size", [3, 300])
@given(before=TEXTS.filter(bool), after=st.none() | st.sampled_from(["MCX-1", "É", "x" * 200]))
def test_a_changed_text_is_like_any_other(
    size: int, before: list[str | None], after: str | None
) -> None:
    texts = [*before, *["MCX-1"] * size, "É", "x" * 200]
    wanted = Text.of(Texts.of([after, *texts[1:]]))

    changed = Text.of(Texts.of(texts)).patched({0: after})

    assert changed.equals(wanted).all()
    assert changed.keys().tolist() == wanted.keys().tolist()
    assert changed.filled.tolist() == wanted.filled.tolist()
