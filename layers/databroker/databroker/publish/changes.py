"""What changed between two versions of a dataset, for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from databroker.dataset import Dataset, Field

    Facts = Mapping[str, Any]

LIMITS = ("hard_min", "hard_max", "soft_min", "soft_max")
_DATASET_FACTS = ("label", "sheet", "max_rows", "max_bytes", "conflict_policy")


def changes(old: Dataset, new: Dataset) -> dict[str, Any]:
    """Tell what came, went and changed: the dataset itself, fields, codes, limits and rules.

    A field whose old name is an alias of the new one is the same field, renamed; it is told under
    its new name.
    """
    renamed = _renamed(old, new)
    before = {renamed.get(field.name, field.name): field for field in old.fields}
    after = {field.name: field for field in new.fields}
    return {
        "dataset": new.id,
        "from": old.version,
        "to": new.version,
        "about": list(_differences(_facts(old), _facts(new))),
        "fields": {
            "renamed": [{"from": name, "to": renamed[name]} for name in renamed],
            **_compare(_of(before, _shape), _of(after, _shape), "field"),
        },
        "limits": _compare(_pairs(before, _limits), _pairs(after, _limits), "field", "limit"),
        "codes": _compare(_pairs(before, _labels), _pairs(after, _labels), "field", "code"),
        "rules": _compare(_rules(old), _rules(new), "rule"),
    }


def _renamed(old: Dataset, new: Dataset) -> dict[str, str]:
    former = {field.name for field in old.fields} - {field.name for field in new.fields}
    names = {alias: field.name for field in new.fields for alias in field.aliases}
    return {name: names[name] for name in sorted(former & names.keys())}


def _facts(dataset: Dataset) -> Facts:
    return {fact: getattr(dataset, fact) for fact in _DATASET_FACTS}


def _shape(field: Field) -> Facts:
    """Give what a field is, apart from its name, its limits and its codes."""
    besides = {"name", "codes", "codes_en", *LIMITS}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(field).items()
        if name not in besides
    }


def _limits(field: Field) -> Mapping[str, Facts]:
    limits = {limit: getattr(field, limit) for limit in LIMITS}
    return {limit: {"value": value} for limit, value in limits.items() if value is not None}


def _labels(field: Field) -> Mapping[str, Facts]:
    english = field.codes_en or {}
    return {
        code: {"value": label, "value_en": english.get(code)}
        for code, label in (field.codes or {}).items()
    }


def _rules(dataset: Dataset) -> dict[tuple[str, ...], Facts]:
    return {
        (code,): {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(rule).items()
            if name != "code"
        }
        for code, rule in dataset.rules.items()
    }


def _of(fields: Mapping[str, Field], facts: Any) -> dict[tuple[str, ...], Facts]:
    return {(name,): facts(field) for name, field in fields.items()}


def _pairs(
    fields: Mapping[str, Field], facts_of: Callable[[Field], Mapping[str, Facts]]
) -> dict[tuple[str, ...], Facts]:
    """Give the facts of fields one by one, by the name of the field and of the fact."""
    return {
        (name, fact): told
        for name, field in fields.items()
        for fact, told in facts_of(field).items()
    }


def _compare(
    old: Mapping[tuple[str, ...], Facts], new: Mapping[tuple[str, ...], Facts], *names: str
) -> dict[str, list[dict[str, Any]]]:
    """Put what came, went and changed in lists; `names` are what the parts of a key are called."""

    def called(key: tuple[str, ...]) -> dict[str, Any]:
        return dict(zip(names, key, strict=True))

    return {
        "added": [called(key) | dict(new[key]) for key in new if key not in old],
        "removed": [called(key) | dict(old[key]) for key in old if key not in new],
        "changed": [
            called(key) | difference
            for key in new
            if key in old
            for difference in _differences(old[key], new[key])
        ],
    }


def _differences(old: Facts, new: Facts) -> Iterator[dict[str, Any]]:
    for name in new:
        if old[name] != new[name]:
            yield {"what": name, "from": old[name], "to": new[name]}
