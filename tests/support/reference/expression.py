"""The language of the conditions in a dataset: a small part of Python's expressions.

A condition is parsed once, every part of it is checked against what is allowed, and it becomes a
chain of closures over a row. Nothing is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import inspect
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databroker.rules.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Row = dict[str, Any]
    Answer = Callable[[Row], Any]

LEADS = "leads"
"""The name under which a condition finds the filled leads of the row."""


class ExpressionError(Exception):
    """A condition cannot be understood: which part, and why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition, ready to be asked of a row; `reads` are the names it looks at."""

    source: str
    reads: frozenset[str]
    answer: Answer


def compile_expression(
    source: str, names: Collection[str], lead_names: Collection[str] = ()
) -> Expression:
    """Compile a condition over the given names; `lead_names` are what a lead of the row has.

    Raises:
        ExpressionError: it is no expression, or uses what is not allowed or not known.
    """
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"not an expression: {source!r}") from error
    compiler = _Compiler(source, names, lead_names)
    try:
        answer = compiler.compile(tree.body)
    except RecursionError as error:
        raise ExpressionError("too deep") from error
    return Expression(source, frozenset(compiler.reads), answer)


def _with_values(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Make a comparison that is never true of something empty."""
    return lambda left, right: left is not None and right is not None and compare(left, right)


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: _with_values(operator.lt),
    ast.LtE: _with_values(operator.le),
    ast.Gt: _with_values(operator.gt),
    ast.GtE: _with_values(operator.ge),
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, group: item in group,
    ast.NotIn: lambda item, group: item not in group,
}


class _Compiler:
    """Compiles the nodes of one condition and notes what it reads."""

    def __init__(self, source: str, names: Collection[str], lead_names: Collection[str]) -> None:
        self.source = source
        self.names = names
        self.lead_names = lead_names
        self.reads: set[str] = set()
        self.loop_names: list[str] = []

    def refuse(self, node: ast.AST, why: str) -> ExpressionError:
        part = ast.get_source_segment(self.source.strip(), node) or type(node).__name__
        return ExpressionError(f"{part!r}: {why}")

    def compile(self, node: ast.expr) -> Answer:
        compiler = self._NODES.get(type(node))
        if compiler is None:
            raise self.refuse(node, f"{type(node).__name__} is not allowed")
        return compiler(self, node)

    def constant(self, node: ast.Constant) -> Answer:
        value = node.value
        if value is not None and type(value) not in {int, float, str, bool}:
            raise self.refuse(node, "is not a number, a text or None")
        return lambda _row: value

    def name(self, node: ast.Name) -> Answer:
        name = node.id
        if name not in self.loop_names:
            if name not in self.names:
                raise self.refuse(node, "is not a name of this dataset")
            self.reads.add(name)
        return lambda row: row[name]

    def attribute(self, node: ast.Attribute) -> Answer:
        item, name = node.value, node.attr
        if not isinstance(item, ast.Name) or item.id not in self.loop_names:
            raise self.refuse(node, "only a lead has parts")
        if name not in self.lead_names:
            raise self.refuse(node, "is not a field of a lead")
        self.reads.add(name)
        key = item.id
        return lambda row: row[key][name]

    def boolean(self, node: ast.BoolOp) -> Answer:
        parts = [self.compile(part) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda row: all(part(row) for part in parts)
        return lambda row: any(part(row) for part in parts)

    def unary(self, node: ast.UnaryOp) -> Answer:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda row: not operand(row)
        number = node.operand
        if isinstance(node.op, ast.USub) and isinstance(number, ast.Constant):
            if type(number.value) not in {int, float}:
                raise self.refuse(node, "is not a number")
            negative = -number.value  # type: ignore[operator]  # the line above made sure
            return lambda _row: negative
        raise self.refuse(node, "is not allowed")

    def compare(self, node: ast.Compare) -> Answer:
        operands = [self.compile(part) for part in (node.left, *node.comparators)]
        operators = [_COMPARISONS[type(each)] for each in node.ops]
        if len(operators) == 1:
            (compare,), (left, right) = operators, operands
            return lambda row: compare(left(row), right(row))

        def chain(row: Row) -> bool:
            values = [operand(row) for operand in operands]
            pairs = zip(operators, values, values[1:], strict=False)
            return all(compare(left, right) for compare, left, right in pairs)

        return chain

    def sequence(self, node: ast.Tuple | ast.List) -> Answer:
        parts = [self.compile(part) for part in node.elts]
        if _is_constant(node):
            fixed = tuple(part({}) for part in parts)
            return lambda _row: fixed
        return lambda row: tuple(part(row) for part in parts)

    def call(self, node: ast.Call) -> Answer:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self.refuse(node.func, "is not a function of this language")
        function = FUNCTIONS[node.func.id]
        wanted = len(inspect.signature(function).parameters)
        if node.keywords or len(node.args) != wanted:
            raise self.refuse(node, f"{node.func.id} takes {wanted} arguments")
        arguments = [self.compile(argument) for argument in node.args]
        if len(arguments) == 1:
            (only,) = arguments
            return lambda row: function(only(row))
        return lambda row: function(*[argument(row) for argument in arguments])

    def loop(self, node: ast.GeneratorExp | ast.ListComp) -> Answer:
        if len(node.generators) != 1:
            raise self.refuse(node, "one loop at a time")
        (clause,) = node.generators
        target = clause.target
        if not isinstance(target, ast.Name) or clause.is_async:
            raise self.refuse(node, "the loop needs one plain name")
        name = target.id
        if name in self.names or name in self.loop_names:
            raise self.refuse(target, "is in use already")
        items = self.compile(clause.iter)
        self.loop_names.append(name)
        conditions = [self.compile(condition) for condition in clause.ifs]
        element = self.compile(node.elt)
        self.loop_names.pop()

        def collect(row: Row) -> list[Any]:
            found = []
            for item in items(row):
                row[name] = item
                if all(condition(row) for condition in conditions):
                    found.append(element(row))
            return found

        return collect

    _NODES: Mapping[type[ast.expr], Callable[..., Answer]] = {
        ast.Constant: constant,
        ast.Name: name,
        ast.Attribute: attribute,
        ast.BoolOp: boolean,
        ast.UnaryOp: unary,
        ast.Compare: compare,
        ast.Tuple: sequence,
        ast.List: sequence,
        ast.Call: call,
        ast.GeneratorExp: loop,
        ast.ListComp: loop,
    }


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.List):
        return all(_is_constant(part) for part in node.elts)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)
