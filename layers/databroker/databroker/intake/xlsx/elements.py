"""The small parts of a workbook, as the attributes of their elements."""

from __future__ import annotations

from typing import NamedTuple
from xml.parsers import expat

from databroker.intake.sheet import UnreadableError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
"""The namespace of workbooks and their sheets; there is a `strict` one that nobody writes."""


class Element(NamedTuple):
    """An element of XML: the tag of the one around it, its own, and what it says of itself.

    A tag is `namespace name`, as is an attribute with a prefix.
    """

    parent: str
    tag: str
    attributes: dict[str, str]


def new_parser() -> expat.XMLParserType:
    """Make a parser that refuses a document type: without one XML can do no harm."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def elements(content: bytes) -> list[Element]:
    """Give the elements of a document, in the order in which they begin.

    Raises:
        UnreadableError: BF-004 for damaged XML, BF-018 for a document type.
    """
    found: list[Element] = []
    path: list[str] = []
    parser = new_parser()

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append(Element(path[-1] if path else "", tag, attributes))
        path.append(tag)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: path.pop()
    feed(parser, content, last=True)
    return found


def feed(parser: expat.XMLParserType, content: bytes, *, last: bool = False) -> None:
    """Let a parser read on.

    Raises:
        UnreadableError: BF-004 for damaged XML, and whatever the handlers of the parser raise.
    """
    try:
        parser.Parse(content, last)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("BF-004") from error


def _refuse(*_declaration: object) -> None:
    raise UnreadableError("BF-018")
