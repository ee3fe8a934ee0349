"""Pseudonyms of ZorgTTP for the window: when they are offered, with whose account, and the making.

An account that the page sent is handed on as an argument, and is nowhere else: not in the desk, the
server, a log or the text of an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aanleveren.account import Account, read_account
from aanleveren.outcome import CommandError, Exit, Outcome
from databroker.dataset import is_pseudonymised
from databroker.findings import Level

if TYPE_CHECKING:
    from aanleveren.settings import Settings
    from databroker.check import Checked

MOST_ACCOUNT_BYTES = 4_000
"""Of a user name and a password as a form sends them."""

_NO_ADDRESS = "Pseudonimiseren kan hier zodra de instelling zorgttp er is: het adres van ZorgTTP."


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a file can be pseudonymised here, and what is still needed for it."""

    can: bool
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """The file as it may leave the hospital, and what was found in its personal data."""

    name: str
    content: bytes = field(repr=False)
    checked: Checked


def offer_for(checked: Checked, settings: Settings) -> Offer:
    """Tell what the page offers for a file that was checked."""
    refused = any(finding.level is Level.FILE_REFUSED for finding in checked.findings)
    dataset = checked.dataset
    has_personal_data = not all(each.kept for each in dataset.fields)
    # A header with pseudonyms has the file checked as a dataset that has their columns.
    done = is_pseudonymised(dataset.columns)
    if refused or done or not has_personal_data or not _is_installed():
        return Offer(can=False)
    return Offer(can=True) if settings.zorgttp else Offer(can=False, hint=_NO_ADDRESS)


def account_in(body: bytes) -> Account | None:
    """Read the account that the page sent; None when it sent none.

    Raises:
        CommandError: it is not whole.
    """
    told = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    user, password = told.get("user", "").strip(), told.get("password", "")
    if not body:
        return None
    if not (user and password):
        raise CommandError(Exit.USAGE, "Vul een gebruikersnaam en een wachtwoord in.")
    return Account(user, password)


def account_or_why_not(typed: Account | None) -> tuple[Account | None, Outcome]:
    """Give the account that was typed, else the one that is kept here; or why there is none."""
    try:
        return typed or read_account(may_ask=False), Outcome(Exit.GOOD)
    except CommandError as error:
        return None, Outcome(error.exit_code, fault=str(error))


def pseudonymise(
    content: bytes, file_name: str, settings: Settings, account: Account
) -> Pseudonymised:
    """Do what `versleutel` does, in memory.

    Raises:
        CommandError: the file is refused, a setting is wrong, or ZorgTTP refuses or is away.
    """
    from aanleveren.encrypt import encrypt, encrypted_name  # noqa: PLC0415 - needs the extra
    from aanleveren.zorgttp import connect, plain_faults  # noqa: PLC0415 - needs the extra

    with plain_faults():
        done = encrypt(content, file_name, settings, connect(settings, typed=account))
    if done.content is None:
        raise CommandError(Exit.FINDINGS, "Het bestand is geweigerd; controleer het opnieuw.")
    return Pseudonymised(encrypted_name(file_name), done.content, done.checked)


def _is_installed() -> bool:
    try:
        from aanleveren import zorgttp  # noqa: F401, PLC0415 - is it there, and only now
    except CommandError:
        return False
    return True
