"""The functions of conditions, asked of whole columns.

What a function means is written in one place, `databroker.rules.functions`, of one value. Here
numbers are worked out together, and a function of text is asked once of all texts that look alike
to it.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from databroker.rules import functions
from databroker.rules.calendar import civil
from databroker.rules.implants import Implants, Names, UdiReader
from databroker.rules.vectors import (
    EMPTY,
    Answers,
    OfLeads,
    Text,
    Vector,
    compared,
    equal,
    looked_up,
    no,
    truth,
)
from databroker.texts import WORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from databroker.texts import Array

Found = OfLeads | list[tuple[Vector, Vector]]
"""What a loop collects: of the leads, or each value and for which rows it is one of them."""


@dataclass
class Memory:
    """What was found out about texts; it lasts as long as the check of one delivery."""

    answers: dict[tuple[Any, ...], Answers] = field(default_factory=dict)
    udis: UdiReader = field(default_factory=UdiReader)

    def ask(
        self, text: Vector, function: Callable[..., bool], *rest: str, alike: Array | None = None
    ) -> Vector:
        """Ask a function of a text (and more that is the same for all)."""
        if not isinstance(text, Text):
            return function(text, *rest)
        key = (function, *rest)
        if key not in self.answers:
            self.answers[key] = Answers(lambda one: function(one, *rest), alike)
        return self.answers[key].of(text)

    def implants(self, text: Vector) -> Implants:
        """Take the UDIs of a column apart, once for each column."""
        if not isinstance(text, Text):
            raise TypeError("a UDI is text")
        if text.implants is None:
            text.implants = self.udis.read(text)
        found: Implants = text.implants
        return found


# --- numbers and days ----------------------------------------------------------------------------
def _days(_memory: Memory, first: Vector, last: Vector) -> Vector:
    return _worked_out(lambda a, b: b - a, first, last)


def _positive(_memory: Memory, number: Vector) -> Vector:
    return compared(operator.gt, number, 0)


def _bmi(_memory: Memory, height: Vector, weight: Vector) -> Vector:
    tall = compared(operator.gt, height, 0)
    return _worked_out(lambda h, w: w / (h / 100) ** 2, np.where(tall, height, EMPTY), weight)


def _civil_part(part: int, _memory: Memory, day: Vector) -> Vector:
    if not isinstance(day, np.ndarray):
        return None if day is None else civil(np.array([day]))[part][0]
    return np.where(day == EMPTY, EMPTY, civil(day)[part])


def _outside_registration_year(
    _memory: Memory, day: Vector, today: Vector, previous_until: str
) -> Vector:
    if day is None:
        return False
    year, _, _ = civil(day)
    (this_year,), (month,), (day_of_month,) = civil(np.array([today]))
    previous_open = (month, day_of_month) <= (int(previous_until[3:]), int(previous_until[:2]))
    inside = (year == this_year) | (previous_open & (year == this_year - 1))
    return ~inside & (day != EMPTY)


def ages(born: Array, day: Array) -> Array:
    """Count the completed years of life on a day (`functions.age_at`)."""
    (year, month, date), (birth_year, birth_month, birthday) = civil(day), civil(born)
    before = (month < birth_month) | ((month == birth_month) & (date < birthday))
    known = (born != EMPTY) & (day != EMPTY)
    return np.where(known, year - birth_year - before, EMPTY)


def _worked_out(operation: Callable[..., Array], *values: Vector) -> Vector:
    """Work something out; what is empty gives something empty."""
    if any(value is None for value in values):
        return None
    known: Vector = True
    for value in values:
        known = known & (value != EMPTY)
    with np.errstate(all="ignore"):
        return np.where(known, operation(*values), EMPTY)


# --- text ----------------------------------------------------------------------------------------
def bytes_table(change: Callable[[str], str]) -> Array:
    """Give for every byte (uint8) what a change of ASCII makes of it; others stay as they are."""
    plain = [ord(change(chr(byte))) for byte in range(_ASCII)]
    return np.array([*plain, *range(_ASCII, 256)], np.uint8)


_ASCII = 128

_LOWER, UPPER = bytes_table(str.lower), bytes_table(str.upper)

BEYOND_ASCII = np.arange(256) >= _ASCII
"""The bytes of which capitals are not looked up in a table (mask)."""
_NOT_LOWER = BEYOND_ASCII.copy()
_NOT_LOWER[[0xC3, *range(0xA0, 0xC0)]] = False
"""Of those, the ones that may be of a capital; U+00E0 to U+00FF are small letters."""

_LETTERS_ALIKE = bytes_table(lambda mark: "a" if mark.isalpha() else mark)
_RANGE = re.compile(r"([A-Za-z0-9])-([A-Za-z0-9])")
_REPEAT = re.compile(r"\{[0-9]*,?[0-9]*\}")


@cache
def alike(pattern: str) -> Array | None:
    """Tell which bytes a regular expression cannot tell apart, None when that is not clear.

    Bytes it names one by one differ from all others, as do those of no printable ASCII; of the rest,
    those in the same ranges are alike.
    """
    if re.search(r"\\[A-Za-z0-9]|\(\?[^:=!]", pattern):
        return None
    bare = _REPEAT.sub("", pattern)
    ranges = _RANGE.findall(bare)
    named = set(_RANGE.sub("", bare))
    first: dict[tuple[Any, ...], int] = {}
    table = np.zeros(256, np.uint8)
    for byte in range(1, 256):
        mark = chr(byte)
        inside = tuple(low <= mark <= high for low, high in ranges)
        own = mark in named or not " " <= mark <= "~"
        table[byte] = first.setdefault((mark if own else None, inside), byte)
    return table


def matching(memory: Memory, text: Vector, pattern: str) -> Vector:
    """Tell where the whole text has the form of a regular expression."""
    return memory.ask(text, functions.matches, pattern, alike=alike(pattern))


def _is_name(memory: Memory, text: Vector) -> Vector:
    return memory.ask(text, functions.is_name, alike=_LETTERS_ALIKE)


def _is_placeholder(memory: Memory, text: Vector) -> Vector:
    table = alike(functions.PLACEHOLDER.pattern)
    return memory.ask(
        text, functions.is_placeholder, alike=None if table is None else table[_LOWER]
    )


def _lower(_memory: Memory, text: Vector) -> Vector:
    if not isinstance(text, Text):
        return functions.lower(text)
    if text.lower is None:
        words = [looked_up(_LOWER, word) for word in text.words()]
        text.lower = text.changed(words, text.texts.lengths, functions.lower, _NOT_LOWER)
    return text.lower


def _acronym(_memory: Memory, text: Vector) -> Vector:
    if not isinstance(text, Text):
        return functions.acronym(text)
    rows = text.bytes()
    hyphens = rows == ord("-")
    size = np.where(hyphens.any(axis=1), hyphens.argmax(axis=1), 0).astype(np.int32)
    acronyms = text.texts.between(text.texts.starts, text.texts.starts + size)
    count = max(-(-int(size.max(initial=0)) // WORD), 1)
    words = [looked_up(UPPER, acronyms.words(number)) for number in range(count)]
    return text.changed(words, size, functions.acronym, BEYOND_ASCII)


def _passes_eleven(_memory: Memory, text: Vector) -> Vector:
    """Weigh the BSNs of nine digits together; a BSN is not remembered."""
    if not isinstance(text, Text):
        return functions.passes_eleven(text)
    rows = text.bytes()
    if rows.shape[1] <= len(_WEIGHTS):
        rows = np.pad(rows, ((0, 0), (0, 8)))
    digits = rows[:, : len(_WEIGHTS)].astype(np.int32) - ord("0")
    ordinary = (text.texts.lengths == len(_WEIGHTS)) & np.isin(digits, range(10)).all(axis=1)
    answer = ordinary & digits.any(axis=1) & (digits @ _WEIGHTS % 11 == 0)
    for index in np.flatnonzero(text.filled & ~ordinary).tolist():
        answer[index] = functions.passes_eleven(text[index])
    return answer


_WEIGHTS = np.array([9, 8, 7, 6, 5, 4, 3, 2, -1], np.int32)


def _holds_patient_number(_memory: Memory, number: Vector, patient: Vector) -> Vector:
    """Ask only where both end in the same way, and nothing but zeros is left of the patient's."""
    if not (isinstance(number, Text) and isinstance(patient, Text)):
        return False
    ends = patient.last_word()
    same = ends ^ number.last_word()
    # What an export puts around a number hides how it begins and ends.
    marked = np.isin(ends >> np.uint64(56), _MARKS)
    marked |= np.isin(patient.word(0) & np.uint64(0xFF), _MARKS)
    possible = marked | (same == 0)
    for alike in range(functions.SHORTEST_PATIENT_NUMBER, WORD):
        left = np.uint64(8 * (WORD - alike))
        further = ends & (np.uint64(1) << left) - np.uint64(1)
        possible |= (same >> left == 0) & (further & ~_ZEROS == 0)
    possible &= number.filled & patient.filled
    possible[[*number.odd, *patient.odd]] = True
    for index in np.flatnonzero(possible).tolist():
        possible[index] = functions.holds_patient_number(number[index], patient[index])
    return possible


_MARKS = np.frombuffer(functions.SPREADSHEET_MARKS.encode(), np.uint8).astype(np.uint64)


_ZEROS = np.uint64(int.from_bytes(b"0" * WORD, "little"))


# --- implants ------------------------------------------------------------------------------------
def _udi_valid(memory: Memory, code: Vector) -> Vector:
    return False if code is None else memory.implants(code).valid


def _udi(memory: Memory, code: Vector) -> Vector:
    return None if code is None else Names(memory.implants(code).valid.astype(np.uint64))


def _udi_part(memory: Memory, code: Vector, identifier: str) -> Vector:
    if code is None:
        return None
    part = memory.implants(code).part(identifier)
    return Names(part) if part.dtype == np.uint64 else part


def _udi_serial(memory: Memory, code: Vector) -> Vector:
    return None if code is None else Names(memory.implants(code).serial)


# --- loops ---------------------------------------------------------------------------------------
def _any(_memory: Memory, found: Found) -> Vector:
    if isinstance(found, OfLeads):
        return found.owners.having(found.meant & truth(found.value))
    answer: Vector = False
    for there, value in found:
        answer = answer | (there & truth(value))
    return answer


def _all(_memory: Memory, found: Found) -> Vector:
    if isinstance(found, OfLeads):
        return ~found.owners.having(found.meant & no(truth(found.value)))
    answer: Vector = True
    for there, value in found:
        answer = answer & (no(there) | truth(value))
    return answer


def _len(_memory: Memory, found: Found) -> Vector:
    if isinstance(found, OfLeads):
        return found.owners.counted(found.meant)
    return sum((there * 1.0 for there, _ in found), 0.0)


def _has_double(_memory: Memory, found: Found) -> Vector:
    if isinstance(found, OfLeads):
        return found.owners.doubled(found.meant, found.value)
    answer: Vector = False
    for number, (there, value) in enumerate(found):
        for also_there, other in found[:number]:
            answer = answer | (there & also_there & equal(value, other))
    return answer


FUNCTIONS: dict[str, Callable[..., Vector]] = {
    "gt": lambda _memory, left, right: compared(operator.gt, left, right),
    "lt": lambda _memory, left, right: compared(operator.lt, left, right),
    "ge": lambda _memory, left, right: compared(operator.ge, left, right),
    "days": _days,
    "pos": _positive,
    "buiten_registratiejaar": _outside_registration_year,
    "bmi": _bmi,
    "jaar": partial(_civil_part, 0),
    "maand": partial(_civil_part, 1),
    "dag": partial(_civil_part, 2),
    "placeholder": _is_placeholder,
    "naam_ok": _is_name,
    "elfproef": _passes_eleven,
    "past": matching,
    "klein": _lower,
    "acroniem": _acronym,
    "patientnummer_in": _holds_patient_number,
    "udi": _udi,
    "udi_ok": _udi_valid,
    "udi_deel": _udi_part,
    "udi_serie": _udi_serial,
    "heeft_dubbel": _has_double,
    "any": _any,
    "all": _all,
    "len": _len,
}
"""By the name that a condition uses; each takes the memory first."""
