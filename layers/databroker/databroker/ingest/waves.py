"""The order of writing: an implant is placed before it is removed."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from databroker.ports import Write


def waves(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Give the writes in groups; within a group the order does not matter.

    A record that removes an implant comes after the record of the same delivery that places it.
    Records that each remove what the other places have no order: then all are one group, and the
    registry's own conditions decide.
    """
    places = {implant: number for number, write in enumerate(writes) for implant in write.placed}
    order: TopologicalSorter[int] = TopologicalSorter()
    for number, write in enumerate(writes):
        order.add(number, *(_before(write, places)))
    try:
        order.prepare()
    except CycleError:
        yield list(writes)
        return
    while order.is_active():
        ready = sorted(order.get_ready())
        yield [writes[number] for number in ready]
        order.done(*ready)


def _before(write: Write, places: dict[tuple[str, str], int]) -> set[int]:
    return {places[gone] for gone in write.removed if gone in places}
