"""CSV as Dutch hospitals write it: `;`, `,` or tab, and three encodings."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.dataset import plain_name
from databroker.intake.sheet import (
    Lines,
    Sheet,
    UnreadableError,
    blocks_of,
    check_width,
    is_blank,
)
from databroker.texts import WORD, Strange, Texts, buffer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from databroker.dataset import Dataset
    from databroker.intake.sheet import Line
    from databroker.texts import Array

DELIMITERS = ";,\t"
MAX_LINE = 1_000_000
"""Bytes; a record of our largest dataset has some 500."""

_MAX_CELL = csv.field_size_limit()

_HEADER_REACH = 100_000
_STRETCH = 4_000_000
"""Bytes that are cut into cells together."""
_TURNED = 512
"""Lines whose cells are turned into columns together: as many as fit in the cache."""
_MANY_LINES = 100_000
"""Lines that are cut together; more in one stretch are blank ones."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_WITHOUT_MARK = (("utf-8", "UTF-8"), ("cp1252", "windows-1252"))

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_NEWLINE, _RETURN, _QUOTE, _SPACE, _TILDE = b'\n\r" ~'


def read_csv(content: bytes, dataset: Dataset) -> Sheet:
    """Open a CSV file (RFC 4180, with more delimiters and encodings).

    The row of a record is the physical line it starts on, also when a quoted cell holds line
    breaks, so that a hospital finds it back in any editor.

    Raises:
        UnreadableError: BF-005, BF-006 for a header that is too wide, BF-011 for nothing but blank
            lines, or BF-012 for an endless line; while iterating, BF-012 for such a line, or one
            where quoting fails.
    """
    content, begin, encoding = _as_utf_8(content)
    delimiter = find_delimiter(content[begin : begin + _HEADER_REACH], dataset)
    lines = _PhysicalLines(content, begin)
    row, header = _first_record(lines, delimiter)
    check_width(len(header))
    warnings = () if encoding == "UTF-8" else (dataset.finding("BW-008", codering=encoding),)
    return Sheet(row, header, _Body(lines, content, delimiter, len(header)).read, warnings)


def find_delimiter(beginning: bytes, dataset: Dataset) -> str:
    """Find the delimiter that shows most known column names; failing those, most columns."""

    def fits(delimiter: str) -> tuple[int, int]:
        try:
            _, header = _first_record(_PhysicalLines(beginning, 0), delimiter)
        except UnreadableError:
            header = []
        return sum(plain_name(cell) in dataset.headers for cell in header), len(header)

    return max(DELIMITERS, key=fits)


def _as_utf_8(content: bytes) -> tuple[bytes, int, str]:
    """Find the encoding: by the byte order mark, else strict UTF-8, else windows-1252.

    Gives the content in UTF-8, where the text begins in it, and the name of the encoding.

    Raises:
        UnreadableError: BF-005, when none fits or the text holds NUL.
    """
    marked = [known for known in _BYTE_ORDER_MARKS if content.startswith(known[0])]
    begin = len(marked[0][0]) if marked else 0
    for codec, name in [known[1:] for known in marked] or _WITHOUT_MARK:
        if codec == "utf-8":
            if not _is_utf_8(content, begin):
                continue
        else:
            try:
                content, begin = content[begin:].decode(codec).encode(), 0
            except UnicodeDecodeError:
                continue
        if b"\0" in content:
            break
        return content, begin, name
    raise UnreadableError("BF-005")


def _is_utf_8(content: bytes, begin: int) -> bool:
    """Tell whether all of it is UTF-8: then so is each run of bytes beyond ASCII."""
    if content.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    last = -1
    try:
        for start in range(begin, len(content), _STRETCH):
            data = np.frombuffer(content, np.int8)[start : start + _STRETCH]
            places = np.flatnonzero(data < 0)
            runs = np.full((places.size, 2), _SPACE, np.int8)
            runs[:, 1] = data[places]
            own = np.ones(runs.shape, bool)
            own[:, 0] = np.diff(places + start, prepend=last) != 1
            decoder.decode(runs[own].tobytes())
            last = start + int(places[-1]) if places.size else last
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _end_of_line(content: bytes, begin: int) -> int:
    found = _LINE.match(content, begin)
    return len(content) if found is None else found.end()


class _PhysicalLines:
    r"""The lines of a file as editors end them: with \\n, \\r\\n or \\r, and nowhere else.

    `place` is the byte after the last line that was given, `row` its number.
    """

    def __init__(self, content: bytes, place: int, row: int = 0) -> None:
        self._content = content
        self.place = place
        self.row = row

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        begin, end = self.place, _end_of_line(self._content, self.place)
        if end == begin:
            raise StopIteration
        self.place, self.row = end, self.row + 1
        if end - begin > MAX_LINE:
            raise UnreadableError("BF-012", regel=self.row)
        return self._content[begin:end].decode("utf-8", "replace")


def _records(lines: _PhysicalLines, delimiter: str) -> Iterator[Line]:
    """Give the records of the lines as cells, each with the row it starts on.

    Raises:
        UnreadableError: BF-012, at the line where quoting fails.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        row = lines.row + 1
        try:
            yield row, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableError("BF-012", regel=row) from error


def _first_record(lines: _PhysicalLines, delimiter: str) -> Line:
    """Give the first record with anything in it: the header.

    Raises:
        UnreadableError: BF-011, when there is none, or BF-012.
    """
    for row, cells in _records(lines, delimiter):
        if not is_blank(cells):
            return row, cells
    raise UnreadableError("BF-011")


class _Body:
    """The lines under the header, cut into cells stretch by stretch.

    A stretch is cut together when it is of the ordinary form: no quotes, or only quotes round whole
    cells. From anything else on the file is read line by line.
    """

    def __init__(self, lines: _PhysicalLines, content: bytes, delimiter: str, width: int) -> None:
        self._lines = lines
        self._content = content
        self._delimiter = delimiter
        self._width = width

    def read(self, places: Sequence[int]) -> Iterator[Lines]:
        """Give the lines, with the columns at these places."""
        lines, content = self._lines, self._content
        while lines.place < len(content):
            end = self._end_of_stretch(lines.place)
            stretch = _Stretch.cut(content, lines.place, end, lines.row, self._delimiter)
            if stretch is None:
                yield from blocks_of(_records(lines, self._delimiter), self._width, places)
                return
            yield stretch.lines(self._width, places)
            lines.row += stretch.breaks
            lines.place = stretch.end

    def _end_of_stretch(self, begin: int) -> int:
        """Give where a stretch may end: behind a line, with every quote closed."""
        content, size = self._content, len(self._content)
        if begin + _STRETCH >= size:
            return size
        end = content.rfind(b"\n", begin, begin + _STRETCH) + 1 or begin + _STRETCH
        first = content.find(b'"', begin, end)
        quotes = content.count(b'"', first, end) if first >= 0 else 0
        while (quotes % 2 or content[end - 1] != _NEWLINE) and end < size:
            further = content.find(b"\n", end) + 1 or size
            quotes += content.count(b'"', end, further)
            end = further
        return end


@dataclass(frozen=True)
class _Stretch:
    """Some lines, and where their cells end.

    `ends` are the places of the delimiters and of the ends of the lines; of those, `last` are the
    ends of the lines (by index). `starts` is where each line begins and `rows` its physical row.
    `end` is where the stretch ends in the file, `quoted` tells whether there are quotes, `spaces` whether a cell may begin with a space,
    `breaks` how many line breaks there are.
    """

    data: Array
    end: int
    quoted: bool
    spaces: bool
    strange: Strange
    breaks: int
    ends: Array
    last: Array
    starts: Array
    rows: Array
    delimiter: str

    @classmethod
    def cut(cls, content: bytes, begin: int, end: int, row: int, delimiter: str) -> _Stretch | None:
        """Cut whole lines into cells; None when they are not of the ordinary form."""
        if end + WORD <= len(content):
            data = np.frombuffer(content, np.uint8)[begin : end + WORD]
        else:
            data = buffer(content[begin:end])
        size = end - begin
        newlines = data[:size] == _NEWLINE
        separators = data[:size] == ord(delimiter)
        separators |= newlines
        breaks = np.flatnonzero(newlines)
        if breaks.size > _MANY_LINES:
            fewer = begin + int(breaks[_MANY_LINES - 1]) + 1
            return cls.cut(content, begin, fewer, row, delimiter)
        ends = np.flatnonzero(separators)
        returns = breaks[data[breaks - 1] == _RETURN] - 1
        if (
            content.find(b"\r", begin, end) >= 0
            and np.count_nonzero(data[:size] == _RETURN) != returns.size
        ):
            return None
        quoted = content.find(b'"', begin, end) >= 0
        if quoted:
            cells = _quoted_cells(data, size, separators)
            if cells is None:
                return None
            ends = _outside(ends, *cells)
        last = _places_of(breaks, ends) if not quoted else np.flatnonzero(data[ends] == _NEWLINE)
        if data[size - 1] != _NEWLINE:
            ends, last = np.append(ends, size), np.append(last, ends.size)
        starts = np.concatenate([[0], ends[last[:-1]] + 1])
        if (ends[last] - starts).max() > _MAX_CELL:
            return None  # one of the cells may be too long
        rows = row + 1 + (np.searchsorted(breaks, starts) if quoted else np.arange(starts.size))
        strange = Strange(data, np.concatenate([breaks, returns]))
        spaces = _may_begin_cells(data[:size], separators, strange, quoted=quoted)
        return cls(
            data, end, quoted, spaces, strange, breaks.size, ends, last, starts, rows, delimiter
        )

    def lines(self, width: int, places: Sequence[int]) -> Lines:
        """Give the lines of this width, with the columns at these places."""
        counts = np.diff(self.last, prepend=-1)
        regular = counts == width
        blank = self._line_ends() - self.starts == counts - 1
        ragged = []
        for line in np.flatnonzero(~regular & ~blank).tolist():
            cells = self._cells(line)
            blank[line] = is_blank(cells)
            if not blank[line]:
                ragged.append((int(self.rows[line]), cells))
        unsure = np.flatnonzero(regular & ~blank)
        columns = self._grid(regular & ~blank, width)
        first = columns(0)
        for at in np.flatnonzero((first.lengths == 0) | self._spaces(first)).tolist():
            blank[unsure[at]] = is_blank(self._cells(int(unsure[at])))
        if blank[unsure].any():
            columns = self._grid(regular & ~blank, width)
        written = np.flatnonzero(~blank)
        return Lines(
            self.rows[regular & ~blank].astype(np.int32),
            {place: self._without_spaces(columns(place)) for place in places},
            ragged,
            int(blank.size - 1 - written[-1]) if written.size else int(blank.size),
        )

    def _grid(self, lines: Array, width: int) -> Callable[[int], Texts]:
        """Give a way to get the cells at a place, of some lines of the same width (mask)."""
        first = self.last[lines] - (width - 1)
        whole = lines.all() and self.ends.size == lines.size * width
        ends = (
            self.ends.reshape(-1, width) if whole else self.ends[first[:, None] + np.arange(width)]
        )
        columns = np.empty((width, len(ends)), np.int32)
        for begin in range(0, len(ends), _TURNED):
            columns[:, begin : begin + _TURNED] = ends[begin : begin + _TURNED].T
        line_starts = self.starts[lines].astype(np.int32)
        line_ends = self._line_ends()[lines].astype(np.int32)

        def cells(place: int) -> Texts:
            start = columns[place - 1] + 1 if place else line_starts
            end = columns[place] if place < width - 1 else line_ends
            if self.quoted:
                quotes = (self.data[start] == _QUOTE) & (end > start)
                start, end = start + quotes, end - quotes
            return Texts(self.data, start, end - start, self.strange)

        return cells

    def _line_ends(self) -> Array:
        """Give where each line ends, without a carriage return."""
        ends = self.ends[self.last]
        without: Array = ends - (self.data[np.maximum(ends - 1, 0)] == _RETURN)
        return without

    def _cells(self, line: int) -> list[str]:
        text = self.data[self.starts[line] : self.ends[self.last[line]]].tobytes().decode()
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter), [])

    def _spaces(self, texts: Texts) -> Array:
        """Give a mask of the cells that begin with something that may be a space."""
        first = self.data[texts.starts]
        return (texts.lengths > 0) & ((first <= _SPACE) | (first > _TILDE))

    def _without_spaces(self, texts: Texts) -> Texts:
        """Empty the cells that hold nothing but spaces."""
        if not self.spaces:
            return texts
        blank = np.zeros(len(texts), bool)
        for index in np.flatnonzero(self._spaces(texts)).tolist():
            blank[index] = (texts[index] or " ").isspace()
        return texts.blanked(blank)


def _places_of(breaks: Array, ends: Array) -> Array:
    """Find the line breaks among the ends of cells; in most files they come at equal distances."""
    width = ends.size // max(breaks.size, 1)
    if (
        breaks.size
        and ends.size == width * breaks.size
        and np.array_equal(ends[width - 1 :: width], breaks)
    ):
        return np.arange(width - 1, ends.size, width)
    return np.searchsorted(ends, breaks)


def _may_begin_cells(data: Array, separators: Array, strange: Strange, *, quoted: bool) -> bool:
    """Tell whether a cell begins with a space, or with what may be one."""
    begins = data[1:] == _SPACE
    begins &= separators[:-1] | (data[:-1] == _QUOTE) if quoted else separators[:-1]
    places = strange.places
    first = data[0] == _SPACE or (places[:1] == 0).any()
    before = data[np.maximum(places - 1, 0)]
    return bool(first or begins.any() or (separators[places - 1] | (before == _QUOTE)).any())


def _quoted_cells(data: Array, size: int, separators: Array) -> tuple[Array, Array] | None:
    """Give where quotes open and close; None unless each pair stands round a whole cell."""
    quotes = np.flatnonzero(data[:size] == _QUOTE)
    if quotes.size % 2:
        return None
    opens, closes = quotes[::2], quotes[1::2]
    before = separators[opens - 1] | (opens == 0)
    after = np.append(separators, [True, True])[closes + 1]
    after |= (data[closes + 1] == _RETURN) & (data[closes + 2] == _NEWLINE)
    return (opens, closes) if before.all() and after.all() else None


def _outside(places: Array, opens: Array, closes: Array) -> Array:
    """Leave out the places that lie between quotes."""
    pair = np.searchsorted(opens, places, side="right") - 1
    return places[(pair < 0) | (places > closes[pair])]
