"""The desk where persons are handed in for temporary pseudonyms: batches, tries, proofs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from databroker.ports import Diagnostic, Pseudonymised, Statistics, UntrustedAnswerError
from databroker.privacy.batches import ALONE, MOST, ask_all, batches_of, with_sentinels
from databroker.privacy.persons import TYPES, People, keys_of
from databroker.privacy.pseudonyms import REVERSIBLE
from databroker.privacy.trust import (
    SENTINELS,
    Checks,
    expect_answers,
    random_order,
    read_back,
)
from databroker.texts import WORD, Texts, ends

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from databroker.ports import PseudonymSource
    from databroker.privacy.batches import Batch
    from databroker.privacy.persons import Person
    from databroker.texts import Array


class Kept(Protocol):
    """Where the answers of finished batches wait, so that no try asks them again."""

    def numbers(self) -> set[int]:
        """Give the numbers of the batches that were answered."""
        ...

    def read(self, number: int) -> Any:
        """Give what was kept of a batch."""
        ...

    def write(self, number: int, answer: Any) -> None:
        """Keep the answer of a batch; writing again replaces it."""
        ...


class KeptInMemory(dict[int, Any]):
    """Answers that need not outlast this process."""

    def numbers(self) -> set[int]:
        """See `Kept`."""
        return set(self)

    def read(self, number: int) -> Any:
        """See `Kept`."""
        return self[number]

    def write(self, number: int, answer: Any) -> None:
        """See `Kept`."""
        self[number] = answer


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of one batch, a record for each person of `order`.

    `asked` proves which question it was the answer of; `round` counts how often all was asked.
    """

    asked: str
    round: int
    order: tuple[int, ...]
    records: tuple[Pseudonymised, ...] = field(repr=False)
    statistics: Statistics

    def as_json(self) -> Any:
        """Write it down; by hand, for `asdict` copies every token."""
        return {
            "asked": self.asked,
            "round": self.round,
            "order": list(self.order),
            "records": [
                [each.pseudonyms, [[said.code, said.field] for said in each.diagnostics]]
                for each in self.records
            ],
            "statistics": asdict(self.statistics),
        }

    @classmethod
    def from_json(cls, kept: Any) -> Answered:
        """Read what `as_json` wrote."""
        records = tuple(
            Pseudonymised(pseudonyms, tuple(Diagnostic(*each) for each in said))
            for pseudonyms, said in kept["records"]
        )
        figures = Statistics(**kept["statistics"])
        return cls(kept["asked"], kept["round"], tuple(kept["order"]), records, figures)


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of a delivery, by the index of the person: real persons first, then sentinels.

    `batches` (int) and `rounds` (int) tell when each was asked; `tokens` are columns by type;
    `said` holds the diagnostics of the persons that have any.
    """

    everyone: People
    batches: Array
    rounds: Array
    tokens: Mapping[str, Texts] = field(repr=False)
    said: Mapping[int, tuple[Diagnostic, ...]]
    statistics: Statistics


@dataclass(frozen=True)
class Desk:
    """Whom to ask, and how to go about it.

    `workers` batches are worked at, at a time: more than there may be calls at a time, so that the next
    call goes out while an answer is looked at. `kept` are the answers that earlier tries got; of those in
    `void` the ones of an earlier `round` are asked again.
    """

    source: PseudonymSource = field(repr=False)
    checks: Checks = field(default_factory=Checks)
    kept: Kept = field(default_factory=KeptInMemory, repr=False)
    workers: int = 8
    most: int = MOST
    round: int = 1
    void: Collection[int] = ()

    def ask(self, people: People) -> Answers:
        """Ask for every pseudonym that can be made of these persons.

        Raises:
            CredentialsRefusedError: the account of the centre is refused.
            BatchRefusedError: a fatal code.
            UntrustedAnswerError: an answer cannot be that of its question.
            PseudonymServiceUnavailableError: no usable answer.
        """
        sentinels = People.known(SENTINELS if self.checks.sentinels else ())
        batches = list(batches_of(people, self.most - len(sentinels)))
        everyone, batches = with_sentinels(people, batches, sentinels)
        gathered, kept = _Gathered(everyone), self.kept.numbers()
        for batch in batches:
            answer = self._kept(everyone, batch) if batch.number in kept else None
            if answer:
                gathered.add(batch, answer)
        asked = [batch for batch in batches if batch.number not in gathered.rounds]
        for batch, answer in ask_all(lambda each: self._ask(everyone, each), asked, self.workers):
            self.kept.write(batch.number, answer.as_json())
            gathered.add(batch, answer)
        answers = gathered.answers()
        self._expect_new(answers)
        return answers

    def _kept(self, everyone: People, batch: Batch) -> Answered | None:
        answer = Answered.from_json(self.kept.read(batch.number))
        void = batch.number in self.void and answer.round != self.round
        return None if void or answer.asked != _mark(everyone, batch) else answer

    def _ask(self, everyone: People, batch: Batch) -> Answered:
        order = random_order(batch.persons)
        persons = everyone.sent(order, batch.types)
        calls = [[each] for each in persons] if batch.number == ALONE else [persons]
        told = [self._call(batch.types, call) for call in calls]
        records = tuple(record for answer, _ in told for record in answer)
        figures = together([statistics for _, statistics in told])
        mark = _mark(everyone, batch)
        return Answered(mark, self.round, tuple(order.tolist()), records, figures)

    def _call(
        self, types: Sequence[str], persons: Sequence[Person]
    ) -> tuple[list[Pseudonymised], Statistics]:
        """Make one call and distrust its answer."""
        answers, statistics = self.source.pseudonymise(types, persons)
        expect_answers(types, persons, answers)
        if self.checks.read_back and REVERSIBLE in types:
            read_back(self.source, persons, answers)
        return answers, statistics

    def _expect_new(self, answers: Answers) -> None:
        """See that no token was given in two batches; those must be asked again."""
        wrong: set[int] = set()
        for texts in answers.tokens.values():
            filled = np.flatnonzero(texts.lengths)
            keys = keys_of(texts.take(filled))
            _, which, times = np.unique(keys, return_inverse=True, return_counts=True)
            wrong.update(answers.batches[filled[times[which] > 1]].tolist())
        for number in wrong:
            answer = Answered.from_json(self.kept.read(number))
            self.kept.write(number, replace(answer, asked="", records=()).as_json())
        if wrong:
            raise UntrustedAnswerError("two persons were given the same token")


class _Gathered:
    """The answers as they come, in columns: a token is text, and there may be millions."""

    def __init__(self, everyone: People) -> None:
        self._everyone = everyone
        self._tokens = {kind: _Growing() for kind in TYPES}
        self._orders: list[Array] = []
        self._batches = np.zeros(len(everyone), np.int32)
        self._rounds = np.zeros(len(everyone), np.int32)
        self._said: dict[int, tuple[Diagnostic, ...]] = {}
        self._statistics: list[Statistics] = []
        self.rounds: dict[int, int] = {}

    def add(self, batch: Batch, answer: Answered) -> None:
        """Take the answer of a batch."""
        order = np.array(answer.order)
        self._orders.append(order)
        self._batches[order], self._rounds[order] = batch.number, answer.round
        for kind, column in self._tokens.items():
            column.add([each.pseudonyms.get(kind) for each in answer.records])
        pairs = zip(answer.order, answer.records, strict=True)
        self._said |= {person: each.diagnostics for person, each in pairs if each.diagnostics}
        self._statistics.append(answer.statistics)
        self.rounds[batch.number] = answer.round

    def answers(self) -> Answers:
        """Give all of them, when every person is there."""
        place = np.zeros(len(self._everyone), np.int64)
        if self._orders:
            place[np.concatenate(self._orders)] = np.arange(len(place))
        return Answers(
            self._everyone,
            self._batches,
            self._rounds,
            {kind: column.texts().take(place) for kind, column in self._tokens.items()},
            self._said,
            together(self._statistics),
        )


class _Growing:
    """A column that grows at its end, without a second copy of what is there."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._lengths: list[Array] = [np.zeros(0, np.int32)]

    def add(self, cells: Sequence[str | None]) -> None:
        texts = Texts.of(cells)
        self._data += texts.data[: texts.data.size - WORD].data
        self._lengths.append(texts.lengths)

    def texts(self) -> Texts:
        """Give the column; it grows no more after that."""
        lengths = np.concatenate(self._lengths)
        self._data += bytes(WORD)
        data = np.frombuffer(self._data, np.uint8)
        return Texts(data, ends(lengths) - lengths, lengths)


def together(figures: Sequence[Statistics]) -> Statistics:
    """Add the figures of calls; the speed is that of the middle one."""
    if not figures:
        return Statistics()
    speeds = sorted(each.speed for each in figures)
    return Statistics(
        sum(each.pseudonyms for each in figures),
        sum(each.errors for each in figures),
        speeds[len(speeds) // 2],
    )


def _mark(everyone: People, batch: Batch) -> str:
    """Give what only the same question has; it is kept where the personal data are."""
    asked = [batch.types, everyone.sent(batch.persons, batch.types)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
