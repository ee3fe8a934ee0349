"""Where a hospital delivers: from the options, else the environment, else a file."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aanleveren.outcome import CommandError, Exit

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

NAMES = ("inbox", "outbox", "endpoint")


@dataclass(frozen=True, slots=True)
class Settings:
    """The buckets that NHR gave, and an address other than that of AWS itself."""

    inbox: str | None
    outbox: str | None
    endpoint: str | None

    def bucket(self, name: str) -> str:
        """Give the inbox or the outbox.

        Raises:
            CommandError: it was not given anywhere.
        """
        bucket: str | None = getattr(self, name)
        if not bucket:
            text = f"Geef de {name}: --{name}, AANLEVEREN_{name.upper()} of in het configbestand."
            raise CommandError(Exit.USAGE, text)
        return bucket


def read_settings(asked: Namespace, environment: Mapping[str, str] = os.environ) -> Settings:
    """Gather the settings of a command.

    Raises:
        CommandError: the file was named and is not there, or is not right.
    """
    kept = _read(asked.config or environment.get("AANLEVEREN_CONFIG"))
    return Settings(
        **{
            name: getattr(asked, name)
            or environment.get(f"AANLEVEREN_{name.upper()}")
            or kept.get(name)
            for name in NAMES
        }
    )


def _read(named: str | None) -> dict[str, str]:
    path = Path(named) if named else Path.home() / ".aanleveren.toml"
    if not named and not path.exists():
        return {}
    try:
        kept = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(
            Exit.USAGE, f"Het configbestand {path} kan niet worden gelezen."
        ) from error
    if not all(name in NAMES and isinstance(value, str) for name, value in kept.items()):
        text = f"In het configbestand {path} staan alleen teksten: {', '.join(NAMES)}."
        raise CommandError(Exit.USAGE, text)
    return kept
