"""What can be done to the records of an answer, so that they are not those of the question."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from simulators.zorgttp.persons import INGREDIENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    Record = dict[str, Any]
    Tampering = Callable[[Sequence[Record], Random], list[Record]]

_TYPES = tuple(INGREDIENTS)


def _short(records: Sequence[Record], random: Random) -> list[Record]:
    place = random.randrange(len(records))
    return [*records[:place], *records[place + 1 :]]


def _long(records: Sequence[Record], random: Random) -> list[Record]:
    place = random.randrange(len(records))
    return [*records[: place + 1], *records[place:]]


def _reordered(records: Sequence[Record], random: Random) -> list[Record]:
    order = list(range(len(records)))
    while order == sorted(order):
        random.shuffle(order)
    return [records[place] for place in order]


def _reversed(records: Sequence[Record], _random: Random) -> list[Record]:
    return list(reversed(records))


def _rotated(records: Sequence[Record], _random: Random) -> list[Record]:
    return [*records[1:], records[0]]


def _swapped(records: Sequence[Record], random: Random) -> list[Record]:
    one, other = random.sample(range(len(records)), 2)
    changed = list(records)
    changed[one], changed[other] = records[other], records[one]
    return changed


def _duplicated(records: Sequence[Record], random: Random) -> list[Record]:
    place = random.randrange(len(records) - 1)
    return [*records[: place + 1], records[place], *records[place + 2 :]]


def _wrong_type(records: Sequence[Record], random: Random) -> list[Record]:
    filled = [place for place, each in enumerate(records) if any(_pseudonyms_of(each))]
    changed = list(records)
    if filled:
        place = random.choice(filled)
        changed[place] = _under_another_type(records[place])
    return changed


TAMPERINGS: dict[str, Tampering] = {
    "short": _short,
    "long": _long,
    "reordered": _reordered,
    "reversed": _reversed,
    "rotated": _rotated,
    "swapped": _swapped,
    "duplicated": _duplicated,
    "wrong_type": _wrong_type,
}
"""By kind of fault: what it makes of the records; all but three need two records."""

FEWEST = dict.fromkeys(TAMPERINGS, 2) | dict.fromkeys(("short", "long", "wrong_type"), 1)
"""How many records there must be for it."""


def tamper(kind: str, content: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """Give an answer with its records tampered with; the same one when they are too few."""
    records = content.get("records", [])
    if len(records) < FEWEST[kind]:
        return dict(content)
    return {**content, "records": TAMPERINGS[kind](records, random)}


class Recent:
    """The last answers of each call, for one that comes from a cache."""

    def __init__(self) -> None:
        self._answers: dict[str, deque[dict[str, Any]]] = {}

    def keep(self, call: str, content: dict[str, Any]) -> None:
        """Remember an answer."""
        self._answers.setdefault(call, deque(maxlen=8)).append(content)

    def previous(self, call: str, content: dict[str, Any]) -> dict[str, Any]:
        """Give the last answer of the same size, else the last; this one when it is the first."""
        answers = list(self._answers.get(call, ()))
        size = len(content.get("records", ()))
        alike = [each for each in answers if len(each.get("records", ())) == size]
        return (alike or answers or [content])[-1]


def _pseudonyms_of(record: Record) -> list[str]:
    if "pseudonyms" in record:
        return list(record["pseudonyms"].values())
    return [record["pseudonym"]] if record.get("pseudonym") else []


def _under_another_type(record: Record) -> Record:
    if "pseudonym" in record:
        mark, kind, rest = record["pseudonym"].split("-", 2)
        return {**record, "pseudonym": f"{mark}-{_next_type(kind)}-{rest}"}
    tokens = record["pseudonyms"]
    kinds = list(tokens)
    turned = [*kinds[1:], kinds[0]] if len(kinds) > 1 else [_next_type(kinds[0])]
    return {**record, "pseudonyms": dict(zip(turned, tokens.values(), strict=True))}


def _next_type(kind: str) -> str:
    return _TYPES[(_TYPES.index(kind) + 1) % len(_TYPES)]
