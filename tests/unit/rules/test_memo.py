"""What was found out about a key is found again, however much was met in between."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from databroker.rules import memo
from databroker.rules.memo import Memo, mixed
from databroker.texts import Texts

KEYS = st.lists(st.integers(0, 30) | st.integers(0, 2**64 - 1), min_size=1, max_size=40)


def entry(key: int) -> float:
    return float(key % 1009)


@given(st.lists(KEYS, min_size=1, max_size=6))
def test_every_key_has_the_entry_that_was_made_for_it(rounds: list[list[int]]) -> None:
    with patch.multiple(memo, _FIRST_FEW=2, _MANY_MISSED=4, _MANY=12):
        known: Memo[float] = Memo(0.0)
        for keys in rounds:
            found = known.values(
                np.array(keys, np.uint64), lambda index, keys=keys: entry(keys[index])
            )

            assert found.tolist() == [entry(key) for key in keys]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20), st.integers(0, 2))
def test_equal_texts_have_equal_keys_and_others_do_not(texts: list[str], more: int) -> None:
    column = Texts.of([text or None for text in texts])
    widest = max(len(text.encode()) for text in texts) // 8 + 1

    keys = mixed([column.words(number) for number in range(widest)]).tolist()

    assert mixed([column.words(n) for n in range(widest + more)]).tolist() == keys
    plain = [text.rstrip("\0") for text in texts]  # a NUL behind a text is none in a word
    assert len(set(keys)) == len(set(plain))
