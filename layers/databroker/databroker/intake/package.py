"""A workbook is a zip of XML: what is refused before anything in it is parsed."""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING
from xml.parsers import expat

from databroker.intake.sheet import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PARTS = 500
MAX_INFLATED = 150_000_000
"""20,000 records of 82 columns are some 60 MB of XML."""
MAX_RATIO = 100
"""Genuine parts stay under 20 : 1, bombs begin near 400 : 1."""
SMALL_PART = 1_000_000
"""Under this size the ratio says nothing."""

MAX_TOKEN = 100_000
"""Bytes in one tag or comment."""

_ENDLESS_TAG = re.compile(rb"<[^<]{%d}" % (MAX_TOKEN * 2))  # the text after it may be long too
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_CHUNK = _PROLOGUE = 1 << 16

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # a part behind a password; NotImplementedError: one of a later zip version
    ValueError,
    OverflowError,
    IndexError,
)


class Package:
    """The parts of a zip whose directory passed inspection."""

    def __init__(self, content: bytes) -> None:
        """Inspect the directory, then the beginning of every XML part, read later or not.

        Raises:
            UnreadableError: BF-004 for a damaged or encrypted zip, BF-018 for a bomb or a document
                type (no genuine workbook has one), BF-003 for more than can be read in one go.
        """
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except _ZIP_ERRORS as error:
            raise UnreadableError("BF-004") from error
        entries = [entry for entry in self._archive.infolist() if not entry.is_dir()]
        self._entries = {entry.filename: entry for entry in entries}
        if len(self._entries) != len(entries) or not all(map(_is_readable, entries)):
            raise UnreadableError("BF-004")
        overlapping = sum(entry.compress_size for entry in entries) > len(content)
        if overlapping or len(entries) > MAX_PARTS or any(map(_is_bomb, entries)):
            raise UnreadableError("BF-018")
        if sum(entry.file_size for entry in entries) > MAX_INFLATED:
            raise UnreadableError("BF-003", max_mb=MAX_INFLATED // 1_000_000)
        xml = [name for name in self._entries if name.endswith((".xml", ".rels"))]
        if any(declares_type(self._inflate(name, _PROLOGUE)) for name in xml):
            raise UnreadableError("BF-018")

    @property
    def names(self) -> list[str]:
        """Give the names of the parts."""
        return list(self._entries)

    def size(self, name: str) -> int:
        """Give the size of a part, 0 when it is absent."""
        entry = self._entries.get(name)
        return entry.file_size if entry else 0

    def read(self, name: str) -> bytes:
        """Inflate a part, never further than the size it declared.

        Raises:
            UnreadableError: BF-004, when it is absent or damaged; BF-018 for an endless token.
        """
        content = self._inflate(name, MAX_INFLATED)
        if has_endless_token(content):
            raise UnreadableError("BF-018")
        return content

    def copy(self, parts: Iterable[str]) -> io.BytesIO:
        """Make a zip of these parts only, from the bytes that were inspected."""
        copied = io.BytesIO()
        with zipfile.ZipFile(copied, "w", zipfile.ZIP_STORED) as archive:
            for name in parts:
                archive.writestr(zipfile.ZipInfo(name), self.read(name))
        copied.seek(0)
        return copied

    def _inflate(self, name: str, at_most: int) -> bytes:
        entry = self._entries.get(name)
        if entry is None:
            raise UnreadableError("BF-004")
        content = bytearray()
        try:
            # One read() would inflate all a crafted part holds before it cuts to the declared size.
            with self._archive.open(entry) as part:
                while len(content) < at_most and (chunk := part.read(_CHUNK)):
                    content += chunk
        except _ZIP_ERRORS as error:
            raise UnreadableError("BF-004") from error
        return bytes(content)


def resolve(base: str, target: str) -> str:
    """Give the name of the part that a relationship of another part points at."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(base), target)).lstrip("/")


class _PrologueOverError(Exception):
    """The root element began, or a document type did."""


def declares_type(beginning: bytes) -> bool:
    """Tell whether an XML document has a document type declaration, the root of every XML bomb.

    It stands before the root element or nowhere. A document whose root is not in sight yet counts
    as one that has it.
    """
    seen = []

    def note_type(*_declaration: object) -> None:
        seen.append("type")
        raise _PrologueOverError

    def note_root(_tag: str, _attributes: dict[str, str]) -> None:
        seen.append("root")
        raise _PrologueOverError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = note_type
    parser.StartElementHandler = note_root
    try:
        parser.Parse(beginning)
    except (_PrologueOverError, expat.ExpatError, LookupError, ValueError):
        return "type" in seen
    return len(beginning) >= _PROLOGUE


def has_endless_token(content: bytes) -> bool:
    """Tell whether an XML document has a tag or comment of a size that only an attack has.

    Parsers that are fed in pieces read an unfinished token again with every piece (expat before
    2.6): thirty megabytes of attribute keep them busy for minutes.
    """
    comments = (piece.partition(b"-->")[0] for piece in content.split(b"<!--")[1:])
    declared = content.removeprefix(codecs.BOM_UTF8).startswith(b"<?xml ")
    instructions = content.count(b"<?") > declared
    utf_16 = b"\0" in content  # allowed, never used, and it would hide all this
    long_comment = any(len(comment) > MAX_TOKEN for comment in comments)
    return instructions or utf_16 or long_comment or _ENDLESS_TAG.search(content) is not None


def _is_readable(entry: zipfile.ZipInfo) -> bool:
    return entry.compress_type in _METHODS


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > max(SMALL_PART, MAX_RATIO * entry.compress_size)
