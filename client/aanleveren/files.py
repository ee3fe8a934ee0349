"""The file that a hospital names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aanleveren.outcome import CommandError, Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


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
        text = "Het bestand kan nu niet worden gelezen; staat het nog open in Excel?"
        raise CommandError(Exit.RETRY, text) from error
    with content:
        yield content
