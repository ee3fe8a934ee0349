"""What a command is told: by an option, else by the environment, else by the config file.

Everything that can be told is in `Settings`, and all of it in each of the three ways. A password
is not among them: see `account` for that of ZorgTTP; AWS finds its own.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aanleveren.outcome import CommandError, Exit

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

_CENTRE = re.compile(r"[A-Z]{2,8}")
_KINDS = ("productie", "test")
_LANGUAGES = ("nl", "en")
_YES, _NO = {"1", "ja", "true"}, {"0", "nee", "false"}
_LINE = re.compile(r"at line (\d+)")
_SECRET_NAME = re.compile(
    r"wachtwoord|passw|pwd|geheim|secret|token|credential|access_?key|api_?key|gebruiker|user",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|://[^/\s]*@")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command may be told besides its file, number or day."""

    inbox: str | None = None
    outbox: str | None = None
    endpoint: str | None = None
    zorgttp: str | None = None
    dataset: str | None = None
    centre: str | None = None
    soort: str | None = None
    taal: str = "nl"
    logboek: Path | None = None
    stil: bool = False

    def need(self, name: str) -> str:
        """Give a setting that the command cannot do without.

        Raises:
            CommandError: it was not given anywhere.
        """
        value: str | None = getattr(self, name)
        if not value:
            where = f"--{name}, {_variable(name)} of {name} in het configbestand"
            raise CommandError(Exit.USAGE, f"Geef de instelling {name}: {where}.")
        return value

    def having(self, source: str, told: Mapping[str, Any]) -> Settings:
        """Give these settings with others instead; `source` says who told them.

        Raises:
            CommandError: a setting cannot be what it was told to be.
        """
        return replace(self, **{name: _read(name, told[name], source) for name in told})


NAMES = tuple(each.name for each in fields(Settings))


def read_settings(asked: Namespace, environment: Mapping[str, str] = os.environ) -> Settings:
    """Gather the settings of a command.

    Raises:
        CommandError: the file was named and is not there, it is not right, or a setting is not.
    """
    place, kept = _kept(asked.config or environment.get("AANLEVEREN_CONFIG"))
    settings = Settings().having(f"het configbestand {place}", kept)
    told = {name: environment.get(_variable(name)) for name in NAMES}
    settings = settings.having("de omgeving (AANLEVEREN_…)", _given(told))
    options = {name: getattr(asked, name, None) for name in NAMES}
    return settings.having("de opdracht", _given(options))


def _given(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "")}


def _variable(name: str) -> str:
    return f"AANLEVEREN_{name.upper()}"


# --- the config file -------------------------------------------------------------------------------
def _kept(named: str | None) -> tuple[Path, dict[str, Any]]:
    path = Path(named) if named else Path("~/.aanleveren.toml")
    try:
        path = path.expanduser()
    except RuntimeError:  # a task without a home has no file there
        return path, {}
    if not named and not path.exists():
        return path, {}
    kept = _parse(path)
    _refuse_secrets(kept, path)
    unknown = [name for name in kept if name not in NAMES]
    if unknown:
        text = f"In het configbestand {path} kan alleen staan: {', '.join(NAMES)}."
        raise CommandError(Exit.USAGE, text)
    return path, _given(kept)


def _parse(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - without a config file nobody needs it

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes a BOM
    except OSError as error:
        text = f"Het configbestand {path} is er niet, of kan niet worden gelezen."
        raise CommandError(Exit.USAGE, text) from error
    except ValueError as error:
        line = _LINE.search(str(error))
        where = f" (regel {line[1]})" if line else ""
        text = (
            f"Het configbestand {path} is geen goede TOML{where}. Zet een tekst tussen "
            "aanhalingstekens, en een pad van Windows tussen enkele: 'D:\\nhr\\logboek.txt'."
        )
        raise CommandError(Exit.USAGE, text) from error


def _refuse_secrets(kept: Mapping[str, Any], path: Path) -> None:
    for name, value in kept.items():
        if isinstance(value, dict):
            _refuse_secrets(value, path)
        if _SECRET_NAME.search(name) or _SECRET_VALUE.search(str(value)):
            text = (
                f"In het configbestand {path} staat iets dat op een inloggegeven lijkt. Haal het "
                "daar weg. Dat van ZorgTTP bewaart u met 'aanleveren aanmelden' of geeft u in "
                "AANLEVEREN_ZORGTTP_GEBRUIKER en AANLEVEREN_ZORGTTP_WACHTWOORD; dat van AWS staat "
                "in een profiel van AWS of in de omgeving."
            )
            raise CommandError(Exit.USAGE, text)


# --- what a setting can be -------------------------------------------------------------------------
def _read(name: str, value: object, source: str) -> Any:
    try:
        return _READERS.get(name, _text)(value)
    except ValueError as error:
        raise CommandError(Exit.USAGE, f"De instelling {name} in {source}: {error}.") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("dit moet een tekst zijn, tussen aanhalingstekens")  # noqa: TRY004
    return value


def _centre(value: object) -> str:
    if not _CENTRE.fullmatch(_text(value)):
        raise ValueError("een acroniem is twee tot acht hoofdletters")
    return _text(value)


def _one_of(*known: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in known:
            raise ValueError(f"kies uit {' of '.join(known)}")
        return _text(value)

    return read


def _place(value: object) -> Path:
    try:
        return Path(_text(value)).expanduser()
    except RuntimeError as error:
        raise ValueError("er is geen eigen map, dus ~ kan hier niet") from error


def _yes(value: object) -> bool:
    told = str(value).lower()
    if told not in _YES | _NO:
        raise ValueError("dit is true of false")
    return told in _YES


_READERS: Mapping[str, Callable[[object], object]] = {
    "centre": _centre,
    "soort": _one_of(*_KINDS),
    "taal": _one_of(*_LANGUAGES),
    "logboek": _place,
    "stil": _yes,
}
