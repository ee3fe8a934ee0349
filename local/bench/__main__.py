"""`make bench`: the engine beside its peers, then ZorgTTP, then the local stack.

Nothing fails on a slow machine. What fails is a difference: in the same delivery everyone must find
the same.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from local.bench import stack, zorgttp
from local.bench.engine import BENCHES, DifferentError, Measuring


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for."""
    asked = _parser().parse_args(arguments)
    console = Console()
    if asked.part in {None, "engine", "agree"}:
        try:
            _measure_engine(asked, console)
        except DifferentError as error:
            console.print(str(error), *error.lines, sep="\n", markup=False)
            return 1
    if asked.part in {None, "zorgttp"}:
        zorgttp.measure(console, 2_000 if asked.quick else 20_000)
    if asked.part in {None, "stack"}:
        stack.measure(console, asked.records)
    return 0


def _measure_engine(asked: argparse.Namespace, console: Console) -> None:
    with console.status("") as status:
        measuring = Measuring(asked.python, console, status.update, asked.quick, asked.only)
        if not asked.bench:
            measuring.agree()
            console.print(
                "Everyone finds the same in small deliveries, with many mistakes and in a mess."
            )
        if asked.part != "agree":
            measuring.measure([each for each in BENCHES if _is_named(each.title, asked.bench)])


def _is_named(title: str, names: list[str]) -> bool:
    words = title.lower()
    return not names or any(name.lower() in {words, *words.split()} for name in names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "part",
        nargs="?",
        choices=("engine", "agree", "zorgttp", "stack"),
        help="only the engine, whether everyone finds the same, ZorgTTP, or the stack",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the records, one round")
    parser.add_argument("--bench", nargs="+", default=[], help='only these: "100,000 csv", xml')
    parser.add_argument("--only", nargs="+", default=[], help="only these contenders")
    parser.add_argument("--records", type=int, default=2_000, help="in a delivery to the stack")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="the Python that has the peers"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
