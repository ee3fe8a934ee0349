"""XLSX: the worksheet with the data, read by openpyxl from a package that was inspected first."""

from __future__ import annotations

import posixpath
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.ElementTree import fromstring
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml import DEFUSEDXML
from openpyxl.xml.constants import REL_NS, SHEET_MAIN_NS

from databroker.intake.cells import cell_text
from databroker.intake.package import Package, resolve
from databroker.intake.sheet import Sheet, UnreadableError, sheet_of
from databroker.intake.sheet_scan import measure

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from databroker.dataset import Dataset
    from databroker.intake.sheet_scan import Extent

if not DEFUSEDXML:
    raise ImportError("openpyxl must find defusedxml: without it any workbook may carry a bomb")

MAX_STRING_TAGS = 2_000_000
MAX_OTHER_TAGS = 200_000
"""What openpyxl reads in a few seconds, of the strings and of each other part."""

_CONTENT_TYPES, _ROOT_RELATIONS = "[Content_Types].xml", "_rels/.rels"
_STYLES = "xl/styles.xml"  # the only place where openpyxl looks for them
_FORBIDDEN_PARTS = ("vbaproject", "macrosheets/", "externallinks/")

_OPENPYXL_ERRORS = (
    InvalidFileException,
    ParseError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OSError,
    OverflowError,
    RecursionError,
)
"""What openpyxl is known to raise on damaged workbooks; it has no error class of its own."""


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
    package = Package(content)
    workbook_part = _find_workbook(package)
    if any(part in name.lower() for name in package.names for part in _FORBIDDEN_PARTS):
        raise UnreadableError("BF-013")
    relations = _relations(package, workbook_part)
    tabs = _tabs(package, workbook_part, relations)
    tab = _choose(tabs, dataset)
    extent = measure(package.read(tab.part))
    count = len(extent.rows) - 1
    if count > dataset.max_rows:
        raise UnreadableError("BF-014", records=count, n=count, max=dataset.max_rows)
    strings = [part for kind, part in relations.values() if kind == "sharedStrings"]
    others = [_CONTENT_TYPES, workbook_part, _relations_part(workbook_part), _STYLES]
    _refuse_floods(package, strings, MAX_STRING_TAGS)
    _refuse_floods(package, others, MAX_OTHER_TAGS)
    wanted = {tab.part, *strings, *others}
    bare = package.copy(name for name in package.names if name in wanted)
    strange = {other.name for other in tabs} - {tab.name, *dataset.template_sheets}
    extra = (dataset.finding("BW-012"),) if strange else ()
    return sheet_of(_lines(bare, tab, extent), warnings=extra, name=tab.name)


def _find_workbook(package: Package) -> str:
    """Find the part that makes the zip a workbook of Excel's usual kind."""
    if _ROOT_RELATIONS not in package.names or _CONTENT_TYPES not in package.names:
        raise UnreadableError("BF-001", ext=".xlsx, inhoud: zip")
    parts = dict(_relations(package, "").values())
    part = parts.get("officeDocument", "")
    if not part.endswith(".xml"):
        raise UnreadableError("BF-001", ext=".xlsx, inhoud: geen Excelwerkmap of .xlsb")
    return part


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Give what a part is related to, by id: the kind and the part."""
    found = {}
    for relation in _parse(package, _relations_part(part)):
        kind = relation.get("Type", "").rpartition("/")[2]
        found[relation.get("Id", "")] = kind, resolve(part, relation.get("Target", ""))
    return found


def _relations_part(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _tabs(
    package: Package, workbook_part: str, relations: dict[str, tuple[str, str]]
) -> list[_Tab]:
    workbook = _parse(package, workbook_part)
    if workbook.tag != f"{{{SHEET_MAIN_NS}}}workbook":
        raise UnreadableError("BF-001", ext=".xlsx, inhoud: geen gewone Excelwerkmap")
    tabs = []
    for sheet in workbook.iterfind(f"{{{SHEET_MAIN_NS}}}sheets/{{{SHEET_MAIN_NS}}}sheet"):
        kind, part = relations.get(sheet.get(f"{{{REL_NS}}}id", ""), ("", ""))
        if kind == "worksheet":
            visible = sheet.get("state", "visible") == "visible"
            tabs.append(_Tab(sheet.get("name", ""), visible, part))
    return tabs


def _choose(tabs: list[_Tab], dataset: Dataset) -> _Tab:
    """Choose the worksheet that the dataset names, hidden or not, else the first visible one."""
    named = [tab for tab in tabs if tab.name.strip().casefold() == dataset.sheet.casefold()]
    visible = [tab for tab in tabs if tab.visible]
    if not named + visible:
        raise UnreadableError("BF-021", blad=dataset.sheet)
    return (named + visible)[0]


def _refuse_floods(package: Package, parts: Iterable[str], limit: int) -> None:
    for part in parts:
        if part in package.names and package.read(part).count(b"<") > limit:
            raise UnreadableError("BF-018")


def _parse(package: Package, part: str) -> Element:
    _refuse_floods(package, [part], MAX_OTHER_TAGS)
    try:
        return fromstring(package.read(part), forbid_dtd=True)
    except (ParseError, LookupError, ValueError) as error:
        raise UnreadableError("BF-004") from error


def _lines(package: io.BytesIO, tab: _Tab, extent: Extent) -> list[tuple[int, list[str | None]]]:
    """Give the rows that have a filled cell, all of the same width."""
    if not extent.rows:
        return []
    try:
        with warnings.catch_warnings():
            # openpyxl warns of all it leaves out: styles, extensions, dates that are none.
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(
                package, read_only=True, data_only=True, keep_links=False
            )
            # Explicit bounds: the dimension that the sheet declares is not to be believed.
            rows = workbook[tab.name].iter_rows(max_row=extent.rows[-1], max_col=extent.width)
            filled = set(extent.rows)
            return [
                (row, [cell_text(cell) for cell in cells])
                for row, cells in enumerate(rows, 1)
                if row in filled
            ]
    except _OPENPYXL_ERRORS as error:
        raise UnreadableError("BF-004") from error
