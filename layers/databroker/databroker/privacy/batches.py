"""Calls to ZorgTTP, cut to size, and several at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    PseudonymServiceUnavailableError,
    UntrustedAnswerError,
)
from databroker.privacy.persons import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from databroker.privacy.persons import People
    from databroker.texts import Array

MOST = 1000
"""The most persons or tokens of one call (as in ZorgTTP's own client of TRES)."""

_WORST_FIRST = (
    CredentialsRefusedError,
    BatchRefusedError,
    UntrustedAnswerError,
    PseudonymServiceUnavailableError,
)
"""Of several faults, the one that leaves least hope is told."""

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Item = TypeVar("Item")


ALONE = 0
"""The number of the batch in which every sentinel is asked alone."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Persons, by index, of whom the same types of pseudonym are asked; real ones from number 1."""

    number: int
    types: tuple[str, ...]
    persons: Array


def batches_of(people: People, most: int) -> Iterator[Batch]:
    """Give every person once; the same persons make the same batches on every try."""
    number = ALONE
    bits = 1 << np.arange(len(TYPES))
    together = people.makes @ bits
    for makes in np.unique(together).tolist():
        types = tuple(kind for kind, bit in zip(TYPES, bits.tolist(), strict=True) if makes & bit)
        persons = np.flatnonzero(together == makes)
        for start in range(0, len(persons), most):
            number += 1
            yield Batch(number, types, persons[start : start + most])


def with_sentinels(
    people: People, batches: Sequence[Batch], sentinels: People
) -> tuple[People, list[Batch]]:
    """Put every sentinel in every batch, and before them in one where each is asked alone.

    Gives the persons with all these sentinels behind them.
    """
    if not batches or not len(sentinels):
        return people, list(batches)
    count = len(sentinels)
    places = len(people) + np.arange(count * (len(batches) + 1)).reshape(-1, count)
    everyone = people.and_others(*[sentinels] * len(places))
    alone = Batch(ALONE, TYPES, places[0])
    joined = [
        replace(batch, persons=np.concatenate([batch.persons, those]))
        for batch, those in zip(batches, places[1:], strict=True)
    ]
    return everyone, [alone, *joined]


def slices(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence in parts of at most so many."""
    for start in range(0, len(items), most):
        yield items[start : start + most]


def ask_all(
    ask: Callable[[Question], Answer],
    questions: Iterable[Question],
    workers: int,
) -> Iterator[tuple[Question, Answer]]:
    """Ask side by side, and give the answers in the order of the questions.

    However many questions there are, few are made at a time. At a fault no more are asked; what
    was under way is still given, and then the worst fault is raised.
    """
    left, faults = iter(questions), list[Exception]()
    line: deque[tuple[Question, Future[Answer]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        while True:
            if not faults:
                # As many wait as are asked, so that a slow answer keeps nobody idle.
                some = islice(left, 2 * workers - len(line))
                line.extend((question, pool.submit(ask, question)) for question in some)
            if not line:
                break
            question, future = line.popleft()
            try:
                answer = future.result()
            except _WORST_FIRST as fault:
                faults.append(fault)
                line = deque(each for each in line if not each[1].cancel())
            else:
                yield question, answer
    if faults:
        raise min(faults, key=lambda fault: _WORST_FIRST.index(type(fault)))
