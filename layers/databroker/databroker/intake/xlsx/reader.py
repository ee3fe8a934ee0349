"""XLSX: the worksheet with the data, read from a package that was inspected first."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.intake.sheet import MAX_COLUMNS, Sheet, UnreadableError
from databroker.intake.xlsx.cells import EPOCH_1900, EPOCH_1904
from databroker.intake.xlsx.elements import MAIN, elements
from databroker.intake.xlsx.grid import Meaning, lines_of
from databroker.intake.xlsx.limits import limits_of
from databroker.intake.xlsx.package import Package, resolve
from databroker.intake.xlsx.shared_strings import STRING_TAG, read_strings
from databroker.intake.xlsx.sheet_rows import ROW_TAG, read_rows
from databroker.intake.xlsx.styles import Style, read_styles
from databroker.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databroker.dataset import Dataset
    from databroker.intake.xlsx.elements import Element
    from databroker.intake.xlsx.grid import Grid

MAX_OTHER_TAGS = 200_000
"""In each part besides the worksheet and its strings."""

_CONTENT_TYPES, _ROOT_RELATIONS = "[Content_Types].xml", "_rels/.rels"
_FORBIDDEN_PARTS = ("vbaproject", "macrosheets/", "externallinks/")

_RELATION_ID = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
_TRUE = {"1", "true"}


@dataclass(frozen=True, slots=True)
class _Tab:
    """A worksheet as the workbook lists it."""

    name: str
    visible: bool
    part: str


def read_xlsx(content: bytes, dataset: Dataset) -> Sheet:
    """Read the worksheet of the dataset, or the first visible one.

    Raises:
        UnreadableError: BF-001, BF-003, BF-004, BF-006, BF-013, BF-014, BF-018 or BF-021.
    """
    limits = limits_of(dataset)
    package = Package(content, limits.inflated)
    workbook_part = _find_workbook(package)
    if any(part in name.lower() for name in package.names for part in _FORBIDDEN_PARTS):
        raise UnreadableError("BF-013")
    relations = _relations(package, workbook_part)
    workbook = _workbook(package, workbook_part)
    tabs = _tabs(workbook, relations)
    tab = _choose(tabs, dataset)
    strange = {other.name for other in tabs} - {tab.name, *dataset.template_sheets}
    extra = (dataset.finding("BW-012"),) if strange else ()

    parts = dict(relations.values())
    meaning = Meaning(
        _styles(package, parts.get("styles")),
        _strings(package, parts.get("sharedStrings"), limits.string_tags),
        EPOCH_1904 if _counts_from_1904(workbook) else EPOCH_1900,
    )
    rows = read_rows(package.stream(tab.part, ROW_TAG), meaning, limits.tags)
    return _sheet(map(meaning.read, rows), warnings=extra, name=tab.name)


def _sheet(grids: Iterator[Grid], **facts: Any) -> Sheet:
    first = next((grid for grid in grids if grid.at.size), None)
    if first is None:
        raise UnreadableError("BF-011")
    at = int(first.at.min())
    row = int(first.rows[at])
    # How wide a sheet is, is known when all of it was read.
    header: list[str | None] = [None] * MAX_COLUMNS
    for i in np.flatnonzero(first.at == at).tolist():
        header[first.places[i]] = first.texts[i]
    rest = chain([first], grids)
    return Sheet(row, header, lambda places: lines_of(rest, places, row), **facts)


def _find_workbook(package: Package) -> str:
    """Find the part that makes the zip a workbook of Excel's usual kind."""
    if _ROOT_RELATIONS not in package.names or _CONTENT_TYPES not in package.names:
        raise UnreadableError("BF-001", ext=".xlsx, inhoud: zip")
    parts = dict(_relations(package, "").values())
    part = parts.get("officeDocument", "")
    _elements(package, _CONTENT_TYPES)  # what it says is nothing new, but it should be in order
    if not part.endswith(".xml"):
        raise UnreadableError("BF-001", ext=".xlsx, inhoud: geen Excelwerkmap of .xlsb")
    return part


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Give what a part is related to, by id: the kind and the part."""
    found = {}
    for _, _, relation in _elements(package, _relations_part(part)):
        kind = relation.get("Type", "").rpartition("/")[2]
        found[relation.get("Id", "")] = kind, resolve(part, relation.get("Target", ""))
    return found


def _relations_part(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _workbook(package: Package, part: str) -> list[Element]:
    workbook = _elements(package, part)
    if workbook[0].tag != f"{MAIN} workbook":
        raise UnreadableError("BF-001", ext=".xlsx, inhoud: geen gewone Excelwerkmap")
    return workbook


def _tabs(workbook: list[Element], relations: dict[str, tuple[str, str]]) -> list[_Tab]:
    tabs = []
    for parent, tag, sheet in workbook:
        if (parent, tag) != (f"{MAIN} sheets", f"{MAIN} sheet"):
            continue
        kind, part = relations.get(sheet.get(_RELATION_ID, ""), ("", ""))
        if kind == "worksheet":
            visible = sheet.get("state", "visible") == "visible"
            tabs.append(_Tab(sheet.get("name", ""), visible, part))
    return tabs


def _counts_from_1904(workbook: list[Element]) -> bool:
    return any(
        attributes.get("date1904", "").lower() in _TRUE
        for _, tag, attributes in workbook
        if tag == f"{MAIN} workbookPr"
    )


def _choose(tabs: list[_Tab], dataset: Dataset) -> _Tab:
    """Choose the worksheet that the dataset names, hidden or not, else the first visible one."""
    named = [tab for tab in tabs if tab.name.strip().casefold() == dataset.sheet.casefold()]
    visible = [tab for tab in tabs if tab.visible]
    if not named + visible:
        raise UnreadableError("BF-021", blad=dataset.sheet)
    return (named + visible)[0]


def _styles(package: Package, part: str | None) -> list[Style]:
    if part is None:
        return [Style()]
    try:
        return read_styles(_elements(package, part))
    except ValueError as error:
        raise UnreadableError("BF-004") from error


def _strings(package: Package, part: str | None, max_tags: int) -> Texts:
    if part is None:
        return Texts.empty(0)
    return read_strings(package.stream(part, STRING_TAG), max_tags)


def _elements(package: Package, part: str) -> list[Element]:
    content = package.read(part)
    if content.count(b"<") > MAX_OTHER_TAGS:
        raise UnreadableError("BF-018")
    return elements(content)
