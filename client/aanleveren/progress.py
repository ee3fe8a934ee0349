"""What a person sees while a command is at work; a program, a log and a quiet task see nothing."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from aanleveren.settings import Settings

    Moved = Callable[[int], None]
    """Is told how many bytes more are done."""


class Watch(Protocol):
    """Shows that something is going on for as long as a block lasts."""

    def __call__(self, what: str, size: int | None = None) -> AbstractContextManager[Moved]:
        """Show a bar of so many bytes, or only the time that passes when nobody knows how many."""
        ...


def watch_of(asked: Namespace, settings: Settings) -> Watch:
    """Give what fits who is looking: a person at a terminal, or nobody."""
    return _drawn if someone_watches(asked, settings) else unseen


def someone_watches(asked: Namespace, settings: Settings) -> bool:
    """Tell whether a person sees both what comes out and what goes on."""
    return not (asked.json or settings.stil) and sys.stdout.isatty() and sys.stderr.isatty()


@contextmanager
def unseen(what: str, size: int | None = None) -> Iterator[Moved]:  # noqa: ARG001 - as any Watch
    """Show nothing."""
    yield lambda _: None


@contextmanager
def _drawn(what: str, size: int | None = None) -> Iterator[Moved]:
    # Only a person waits for these.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = [SpinnerColumn(), TextColumn("{task.description}")]
    columns += [BarColumn(), DownloadColumn()] if size else []
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        task = progress.add_task(what, total=size)
        yield lambda more: progress.advance(task, more)
