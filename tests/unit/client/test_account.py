"""The account of ZorgTTP: where it is found, who is asked for it, and that nobody else reads it."""

import io
import sys
import time
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from aanleveren import account
from aanleveren.account import Account, read_account
from aanleveren.outcome import CommandError, Exit

USER, PASSWORD = "AANLEVEREN_ZORGTTP_GEBRUIKER", "AANLEVEREN_ZORGTTP_WACHTWOORD"


class KeyringError(Exception):
    pass


class KeyringLocked(KeyringError):  # noqa: N818 - as the library calls it
    pass


class NoKeyringError(KeyringError):
    pass


class NoKeyring:
    """What the library gives on a machine without a keyring."""


class Ring:
    """The keyring of a machine, as the library `keyring` gives it."""

    def __init__(self):
        self.kept = {}
        self.backend = self
        self.locked = False
        self.delay = 0.0

    def get_keyring(self):
        return self.backend

    def get_password(self, service, name):
        self._open()
        return self.kept.get((service, name))

    def set_password(self, service, name, password):
        self._open()
        self.kept[service, name] = password

    def delete_password(self, service, name):
        self._open()
        if self.kept.pop((service, name), None) is None:
            raise KeyringError

    def _open(self):
        time.sleep(self.delay)
        if self.backend is not self:
            raise NoKeyringError
        if self.locked:
            raise KeyringLocked


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def ring(monkeypatch):
    """Give this machine a keyring of its own, and the library that opens it."""
    made = Ring()
    library = {
        "keyring": {
            name: getattr(made, name)
            for name in ("get_keyring", "get_password", "set_password", "delete_password")
        },
        "keyring.errors": {
            "KeyringError": KeyringError,
            "NoKeyringError": NoKeyringError,
        },
        "keyring.backends": {},
        "keyring.backends.fail": {"Keyring": NoKeyring},
    }
    for name, content in library.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return made


@pytest.fixture
def person(monkeypatch):
    """Sit someone at a terminal, who types a name and a password."""

    def sit(user="mcx", password="geheim123"):  # noqa: S107
        monkeypatch.setattr(sys, "stdin", Terminal(f"{user}\n"))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(account, "getpass", lambda *_, **__: password)

    return sit


# --- where it is found -----------------------------------------------------------------------------
def test_the_environment_goes_before_the_keyring():
    account.keep(Account("bewaard", "x"))

    found = read_account(may_ask=False, environment={USER: "mcx", PASSWORD: "y"})

    assert found == Account("mcx", "y")


def test_what_is_kept_is_found_and_nobody_is_asked(person):
    person(user="iemand anders")
    account.keep(Account("mcx", "geheim123"))

    assert read_account(may_ask=True, environment={}) == Account("mcx", "geheim123")


def test_a_person_is_asked_and_a_task_is_told(person):
    person()

    assert read_account(may_ask=True, environment={}) == Account("mcx", "geheim123")
    with pytest.raises(CommandError, match="aanleveren aanmelden") as refused:
        read_account(may_ask=False, environment={})
    assert refused.value.exit_code is Exit.DENIED


@pytest.mark.parametrize(("there", "missing"), [(USER, PASSWORD), (PASSWORD, USER)])
def test_half_an_account_is_wrong_usage(person, there, missing):
    person()

    with pytest.raises(CommandError, match=missing) as refused:
        read_account(may_ask=True, environment={there: "geheim123"})

    assert refused.value.exit_code is Exit.USAGE
    assert "geheim123" not in str(refused.value)


def test_a_machine_without_a_keyring_keeps_nothing(ring, monkeypatch):
    ring.backend = NoKeyring()
    with pytest.raises(CommandError, match=USER):
        read_account(may_ask=False, environment={})

    monkeypatch.setattr(account, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match=USER):
        read_account(may_ask=False, environment={})


def test_a_keyring_that_is_locked_is_told(ring):
    ring.locked = True

    with pytest.raises(CommandError, match="KeyringLocked") as refused:
        read_account(may_ask=False, environment={})

    assert refused.value.exit_code is Exit.DENIED


def test_a_keyring_that_waits_for_someone_is_not_waited_for(ring, monkeypatch):
    ring.delay = 30
    monkeypatch.setattr(account, "_PATIENCE", 0.05)

    with pytest.raises(CommandError, match="antwoordt niet") as refused:
        read_account(may_ask=False, environment={})

    assert refused.value.exit_code is Exit.RETRY


def test_an_account_does_not_show_its_password():
    assert "geheim123" not in repr(Account("mcx", "geheim123"))


# --- aanmelden and afmelden ------------------------------------------------------------------------
def test_who_signs_in_is_kept_and_who_signs_out_is_gone(aanleveren, person, ring, tmp_path):
    person()
    log = tmp_path / "log.txt"

    into = aanleveren("aanmelden", "--logboek", log)
    kept = dict(ring.kept)
    out = aanleveren("afmelden", "--logboek", log)
    again = aanleveren("afmelden")

    assert [each.exit_code for each in (into, out, again)] == [0, 0, 0]
    assert set(kept.values()) == {"mcx", "geheim123"}
    assert ring.kept == {}
    assert "niets bewaard" in again.out
    assert "geheim123" not in into.out + into.err + log.read_text()
    assert "mcx" not in log.read_text()


def test_json_tells_what_became_of_it(aanleveren, person):
    person()

    ran = [aanleveren(command, "--json") for command in ("aanmelden", "afmelden", "afmelden")]

    assert [each.document for each in ran] == [
        {"kept": True},
        {"removed": True},
        {"removed": False},
    ]


def test_a_task_cannot_sign_in(aanleveren, ring):
    ran = aanleveren("aanmelden")

    assert ran.exit_code == 2
    assert PASSWORD in ran.err
    assert ring.kept == {}


@pytest.mark.parametrize("typed", [{"user": ""}, {"password": ""}])
def test_who_types_nothing_is_not_signed_in(aanleveren, person, ring, typed):
    person(**typed)

    assert aanleveren("aanmelden").exit_code == 2
    assert ring.kept == {}


def test_without_keyring_it_is_told_what_to_install(aanleveren, person, monkeypatch):
    person()
    monkeypatch.setitem(sys.modules, "keyring", None)

    ran = aanleveren("aanmelden")

    assert ran.exit_code == 2
    assert "client[keyring]" in ran.err


def test_a_keyring_that_takes_nothing_is_told(aanleveren, person, ring):
    person()
    ring.locked = True

    ran = aanleveren("aanmelden")

    assert ran.exit_code == 4
    assert "geheim123" not in ran.err


@pytest.mark.parametrize("command", ["aanmelden", "afmelden"])
def test_on_a_machine_without_a_keyring_the_other_way_is_told(aanleveren, person, ring, command):
    person()
    ring.backend = NoKeyring()

    ran = aanleveren(command)

    assert ran.exit_code == 2
    assert PASSWORD in ran.err
