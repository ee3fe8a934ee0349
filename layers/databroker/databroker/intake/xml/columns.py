"""An ordinary XML document by column (`databroker.intake.xml.part`), at many times the speed.

The parser sees all of it that is out of the ordinary: what stands before and behind the records,
each tag once, and the cells with a reference or a line end of two characters.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.parsers import expat

import numpy as np

from databroker.intake.sheet import Lines, UnreadableError
from databroker.intake.xml.part import MAX_TAGS, OtherFormError, Tags, hold, read_part
from databroker.intake.xml.scan import RECORD, Scan
from databroker.records import PART as BLOCK
from databroker.texts import Strange, Texts, ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from databroker.dataset import Dataset
    from databroker.intake.xml.part import Part
    from databroker.texts import Array

PART = 1 << 20
"""Bytes that are read together, of whole records: few enough for the cache and the memory."""

_FIRST = re.compile(rb"<((?:[\w.-]{1,40}:)?%b)[\s/>]" % RECORD.encode())
_BYTEWISE = {"cp1252", "iso8859-1"}
_SPACE, _WIDE_SPACE = np.zeros((2, 256), bool)
_SPACE[[*b" \t\r\n"]] = True
_WIDE_SPACE[[chr(code).encode()[0] for code in range(0x80, 0x3001) if chr(code).isspace()]] = True
"""The first bytes of white space of more than one; some are those of other characters too."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The cells of a document, in its order, each in one of the columns `spelled`.

    `spelled` is every name as the document writes it, by the canonical one. `starts` are the lines
    that the records start on, `ends` how many cells there are up to and with each record's.
    """

    version: str | None
    spelled: Mapping[str, str]
    starts: Array
    ends: Array
    cells: Texts
    places: Array

    def blocks(self, rows: Array, wanted: Sequence[int]) -> Iterator[Lines]:
        """Give the lines of the records; `wanted` are places in `spelled`, or behind its end."""
        slots = np.full(max(len(self.spelled), *wanted, 0) + 1, len(wanted))
        slots[list(wanted)] = range(len(wanted))
        strange = Strange(self.cells.data)
        for first, cells, record in self._by_block():
            count = min(BLOCK, self.ends.size - first)
            texts = self.cells.take(cells)
            where = slots[self.places[cells]] * count + record
            filled = np.zeros(count, bool)
            filled[record[texts.lengths > 0]] = True
            starts, lengths = np.zeros((2, len(wanted) + 1, count), np.int32)
            starts.reshape(-1)[where] = texts.starts
            lengths.reshape(-1)[where] = texts.lengths
            lines = {
                place: Texts(self.cells.data, starts[slot], lengths[slot], strange)
                for slot, place in enumerate(wanted)
            }
            yield _without_blank(rows[first : first + count], lines, filled)

    def check_once(self) -> None:
        """Make sure that no record has a column twice.

        Raises:
            OtherFormError: one has.
        """
        for _, cells, record in self._by_block():
            taken = np.zeros((len(self.spelled), BLOCK), bool)
            taken[self.places[cells], record] = True
            hold(np.count_nonzero(taken) == record.size)

    def _by_block(self) -> Iterator[tuple[int, slice, Array]]:
        """Give the first record of each block, its cells, and the record of each of them."""
        for first in range(0, self.ends.size, BLOCK):
            begin = int(self.ends[first - 1]) if first else 0
            ends = self.ends[first : first + BLOCK]
            sizes = np.diff(ends, prepend=begin)
            yield first, slice(begin, int(ends[-1])), np.repeat(np.arange(ends.size), sizes)


def read_columns(content: bytes, encoding: str | None, dataset: Dataset) -> Columns | None:
    """Read a document of the ordinary form, of no more records than may be; None for any other.

    `encoding` is what the parser must believe, None for what the document says itself.
    """
    found = _FIRST.search(content)
    if found is None:
        return None
    try:
        if encoding is None:
            content, encoding = _in_utf_8(content, found.start())
        return _read(content, encoding, found[1], dataset)
    except (OtherFormError, UnreadableError, UnicodeDecodeError):
        return None


def _in_utf_8(content: bytes, head: int) -> tuple[bytes, str | None]:
    """Write a document in UTF-8, unless it is; gives what the parser must believe then."""
    declared: list[str] = []
    parser = expat.ParserCreate()
    parser.XmlDeclHandler = lambda _version, encoding, _alone: declared.append(encoding or "utf-8")
    try:
        parser.Parse(content[:head], False)  # noqa: FBT003 - expat takes it by position only
        name = codecs.lookup(declared[0]).name if declared else "utf-8"
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise OtherFormError from error
    if name == "utf-8":
        return content, None
    hold(name in _BYTEWISE)
    return content.decode(name).encode(), "utf-8"


def _read(content: bytes, encoding: str | None, record: bytes, dataset: Dataset) -> Columns:
    closing = b"</%b>" % record
    first, last = content.find(b"<" + record), content.rfind(closing)
    hold(first < last)
    last += len(closing)
    # No copy: behind the last cell there is more of the document than the room a buffer asks for.
    data, tags = np.frombuffer(content, np.uint8), Tags(record)
    line = _lines_of(content[:first])
    parts, lines, count = [], [], 0
    spoken: set[tuple[bytes, int]] = set()
    for begin, end in _cuts(content, first, last, closing):
        part = read_part(content, data, begin, end, tags)
        count += part.sizes.size
        spoken |= part.spoken
        hold(count <= dataset.max_rows and len(spoken) <= dataset.max_rows + MAX_TAGS)
        parts.append(part)
        lines.append(part.lines + line)
        line += part.breaks
    scan = Scan(dataset, encoding)
    _meet(scan, content[:first], tags.names, content[last:])
    _check_spoken(spoken, tags.names)
    spelled = scan.spelled
    of_name = {name: place for place, name in enumerate(spelled)}
    of_tag = np.array([of_name[name] for (name,) in scan.records], np.int16)
    columns = Columns(
        scan.version,
        spelled,
        np.concatenate(lines),
        np.cumsum(np.concatenate([part.sizes for part in parts])),
        _texts(data, parts),
        of_tag[np.concatenate([part.tags for part in parts]) - 1],
    )
    columns.check_once()
    return columns


def _lines_of(head: bytes) -> int:
    """Give the line that a text behind this one is on."""
    hold(head.count(b"\r") == head.count(b"\r\n"))
    return head.count(b"\n") + 1


def _cuts(content: bytes, first: int, last: int, closing: bytes) -> Iterator[tuple[int, int]]:
    """Cut a document where records end."""
    while first < last:
        end = content.rfind(closing, first, first + PART)
        hold(end > first)
        end += len(closing)
        yield first, end
        first = end


def _meet(scan: Scan, head: bytes, names: Sequence[bytes], tail: bytes) -> None:
    """Let the parser judge what is around the records, and each name in a record of its own."""
    record, *columns = names
    records = [b"<%b><%b/></%b>" % (record, name, record) for name in columns]
    scan.read(b"".join([head, *records, tail]))
    hold(scan.count == len(scan.records) == len(columns))
    hold(all(len(cells) == 1 for cells in scan.records))


def _check_spoken(spoken: Iterable[tuple[bytes, int]], names: Sequence[bytes]) -> None:
    """Let the parser judge the tags that say more than a name, each closed by that name."""
    opened = ((tag.removesuffix(b">").removesuffix(b"/"), names[number]) for tag, number in spoken)
    _parsed(b"<a>%b</a>" % b"".join(b"%b></%b>" % each for each in opened))


def _texts(data: Array, parts: Sequence[Part]) -> Texts:
    """Give the cells of all parts, those that are coded or blank put right."""
    starts = np.concatenate([part.starts for part in parts])
    lengths = np.concatenate([part.lengths for part in parts])
    shifts = np.cumsum([0, *(part.starts.size for part in parts[:-1])])
    coded = np.concatenate([part.coded + at for part, at in zip(parts, shifts, strict=True)])
    texts = Texts(data, starts, lengths)
    _empty_blank(texts, np.arange(starts.size))
    coded = coded[lengths[coded] > 0]
    if coded.size:
        texts = Texts(data.copy(), starts, lengths)
        for first in range(0, coded.size, BLOCK):
            _decode(texts, coded[first : first + BLOCK])
        _empty_blank(texts, coded)
    return texts


def _empty_blank(texts: Texts, cells: Array) -> None:
    """Make those of these cells empty that hold nothing but white space."""
    left = cells[texts.lengths[cells] > 0]
    places = texts.starts[left]
    while left.size:
        met = texts.data[places]
        for index in left[_WIDE_SPACE[met]].tolist():
            if (texts[index] or " ").isspace():
                texts.lengths[index] = 0
        space = _SPACE[met]
        left, places = left[space], places[space] + 1
        ended = places == texts.starts[left] + texts.lengths[left]
        texts.lengths[left[ended]] = 0
        left, places = left[~ended], places[~ended]


def _decode(texts: Texts, coded: Array) -> None:
    """Write what these cells stand for in their own places: it is never longer."""
    own = texts.take(coded).compact()
    written = own.data.tobytes()
    cells = [written[i:j] for i, j in pairwise([0, *ends(own.lengths).tolist()])]
    decoded = Texts.of(_parsed(b"<a><a>%b</a></a>" % b"</a><a>".join(cells)))
    places = np.repeat(texts.starts[coded] - decoded.starts, decoded.lengths)
    places += np.arange(places.size, dtype=np.int32)
    texts.data[places] = decoded.data[: places.size]
    texts.lengths[coded] = decoded.lengths


def _parsed(document: bytes) -> list[str]:
    """Give the texts of the elements in the root."""
    found: list[str] = []

    def add(text: str) -> None:
        found[-1] += text

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = lambda *_: found.append("")
    parser.CharacterDataHandler = add
    try:
        parser.Parse(document, True)  # noqa: FBT003 - as above
    except expat.ExpatError as error:
        raise OtherFormError from error
    return found[1:]


def _without_blank(rows: Array, cells: Mapping[int, Texts], filled: Array) -> Lines:
    """Make lines of the records in which anything is written."""
    if filled.all():
        return Lines(rows, cells)
    blank_at_end = int(filled[::-1].argmax()) if filled.any() else filled.size
    kept = {place: texts.take(filled) for place, texts in cells.items()}
    return Lines(rows[filled], kept, (), blank_at_end)
