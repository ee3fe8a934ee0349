"""Who may use the simulator, and the key that all its pseudonyms come from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

DEVELOPMENT = Path(__file__).with_name("development.json")
"""The settings of a laptop: two centres, one registry, and accounts that are refused."""


class Role(StrEnum):
    """Which side of ZorgTTP an account is on."""

    SOURCE = "source"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `name` is the centre or the registry itself, `registry` whom it works for."""

    role: Role
    name: str
    registry: str
    username: str
    password: str = field(repr=False)
    enabled: bool = True
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can differ between two simulators."""

    key: str = field(repr=False)
    key_version: str
    session_seconds: int
    token_seconds: int
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


def read_settings(path: Path = DEVELOPMENT) -> Settings:
    """Read a settings file; `development.json` shows its shape."""
    facts = json.loads(path.read_text("utf-8"))
    accounts = tuple(
        Account(**account | {"role": Role(account["role"])}) for account in facts.pop("accounts")
    )
    return Settings(**facts, accounts=accounts)
