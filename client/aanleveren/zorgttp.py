"""The hospital's own line to ZorgTTP; only the commands that need it load this."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aanleveren.account import read_account
from aanleveren.outcome import CommandError, Exit
from databroker.ports import (
    BatchRefusedError,
    CredentialsRefusedError,
    PseudonymServiceUnavailableError,
    UntrustedAnswerError,
)

try:
    from databroker.adapters.zorgttp import Account, ZorgTtpSource
except ImportError as missing:
    raise CommandError(
        Exit.USAGE, 'Voor deze opdracht is meer nodig: pip install "./client[zorgttp]".'
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aanleveren.account import Account as Typed
    from aanleveren.settings import Settings


def connect(
    settings: Settings, *, may_ask: bool = False, typed: Typed | None = None
) -> ZorgTtpSource:
    """Give ZorgTTP as the hospital sees it; nothing is sent yet.

    The account is the one that was `typed`, or else that of the environment or the keyring.

    Raises:
        CommandError: the address, the centre or the account was not told, or the address is wrong.
    """
    url, centre = settings.need("zorgttp"), settings.need("centre")
    account = typed or read_account(may_ask=may_ask)
    try:
        return ZorgTtpSource(url, Account(centre, account.user, account.password))
    except ValueError as error:
        text = "Het adres van ZorgTTP is geen https-adres zonder account of vraag erin."
        raise CommandError(Exit.USAGE, text) from error


@contextmanager
def plain_faults() -> Iterator[None]:
    """Say what a scheduler should make of a fault of ZorgTTP.

    Raises:
        CommandError: with the exit code that fits.
    """
    try:
        yield
    except CredentialsRefusedError as error:
        text = "ZorgTTP weigert dit account, of het is niet van dit centrum."
        raise CommandError(Exit.DENIED, text) from error
    except BatchRefusedError as error:
        text = f"ZorgTTP weigert de gegevens met een fatale fout ({error.code})."
        raise CommandError(Exit.FINDINGS, text) from error
    except UntrustedAnswerError as error:
        text = "Het antwoord van ZorgTTP klopt niet; er is niets geschreven."
        raise CommandError(Exit.RETRY, text) from error
    except PseudonymServiceUnavailableError as error:
        text = "ZorgTTP is nu niet te bereiken; er is niets geschreven."
        raise CommandError(Exit.RETRY, text) from error
