"""The conditions of a dataset as polars expressions, translated node by node.

A condition that is null counts as false, as comparing with an empty value does in the rules. What
an empty value makes true (`!=`, `not in`, `not`) is written so that it never is null.
"""

from __future__ import annotations

import ast
import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl

from databroker.rules.expression import LEADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from local.bench.contenders.cells import UdiParts

Term = Any
"""A constant of Python, an expression of polars, a list of terms, or `Choices`."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The fields of one lead by their stems, and whether anything was done to it."""

    filled: pl.Expr
    fields: Mapping[str, pl.Expr]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a loop gives: elements, each there on a condition."""

    elements: Sequence[tuple[Any, Term]]


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of a condition stand for; `udi` gives the parts of a column of UDIs."""

    values: Mapping[str, Term]
    leads: Sequence[Lead]
    udi: Callable[[pl.Expr], UdiParts | None]


def translate(source: str, names: Names) -> pl.Expr:
    """Give the expression that is true of the records that a condition is true of."""
    found = _Translator(names).term(ast.parse(source.strip(), mode="eval").body, {})
    return pl.lit(found) if isinstance(found, bool) else found


def names_in(source: str) -> set[str]:
    """Give the fields, and other names, that a condition reads."""
    nodes = list(ast.walk(ast.parse(source.strip(), mode="eval")))
    bound = {
        name
        for node in nodes
        if isinstance(node, ast.comprehension)
        for name in _named(node.target)
    }
    called = {name for node in nodes if isinstance(node, ast.Call) for name in _named(node.func)}
    parts = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} - bound - called | parts


def _named(node: ast.expr) -> list[str]:
    """Give the name that stands in a place where only a name can."""
    return [node.id] if isinstance(node, ast.Name) else []


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


Bound = Mapping[str, Term]
"""What the names of the loops around a node stand for."""


class _Translator:
    """Translates one condition. That its nodes are allowed was seen when the dataset compiled."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def term(self, node: ast.AST, bound: Bound) -> Term:
        return self._NODES[type(node)](self, node, bound)

    def terms(self, nodes: Iterable[ast.AST], bound: Bound) -> list[Term]:
        return [self.term(node, bound) for node in nodes]

    def constant(self, node: ast.Constant, _bound: Bound) -> Term:
        return node.value

    def unary(self, node: ast.UnaryOp, bound: Bound) -> Term:
        operand = self.term(node.operand, bound)
        return _not(operand) if isinstance(node.op, ast.Not) else -operand

    def variable(self, node: ast.Name, bound: Bound) -> Term:
        if node.id == LEADS:
            return Choices([(lead.filled, lead) for lead in self.names.leads])
        return bound[node.id] if node.id in bound else self.names.values[node.id]

    def attribute(self, node: ast.Attribute, bound: Bound) -> Term:
        return self.term(node.value, bound).fields[node.attr]

    def sequence(self, node: ast.Tuple | ast.List, bound: Bound) -> Term:
        return self.terms(node.elts, bound)

    def boolean(self, node: ast.BoolOp, bound: Bound) -> Term:
        join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        return reduce(join, self.terms(node.values, bound))

    def compare(self, node: ast.Compare, bound: Bound) -> Term:
        terms = self.terms([node.left, *node.comparators], bound)
        pairs = zip(node.ops, terms, terms[1:], strict=False)
        return reduce(operator.and_, [_compare(*each) for each in pairs])

    def call(self, node: ast.Call, bound: Bound) -> Term:
        (function,) = _named(node.func)
        arguments = self.terms(node.args, bound)
        if function not in _UDI_PARTS:
            return _FUNCTIONS[function](*arguments)
        parts = self.names.udi(arguments[0])
        return parts and parts[_UDI_PARTS[function] or _IDENTIFIERS[arguments[1]]]

    def loop(self, node: ast.GeneratorExp | ast.ListComp, bound: Bound) -> Choices:
        (clause,) = node.generators
        (name,) = _named(clause.target)
        items = self.term(clause.iter, bound)
        every = items.elements if isinstance(items, Choices) else [(True, item) for item in items]
        found = []
        for there, item in every:
            inner = {**bound, name: item}
            conditions = [there, *self.terms(clause.ifs, inner)]
            found.append((reduce(operator.and_, conditions), self.term(node.elt, inner)))
        return Choices(found)

    _NODES: Mapping[type[ast.AST], Callable[..., Term]] = {
        ast.Constant: constant,
        ast.UnaryOp: unary,
        ast.Name: variable,
        ast.Attribute: attribute,
        ast.Tuple: sequence,
        ast.List: sequence,
        ast.BoolOp: boolean,
        ast.Compare: compare,
        ast.Call: call,
        ast.GeneratorExp: loop,
        ast.ListComp: loop,
    }


# --- comparing -------------------------------------------------------------------------------------


def _not(term: Term) -> Term:
    return not term if isinstance(term, bool) else ~term.fill_null(False)  # noqa: FBT003 - polars


def _compare(how: ast.cmpop, left: Term, right: Term) -> Term:
    match how:
        case ast.Is() | ast.Eq():
            return _same(left, right)
        case ast.IsNot() | ast.NotEq():
            return _not(_same(left, right))
        case ast.In():
            return _among(left, right)
        case ast.NotIn():
            return _not(_among(left, right))
        case _:
            return _ORDER[type(how)](left, right)


def _same(left: Term, right: Term) -> Term:
    if isinstance(left, list):
        return reduce(operator.and_, map(_same, left, right))
    if left is None or right is None:
        other = right if left is None else left
        return other.is_null() if isinstance(other, pl.Expr) else other is None
    if isinstance(left, pl.Expr) and isinstance(right, pl.Expr):
        return left.eq_missing(right)
    return left == right


def _among(left: Term, group: list[Term]) -> Term:
    return reduce(operator.or_, [_same(left, item) for item in group])


# --- functions, by the names that conditions use ---------------------------------------------------

_UDI_PARTS = {"udi": "gtin", "udi_serie": "implant", "udi_ok": "valid", "udi_deel": None}
_IDENTIFIERS = {"01": "gtin", "11": "produced", "17": "expires", "10": "lot", "21": "serial"}

_PLACEHOLDER = r"(?i)^(?:0+|onbekend|test|x+|nvt|n/?a|-+|\?+|\.+|n\.?n\.?)$"
_NAME = r"^['\x{2019}\- ]*\p{L}[\p{L}'\x{2019}\- ]*$"
_LONGEST_NAME = 40
_SHORTEST_PATIENT_NUMBER = 4
_SPREADSHEET_MARKS = "=+@-'\" "
_BSN_DIGITS = 9


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Term, Term], Term]:
    return lambda left, right: False if left is None or right is None else compare(left, right)


def _any(choices: Choices) -> pl.Expr:
    return reduce(operator.or_, [there & element for there, element in choices.elements])


def _all(choices: Choices) -> pl.Expr:
    return _not(_any(Choices([(there, _not(each)) for there, each in choices.elements])))


def _length(choices: Choices) -> pl.Expr:
    return pl.sum_horizontal(*(there.cast(pl.UInt8) for there, _ in choices.elements))


def _has_double(choices: Choices) -> pl.Expr:
    pairs = combinations(choices.elements, 2)
    return reduce(operator.or_, [one & two & _same(a, b) for (one, a), (two, b) in pairs])


def _matches(text: pl.Expr, pattern: str) -> pl.Expr:
    """Match a pattern; one negative look-ahead, which Rust lacks, becomes a pattern of its own.

    What stands before it must leave one way to match, as it does in our datasets.
    """
    if (ahead := re.search(r"\(\?!([^()]*)\)", pattern)) is None:
        return text.str.contains(f"^(?:{pattern})$")
    before, after = pattern[: ahead.start()], pattern[ahead.end() :]
    return text.str.contains(f"^{before}{after}$") & ~text.str.contains(f"^{before}{ahead[1]}")


def _outside_registration_year(day: pl.Expr, today: dt.date, previous_until: str) -> pl.Expr:
    last = dt.date(today.year, int(previous_until[3:]), int(previous_until[:2]))
    opened = [today.year, *([today.year - 1] if today <= last else [])]
    return reduce(operator.and_, [day.dt.year() != year for year in opened])


def _days(first: Term, last: Term) -> pl.Expr:
    return ((pl.lit(last) if isinstance(last, dt.date) else last) - first).dt.total_days()


def _bmi(height: pl.Expr, weight: pl.Expr) -> pl.Expr:
    return pl.when(height > 0).then(weight / (height / 100) ** 2)


def _is_name(text: pl.Expr) -> pl.Expr:
    return (text.str.len_chars() <= _LONGEST_NAME) & text.str.contains(_NAME)


def _passes_eleven(number: pl.Expr) -> pl.Expr:
    good = pl.when(_matches(number, "(?!0+$)[0-9]{8,9}")).then(number).cast(pl.Int64)
    places = [(place, good // 10 ** (_BSN_DIGITS - place) % 10) for place in range(1, 10)]
    weighted = (digit * (_BSN_DIGITS + 1 - place) for place, digit in places[:-1])
    return (pl.sum_horizontal(*weighted, ignore_nulls=False) - places[-1][1]) % 11 == 0


def _acronym(number: pl.Expr) -> pl.Expr:
    return number.str.extract("^([^-]*)-").str.to_uppercase()


def _holds_patient_number(number: pl.Expr, patient: pl.Expr) -> pl.Expr:
    bare = patient.str.strip_chars(_SPREADSHEET_MARKS).str.strip_chars_start("0")
    hidden = number.str.replace("^[A-Za-z]+-", "").str.strip_chars_start("0")
    return (bare.str.len_chars() >= _SHORTEST_PATIENT_NUMBER) & (bare == hidden)


_FUNCTIONS: dict[str, Callable[..., Term]] = {
    "gt": _ordered(operator.gt),
    "lt": _ordered(operator.lt),
    "ge": _ordered(operator.ge),
    "days": _days,
    "pos": lambda number: number > 0,
    "buiten_registratiejaar": _outside_registration_year,
    "bmi": _bmi,
    "jaar": lambda day: day.dt.year(),
    "maand": lambda day: day.dt.month(),
    "dag": lambda day: day.dt.day(),
    "placeholder": lambda text: text.str.contains(_PLACEHOLDER),
    "naam_ok": _is_name,
    "elfproef": _passes_eleven,
    "past": _matches,
    "klein": lambda text: text.str.to_lowercase(),
    "acroniem": _acronym,
    "patientnummer_in": _holds_patient_number,
    "heeft_dubbel": _has_double,
    "any": _any,
    "all": _all,
    "len": _length,
}
