"""The file that a hospital names."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aanleveren.outcome import CommandError, Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from aanleveren.progress import Moved

_PART = 1_000_000


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises:
        CommandError: it is not there, or cannot be opened now.
    """
    try:
        content = file.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise CommandError(Exit.USAGE, "Het bestand bestaat niet.") from error
    except OSError as error:
        raise _unreadable() from error
    with content:
        yield content


def size_of(content: BinaryIO) -> int:
    """Give the number of bytes of an open file."""
    return os.fstat(content.fileno()).st_size


def read(content: BinaryIO, most: int, moved: Moved) -> bytes:
    """Read no more than so many bytes, part by part.

    Raises:
        CommandError: it cannot be read on.
    """
    parts, left = [], most
    try:
        while left and (part := content.read(min(_PART, left))):
            parts.append(part)
            left -= len(part)
            moved(len(part))
    except OSError as error:
        raise _unreadable() from error
    return b"".join(parts)


def _unreadable() -> CommandError:
    text = "Het bestand kan nu niet worden gelezen; staat het nog open in Excel?"
    return CommandError(Exit.RETRY, text)
