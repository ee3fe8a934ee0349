"""The language of the conditions in a dataset: a small part of Python's expressions.

A condition is parsed once, every part of it is checked against what is allowed, and it becomes a
chain of closures over the columns of many records (`databroker.rules.vectors`). Nothing is ever
evaluated as Python. What it says of one record is what Python would say, but that a comparison with
something empty is never true.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databroker.rules.bulk import FUNCTIONS, Found, Memory
from databroker.rules.functions import arguments_of
from databroker.rules.vectors import Names, OfLeads, compared, equal, everywhere, no, nowhere, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from databroker.rules.vectors import Vector

    Answer = Callable[[Names, Memory], Any]

LEADS = "leads"
"""The name under which a condition on a record finds its leads (`OfLeads`), each with its fields by
name."""


class ExpressionError(Exception):
    """A condition cannot be understood: which part, and why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition, ready to be asked; `reads` are the names it looks at."""

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


_ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_NEGATIONS = {ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In}


def _compare(kind: type[ast.cmpop], left: Vector, right: Vector) -> Vector:
    if kind in _NEGATIONS:
        return no(_compare(_NEGATIONS[kind], left, right))
    if kind in _ORDERS:
        return compared(_ORDERS[kind], left, right)
    if kind is not ast.In:
        return equal(left, right)
    answer: Vector = False
    for item in right:
        answer = answer | equal(left, item)
    return answer


class _Compiler:
    """Compiles the nodes of one condition and notes what it reads."""

    def __init__(self, source: str, names: Collection[str], lead_names: Collection[str]) -> None:
        self.source = source
        self.names = names
        self.lead_names = lead_names
        self.reads: set[str] = set()
        self.loop_names: list[str] = []
        self.before_loop: dict[str, Answer] = {}

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
        return lambda _names, _memory: value

    def name(self, node: ast.Name) -> Answer:
        name = node.id
        if name not in self.loop_names:
            if name not in self.names:
                raise self.refuse(node, "is not a name of this dataset")
            if name == LEADS and self.loop_names:
                raise self.refuse(node, "one loop at a time over leads")
            self.reads.add(name)
        return lambda names, _memory: names[name]

    def attribute(self, node: ast.Attribute) -> Answer:
        item, name = node.value, node.attr
        if not isinstance(item, ast.Name) or item.id not in self.loop_names:
            raise self.refuse(node, "only a lead has parts")
        if name not in self.lead_names:
            raise self.refuse(node, "is not a field of a lead")
        self.reads.add(name)
        key = item.id
        return lambda names, _memory: names[key][name]

    def boolean(self, node: ast.BoolOp) -> Answer:
        parts = [self.compile(part) for part in node.values]
        every = isinstance(node.op, ast.And)
        joined, decided = (operator.and_, nowhere) if every else (operator.or_, everywhere)

        def join(names: Names, memory: Memory) -> Vector:
            answer = truth(parts[0](names, memory))
            for part in parts[1:]:
                if decided(answer):
                    break
                answer = joined(answer, truth(part(names, memory)))
            return answer

        return join

    def unary(self, node: ast.UnaryOp) -> Answer:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda names, memory: no(truth(operand(names, memory)))
        number = node.operand
        if isinstance(node.op, ast.USub) and isinstance(number, ast.Constant):
            if type(number.value) not in {int, float}:
                raise self.refuse(node, "is not a number")
            negative = -number.value  # type: ignore[operator]  # the line above made sure
            return lambda _names, _memory: negative
        raise self.refuse(node, "is not allowed")

    def compare(self, node: ast.Compare) -> Answer:
        operands = [self.compile(part) for part in (node.left, *node.comparators)]
        kinds = [type(each) for each in node.ops]
        for kind, right in zip(kinds, node.comparators, strict=True):
            if kind in {ast.In, ast.NotIn} and not isinstance(right, ast.Tuple | ast.List):
                raise self.refuse(right, "is not a row of values")

        def chain(names: Names, memory: Memory) -> Vector:
            values = [operand(names, memory) for operand in operands]
            answer = _compare(kinds[0], values[0], values[1])
            for kind, left, right in zip(kinds[1:], values[1:], values[2:], strict=False):
                answer = answer & _compare(kind, left, right)
            return answer

        return chain

    def sequence(self, node: ast.Tuple | ast.List) -> Answer:
        parts = [self.compile(part) for part in node.elts]
        return lambda names, memory: tuple(part(names, memory) for part in parts)

    def call(self, node: ast.Call) -> Answer:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self.refuse(node.func, "is not a function of this language")
        function, wanted = FUNCTIONS[node.func.id], arguments_of(node.func.id)
        if node.keywords or len(node.args) != wanted:
            raise self.refuse(node, f"{node.func.id} takes {wanted} arguments")
        arguments = [self.compile(argument) for argument in node.args]

        def called(names: Names, memory: Memory) -> Vector:
            return function(memory, *[one(names, memory) for one in arguments])

        if not self.loop_names:
            return called
        inside = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if inside.intersection(self.loop_names):
            return called
        # It is the same for all that the loop meets: asked once, before the loop, under its text.
        text = ast.unparse(node)
        self.before_loop[text] = called
        return lambda names, _memory: names[text]

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
        outer, self.before_loop = self.before_loop, {}
        conditions = [self.compile(condition) for condition in clause.ifs]
        element = self.compile(node.elt)
        self.loop_names.pop()
        before, self.before_loop = self.before_loop, outer

        def take(inside: Names, memory: Memory, meant: Vector) -> tuple[Vector, Vector]:
            for condition in conditions:
                meant = meant & truth(condition(inside, memory))
            return meant, element(inside, memory)

        def collect(names: Names, memory: Memory) -> Found:
            looped = items(names, memory)
            outside = Names(
                names.__getitem__, {text: one(names, memory) for text, one in before.items()}
            )
            if isinstance(looped, OfLeads):
                inside = Names(outside.__getitem__, {name: looped.value}, looped.owners.given)
                return OfLeads(looped.owners, *take(inside, memory, looped.meant))
            found = looped if isinstance(looped, list) else [(True, item) for item in looped]
            return [
                take(Names(outside.__getitem__, {name: item}), memory, there)
                for there, item in found
            ]

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
