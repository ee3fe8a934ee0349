"""The shared strings of a workbook, as one column of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from databroker.intake.sheet import UnreadableError
from databroker.intake.xlsx.elements import MAIN, feed, new_parser
from databroker.intake.xlsx.grid import tidy
from databroker.intake.xlsx.tokens import Grammar, is_ordinary_text, without_entities
from databroker.texts import Texts, buffer

if TYPE_CHECKING:
    from collections.abc import Iterable

STRING_TAG = b"<si>"
"""What the pieces of the part should end before."""
MAX_BYTES = (1 << 31) - 1
"""A column of text can point no further."""

_SPACED = b'<t xml:space="preserve">'
_GRAMMAR = Grammar(
    {
        b"": (b"<si>",),
        b"<si>": (b"<t>", _SPACED),
        b"<t>": (b"</t>",),
        _SPACED: (b"</t>",),
        b"</t>": (b"</si>",),
        b"</si>": (b"<si>", b""),
    },
    texts=(b"<t>", _SPACED),
)
_ROOT, _STRING, _TEXT, _RUN = (f"{MAIN} {tag}" for tag in ("sst", "si", "t", "r"))
_OF_STRING = [_ROOT, _STRING]
_TEXTS = ([*_OF_STRING, _TEXT], [*_OF_STRING, _RUN, _TEXT])
"""Where the text of a string stands; a phonetic `rPh` besides it is not part of it."""


def read_strings(pieces: Iterable[bytes], max_tags: int, *, by_column: bool = True) -> Texts:
    """Give the strings as they are seen, by number.

    Raises:
        UnreadableError: BF-004 for damaged XML, BF-018 for more than so many tags or a document
            type, BF-003 for more text than a column can hold.
    """
    scan = _Scan()
    found: list[Texts] = []
    tags = size = 0
    for piece in pieces:
        tags += piece.count(b"<")
        size += len(piece)
        if tags > max_tags:
            raise UnreadableError("BF-018")
        if size > MAX_BYTES:
            raise UnreadableError("BF-003", max_mb=MAX_BYTES // 1_000_000)
        rest = piece
        if by_column and not scan.between_strings:
            cut = max(piece.find(STRING_TAG), 0)
            scan.feed(piece[:cut])
            rest = piece[cut:]
        if by_column and scan.between_strings:
            found.append(scan.strings())
            read = _read_ordinary(rest)
            if read is not None:
                texts, taken = read
                found.append(tidy(texts))
                rest = rest[taken:]
        scan.feed(rest)
        found.append(scan.strings())
    scan.feed(b"", last=True)
    return Texts.concat(found)


def _read_ordinary(piece: bytes) -> tuple[Texts, int] | None:
    data = buffer(piece)
    tags = _GRAMMAR.tags(data, len(piece))
    whole = piece if tags.size == len(piece) else piece[: tags.size]
    if not tags.size or not is_ordinary_text(whole, data):
        return None
    spaced = tags.codes == _GRAMMAR.code[_SPACED]
    held = np.flatnonzero(spaced | (tags.codes == _GRAMMAR.code[b"<t>"]))
    starts = tags.starts[held] + np.where(spaced[held], len(_SPACED), len(b"<t>"))
    lengths = tags.nexts[held] - starts
    written = Texts(data, starts.astype(np.int32), lengths.astype(np.int32))
    texts = without_entities(written, whole)
    return None if texts is None else (texts, tags.size)


class _Scan:
    """Reads strings in any form that XML allows, such as those of more than one font."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._plain = True
        self._default: str | None = None
        self._parts: list[str] = []
        self._found: list[str] = []
        self._parser = new_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.XmlDeclHandler = self._declaration

    @property
    def between_strings(self) -> bool:
        return self._plain and self._path == [_ROOT] and self._default == MAIN

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        if b"!" in piece and b"<!" in piece:
            self._plain = False  # a comment or a CDATA section hides tags, and may go on for long
        feed(self._parser, piece, last=last)

    def strings(self) -> Texts:
        """Give the strings that were met since the last time."""
        found, self._found = self._found, []
        return tidy(Texts.of(found))

    def _namespace(self, prefix: str | None, namespace: str) -> None:
        if not self._path and prefix is None:
            self._default = namespace

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._plain = (encoding or "utf-8").lower() == "utf-8"

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if tag == _TEXT and self._path in _TEXTS:
            self._parser.CharacterDataHandler = self._parts.append

    def _end(self, tag: str) -> None:
        if tag == _TEXT:
            self._parser.CharacterDataHandler = None
        elif tag == _STRING and self._path == _OF_STRING:
            self._found.append("".join(self._parts))
            self._parts = []
        self._path.pop()
