"""The hospital's account at ZorgTTP: in the environment, else in the keyring of the machine.

It is in no config file and no log. What pseudonymises asks for it here, by `read_account`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from getpass import getpass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from aanleveren.outcome import CommandError, Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

T = TypeVar("T")

_USER, _PASSWORD = "AANLEVEREN_ZORGTTP_GEBRUIKER", "AANLEVEREN_ZORGTTP_WACHTWOORD"
_SERVICE = "aanleveren-zorgttp"
_NAMES = ("gebruiker", "wachtwoord")
_PATIENCE = 60.0
"""A keyring that is locked asks a person to open it; a task has nobody to answer."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user name and password of ZorgTTP."""

    user: str
    password: str = field(repr=False)


def read_account(*, may_ask: bool, environment: Mapping[str, str] = os.environ) -> Account:
    """Find the account, and ask for it only where a person is there to answer.

    Raises:
        CommandError: it is nowhere, only half of it is, or the keyring does not give it.
    """
    user, password = environment.get(_USER), environment.get(_PASSWORD)
    if user and password:
        return Account(user, password)
    if user or password:
        missing = _PASSWORD if user else _USER
        raise CommandError(Exit.USAGE, f"Van het account van ZorgTTP ontbreekt {missing}.")
    if kept := _kept():
        return kept
    if may_ask:
        return ask()
    text = (
        "Er is geen account van ZorgTTP. Bewaar het met 'aanleveren aanmelden', of geef het in "
        f"{_USER} en {_PASSWORD}."
    )
    raise CommandError(Exit.DENIED, text)


def ask() -> Account:
    """Ask a person for the account; what is typed as the password is not shown.

    Raises:
        CommandError: there is nobody to ask, or nothing was typed.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        text = f"Dit vraagt om een terminal; geef een taak {_USER} en {_PASSWORD} in de omgeving."
        raise CommandError(Exit.USAGE, text)
    sys.stderr.write("Gebruikersnaam van ZorgTTP: ")
    sys.stderr.flush()
    user = sys.stdin.readline().strip()
    password = getpass("Wachtwoord van ZorgTTP: ", stream=sys.stderr) if user else ""
    if not password:
        raise CommandError(Exit.USAGE, "Er is niets ingevuld.")
    return Account(user, password)


def keep(account: Account) -> None:
    """Keep the account in the keyring of this user of this machine.

    Raises:
        CommandError: there is no keyring, or it does not take it.
    """

    def put(keyring: ModuleType) -> None:
        for name, value in zip(_NAMES, (account.user, account.password), strict=True):
            keyring.set_password(_SERVICE, name, value)

    _ask_keyring(put)


def forget() -> bool:
    """Remove the account from the keyring; tell whether there was one.

    Raises:
        CommandError: there is no keyring, or it does not let it go.
    """

    def remove(keyring: ModuleType) -> bool:
        there = [name for name in _NAMES if keyring.get_password(_SERVICE, name) is not None]
        for name in there:
            keyring.delete_password(_SERVICE, name)
        return bool(there)

    return _ask_keyring(remove)


def _kept() -> Account | None:
    def get(keyring: ModuleType) -> Account | None:
        if isinstance(keyring.get_keyring(), import_module("keyring.backends.fail").Keyring):
            return None  # a machine without a keyring, as most servers are, keeps nothing
        user, password = (keyring.get_password(_SERVICE, name) for name in _NAMES)
        return Account(user, password) if user and password else None

    return _ask_keyring(get) if find_spec("keyring") else None


def _ask_keyring(work: Callable[[ModuleType], T]) -> T:
    # Only who has an account needs these.
    from multiprocessing import TimeoutError as TooLateError  # noqa: PLC0415
    from multiprocessing.pool import ThreadPool  # noqa: PLC0415

    try:
        keyring, errors = import_module("keyring"), import_module("keyring.errors")
    except ImportError as missing:
        text = 'Voor de sleutelring is keyring nodig: pip install "./client[keyring]".'
        raise CommandError(Exit.USAGE, text) from missing
    try:
        with ThreadPool(1) as pool:
            return pool.apply_async(work, (keyring,)).get(_PATIENCE)
    except TooLateError as error:
        raise CommandError(
            Exit.RETRY, "De sleutelring van deze computer antwoordt niet."
        ) from error
    except errors.NoKeyringError as error:
        text = f"Deze computer heeft geen sleutelring; gebruik {_USER} en {_PASSWORD}."
        raise CommandError(Exit.USAGE, text) from error
    except errors.KeyringError as error:
        text = f"De sleutelring van deze computer werkt niet mee ({type(error).__name__})."
        raise CommandError(Exit.DENIED, text) from error
