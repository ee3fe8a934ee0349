"""What can happen to an answer of ZorgTTP between the service and us."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from databroker.ports import Pseudonymised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from databroker.ports import PseudonymSource, Statistics

Answers = list[Pseudonymised]


@dataclass
class TamperedSource:
    """A source of which some answers are changed: of all calls, or of the first so many."""

    true_source: PseudonymSource
    tamper: Callable[[Random, Answers, Answers], Answers]
    seed: int = 1
    times: int = 1_000_000
    tampered: int = 0
    before: Answers = field(default_factory=list)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a test repeats itself

    def pseudonymise(
        self, types: Sequence[str], persons: Sequence[Mapping[str, str]]
    ) -> tuple[Answers, Statistics]:
        answers, statistics = self.true_source.pseudonymise(types, persons)
        before, self.before = self.before, answers
        if self.tampered >= self.times:
            return answers, statistics
        changed = self.tamper(self.random, answers, before)
        self.tampered += changed != answers
        return changed, statistics

    def reverse(self, pseudonyms: Sequence[str]) -> list[str | None]:
        return self.true_source.reverse(pseudonyms)


def _two(random: Random, answers: Answers) -> tuple[int, int]:
    first, second = random.sample(range(len(answers)), 2)
    return first, second


def _swapped(random: Random, answers: Answers, _before: Answers) -> Answers:
    if len(answers) < 2:
        return answers
    first, second = _two(random, answers)
    changed = list(answers)
    changed[first], changed[second] = changed[second], changed[first]
    return changed


def _tokens_swapped(random: Random, answers: Answers, _before: Answers) -> Answers:
    if len(answers) < 2:
        return answers
    first, second = _two(random, answers)
    kind = random.choice(sorted(answers[first].pseudonyms))
    if kind not in answers[second].pseudonyms:
        return answers
    changed = list(answers)
    one, other = answers[first].pseudonyms, answers[second].pseudonyms
    changed[first] = Pseudonymised({**one, kind: other[kind]}, answers[first].diagnostics)
    changed[second] = Pseudonymised({**other, kind: one[kind]}, answers[second].diagnostics)
    return changed


def _shuffled(random: Random, answers: Answers, _before: Answers) -> Answers:
    return random.sample(answers, len(answers))


def _duplicated(random: Random, answers: Answers, _before: Answers) -> Answers:
    if len(answers) < 2:
        return answers
    first, second = _two(random, answers)
    changed = list(answers)
    changed[first] = changed[second]
    return changed


def _shifted(random: Random, answers: Answers, _before: Answers) -> Answers:
    """Lose one answer, and make up the number with one at the end."""
    lost = random.randrange(len(answers))
    return [*answers[:lost], *answers[lost + 1 :], answers[-1]] if len(answers) > 1 else answers


TAMPERS: Mapping[str, Callable[[Random, Answers, Answers], Answers]] = {
    "two swapped": _swapped,
    "shuffled": _shuffled,
    "reversed": lambda _random, answers, _before: answers[::-1],
    "rotated": lambda random, answers, _before: (
        answers[(by := random.randrange(len(answers))) :] + answers[:by]
    ),
    "short": lambda random, answers, _before: random.sample(answers, len(answers) - 1),
    "long": lambda random, answers, _before: [*answers, random.choice(answers)],
    "duplicated": _duplicated,
    "shifted": _shifted,
    "cached": lambda _random, answers, before: before or answers,
    "all the same": lambda _random, answers, _before: [answers[0]] * len(answers),
}
"""Changes of an answer (chance, the answer, the one before) to another one."""

OF_ONE_TYPE = _tokens_swapped
"""Two persons get each other's token of one type."""
