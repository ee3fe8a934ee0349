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
    from collections.abc import Iterator

MAX_PARTS = 500
MAX_RATIO = 100
"""Genuine parts stay under 20 : 1, bombs begin near 400 : 1."""
SMALL_PART = 1_000_000
"""Under this size the ratio says nothing."""

MAX_TOKEN = 100_000
"""Bytes in one tag or comment."""

_ENDLESS_TAG = re.compile(rb"<[^<]{%d}" % (MAX_TOKEN * 2))  # the text after it may be long too
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_CHUNK = _PROLOGUE = 1 << 16
_PIECE = 1 << 20
"""Bytes that are looked at together: enough to work by column, few enough for the cache."""

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

    def __init__(self, content: bytes, max_inflated: int) -> None:
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
        if sum(entry.file_size for entry in entries) > max_inflated:
            raise UnreadableError("BF-003", max_mb=max_inflated // 1_000_000)
        xml = [name for name in self._entries if name.endswith((".xml", ".rels"))]
        if any(declares_type(self._beginning(name)) for name in xml):
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
        content = b"".join(self._chunks(name))
        if has_endless_token(content):
            raise UnreadableError("BF-018")
        return content

    def stream(self, name: str, mark: bytes) -> Iterator[bytes]:
        """Inflate a part in pieces of a megabyte; each ends before a mark, or else before a tag.

        Raises:
            UnreadableError: as `read` does.
        """
        tokens = _Tokens()
        waiting = bytearray()
        for chunk in self._chunks(name):
            tokens.check_gaps(chunk)
            waiting += chunk
            if len(waiting) < _PIECE:
                continue
            cut = waiting.rfind(mark)
            if cut <= 0:
                cut = waiting.rfind(b"<")
            if cut > 0:
                yield tokens.checked(bytes(waiting[:cut]))
                del waiting[:cut]
        yield tokens.checked(bytes(waiting))

    def _beginning(self, name: str) -> bytes:
        return next(self._chunks(name), b"")

    def _chunks(self, name: str) -> Iterator[bytes]:
        entry = self._entries.get(name)
        if entry is None:
            raise UnreadableError("BF-004")
        try:
            # One read() would inflate all a crafted part holds before it cuts to the declared size.
            with self._archive.open(entry) as part:
                while chunk := part.read(_CHUNK):
                    yield chunk
        except _ZIP_ERRORS as error:
            raise UnreadableError("BF-004") from error


class _Tokens:
    """Refuses in passing what `has_endless_token` refuses in a document that is there as a whole."""

    def __init__(self) -> None:
        self._since_tag = 0
        self._comment = -1
        """Bytes of a comment that has not ended yet; -1 outside a comment."""
        self._at_start = True

    def check_gaps(self, chunk: bytes) -> None:
        """Take the next bytes, fewer than a token may have."""
        first = chunk.find(b"<")
        self._since_tag += len(chunk) if first < 0 else first
        if self._since_tag > MAX_TOKEN * 2:
            raise UnreadableError("BF-018")
        if first >= 0:
            self._since_tag = len(chunk) - chunk.rfind(b"<")

    def checked(self, piece: bytes) -> bytes:
        """Give a piece that begins and ends before a tag, when it is in order."""
        instructions = piece.count(b"<?") if b"?" in piece else 0
        if self._at_start and piece.removeprefix(codecs.BOM_UTF8).startswith(b"<?xml "):
            instructions -= 1
        self._at_start = False
        if instructions or b"\0" in piece or self._has_long_comment(piece):
            raise UnreadableError("BF-018")
        return piece

    def _has_long_comment(self, piece: bytes) -> bool:
        place = 0
        while True:
            if self._comment < 0:
                place = piece.find(b"<!--", place) if b"!" in piece else -1
                if place < 0:
                    return False
                self._comment = 0
                place += 4
            end = piece.find(b"-->", place)
            self._comment += (len(piece) if end < 0 else end) - place
            if self._comment > MAX_TOKEN:
                return True
            if end < 0:
                return False
            self._comment, place = -1, end + 3


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
