"""Temporary pseudonyms to definitive ones: what the registry keeps, once it is proven whose it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from databroker.ports import UntrustedAnswerError
from databroker.privacy.batches import ALONE, MOST, ask_all, slices
from databroker.privacy.persons import TYPES, keys_of
from databroker.privacy.pseudonymise import ALIKE, BATCH, PERSON, ROUND, spread_out
from databroker.privacy.pseudonyms import COLUMNS, REVERSIBLE, definitive_type
from databroker.privacy.trust import random_order, same_as_alike
from databroker.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from databroker.dataset import Dataset
    from databroker.delivery import DeliveryId
    from databroker.findings import Finding
    from databroker.ports import Exchanged as Answer
    from databroker.ports import PseudonymExchange
    from databroker.records import Records
    from databroker.texts import Array


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The persons with definitive pseudonyms, and how many tokens were exchanged for that.

    `refused` are ZorgTTP's codes for tokens it did not accept, by the row of the person and the
    type. `void` are the batches whose answers cannot be trusted: they have to be asked again. Of
    pseudonyms that the hospital fetched itself none can be.
    """

    persons: Records
    tokens: int
    refused: Mapping[tuple[int, str], str]
    void: tuple[int, ...]

    def of(self, records: Records) -> Records:
        """Give the records the pseudonyms of their persons."""
        spread = spread_out(self.persons, records.texts(PERSON))
        return records.without([PERSON]).with_columns(spread)

    def findings(self, records: Records, dataset: Dataset) -> Iterator[Finding]:
        """Tell of the records whose pseudonyms ZorgTTP did not accept: F-110, or else W-107."""
        of_person = defaultdict(list)
        for index, number in enumerate(records.column(PERSON)):
            of_person[number].append(index)
        for (person, kind), code in sorted(self.refused.items()):
            for index in of_person[str(person)]:
                row = int(records.numbers[index])
                yield dataset.finding(
                    "F-110" if kind == REVERSIBLE else "W-107",
                    row=row,
                    cell=records.origin.cell(COLUMNS[kind], row),
                    interv_nr=records.texts("interv_nr")[index],
                    column=COLUMNS[kind],
                    zorgttp_code=code,
                )


@dataclass(frozen=True, slots=True)
class _Question:
    """Tokens of one batch, by type and row of the table of persons (index)."""

    batch_id: str
    tokens: tuple[tuple[str, int], ...]


def exchange(
    persons: Records,
    service: PseudonymExchange,
    delivery_id: DeliveryId,
    *,
    twice: bool = True,
    workers: int = 4,
    most: int = MOST,
) -> Exchanged:
    """Exchange every token of the table of persons, each once, and look whose the answers are.

    The same table makes the same batches, so that a second try gets the same answer. Asked `twice`,
    every question is put again in another order, and must get the same answer.

    Raises:
        CredentialsRefusedError: the account of the registry is refused.
        BatchRefusedError: a fatal code.
        UntrustedAnswerError: an answer cannot be that of its question.
        PseudonymServiceUnavailableError: no usable answer.
    """
    tokens = {kind: persons.columns[name].tolist() for kind, name in COLUMNS.items()}
    lasting: dict[str, list[str | None]] = {kind: [None] * len(persons) for kind in COLUMNS}
    refused: dict[tuple[int, str], str] = {}

    def ask(question: _Question) -> list[Answer]:
        asked = [tokens[kind][row] or "" for kind, row in question.tokens]
        return _answers_twice(service, question.batch_id, asked, twice=twice)

    count = 0
    questions = _questions(persons, tokens, delivery_id, most)
    for question, answers in ask_all(ask, questions, workers):
        for (kind, row), answer in zip(question.tokens, answers, strict=True):
            lasting[kind][row] = _definitive(kind, answer)
            if answer.pseudonym is None:
                refused[row + 1, kind] = answer.code or ""
        count += len(answers)
    definitive = {COLUMNS[kind]: Texts.of(lasting[kind]) for kind in COLUMNS}
    void = _void(persons, definitive, refused) if ROUND in persons.columns else set()
    return Exchanged(persons.with_columns(definitive), count, refused, tuple(sorted(void)))


def _definitive(kind: str, answer: Answer) -> str | None:
    if answer.pseudonym is not None and definitive_type(answer.pseudonym) != kind:
        # A token, or a pseudonym of another type, must never reach the registry.
        raise UntrustedAnswerError(f"a pseudonym of type {kind} is not definitive")
    return answer.pseudonym


def _answers_twice(
    service: PseudonymExchange, batch_id: str, tokens: Sequence[str], *, twice: bool
) -> list[Answer]:
    """Ask, and ask again in another order: the same tokens have the same pseudonyms."""
    answers = _answers(service, batch_id, tokens)
    order = random_order(np.arange(len(tokens))).tolist() if twice else []
    again = _answers(service, batch_id, [tokens[place] for place in order])
    if [answers[place] for place in order] != again:
        raise UntrustedAnswerError("the same tokens have other pseudonyms in another order")
    return answers


def _answers(service: PseudonymExchange, batch_id: str, tokens: Sequence[str]) -> list[Answer]:
    answers = service.exchange(batch_id, tokens) if tokens else []
    if len(answers) != len(tokens):
        raise UntrustedAnswerError("the answer has another number of pseudonyms")
    return answers


def _questions(
    persons: Records,
    tokens: Mapping[str, Sequence[str | None]],
    delivery_id: DeliveryId,
    most: int,
) -> Iterator[_Question]:
    """Give the tokens of each batch in questions that have the same name on every try."""
    batches, rounds = _numbers(persons.texts(BATCH)), _numbers(persons.texts(ROUND))
    for number in np.unique(batches).tolist():
        rows = np.flatnonzero(batches == number).tolist()
        named = f"{delivery_id}-{number}.{max(rounds[rows[0]], 0)}"
        asked = [(kind, row) for kind in COLUMNS for row in rows if tokens[kind][row]]
        for place, part in enumerate(slices(asked, most), start=1):
            yield _Question(f"{named}-{place}", tuple(part))


def _void(
    persons: Records,
    definitive: Mapping[str, Texts],
    refused: Mapping[tuple[int, str], str],
) -> set[int]:
    """Give the batches that have to be asked again."""
    batches = _numbers(persons.texts(BATCH))
    void = {int(batches[row - 1]) for row, _ in refused}
    for kind in TYPES:
        alike = _numbers(persons.texts(ALIKE.format(kind)))
        void |= same_as_alike(_numbered(definitive[COLUMNS[kind]]), alike, batches)
    # Whoever was asked alone is asked again as well: perhaps that answer was the wrong one.
    return void | {ALONE} if void else void


def _numbered(texts: Texts) -> Array:
    """Give every different text a number, -1 for an empty one."""
    _, numbers = np.unique(keys_of(texts), return_inverse=True)
    return np.where(texts.lengths > 0, numbers, -1)


def _numbers(texts: Texts) -> Array:
    """Read a column of whole numbers, -1 for an empty cell."""
    return np.array([-1 if cell is None else int(cell) for cell in texts.tolist()], np.int64)
