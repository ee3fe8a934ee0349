"""Which reader a file needs: decided by its extension and its content together."""

from __future__ import annotations

import re
from enum import StrEnum
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

from databroker.intake.sheet import Sheet, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from databroker.dataset import Dataset

Reader: TypeAlias = "Callable[[bytes, Dataset], Sheet]"


class Content(StrEnum):
    """What the first bytes say the file is, in the words the hospital reads."""

    TEXT = "tekst"
    ZIP = "Excelwerkmap (.xlsx) of zip"
    OLE = "oud Officeformaat (.xls)"
    XML = "XML of HTML"
    JSON = "JSON"
    PDF = "PDF"


READERS: Mapping[tuple[str, Content], tuple[str, str]] = {
    (".csv", Content.TEXT): ("csv_file", "read_csv"),
    (".txt", Content.TEXT): ("csv_file", "read_csv"),
    (".xlsx", Content.ZIP): ("xlsx.reader", "read_xlsx"),
    (".xml", Content.XML): ("xml.reader", "read_xml"),
    (".json", Content.JSON): ("fhir.reader", "read_fhir"),
}
"""By extension and content the module of the reader and its name.

A reader is loaded when a file needs it: a cold process that checks one file reads one kind.
"""

_SIGNATURES = (
    (b"PK\x03\x04", Content.ZIP),
    (b"PK\x05\x06", Content.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content.OLE),
    (b"%PDF-", Content.PDF),
    (b"<", Content.XML),
    (b"{", Content.JSON),
    (b"[", Content.JSON),
)
_BYTE_ORDER_MARKS_AND_SPACE = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_ENCRYPTED_WORKBOOK = "EncryptedPackage".encode("utf-16-le")
_SHOWABLE_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}")


def find_reader(content: bytes, file_name: str) -> Reader:
    """Give the reader of the file.

    Raises:
        UnreadableError: BF-001 for a kind nobody reads or an extension that belongs to another
            kind, BF-004 for a workbook behind a password.
    """
    extension = PurePath(file_name.strip()).suffix.lower()
    kind = content_of(content)
    if found := READERS.get((extension, kind)):
        module, name = found
        reader: Reader = getattr(import_module(f"databroker.intake.{module}"), name)
        return reader
    if kind is Content.OLE and _ENCRYPTED_WORKBOOK in content:
        raise UnreadableError("BF-004")
    # What stands behind the last dot of a file name may be a name or a number of a patient.
    known = _SHOWABLE_EXTENSION.fullmatch(extension)
    shown = extension if known else "zonder bekende extensie"
    raise UnreadableError("BF-001", ext=f"{shown}, inhoud: {kind.value}")


def content_of(content: bytes) -> Content:
    """Tell what a file is by how it begins; what nothing else fits is text."""
    start = content[:1024].translate(None, b"\0").lstrip(_BYTE_ORDER_MARKS_AND_SPACE)
    for signature, kind in _SIGNATURES:
        if content.startswith(signature) or start.startswith(signature):
            return kind
    return Content.TEXT
