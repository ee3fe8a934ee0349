"""Who may use the simulator, its keys, and how it behaves when nobody told it otherwise."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from simulators.zorgttp.faults import Fault, Latency

DEVELOPMENT = Path(__file__).with_name("development.json")
"""The settings of a laptop: two centres, one registry, and accounts that are refused."""


class Role(StrEnum):
    """Which side of ZorgTTP an account is on."""

    SOURCE = "source"
    REGISTRY = "registry"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


Moment = Annotated[dt.datetime, AfterValidator(_aware)]
"""A day or a time; UTC unless it says otherwise."""


# A scope of a key is written with bars between its parts.
Name = Annotated[str, Field(pattern=r"^[^|]+$")]


class Account(_Part):
    """One account; `name` is the centre or the registry itself, `registry` whom it works for."""

    role: Role
    name: Name
    registry: Name
    username: str
    password: str = Field(repr=False)
    enabled: bool = True
    expired: bool = False


class KeyVersion(_Part):
    """One version of the keys: it makes pseudonyms from `begins`, and is gone after `until`."""

    version: str = Field(pattern=r"^[A-Z]$")
    begins: Moment = Field(alias="from")
    until: Moment | None = None

    def has_begun(self, now: float) -> bool:
        """Tell whether pseudonyms can be made with it."""
        return self.begins.timestamp() <= now

    def is_over(self, now: float) -> bool:
        """Tell whether nothing of it can be read any more."""
        return self.until is not None and self.until.timestamp() <= now


def _in_order(versions: tuple[KeyVersion, ...]) -> tuple[KeyVersion, ...]:
    for part in ("version", "begins"):
        if len({getattr(each, part) for each in versions}) < len(versions):
            raise ValueError("two key versions have the same letter or the same begin")
    if any(each.until is not None and each.until <= each.begins for each in versions):
        raise ValueError("a key version ends before it begins")
    return tuple(sorted(versions, key=lambda each: each.begins))


class Settings(_Part):
    """Everything that can differ between two simulators; `key_versions` stand in order."""

    key: str = Field(repr=False)
    key_versions: Annotated[tuple[KeyVersion, ...], Field(min_length=1), AfterValidator(_in_order)]
    session_seconds: int
    token_seconds: int
    latency: Latency = Latency()
    faults: tuple[Fault, ...] = ()
    accounts: tuple[Account, ...]

    def account(self, role: Role, name: str) -> Account:
        """Find the account with which a centre or registry can log in.

        Raises:
            LookupError: there is none.
        """
        for account in self.accounts:
            if (account.role, account.name) == (role, name) and account.enabled:
                return account
        raise LookupError(name)

    def changed(self, **changes: Any) -> Settings:
        """Give these settings with some of them changed, and checked again.

        Raises:
            ValueError: a change is not possible.
        """
        return Settings.model_validate(dict(self) | changes)


def read_settings(path: Path = DEVELOPMENT) -> Settings:
    """Read a settings file; `development.json` shows its shape.

    Raises:
        ValueError: something in it is unknown, missing or impossible.
    """
    return Settings.model_validate_json(path.read_bytes())
