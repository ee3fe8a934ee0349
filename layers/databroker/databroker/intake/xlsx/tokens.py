"""XML of an ordinary form, taken apart by column: no Python object for any tag.

What programs write by the million is written the same way every time. A `Grammar` says which tags
that are and which may follow which; what fits is well-formed, and anything else is for a real
parser. The whole of a piece of a megabyte is looked at in some twenty steps.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from databroker.intake.xlsx.digits import MASKS
from databroker.texts import WORD

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from databroker.texts import Array, Texts

_PLAIN_CONTROLS = (ord("\t"), ord("\n"))
"""No XML may hold the others, save a carriage return, which is read as another character."""
_NO_CHARACTERS = ("\ufffe", "\uffff")

_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));", re.ASCII)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_NO_REFERENCE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Tags(NamedTuple):
    """The tags of a piece that have the ordinary form, from its beginning on.

    `starts` is where each begins, `nexts` where the next one does, `codes` which of the grammar it
    is, `words` its first eight bytes; `size` is where the ordinary form ends.
    """

    starts: Array
    nexts: Array
    codes: Array
    words: Array
    size: int


class Grammar:
    """The ordinary form of some XML.

    `follow` says for each tag what may come right behind it, and for the empty one what a piece may
    begin with; a tag after which a piece may end has the empty one too. A tag that goes on after
    its name (`<row `) stands for every tag with attributes, whose form is not looked at here; with
    a slash behind it (`<row /`) for those that close themselves. Only the tags of `texts` may have
    text behind them. The two bytes after the `<` tell all tags apart.
    """

    def __init__(self, follow: Mapping[bytes, Collection[bytes]], texts: Collection[bytes]) -> None:
        self.code = {tag: number for number, tag in enumerate(sorted(follow))}
        count = len(self.code)
        self._by_name = np.zeros(1 << 16, np.uint8)
        self._masks = np.zeros(count, np.uint64)
        self._words = np.ones(count, np.uint64)  # what no tag is, and no mask lets through
        self._fixed = np.zeros(count, np.int64)
        self._open = np.zeros(count, bool)
        self._long = [tag for tag in self.code if len(tag) > WORD]
        self._follow = np.zeros((count, count), bool)
        self._units = np.zeros(count, bool)
        for tag, code in self.code.items():
            for other in follow[tag]:
                self._follow[code, self.code[other]] = True
            self._units[code] = tag in follow[b""]
            if not tag or tag.endswith(b"/"):
                continue
            self._by_name[int.from_bytes(tag[1:3], "little")] = code
            self._masks[code] = MASKS[min(len(tag), WORD)]
            self._words[code] = int.from_bytes(tag[:WORD], "little")
            self._open[code] = not tag.endswith(b">")
            self._fixed[code] = len(tag) if tag.endswith(b">") and tag not in texts else 0
        self._closed = np.zeros(count, np.uint8)
        for tag, code in self.code.items():
            self._closed[code] = self.code.get(tag + b"/", code)

    def tags(self, data: Array, size: int) -> Tags:
        """Take apart the tags of a piece, up to the first unit that has another form."""
        starts = np.flatnonzero(data[:size] == ord("<"))
        nexts = np.append(starts[1:], size)
        words = words_at(data, starts)
        codes = self._by_name[(words >> np.uint64(8)).astype(np.uint16)]
        good = (words & self._masks[codes]) == self._words[codes]
        fixed = self._fixed[codes]
        good &= (fixed == 0) | (nexts - starts == fixed)
        opened = np.flatnonzero(self._open[codes])
        ends = nexts[opened]
        good[opened] &= data[ends - 1] == ord(">")
        closed = opened[data[ends - 2] == ord("/")]
        codes[closed] = self._closed[codes[closed]]
        for tag in self._long:
            found = np.flatnonzero(codes == self.code[tag])
            for place in range(WORD, len(tag), WORD):
                part = tag[place : place + WORD]
                good[found] &= (words_at(data, starts[found] + place) & MASKS[len(part)]) == (
                    np.uint64(int.from_bytes(part, "little"))
                )
        return self._whole(Tags(starts, nexts, codes, words, size), good)

    def _whole(self, tags: Tags, good: Array) -> Tags:
        """Cut the tags off after the last unit that is whole, before the first wrong one."""
        codes, count = tags.codes, tags.codes.size
        preceding = np.concatenate([np.zeros(1, np.uint8), codes[:-1]])
        good &= self._follow[preceding, codes]
        kept = count if good.all() else int(good.argmin())
        if kept and not self._follow[codes[kept - 1], 0]:
            units = np.flatnonzero(self._units[codes[:kept]])
            kept = int(units[-1]) if units.size else 0
        begin = tags.size if kept == count else int(tags.starts[kept])
        if count == 0 or tags.starts[0] != 0:
            kept, begin = 0, 0
        starts, nexts, words = tags.starts[:kept], tags.nexts[:kept], tags.words[:kept]
        return Tags(starts, nexts, codes[:kept], words, begin)


def is_ordinary_text(piece: bytes, data: Array) -> bool:
    """Tell whether what stands between the tags of a piece can be taken as it is, save entities."""
    if b"]" in piece and b"]]>" in piece:
        return False
    some = data[: len(piece)]
    if some.size and some.min() < ord(" "):
        controls = some[some < ord(" ")]
        if not np.isin(controls, _PLAIN_CONTROLS).all():
            return False
    if piece.isascii():
        return True
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return False
    return not any(wrong in text for wrong in _NO_CHARACTERS)


def without_entities(texts: Texts, piece: bytes) -> Texts | None:
    """Read the entities in the texts of a piece, None if one of them is not known.

    `texts` are places in the piece, from front to back.
    """
    if b"&" not in piece:
        return texts
    marks = np.flatnonzero(texts.data[: len(piece)] == ord("&"))
    cells = np.unique(np.searchsorted(texts.starts, marks, side="right") - 1)
    try:
        return texts.patched({i: _read_entities(texts, i) for i in cells.tolist()})
    except ValueError:
        return None


def words_at(data: Array, starts: Array) -> Array:
    """Give the eight bytes that begin at each of these places (uint64)."""
    view: Array = np.ndarray(data.size - WORD + 1, "<u8", data.data, strides=(1,))
    return view[starts]


def _read_entities(texts: Texts, index: int) -> str:
    raw = texts[index] or ""
    if raw.count("&") != len(_ENTITY.findall(raw)):
        raise ValueError("an entity that is not known")
    return _ENTITY.sub(_character, raw)


def _character(entity: re.Match[str]) -> str:
    name, decimal, hexadecimal = entity.groups()
    if name:
        return _NAMED[name]
    character = chr(int(decimal) if decimal else int(hexadecimal, 16))
    if _NO_REFERENCE.match(character):
        raise ValueError("a character that no XML may hold")
    return character
