"""XML met event by event: whatever stands in a document, what it holds or where it goes wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from databroker.dataset import plain_name
from databroker.intake.sheet import MAX_COLUMNS, MAX_LENGTH, UnreadableError

if TYPE_CHECKING:
    from databroker.dataset import Dataset

ROOT, RECORD = "aanlevering", "record"
MAX_TAG = 200_000
"""Bytes from one `<` to the next; room for the longest text in its widest encoding."""

_ENDLESS = re.compile(rb"<[^<]{%d}" % MAX_TAG)
_SHOWABLE = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class Scan:
    """What the parser meets, from the first tag to the last.

    `names` is every tag of a column to its name, canonical for one of the dataset, `records` the
    cells of each record by name, `starts` the lines they start on. `count` is the number of
    records; of more than the dataset allows, the rest is only counted. `version` is the one the
    root names.
    """

    def __init__(self, dataset: Dataset, encoding: str | None = None) -> None:
        """Get ready for a document, to be believed in this encoding whatever it says itself."""
        self.dataset = dataset
        self.version: str | None = None
        self.names: dict[str, str] = {}
        self.records: list[dict[str, str]] = []
        self.starts: list[int] = []
        self.count = 0
        self._known = dataset.headers
        self._begun = False
        self._record: dict[str, str] | None = None
        self._column: str | None = None
        self._text = ""
        self.parser = expat.ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._type
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    @property
    def spelled(self) -> dict[str, str]:
        """Give every name as the document writes it, the first time it does."""
        spelled: dict[str, str] = {}
        for tag, name in self.names.items():
            spelled.setdefault(name, _local(tag))
        return spelled

    def read(self, content: bytes) -> None:
        """Meet all of a document.

        Raises:
            UnreadableError: as `databroker.intake.xml.reader.read_xml` has it.
        """
        if _ENDLESS.search(content):
            raise UnreadableError("BF-018")
        try:
            self.parser.Parse(content, True)  # noqa: FBT003 - expat takes it by position only
        except expat.ExpatError as error:
            raise _refusal_of(error) from error
        except (LookupError, ValueError) as error:  # an encoding unknown, or not of one byte
            raise UnreadableError("BF-005") from error

    def _type(self, *_declaration: object) -> None:
        raise UnreadableError("BF-018")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        record = self._record
        if record is None:
            self._outside(tag, attributes)
        elif self._column is not None:
            raise self._misplaced()
        else:
            name = self.names.get(tag) or self._name(tag)
            if name in record:
                raise self._twice(name)
            self._column, self._text = name, ""

    def _end(self, _tag: str) -> None:
        if self._column is None or self._record is None:
            self._record = None
        else:
            self._record[self._column] = self._text
            self._column = None

    def _data(self, text: str) -> None:
        if self._column is not None:
            self._text = whole = self._text + text if self._text else text
            if len(whole) > MAX_LENGTH:
                raise UnreadableError("BF-018")
        elif not text.isspace():
            raise self._misplaced()

    def _outside(self, tag: str, attributes: dict[str, str]) -> None:
        """Meet an element that is not in a record: the root, or a record itself."""
        if not self._begun:
            self._root(tag, attributes)
        elif _local(tag) != RECORD:
            raise self._misplaced()
        else:
            self._next_record()

    def _next_record(self) -> None:
        self.count += 1
        self._record = {}
        self.starts.append(self.parser.CurrentLineNumber)
        self.records.append(self._record)
        if self.count > self.dataset.max_rows:
            # Too many to read: the rest is only counted, so that millions cost no time or memory.
            self.parser.StartElementHandler = self._count
            self.parser.EndElementHandler = None
            self.parser.CharacterDataHandler = None

    def _count(self, tag: str, _attributes: dict[str, str]) -> None:
        self.count += _local(tag) == RECORD

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        self._begun = True
        if _local(tag) != ROOT:
            raise UnreadableError("BF-001", ext=".xml, inhoud: geen XML-aanlevering")
        named = attributes.get("dataset", "")
        if named != self.dataset.id:
            found = named if _SHOWABLE.fullmatch(named) else "een ander sjabloon"
            raise UnreadableError("BF-008", sjabloon=self.dataset.label, gevonden=found)
        version = attributes.get("versie")
        shown = version is None or _SHOWABLE.fullmatch(version)
        self.version = version if shown else "onbekend"

    def _name(self, tag: str) -> str:
        """Give the name of a column that is met under this tag for the first time."""
        if len(self.names) == MAX_COLUMNS:
            raise UnreadableError("BF-006", kolommen=f"meer dan {MAX_COLUMNS} kolommen")
        local = _local(tag)
        name = self.names[tag] = self._known.get(plain_name(local), local)
        return name

    def _twice(self, name: str) -> UnreadableError:
        shown = name if name in self.dataset.columns else "een onbekende kolom"
        where = f"{shown} (regel {self.parser.CurrentLineNumber})"
        return UnreadableError("BF-006", kolommen=where)

    def _misplaced(self) -> UnreadableError:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber
        return UnreadableError("BF-019", regel=line, pos=column + 1)


def _refusal_of(error: expat.ExpatError) -> UnreadableError:
    unknown = expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]
    if error.code == unknown:
        return UnreadableError("BF-005")
    return UnreadableError("BF-019", regel=error.lineno, pos=error.offset + 1)


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]
