"""A parsed JSON document, walked with the path at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from databroker.intake.sheet import MAX_LENGTH

_WHOLE = re.compile(r"-?\d+", re.ASCII)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


class Number(str):
    """A number as it is written, so that none is rounded and none is too long to read."""

    __slots__ = ()


@dataclass(slots=True)
class Element:
    """A part of the document that knows its path; `value` is None where there is nothing.

    `faults` are the paths, of the whole document, where something else stands than should.
    """

    value: Any
    path: str
    faults: dict[str, None]

    def get(self, name: str) -> Element:
        """Give a child; an element that is no object is a fault."""
        if isinstance(self.value, dict):
            return Element(self.value.get(name), f"{self.path}.{name}", self.faults)
        if self.value is not None:
            self.fault()
        return Element(None, f"{self.path}.{name}", self.faults)

    def has(self, name: str) -> bool:
        """Tell whether there is such a child."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def each(self) -> list[Element]:
        """Give what is in a list; an element that is no list is a fault."""
        if isinstance(self.value, list):
            return [
                Element(value, f"{self.path}[{place}]", self.faults)
                for place, value in enumerate(self.value)
            ]
        if self.value is not None:
            self.fault()
        return []

    def text(self) -> str | None:
        """Give a text; anything else is a fault, as is half a character (RFC 8259, 8.2)."""
        text = self.value
        if text is None:
            return None
        if isinstance(text, Number) or not isinstance(text, str) or len(text) > MAX_LENGTH:
            self.fault()
            return None
        if not text.isascii() and _HALF_CHARACTER.search(text):
            self.fault()
            return None
        return text

    def number(self, *, whole: bool) -> str | None:
        """Give a number as it is written; anything else is a fault."""
        number = self.value
        fits = isinstance(number, Number) and len(number) <= MAX_LENGTH
        if fits and (not whole or _WHOLE.fullmatch(number)):
            return str(number)
        self.fault()
        return None

    def fault(self) -> None:
        """Note that what stands here is not as the profile has it."""
        self.faults[self.path] = None
