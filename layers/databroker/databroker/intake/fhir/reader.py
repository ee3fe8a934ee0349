"""FHIR R4 in JSON: from text to a document that can do no harm, and from there to a table."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from databroker.intake.fhir.bundle import read_bundle
from databroker.intake.fhir.element import Element, Number
from databroker.intake.named import check_count, sheet_of_records
from databroker.intake.sheet import UnreadableError

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.intake.sheet import Sheet

MAX_VALUES = 1_500_000
"""Values in one document: 20 MB of a genuine bundle hold about that many, and need some 250 MB."""

_SEPARATORS = b"{[,"
_TWICE = "\0"
"""A key that no JSON of ours has; marks an object in which a key stands twice."""


def read_fhir(content: bytes, dataset: Dataset) -> Sheet:
    """Read a bundle of interventions (docs/formats.md).

    The row of a record is the place of its Procedure among the Procedures, the first being row 2.

    Raises:
        UnreadableError: BF-005 for another encoding than UTF-8, BF-008 for another dataset, BF-011,
            BF-014, BF-018 for what only an attack has, BF-019 for what is not well-formed, BF-022
            for what does not follow the profile.
    """
    if sum(content.count(separator) for separator in _SEPARATORS) > MAX_VALUES:
        raise UnreadableError("BF-018")
    faults: dict[str, None] = {}
    bundle = read_bundle(Element(_parse(content, faults), "Bundle", faults), dataset)
    if faults:
        raise UnreadableError(
            "BF-022", records=len(bundle.records), n=len(faults), pad=next(iter(faults))
        )
    _check_dataset(bundle.dataset, dataset)
    check_count(len(bundle.records), dataset)
    spelled = {name: name for record in bundle.records for name in record.cells}
    places = {name: place for place, name in enumerate(bundle.paths)}
    rows = range(2, len(bundle.records) + 2)
    return sheet_of_records(
        zip(rows, (record.cells for record in bundle.records), strict=True),
        spelled,
        dataset,
        paths={name: (path, places[name]) for name, path in bundle.paths.items()},
        rows=list(rows),
        numbers=[[record.entries.get(name) for name in places] for record in bundle.records],
        version=bundle.version,
    )


def _check_dataset(named: str | None, dataset: Dataset) -> None:
    if named not in {None, dataset.id}:
        shown = named if re.fullmatch(r"[a-z0-9-]{1,40}", named or "") else "een ander sjabloon"
        raise UnreadableError("BF-008", sjabloon=dataset.label, gevonden=shown)


def _parse(content: bytes, faults: dict[str, None]) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("BF-005") from error
    twice: list[str] = []

    def unite(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        united = dict(pairs)
        if len(united) < len(pairs):
            twice.append(_TWICE)
            united[_TWICE] = None
        return united

    try:
        document = json.loads(
            text,
            object_pairs_hook=unite,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise UnreadableError("BF-019", regel=error.lineno, pos=error.colno) from error
    except _ConstantError as error:
        line, column = _place_of(str(error), text)
        raise UnreadableError("BF-019", regel=line, pos=column) from error
    except RecursionError as error:
        raise UnreadableError("BF-018") from error
    if twice:
        faults.update(dict.fromkeys(_doubles(document)))
    return document


class _ConstantError(Exception):
    """NaN or Infinity, which JSON does not have (RFC 8259) and Python reads."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _place_of(constant: str, text: str) -> tuple[int, int]:
    """Find where a constant stands: the first time outside a string."""
    strings_or_constant = re.compile(rf'"(?:[^"\\]|\\.)*+"|({constant})', re.DOTALL)
    start = next(m.start() for m in strings_or_constant.finditer(text) if m[1])
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _doubles(document: Any) -> list[str]:
    """Give the paths of the objects in which a key stands twice."""
    found, left = [], [("Bundle", document)]
    while left:
        path, value = left.pop()
        if isinstance(value, list):
            left += [(f"{path}[{place}]", each) for place, each in enumerate(value)]
        elif isinstance(value, dict):
            if _TWICE in value:
                found.append(path)
            left += [(f"{path}.{_shown(key)}", each) for key, each in value.items()]
    return sorted(found)


def _shown(key: str) -> str:
    return key if re.fullmatch(r"_?[A-Za-z]{1,40}", key) else "?"
