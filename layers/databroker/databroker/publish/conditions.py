"""A condition of the dataset, told in Dutch; what has no words yet is shown as it is written."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from databroker.dataset import FieldType
from databroker.dataset.words import codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Dataset, Field

_NAMES = {
    "vandaag": "de dag van aanlevering",
    "centrum_acroniem": "het acroniem van uw centrum",
    "leeftijd": "de leeftijd bij de interventie",
    "leads": "leads met een ingreep",
    "db_impl_device": "het device dat bij de interventie geregistreerd is",
}
_TRUE_OR_NOT = {
    "leadgat": ("de nummering van de leads heeft een gat", "de leads zijn doorlopend genummerd"),
    "bsn_kolom_aanwezig": (
        "het bestand heeft een kolom `bsn`",
        "het bestand heeft geen kolom `bsn`",
    ),
}
_VALUES = {
    "days": "het aantal dagen van {} tot {}",
    "bmi": "de BMI uit {} en {}",
    "jaar": "het jaar van {}",
    "maand": "de maand van {}",
    "dag": "de dag van {}",
    "klein": "{} in kleine letters",
    "acroniem": "het acroniem in {}",
    "udi": "de UDI in {}",
    "udi_serie": "de UDI met serienummer in {}",
    "len": "het aantal {}",
}
_STATEMENTS = {
    "pos": ("{} is bekend en meer dan 0", "{} is onbekend of niet meer dan 0"),
    "placeholder": ("{} is een invulwaarde", "{} is geen invulwaarde"),
    "naam_ok": ("{} is een geldige naam", "{} is geen geldige naam"),
    "elfproef": ("{} voldoet aan de elfproef", "{} voldoet niet aan de elfproef"),
    "past": ("{} heeft de vorm `{}`", "{} heeft niet de vorm `{}`"),
    "patientnummer_in": (
        "het nummer in {} is gelijk aan {}",
        "het nummer in {} is niet gelijk aan {}",
    ),
    "buiten_registratiejaar": (
        "{} valt op {} niet in een open registratiejaar (open tot en met {} van het volgende jaar)",
        "{} valt op {} in een open registratiejaar (open tot en met {} van het volgende jaar)",
    ),
    "udi_ok": ("{} is een geldige UDI", "{} is geen geldige UDI"),
}
_UDI_PARTS = {
    "01": "de GTIN",
    "10": "het lotnummer",
    "11": "de productiedatum",
    "17": "de uiterste gebruiksdatum",
    "21": "het serienummer",
}
_MORE = {
    "gt": ("is meer dan", "ligt na"),
    "lt": ("is minder dan", "ligt voor"),
    "ge": ("is minstens", "ligt niet voor"),
}
_RELATIONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "is",
    ast.NotEq: "is niet",
    ast.Gt: "is meer dan",
    ast.Lt: "is minder dan",
    ast.GtE: "is minstens",
    ast.LtE: "is hoogstens",
}
_LOOPS = {"any": ("minstens één", "geen enkele"), "all": ("elk", "niet elk")}

KNOWN_WORDS = {*_VALUES, *_STATEMENTS, *_MORE, *_LOOPS, "udi_deel", "heeft_dubbel"}
"""The functions of the language that can be told."""


class _UntoldError(Exception):
    """There are no words for a part of a condition."""


def in_words(condition: str, dataset: Dataset) -> list[str] | None:
    """Tell in Dutch all that must be so for a condition to be true, variables as code.

    None when there are no words for it.
    """
    named = re.sub(r"{([a-z]\w*)}", r"GROEP_\1_GROEP", condition.strip())
    whole = ast.parse(named, mode="eval").body
    together = isinstance(whole, ast.BoolOp) and isinstance(whole.op, ast.And)
    teller = _Teller(dataset)
    try:
        return [teller.tell(part) for part in (whole.values if together else [whole])]  # type: ignore[attr-defined]  # a BoolOp
    except _UntoldError:
        return None


class _Teller:
    """Tells the parts of one condition."""

    def __init__(self, dataset: Dataset) -> None:
        self.fields = {field.stem: field for field in dataset.fields}
        self.loops: dict[str, str] = {}

    # --- what is true or not ---------------------------------------------------------------------
    def tell(self, node: ast.expr, *, true: bool = True) -> str:
        """Tell that something is so, or that it is not."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return self.tell(part, true=not true)
            case ast.BoolOp(op=operator, values=parts) if true:
                return self._joined(operator, parts)
            case ast.Compare(ops=[_]) if true:
                return self._compared(node)
            case ast.Compare(ops=[ast.LtE(), ast.LtE()], comparators=[middle, most]):
                limits = f"van {self.value(node.left)} t/m {self.value(most)}"
                return f"{self.value(middle)} ligt {'' if true else 'niet '}{limits}"
            case ast.Name(id=name) if name in _TRUE_OR_NOT:
                return _TRUE_OR_NOT[name][not true]
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._called(name, arguments, true=true)
            case _:
                raise _UntoldError

    def _joined(self, operator: ast.boolop, parts: Iterable[ast.expr]) -> str:
        word = ", en " if isinstance(operator, ast.And) else ", of "
        return word.join(_apart(part, self.tell(part)) for part in parts)

    def _called(self, name: str, arguments: list[ast.expr], *, true: bool) -> str:
        if name in _MORE and true:
            left, right = arguments
            words = _MORE[name][self._is_date(left) or self._is_date(right)]
            return f"{self.value(left)} {words} {self.value(right)}"
        if name in _STATEMENTS:
            return _STATEMENTS[name][not true].format(*map(self._plain, arguments))
        if name in _LOOPS and isinstance(arguments[0], ast.GeneratorExp):
            return self._looped(_LOOPS[name][not true], arguments[0])
        if name == "heeft_dubbel" and isinstance(arguments[0], ast.ListComp) and true:
            return self._doubled(arguments[0])
        raise _UntoldError

    def _looped(self, how_many: str, loop: ast.GeneratorExp) -> str:
        (clause,) = loop.generators
        if not isinstance(clause.target, ast.Name) or clause.ifs:
            raise _UntoldError
        if isinstance(clause.iter, ast.Tuple):
            items = ", ".join(self.value(item) for item in clause.iter.elts)
            self.loops[clause.target.id] = f"{how_many} van {items}"
            return self.tell(loop.elt)
        return f"bij {how_many} lead geldt: {_apart(loop.elt, self.tell(loop.elt))}"

    def _doubled(self, loop: ast.ListComp) -> str:
        conditions = [self.tell(one) for clause in loop.generators for one in clause.ifs]
        where = f" (leads waarvoor: {', en '.join(conditions)})" if conditions else ""
        return f"twee leads hebben hetzelfde in {self.value(loop.elt)}{where}"

    def _compared(self, node: ast.Compare) -> str:
        left, operator, right = node.left, node.ops[0], node.comparators[0]
        match left, operator, right:
            case ast.Constant(), _, _:
                return self._in_none_of(left, operator, right)
            case ast.Tuple(), _, _:
                return self._combined(left, operator, right)
            case _, ast.Is() | ast.IsNot(), _:
                return self._empty(left, filled=isinstance(operator, ast.IsNot))
            case _, ast.In() | ast.NotIn(), ast.Tuple(elts=parts):
                return self._chosen(left, parts, true=isinstance(operator, ast.In))
            case _ if type(operator) in _RELATIONS:
                meant = self._meant(right, self._field(left))
                return f"{self.value(left)} {_RELATIONS[type(operator)]} {meant}"
            case _:
                raise _UntoldError

    def _empty(self, node: ast.expr, *, filled: bool) -> str:
        if isinstance(node, ast.Call) and _calls(node, "udi"):
            return self._called("udi_ok", node.args, true=filled)
        return f"{self.value(node)} is {'ingevuld' if filled else 'leeg'}"

    def _chosen(self, node: ast.expr, parts: list[ast.expr], *, true: bool) -> str:
        subject, field = self.value(node), self._field(node)
        if true:
            return f"{subject} is {_or(self._meant(part, field) for part in parts)}"
        filled = [self._meant(part, field) for part in parts if not _is_none(part)]
        begin = "is" if len(filled) == len(parts) else "is ingevuld en"
        return f"{subject} {begin} niet {' en niet '.join(filled)}"

    def _in_none_of(self, left: ast.Constant, operator: ast.cmpop, right: ast.expr) -> str:
        if not isinstance(operator, ast.NotIn) or not isinstance(right, ast.Tuple):
            raise _UntoldError
        names = _and(self.value(name) for name in right.elts)
        return f"{names} zijn {'ingevuld' if _is_none(left) else f'niet {self._plain(left)}'}"

    def _combined(self, left: ast.Tuple, operator: ast.cmpop, right: ast.expr) -> str:
        if not isinstance(right, ast.Tuple):
            raise _UntoldError
        fields = [self._field(part) for part in left.elts]
        pairs = [
            " met ".join(
                self._meant(one, each) for one, each in zip(pair.elts, fields, strict=True)
            )
            for pair in right.elts
            if isinstance(pair, ast.Tuple)
        ]
        verb = "is" if isinstance(operator, ast.In) else "is niet"
        return f"{' met '.join(map(self.value, left.elts))} {verb}: {'; '.join(pairs)}"

    # --- what has a value ------------------------------------------------------------------------
    def value(self, node: ast.expr) -> str:
        """Name a value."""
        match node:
            case ast.Name(id=name):
                return self.loops.get(name) or _NAMES.get(name) or self._variable(name)
            case ast.Attribute(attr=name):
                return self._variable(name)
            case ast.Call(func=ast.Name(id="udi_deel"), args=[code, ast.Constant(value=str(part))]):
                return f"{_UDI_PARTS[part]} in {self.value(code)}"
            case ast.Call(func=ast.Name(id="len"), args=[ast.ListComp(generators=[clause])]):
                where = ", en ".join(self.tell(one) for one in clause.ifs)
                return f"het aantal leads waarvoor {where}"
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in _VALUES:
                return _VALUES[name].format(*map(self.value, arguments))
            case _:
                return self._plain(node)

    def _variable(self, stem: str) -> str:
        if "GROEP" in stem:  # one of several fields: `{soort}_datum`
            return f"`{stem.replace('_GROEP', ']').replace('GROEP_', '[')}`"
        if stem not in self.fields:
            raise _UntoldError
        return f"`{self.fields[stem].name.replace('{n}', '')}`"

    def _plain(self, node: ast.expr) -> str:
        """Name a value, a text without quotes."""
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            return self.value(node)
        try:
            constant = ast.literal_eval(node)
        except ValueError as error:
            raise _UntoldError from error
        if isinstance(constant, tuple | list):
            raise _UntoldError
        return str(constant).replace(".", ",") if isinstance(constant, float) else str(constant)

    def _meant(self, node: ast.expr, field: Field | None) -> str:
        """Name a value with what it means as a code of a field."""
        if _is_none(node):
            return "leeg"
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            return f"gelijk aan {self.value(node)}"
        code = self._plain(node)
        label = codes_of(field).get(code) if field else None
        return f"{code} ({label})" if label else code

    def _field(self, node: ast.expr) -> Field | None:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self.fields.get(name)
            case _:
                return None

    def _is_date(self, node: ast.expr) -> bool:
        field = self._field(node)
        named = isinstance(node, ast.Name) and node.id == "vandaag"
        dated = field is not None and field.type is FieldType.DATE
        return named or dated or _calls(node, "udi_deel")


def _calls(node: ast.expr, function: str) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    )


def _apart(node: ast.expr, told: str) -> str:
    return f"({told})" if isinstance(node, ast.BoolOp) else told


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _or(parts: Iterable[str]) -> str:
    return _listed(list(parts), "of")


def _and(parts: Iterable[str]) -> str:
    return _listed(list(parts), "en")


def _listed(parts: list[str], word: str) -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last
