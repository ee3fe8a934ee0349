"""`aanleveren`: reads the command, runs it and tells the scheduler how it went.

Every command is a module of its own, imported when it is asked for: a check starts in a fraction of
a second and never loads what talks to S3.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from aanleveren.outcome import CommandError, Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

_CENTRE = re.compile(r"[A-Z]{2,8}")
_EXIT_CODES = (
    "exitcodes: 0 goed; 1 het bestand of een record wordt geweigerd; 2 verkeerd gebruik; "
    "3 technisch, probeer het later opnieuw; 4 geen toegang"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code."""
    _never_choke(sys.stdout, sys.stderr)
    asked = _parser().parse_args(arguments)
    try:
        command = import_module(f"aanleveren.{asked.command}")
        return Exit(command.run(asked))
    except CommandError as error:
        return _fail(error.exit_code, str(error))
    except KeyboardInterrupt:
        return _fail(Exit.RETRY, "Afgebroken.")
    except Exception as error:  # noqa: BLE001 - Python's own exit code would say that the file is wrong
        # Only the kind of error: its text might hold a value of the file.
        return _fail(Exit.RETRY, f"Technische fout ({type(error).__name__}).")


def _fail(exit_code: Exit, text: str) -> Exit:
    print(f"aanleveren: {text}", file=sys.stderr)  # noqa: T201 - a command line speaks
    return exit_code


def _never_choke(*streams: TextIO) -> None:
    """Write a question mark for what the code page of a Windows log file does not have."""
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aanleveren",
        description="Aanleveren aan de Nederlandse Hart Registratie.",
        epilog=_EXIT_CODES,
    )
    commands = parser.add_subparsers(title="opdrachten", metavar="OPDRACHT", required=True)
    _add_check(commands)
    _add_deliver(commands)
    _add_follow(commands)
    _add_report(commands)
    return parser


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "controleer",
        help="controleer een bestand op deze computer; er wordt niets verstuurd",
        description="Controleert een bestand op deze computer tegen alle regels waarvoor de "
        "database niet nodig is. Er wordt niets verstuurd.",
        epilog=_EXIT_CODES,
    )
    check.set_defaults(command="check")
    _add_file(check)
    _add_address(check)
    check.add_argument(
        "--today",
        type=dt.date.fromisoformat,
        metavar="JJJJ-MM-DD",
        help="de dag van aanleveren (standaard vandaag)",
    )
    check.add_argument(
        "--taal",
        choices=("nl", "en"),
        default="nl",
        help="de taal van de uitkomst: Nederlands (standaard) of Engels",
    )
    check.add_argument("--json", action="store_true", help="de uitkomst als JSON, voor programma's")


def _add_deliver(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    deliver = commands.add_parser(
        "lever",
        help="zet een bestand klaar voor de NHR",
        description="Zet een bestand in de inbox van de NHR. Drukt af waar het staat, of met "
        "--wacht het aanleveringsnummer.",
        epilog=_EXIT_CODES,
    )
    deliver.set_defaults(command="deliver")
    _add_file(deliver)
    _add_address(deliver)
    deliver.add_argument("--soort", required=True, choices=("productie", "test"))
    _add_wait(deliver, 120, "wacht op de ontvangstbevestiging, zo nodig zoveel seconden")
    _add_settings(deliver)


def _add_follow(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    follow = commands.add_parser(
        "status",
        help="hoe staat het met een aanlevering",
        description="Vertelt hoe het met een aanlevering staat: met dit nummer, of de laatste van "
        "een bestand met deze naam.",
        epilog=_EXIT_CODES,
    )
    follow.set_defaults(command="follow")
    follow.add_argument("what", metavar="BESTAND|NUMMER")
    follow.add_argument(
        "--centre", type=_centre, metavar="CENTRUM", help="nodig bij een bestandsnaam"
    )
    follow.add_argument("--json", action="store_true", help="het antwoord van de NHR als JSON")
    _add_wait(follow, 900, "wacht tot het bestand verwerkt is, zo nodig zoveel seconden")
    _add_settings(follow)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = commands.add_parser(
        "rapport",
        help="haal de uploadrapportage op",
        description="Haalt de uploadrapportage (Excel) van een aanlevering op.",
        epilog=_EXIT_CODES,
    )
    report.set_defaults(command="report")
    report.add_argument("delivery_id", metavar="NUMMER")
    report.add_argument(
        "--naar",
        type=Path,
        metavar="BESTAND",
        help="waar de rapportage komt (standaard NUMMER.xlsx)",
    )
    _add_settings(report)


def _add_wait(command: argparse.ArgumentParser, seconds: float, what: str) -> None:
    command.add_argument(
        "--wacht",
        nargs="?",
        type=float,
        const=seconds,
        metavar="SECONDEN",
        help=f"{what} (standaard {seconds:g})",
    )


def _add_settings(command: argparse.ArgumentParser) -> None:
    settings = command.add_argument_group(
        "waar de NHR is", "Ook uit AANLEVEREN_INBOX enzovoort, of uit het configbestand."
    )
    settings.add_argument("--inbox", metavar="BUCKET")
    settings.add_argument("--outbox", metavar="BUCKET")
    settings.add_argument("--endpoint", metavar="URL", help="alleen als het niet AWS zelf is")
    settings.add_argument(
        "--config", metavar="BESTAND", help="TOML (standaard .aanleveren.toml in uw eigen map)"
    )


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="BESTAND", help="het bestand")


def _add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dataset", required=True, help="bijvoorbeeld pmicd-interventie of pmicd-interventie@22.2"
    )
    command.add_argument(
        "--centre",
        required=True,
        type=_centre,
        metavar="CENTRUM",
        help="het acroniem van uw centrum",
    )


def _centre(text: str) -> str:
    if not _CENTRE.fullmatch(text):
        raise argparse.ArgumentTypeError("een acroniem is twee tot acht hoofdletters")
    return text
