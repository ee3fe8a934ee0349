"""What a running local stack tells about itself: the file `outputs.json`."""

import json
import os
from pathlib import Path
from typing import TypedDict


class Credentials(TypedDict):
    """What an AWS client needs to be somebody."""

    access_key_id: str
    secret_access_key: str
    session_token: str


class User(TypedDict):
    """Somebody who can log in."""

    email: str
    password: str
    centre: str
    role: str


class Outputs(TypedDict):
    """Where everything is, and who may use it; the fixed contract with whoever tries the stack."""

    endpoint_url: str
    region: str
    web_url: str
    api_url: str | None
    mail_url: str
    zorgttp_url: str
    outputs: dict[str, str]
    users: list[User]
    epd: dict[str, Credentials]
    operator: Credentials


def write(path: Path, content: object) -> None:
    """Write a file that only its owner reads; this will never be seen half written."""
    unfinished = path.with_suffix(".unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    unfinished.replace(path)
