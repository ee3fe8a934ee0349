"""The language of the conditions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from databroker.rules.bulk import Memory
from databroker.rules.expression import ExpressionError, compile_expression
from databroker.rules.vectors import EMPTY, Names, OfLeads, Owners, Text, truth
from databroker.texts import Texts
from tests.support.reference.expression import compile_expression as reference

NAMES = {"a", "b", "leads", "vandaag"}
LEAD_NAMES = {"kind"}


def column(value: Any) -> Any:
    """Give the value of one record as a column of two, the other of which is empty."""
    match value:
        case str():
            return Text.of(Texts.of([None, value]))
        case dt.date():
            return np.array([EMPTY, float(value.toordinal())])
        case list():
            kinds = np.array([column(item["kind"])[1] for item in value], float)
            owners = Owners(np.ones(kinds.size, int), 2)
            return OfLeads(owners, np.ones(kinds.size, bool), {"kind": kinds})
        case _:
            return np.array([EMPTY, EMPTY if value is None else float(value)])


def answer(source: str, **row: Any) -> bool:
    """Ask a condition of one record, by column."""
    names = {name: column(value) for name, value in row.items()}
    said = compile_expression(source, NAMES, LEAD_NAMES).answer(names, Memory())
    return bool(np.broadcast_to(truth(said), 2)[1])


def in_plain_python(source: str, **row: Any) -> bool:
    return bool(reference(source, NAMES, LEAD_NAMES).answer(dict(row)))


@pytest.mark.parametrize(
    ("source", "row", "expected"),
    [
        ("a == 1", {"a": 1}, True),
        ("a != 1", {"a": 1}, False),
        ("a == -1", {"a": -1}, True),
        ("a in (10, 20)", {"a": 20}, True),
        ("a not in (None, 0)", {"a": None}, False),
        ("a is None and b is not None", {"a": None, "b": 1}, True),
        ("a == 1 or b == 1", {"a": 0, "b": 0}, False),
        ("not a == 1", {"a": 0}, True),
        ("1 <= a <= 3", {"a": 3}, True),
        ("1 <= a < 3", {"a": 3}, False),
        ("(a, b) in ((1, 2), (3, 4))", {"a": 3, "b": 4}, True),
        ("(a, b) in ((1, 2), (3, 4))", {"a": 3, "b": 2}, False),
        ("gt(a, b)", {"a": 2, "b": None}, False),
        ("any(x == 1 for x in (a, b))", {"a": 0, "b": 1}, True),
        ("all(x == 1 for x in (a, b))", {"a": 0, "b": 1}, False),
        ("len([l for l in leads if l.kind == 1]) > 1", {"leads": [{"kind": 1}, {"kind": 1}]}, True),
        ("any(l.kind == 2 for l in leads)", {"leads": [{"kind": 1}]}, False),
        (
            "any(gt(a, 1) and l.kind == b for l in leads)",
            {"a": 2, "b": 1, "leads": [{"kind": 1}]},
            True,
        ),
        (
            "any(gt(a, 1) and l.kind == b for l in leads)",
            {"a": 1, "b": 1, "leads": [{"kind": 1}]},
            False,
        ),
        ("all(l.kind == 1 for l in leads)", {"leads": []}, True),
        ("all(l.kind == 1 for l in leads)", {"leads": [{"kind": 1}, {"kind": 2}]}, False),
        (
            "heeft_dubbel([l.kind for l in leads])",
            {"leads": [{"kind": 1}, {"kind": 2}, {"kind": 1}]},
            True,
        ),
        (
            "heeft_dubbel([l.kind for l in leads if l.kind == 1])",
            {"leads": [{"kind": 1}, {"kind": 2}]},
            False,
        ),
        (
            "heeft_dubbel([(l.kind, 1) for l in leads])",
            {"leads": [{"kind": None}, {"kind": None}]},
            True,
        ),
        (
            "gt(days(a, vandaag), 31)",
            {"a": dt.date(2026, 1, 1), "vandaag": dt.date(2026, 2, 2)},
            True,
        ),
        ("past(a, '[0-9]+')", {"a": "12"}, True),
    ],
)
def test_a_condition_says_of_a_row_what_it_reads_like(
    source: str, row: dict[str, Any], expected: bool
) -> None:
    assert answer(source, **row) is expected
    assert in_plain_python(source, **row) is expected


@pytest.mark.parametrize("source", ["a < 1", "a <= 1", "a > 1", "a >= 1", "1 < a < 3", "b < a"])
def test_a_comparison_with_something_empty_is_never_true(source: str) -> None:
    assert answer(source, a=None, b=1) is False
    assert in_plain_python(source, a=None, b=1) is False


def test_a_condition_knows_what_it_reads() -> None:
    expression = compile_expression("a == 1 and any(l.kind == 1 for l in leads)", NAMES, LEAD_NAMES)

    assert expression.reads == {"a", "leads", "kind"}


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("c == 1", "'c'"),
        ("zoek(a)", "'zoek'"),
        ("__import__('os')", "'__import__'"),
        ("a.real", "'a.real'"),
        ("any(l.soort == 1 for l in leads)", "'l.soort'"),
        ("any(l.__class__ for l in leads)", "'l.__class__'"),
        ("'a'.upper()", "'a'.upper"),
        ("gt(a)", "gt takes 2 arguments"),
        ("gt(a, right=b)", "gt takes 2 arguments"),
        ("gt(*a)", "gt takes 2 arguments"),
        ("a + b", "BinOp"),
        ("9 ** 9 ** 9", "BinOp"),
        ("lambda: 1", "Lambda"),
        ("a[0]", "Subscript"),
        ("{a: b}", "Dict"),
        ("f'{a}'", "JoinedStr"),
        ("(c := 1)", "NamedExpr"),
        ("a if b else a", "IfExp"),
        ("b'x' == a", "is not a number"),
        ("1j == a", "is not a number"),
        ("... is a", "is not a number"),
        ("-a == 1", "is not allowed"),
        ("-'x' == a", "is not a number"),
        ("any(a for a in leads)", "in use"),
        ("any(l for (l, m) in leads)", "one plain name"),
        ("any(x for x in leads for y in leads)", "one loop"),
        ("any(any(m.kind == l.kind for m in leads) for l in leads)", "one loop at a time"),
        ("[x for x in leads] and x", "'x'"),
        ("a = 1", "not an expression"),
        ("a ==", "not an expression"),
        ("", "not an expression"),
        ("import os", "not an expression"),
    ],
)
def test_what_is_not_of_the_language_is_refused_by_name(source: str, part: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(source, NAMES, LEAD_NAMES)

    assert part in str(refused.value)


pieces = st.sampled_from(
    ["a", "b", "leads", "1", "-1", "'x'", "None", "(", ")", "[", "]", ",", ".", "==", "in", "not",
     "and", "or", "is", "<", "gt", "any", "for", "l", "l.kind", "if", "**", "lambda", ":", "\n", "\\"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(pieces, max_size=12).map(" ".join)))
def test_any_text_is_compiled_or_refused_and_nothing_else(source: str) -> None:
    try:
        expression = compile_expression(source, NAMES, LEAD_NAMES)
    except ExpressionError:
        return

    assert expression.reads <= NAMES | LEAD_NAMES


def test_a_condition_too_deep_to_follow_is_refused() -> None:
    with pytest.raises(ExpressionError):
        compile_expression("not " * 50_000 + "a", NAMES)


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("a == 2 and b == 1", False),
        ("a in (None, 1) or b == 1", False),
        ("a == 1 and b == 1", True),
        ("a == 2 or b == 1", True),
    ],
)
def test_what_is_decided_for_every_record_is_asked_no_further(source: str, asked: bool) -> None:
    met = []

    def further(name: str) -> Any:
        met.append(name)
        return column(1)

    names = Names(further, {"a": column(1)})
    compile_expression(source, NAMES, LEAD_NAMES).answer(names, Memory())

    assert met == (["b"] if asked else [])
