"""Calls to ZorgTTP, cut to size, one after the other or several at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST = 1000
"""The most persons or tokens of one call (as in ZorgTTP's own client of TRES)."""

Item = TypeVar("Item")
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Caller(Protocol):
    """Does the calls and keeps their order: `map`, or the `map` of an executor."""

    def __call__(
        self, do: Callable[[Question], Answer], questions: Iterable[Question], /
    ) -> Iterable[Answer]:
        """Give the answers in the order of the questions."""
        ...


def slices(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence in parts of at most so many."""
    for start in range(0, len(items), most):
        yield items[start : start + most]
