"""Where personal data might leak to, and how to look for them in every disguise."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def disguises(secret: str) -> Iterator[bytes]:
    """Give the forms in which a value could be written down by accident."""
    text = secret.encode()
    yield text
    yield text.hex().encode()
    yield base64.b64encode(text).rstrip(b"=")
    yield text[::-1]
    yield secret.encode("utf-16-le")


def readable(content: bytes) -> Iterator[bytes]:
    """Give the content, and what is inside when it is a workbook or a table."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for part in package.namelist():
                yield package.read(part)
    try:
        with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
            yield str(reader.read_all().to_pydict()).encode()
    except (pa.ArrowInvalid, OSError):
        return


def leaks(secrets: Iterable[str], sinks: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Name every sink that holds one of the values, in any disguise."""
    wanted = {form: secret for secret in secrets for form in disguises(secret)}
    return [
        (sink, secret)
        for sink, content in sinks.items()
        for text in readable(content)
        for form, secret in wanted.items()
        if form in text
    ]
