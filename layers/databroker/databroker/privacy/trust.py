"""Why an answer of ZorgTTP is believed.

In the JSON of ZorgTTP order alone links a person to a pseudonym: an answer in another order would
give patients each other's pseudonyms, and nobody would ever see it. So an answer is proven
(docs/adr/0017):

- by what it is: one answer for each person, the types asked, every token a new one (here);
- by reading back: the reversible pseudonym of each person is turned back with the account of the
  hospital and must give that person's own patient number (here);
- by sentinels: made-up persons at random places in every call, each asked once alone as well; and
  by all persons together: who is alike gets the same definitive pseudonym, who is not another one.
  Tokens say nothing, so both are looked at after the exchange (`same_as_alike`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.ports import BatchRefusedError, UntrustedAnswerError
from databroker.privacy.pseudonyms import REVERSIBLE, temporary_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from databroker.ports import Pseudonymised, PseudonymSource
    from databroker.privacy.persons import Person
    from databroker.texts import Array

_WARNING = "3"
"""How a code begins that costs one value; any other is fatal (ZorgTTP: 2xxx, 3xxx)."""

SENTINELS: tuple[Person, ...] = (
    {
        "G": "V",
        "GD": "19000101",
        "PC": "9999XX",
        "GN": "QXQA",
        "PNM": "QXQB",
        "BSN": "999993653",
        "PN": "990000000000000001",
    },
    {
        "G": "M",
        "GD": "19000102",
        "PC": "9999XZ",
        "GN": "QXQC",
        "PNM": "QXQD",
        "BSN": "999990019",
        "PN": "990000000000000002",
    },
)
"""Persons that are nobody: their BSNs are of the test set of the BRP."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Which of the proofs are asked for that cost calls or need ZorgTTP's consent.

    `sentinels` need ZorgTTP to know that these persons are nobody. `read_back` doubles the calls;
    it is the one proof that sees two persons change places.
    """

    sentinels: bool = True
    read_back: bool = True


def random_order(persons: Array) -> Array:
    """Give the persons in an order that nobody can foresee."""
    return persons[secrets.SystemRandom().sample(range(len(persons)), len(persons))]


def expect_answers(
    types: Sequence[str], persons: Sequence[Person], answers: Sequence[Pseudonymised]
) -> None:
    """See that an answer can be that of the question.

    Raises:
        BatchRefusedError: a fatal code about a person.
        UntrustedAnswerError: it cannot be.
    """
    if len(answers) != len(persons):
        raise UntrustedAnswerError("the answer has another number of records")
    for answer in answers:
        _expect_sense(types, answer)
    tokens = [token for answer in answers for token in answer.pseudonyms.values()]
    if len(set(tokens)) != len(tokens):
        raise UntrustedAnswerError("two persons were given the same token")


def _expect_sense(types: Sequence[str], answer: Pseudonymised) -> None:
    for diagnostic in answer.diagnostics:
        if not diagnostic.code.startswith(_WARNING):
            raise BatchRefusedError(diagnostic.code)
    given = set(answer.pseudonyms)
    if not given <= set(types) or (given != set(types) and not answer.diagnostics):
        raise UntrustedAnswerError("the answer has other types than asked")
    if any(temporary_type(token) != kind for kind, token in answer.pseudonyms.items()):
        raise UntrustedAnswerError("a token has not the shape or type agreed")


def read_back(
    source: PseudonymSource, persons: Sequence[Person], answers: Sequence[Pseudonymised]
) -> None:
    """See that every reversible pseudonym of a call leads back to the person it was given to.

    Raises:
        UntrustedAnswerError: one does not.
    """
    pairs = [
        (answer.pseudonyms[REVERSIBLE], person["PN"])
        for answer, person in zip(answers, persons, strict=True)
        if REVERSIBLE in answer.pseudonyms
    ]
    if pairs and source.reverse([token for token, _ in pairs]) != [number for _, number in pairs]:
        raise UntrustedAnswerError("a pseudonym leads back to another person")


def same_as_alike(pseudonyms: Array, alike: Array, batches: Array) -> set[int]:
    """Give the batches in which persons have not the pseudonyms that they must have.

    All three have one entry for each person: which pseudonym (any numbering, -1 for none), which
    persons are alike (-1 for unknown), and the batch. Of a person asked alone, in batch 0, it is
    certain whose the pseudonym is.
    """
    known = (alike >= 0) & (pseudonyms >= 0)
    pseudonyms, alike, batches = pseudonyms[known], alike[known], batches[known]
    wrong = _torn(alike, pseudonyms, batches) | _torn(pseudonyms, alike, batches)
    return set(batches[wrong].tolist()) - {0}


def _torn(groups: Array, values: Array, batches: Array) -> Array:
    """Tell who has not the one value of its group (mask); all of a group where none is certain."""
    order = np.lexsort((batches != 0, groups))
    new = np.diff(groups[order], prepend=-1) != 0
    first, of_group = order[new], np.cumsum(new) - 1
    differs = values[order] != values[first][of_group]
    torn = np.zeros(len(first), bool)
    torn[of_group[differs]] = True
    wrong = np.zeros(len(groups), bool)
    wrong[order] = differs | (torn & (batches[first] != 0))[of_group]
    return wrong
