"""Reads one version of a dataset from its folder, and refuses a wrong one whole.

A folder holds `dataset.toml` (facts), `fields.csv`, `codes.csv` and `rules.csv`. A version that is
`based_on` an older one holds only what differs from it: a line replaces the line of that field or
rule, new lines are added, and `dropped` names what is no longer there. Conditions are only carried
here; `databroker.rules` understands them and refuses the ones it does not.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from databroker.dataset.model import (
    Dataset,
    Erasure,
    Field,
    FieldType,
    IdClass,
    Phase,
    Rule,
    Scope,
)
from databroker.dataset.pseudonymised import REPLACEMENTS
from databroker.findings import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable

T = TypeVar("T")

FACTS: Mapping[str, type] = {
    "id": str,
    "version": str,
    "label": str,
    "sheet": str,
    "max_rows": int,
    "max_bytes": int,
    "conflict_policy": str,
    "registers": bool,
    "groups": dict,
    "trials": dict,
}
OPTIONAL = {"groups", "trials"}
CHANGES: Mapping[str, type] = {"based_on": str, "dropped": list}
"""What besides may be said of a version that changes an older one; its other facts are optional."""


class DatasetFileError(Exception):
    """A dataset file is wrong: which file, which line, what."""

    def __init__(self, file: str, line: int | None, what: str) -> None:
        """Say where it is and what is wrong."""
        super().__init__(f"{file}, line {line}: {what}" if line else f"{file}: {what}")


class Line:
    """One line of a CSV file, its cells read by name."""

    def __init__(self, file: str, number: int, cells: Mapping[str, str]) -> None:
        """Remember where the line stands."""
        self.file = file
        self.number = number
        self.cells = cells

    def refuse(self, what: str) -> DatasetFileError:
        """Make the error that points at this line."""
        return DatasetFileError(self.file, self.number, what)

    def text(self, name: str) -> str:
        """Give a cell that must be filled."""
        if not self.cells[name]:
            raise self.refuse(f"{name} is empty")
        return self.cells[name]

    def maybe(self, name: str, read: Callable[[str], T]) -> T | None:
        """Read a cell that may be empty."""
        cell = self.cells[name]
        return self.read(name, read) if cell else None

    def read(self, name: str, read: Callable[[str], T]) -> T:
        """Read a cell that must be filled."""
        try:
            return read(self.text(name))
        except ValueError as error:
            raise self.refuse(f"{name}: {self.cells[name]!r} is not understood") from error

    def words(self, name: str) -> tuple[str, ...]:
        """Give the words of a cell."""
        return tuple(self.cells[name].split())


@dataclass(frozen=True)
class Layer:
    """One folder of a version: the first is whole, each next one `changes` what came before.

    Its files are read once, however many versions rest on it.
    """

    folder: Traversable
    facts: Mapping[str, Any]
    changes: bool = False
    dropped: frozenset[str] = frozenset()

    @cached_property
    def fields(self) -> Mapping[str, Line]:
        """Give the lines of the fields, by name."""
        return _by_key(self, "fields.csv", _FIELDS, "name")

    @cached_property
    def codes(self) -> Mapping[str, CodeList]:
        """Give the code lists, by the name of their field."""
        return _codes(self)

    @cached_property
    def rules(self) -> Mapping[str, tuple[Line, Rule]]:
        """Give the rules with their lines, by code."""
        lines = _by_key(self, "rules.csv", _RULES, "code")
        return {code: (line, _rule(line)) for code, line in lines.items()}


Layers = list[Layer]


def read_dataset(home: Traversable, version: str) -> Dataset:
    """Read one version from the folder of its dataset.

    Raises:
        DatasetFileError: a file is missing or wrong.
    """
    return _dataset(version, _layers(home, version, {}))


def read_versions(home: Traversable, versions: Iterable[str]) -> Iterator[Dataset]:
    """Read versions from the folder of their dataset, what they share only once.

    Raises:
        DatasetFileError: a file is missing or wrong.
    """
    known: dict[str, Layers] = {}
    return (_dataset(version, _layers(home, version, known)) for version in versions)


def _dataset(version: str, layers: Layers) -> Dataset:
    facts: dict[str, Any] = {"groups": {}, "trials": {}}
    for layer in layers:
        facts |= layer.facts
    fields = _fields(layers)
    rules = _rules(layers, fields, facts["groups"])
    trials = facts.pop("trials")
    return Dataset(**facts, fields=fields, rules=rules | _on_trial(version, rules, trials))


def age(version: str) -> tuple[int, ...]:
    """Give what versions are put in order by: the newest is the greatest."""
    return tuple(int(number) for number in version.split("."))


def _layers(home: Traversable, version: str, known: dict[str, Layers]) -> Layers:
    """Give the layers of a version, those of the versions it is based on first."""
    if version not in known:
        known[version] = _new_layers(home, version, known)
    return known[version]


def _new_layers(home: Traversable, version: str, known: dict[str, Layers]) -> Layers:
    folder = home / version
    file = f"{folder.name}/dataset.toml"
    facts = _facts(folder)
    if facts["version"] != version:
        raise DatasetFileError(file, None, f"version {facts['version']} does not belong here")
    base, dropped = facts.pop("based_on", None), frozenset(facts.pop("dropped", ()))
    if base is None:
        return [Layer(folder, facts)]
    if age(base) >= age(version):
        raise DatasetFileError(file, None, f"{base} is not an older version")
    older = _layers(home, base, known)
    unknown = dropped - _merged(older, "fields").keys() - _merged(older, "rules").keys()
    if unknown:
        raise DatasetFileError(file, None, f"dropped: {base} has no {', '.join(sorted(unknown))}")
    return [*older, Layer(folder, facts, changes=True, dropped=dropped)]


def _open(folder: Traversable, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError) as error:
        file = f"{folder.name}/{name}"
        raise DatasetFileError(file, None, "is missing, or is not UTF-8") from error


def _facts(folder: Traversable) -> dict[str, Any]:
    file = f"{folder.name}/dataset.toml"
    try:
        facts = tomllib.loads(_open(folder, "dataset.toml"))
    except tomllib.TOMLDecodeError as error:
        raise DatasetFileError(file, None, str(error)) from error
    known, needed = FACTS, FACTS.keys() - OPTIONAL
    if "based_on" in facts:
        known, needed = {**FACTS, **CHANGES}, {"version"}
    wrong = (facts.keys() - known.keys()) | (needed - facts.keys())
    if wrong:
        raise DatasetFileError(file, None, f"missing or unknown: {', '.join(sorted(wrong))}")
    for fact, value in facts.items():
        if type(value) is not known[fact]:
            raise DatasetFileError(file, None, f"{fact} is not {known[fact].__name__}")
    for fact in facts.keys() & {"version", "based_on"}:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", facts[fact]):
            raise DatasetFileError(file, None, f"{fact} is not numbers with points")
    return facts


def _merged(layers: Layers, what: str) -> dict[str, Any]:
    """Give what the layers hold by key, each layer's in place of what has the same key before it."""
    merged: dict[str, Any] = {}
    for layer in layers:
        kept = {key: held for key, held in merged.items() if key not in layer.dropped}
        merged = kept | getattr(layer, what)
    return merged


def _by_key(layer: Layer, name: str, header: tuple[str, ...], key: str) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for line in _lines(layer, name, header):
        if line.text(key) in lines:
            raise line.refuse(f"{line.text(key)} stands here twice")
        lines[line.text(key)] = line
    return lines


def _lines(layer: Layer, name: str, header: tuple[str, ...]) -> Iterator[Line]:
    file = f"{layer.folder.name}/{name}"
    if layer.changes and not (layer.folder / name).is_file():
        return
    reader = csv.reader(_open(layer.folder, name).splitlines(), strict=True)
    try:
        first = next(reader, [])
        if tuple(first) != header:
            raise DatasetFileError(file, 1, f"the header is not {','.join(header)}")
        for cells in reader:
            if len(cells) != len(header):
                what = f"{len(cells)} cells instead of {len(header)}"
                raise DatasetFileError(file, reader.line_num, what)
            yield Line(file, reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise DatasetFileError(file, reader.line_num, str(error)) from error


def _flag(cell: str) -> bool:
    if cell not in {"ja", "nee"}:
        raise ValueError(cell)
    return cell == "ja"


# --- fields --------------------------------------------------------------------------------------
_FIELDS = (
    "position", "number", "name", "slots", "label", "label_en", "type", "unit", "format",
    "format_en", "id_class", "kept", "column_required", "required", "condition", "condition_en",
    "required_when", "applies_when", "counts_when", "unknown", "min_length", "max_length",
    "max_decimals", "hard_min", "hard_max", "soft_min", "soft_max", "norm", "aliases",
)  # fmt: skip


def _fields(layers: Layers) -> tuple[Field, ...]:
    lines, codes = _merged(layers, "fields"), _merged(layers, "codes")
    fields = tuple(_field(line, codes.get(name)) for name, line in lines.items())
    for name, known in codes.items():
        if name not in lines:
            raise known.line.refuse(f"there is no field {name}")
    return fields


def _field(line: Line, codes: CodeList | None) -> Field:
    name = line.text("name")
    field = Field(
        name=name,
        number=line.text("number"),
        label=line.text("label"),
        label_en=line.text("label_en"),
        type=line.read("type", FieldType),
        id_class=line.read("id_class", IdClass),
        kept=line.read("kept", _flag),
        column_required=line.read("column_required", _flag),
        required=line.read("required", _flag),
        positions=line.maybe("position", _numbers) or (),
        condition=line.maybe("condition", str),
        condition_en=line.maybe("condition_en", str),
        required_when=line.maybe("required_when", str),
        applies_when=line.maybe("applies_when", str),
        counts_when=line.maybe("counts_when", str),
        unknown=line.maybe("unknown", str),
        codes=codes.labels if codes else None,
        codes_en=codes.labels_en if codes else None,
        unit=line.maybe("unit", str),
        format=line.maybe("format", str),
        format_en=line.maybe("format_en", str),
        min_length=line.maybe("min_length", int),
        max_length=line.maybe("max_length", int),
        max_decimals=line.maybe("max_decimals", int),
        hard_min=line.maybe("hard_min", float),
        hard_max=line.maybe("hard_max", float),
        soft_min=line.maybe("soft_min", float),
        soft_max=line.maybe("soft_max", float),
        norm=line.maybe("norm", float),
        slots=line.read("slots", int),
        aliases=line.words("aliases"),
    )
    for wrong, what in _contradictions(field):
        if wrong:
            raise line.refuse(what)
    return field


def _numbers(cell: str) -> tuple[int, ...]:
    return tuple(int(number) for number in cell.split())


def _contradictions(field: Field) -> Iterator[tuple[bool, str]]:
    per_lead = "{n}" in field.name
    yield per_lead != (field.slots > 1), "{n} in the name and slots > 1 go together"
    yield len(field.positions) not in {0, field.slots}, "a position for each slot is needed"
    yield field.type is FieldType.CODE and not field.codes, "a code field needs its codes"
    yield field.kept and field.id_class is IdClass.DIRECT, "a direct identifier is never kept"
    condition = bool(field.condition)
    yield condition != bool(field.required_when), "condition and required_when go together"
    yield field.required and condition, "what is always required has no condition"
    for what in ("label", "condition", "format"):
        dutch, english = getattr(field, what) or "", getattr(field, f"{what}_en") or ""
        yield bool(dutch) != bool(english), f"{what} and {what}_en go together"
        yield ("{n}" in dutch) != ("{n}" in english), f"{what} and {what}_en differ in {{n}}"
    limits = [field.hard_min, field.soft_min, field.soft_max, field.hard_max]
    given = [limit for limit in limits if limit is not None]
    yield given != sorted(given), "the limits are not in order"
    yield per_lead and bool(field.aliases), "a field for each lead has no aliases"


class CodeList(NamedTuple):
    """The codes of a field with their labels in both languages; `line` is the first of them."""

    line: Line
    labels: dict[str, str]
    labels_en: dict[str, str]


def _codes(layer: Layer) -> dict[str, CodeList]:
    """Give the code list of each field; a layer that has one replaces it whole."""
    codes: dict[str, CodeList] = {}
    for line in _lines(layer, "codes.csv", ("field", "code", "label", "label_en")):
        known = codes.setdefault(line.text("field"), CodeList(line, {}, {}))
        code = line.text("code")
        if code in known.labels:
            raise line.refuse(f"code {code} stands here twice")
        known.labels[code] = line.text("label")
        known.labels_en[code] = line.text("label_en")
    return codes


# --- rules ---------------------------------------------------------------------------------------
_RULES = (
    "code", "phase", "scope", "fields", "fires_when", "message", "fix", "message_en", "fix_en",
    "shows_value", "erases", "priority", "source",
)  # fmt: skip


def _rules(
    layers: Layers, fields: tuple[Field, ...], groups: Mapping[str, list[str]]
) -> dict[str, Rule]:
    known = {field.name for field in fields} | set(REPLACEMENTS)
    rules: dict[str, Rule] = {}
    for line, rule in _merged(layers, "rules").values():
        unknown = {name for case in rule.cases(groups) for name in case.fields} - known
        if unknown:
            raise line.refuse(f"{rule.code}: there is no field {', '.join(sorted(unknown))}")
        rules[rule.code] = rule
    return rules


def _rule(line: Line) -> Rule:
    rule = Rule(
        code=line.read("code", _code),
        phase=line.read("phase", Phase),
        scope=line.read("scope", Scope),
        fields=line.words("fields"),
        message=line.read("message", _text),
        fix=line.read("fix", _text),
        message_en=line.read("message_en", _text),
        fix_en=line.read("fix_en", _text),
        shows_value=line.read("shows_value", _flag),
        priority=line.read("priority", int),
        source=line.text("source"),
        fires_when=line.maybe("fires_when", str),
        erases=line.maybe("erases", Erasure),
    )
    if rule.fires_when and (not rule.fields or rule.scope not in _ROW_SCOPES):
        raise line.refuse(f"{rule.code}: only a rule on fields of a row has a condition")
    for what in ("message", "fix"):
        odd = placeholders(line.text(what)) ^ placeholders(line.text(f"{what}_en"))
        if odd:
            raise line.refuse(f"{what} and {what}_en differ in {', '.join(sorted(odd))}")
    return rule


def _on_trial(
    version: str, rules: Mapping[str, Rule], trials: Mapping[str, Any]
) -> dict[str, Rule]:
    """Give the rules that are on trial, each from its first day."""
    file = f"{version}/dataset.toml"
    tried = {}
    for code, day in trials.items():
        if type(day) is not dt.date:
            raise DatasetFileError(file, None, f"trials: {code} has no date")
        rule = rules.get(code)
        if rule is None or not rule.fires_when or rule.erases:
            what = f"trials: {code} is no rule with a condition that erases nothing"
            raise DatasetFileError(file, None, what)
        tried[code] = replace(rule, trial_from=day)
    return tried


_ROW_SCOPES = {Scope.ROW, Scope.LEAD, Scope.LEAD_SLOT}


def _code(cell: str) -> str:
    level, _, number = cell.partition("-")
    Level(level)
    if len(number) != len("000") or not number.isdigit():
        raise ValueError(cell)
    return cell


def _text(cell: str) -> str:
    placeholders(cell)  # a lone brace is a ValueError
    return cell


def placeholders(text: str) -> set[str]:
    """Give the names of what is filled in in a text.

    Raises:
        ValueError: it has a lone brace.
    """
    if "{" not in text and "}" not in text:
        return set()
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
