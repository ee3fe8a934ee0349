"""`aanleveren`: reads the command, runs it and tells the scheduler how it went.

Every command is a module of its own, imported when it is asked for: a check starts in a fraction of
a second and never loads what talks to S3.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from aanleveren.outcome import CommandError, Exit, Outcome
from aanleveren.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_CODES = (
    "exitcodes: 0 goed; 1 het bestand of een record wordt geweigerd; 2 verkeerd gebruik; "
    "3 technisch, probeer het later opnieuw; 4 geen toegang"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code."""
    _never_choke(sys.stdout, sys.stderr)
    asked = _parser().parse_args(arguments)
    try:
        settings = read_settings(asked)
    except CommandError as error:
        return _fail(error.exit_code, str(error)).exit_code
    started = time.monotonic()
    outcome = _run(asked, settings)
    if settings.logboek:
        _log(settings.logboek, asked.named, outcome, time.monotonic() - started)
    return outcome.exit_code


def _run(asked: argparse.Namespace, settings: Settings) -> Outcome:
    try:
        command = import_module(f"aanleveren.{asked.command}")
        outcome: Outcome = command.run(asked, settings)
    except CommandError as error:
        return _fail(error.exit_code, str(error))
    except KeyboardInterrupt:
        return _fail(Exit.RETRY, "Afgebroken.")
    except Exception as error:  # noqa: BLE001 - Python's own exit code would say that the file is wrong
        # Only the kind of error: its text might hold a value of the file.
        return _fail(Exit.RETRY, f"Technische fout ({type(error).__name__}).")
    return outcome


def _fail(exit_code: Exit, text: str) -> Outcome:
    print(f"aanleveren: {text}", file=sys.stderr)  # noqa: T201 - a command line speaks
    return Outcome(exit_code, fault=text)


def _log(place: Path, command: str, outcome: Outcome, seconds: float) -> None:
    from aanleveren.logbook import note  # noqa: PLC0415 - without a log file nobody needs it

    # What was done is done: a log that cannot be written is told, and changes no exit code.
    if not note(place, command, outcome, seconds):
        _fail(outcome.exit_code, f"Het logboek {place} kan niet worden geschreven.")


def _never_choke(*streams: TextIO) -> None:
    """Write a question mark for what the code page of a Windows log file does not have."""
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


# --- the commands ----------------------------------------------------------------------------------
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aanleveren",
        description="Aanleveren aan de Nederlandse Hart Registratie.",
        epilog=_EXIT_CODES,
    )
    commands = parser.add_subparsers(
        title="opdrachten", metavar="OPDRACHT", dest="named", required=True
    )
    _add_check(commands)
    _add_encrypt(commands)
    _add_deliver(commands)
    _add_follow(commands)
    _add_report(commands)
    _add_lead_back(commands)
    _add_window(commands)
    _add_account(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no other name for it


def _add(
    commands: _Commands[argparse.ArgumentParser], name: str, module: str, short: str, long: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=short, description=long, epilog=_EXIT_CODES)
    command.set_defaults(command=module)
    return command


def _add_check(commands: _Commands[argparse.ArgumentParser]) -> None:
    check = _add(
        commands,
        "controleer",
        "check",
        "controleer een bestand op deze computer; er wordt niets verstuurd",
        "Controleert een bestand op deze computer tegen alle regels waarvoor de database niet "
        "nodig is. Er wordt niets verstuurd.",
    )
    _add_file(check)
    _add_address(check)
    _add_today(check)
    _add_language(check)
    _add_common(check)


def _add_encrypt(commands: _Commands[argparse.ArgumentParser]) -> None:
    encrypt = _add(
        commands,
        "versleutel",
        "encrypt",
        "vervang persoonsgegevens door pseudoniemen van ZorgTTP",
        "Vervangt op deze computer de persoonsgegevens in een bestand door tijdelijke pseudoniemen "
        "van ZorgTTP, met het account van uw centrum. Medische gegevens gaan niet naar ZorgTTP.",
    )
    _add_file(encrypt)
    encrypt.add_argument(
        "--naar",
        type=Path,
        metavar="BESTAND",
        help="waar het versleutelde bestand komt, .csv of .xml (standaard NAAM-versleuteld.csv)",
    )
    _add_address(encrypt)
    _add_today(encrypt)
    _add_language(encrypt)
    _add_zorgttp(encrypt)
    _add_common(encrypt)


def _add_deliver(commands: _Commands[argparse.ArgumentParser]) -> None:
    deliver = _add(
        commands,
        "lever",
        "deliver",
        "zet een bestand klaar voor de NHR",
        "Zet een bestand in de inbox van de NHR. Drukt af waar het staat, of met --wacht het "
        "aanleveringsnummer.",
    )
    _add_file(deliver)
    _add_address(deliver)
    _add_kind(deliver)
    _add_wait(deliver, 120, "wacht op de ontvangstbevestiging, zo nodig zoveel seconden")
    _add_places(deliver)
    _add_common(deliver)


def _add_follow(commands: _Commands[argparse.ArgumentParser]) -> None:
    follow = _add(
        commands,
        "status",
        "follow",
        "hoe staat het met een aanlevering",
        "Vertelt hoe het met een aanlevering staat: met dit nummer, of de laatste van een bestand "
        "met deze naam.",
    )
    follow.add_argument("what", metavar="BESTAND|NUMMER")
    follow.add_argument("--centre", metavar="CENTRUM", help="nodig bij een bestandsnaam")
    _add_wait(follow, 900, "wacht tot het bestand verwerkt is, zo nodig zoveel seconden")
    _add_places(follow)
    _add_common(follow)


def _add_report(commands: _Commands[argparse.ArgumentParser]) -> None:
    report = _add(
        commands,
        "rapport",
        "report",
        "haal de uploadrapportage op",
        "Haalt de uploadrapportage (Excel) van een aanlevering op.",
    )
    report.add_argument("delivery_id", metavar="NUMMER")
    report.add_argument(
        "--naar",
        type=Path,
        metavar="BESTAND",
        help="waar de rapportage komt (standaard NUMMER.xlsx)",
    )
    _add_places(report)
    _add_common(report)


def _add_lead_back(commands: _Commands[argparse.ArgumentParser]) -> None:
    back = _add(
        commands,
        "herleid",
        "lead_back",
        "welke patiënt hoort bij een record",
        "Vraagt ZorgTTP, met het account van uw centrum, welk patiëntnummer bij een record van uw "
        "eigen aanlevering hoort. Elk gebruik wordt vastgelegd.",
    )
    back.add_argument("delivery_id", metavar="NUMMER")
    which = back.add_mutually_exclusive_group(required=True)
    which.add_argument("--rij", type=int, help="de rij in het bestand")
    which.add_argument("--interv-nr", metavar="NUMMER", help="het interventienummer")
    back.add_argument("--centre", metavar="CENTRUM", help="het acroniem van uw centrum")
    _add_zorgttp(back)
    _add_places(back)
    _add_common(back)


def _add_window(commands: _Commands[argparse.ArgumentParser]) -> None:
    window = _add(
        commands,
        "venster",
        "window",
        "controleer en lever aan in uw browser",
        "Opent een pagina in uw browser waarin u een bestand kiest, controleert en aanlevert. Zij "
        "is alleen op deze computer te bereiken en sluit vanzelf als u weg bent; Ctrl-C sluit haar.",
    )
    window.add_argument(
        "--geen-browser",
        action="store_true",
        help="open geen browser; het adres wordt afgedrukt",
    )
    _add_address(window)
    _add_kind(window)
    _add_zorgttp(window)
    _add_places(window)
    _add_common(window)


def _add_account(commands: _Commands[argparse.ArgumentParser]) -> None:
    sign_in = _add(
        commands,
        "aanmelden",
        "sign_in",
        "bewaar het account van ZorgTTP in de sleutelring",
        "Vraagt uw gebruikersnaam en wachtwoord van ZorgTTP en bewaart ze in de sleutelring van "
        "deze computer.",
    )
    sign_out = _add(
        commands,
        "afmelden",
        "sign_out",
        "verwijder het account van ZorgTTP uit de sleutelring",
        "Verwijdert uw account van ZorgTTP uit de sleutelring van deze computer.",
    )
    _add_common(sign_in)
    _add_common(sign_out)


# --- what commands share ---------------------------------------------------------------------------
def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="BESTAND", help="het bestand")


def _add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dataset", help="bijvoorbeeld pmicd-interventie of pmicd-interventie@22.2"
    )
    command.add_argument("--centre", metavar="CENTRUM", help="het acroniem van uw centrum")


def _add_today(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--today",
        type=dt.date.fromisoformat,
        metavar="JJJJ-MM-DD",
        help="de dag van aanleveren (standaard vandaag)",
    )


def _add_language(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--taal",
        metavar="TAAL",
        help="de taal van de uitkomst: nl, Nederlands (standaard), of en, Engels",
    )


def _add_zorgttp(command: argparse.ArgumentParser) -> None:
    command.add_argument("--zorgttp", metavar="URL", help="het adres van ZorgTTP")


def _add_kind(command: argparse.ArgumentParser) -> None:
    command.add_argument("--soort", metavar="SOORT", help="productie of test")


def _add_wait(command: argparse.ArgumentParser, seconds: float, what: str) -> None:
    command.add_argument(
        "--wacht",
        nargs="?",
        type=float,
        const=seconds,
        metavar="SECONDEN",
        help=f"{what} (standaard {seconds:g})",
    )


def _add_places(command: argparse.ArgumentParser) -> None:
    places = command.add_argument_group("waar de NHR is")
    places.add_argument("--inbox", metavar="BUCKET")
    places.add_argument("--outbox", metavar="BUCKET")
    places.add_argument("--endpoint", metavar="URL", help="alleen als het niet AWS zelf is")


def _add_common(command: argparse.ArgumentParser) -> None:
    common = command.add_argument_group(
        "instellingen", "Wat hier niet staat komt uit AANLEVEREN_… of uit het configbestand."
    )
    common.add_argument("--json", action="store_true", help="de uitkomst als JSON")
    common.add_argument(
        "--stil",
        action="store_true",
        default=None,
        help="alleen de uitkomst en fouten, geen voortgang",
    )
    common.add_argument(
        "--logboek", metavar="BESTAND", help="schrijf hierin een regel over deze opdracht"
    )
    common.add_argument(
        "--config", metavar="BESTAND", help="TOML (standaard .aanleveren.toml in uw eigen map)"
    )
