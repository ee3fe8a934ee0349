"""Write a synthetic delivery and its answers: `python -m simulators.hospital --records 200`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from simulators.hospital import (
    make_delivery,
    write_answers,
    write_csv,
    write_fhir,
    write_xlsx,
    write_xml,
)

_EXTENSIONS = {"csv": "csv", "xlsx": "xlsx", "xml": "xml", "fhir": "json"}
_WRITERS = {"xlsx": write_xlsx, "xml": write_xml, "fhir": write_fhir}


def main(arguments: list[str] | None = None) -> int:
    """Write the files that were asked for."""
    asked = _parser().parse_args(arguments)
    delivery = make_delivery(
        asked.records,
        today=asked.today or dt.datetime.now(ZoneInfo("Europe/Amsterdam")).date(),
        seed=asked.seed,
        centre=asked.centre,
        errors=asked.errors,
        bsn=asked.bsn,
        first_number=asked.first_number,
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    name = f"pmicd-interventie_{asked.centre}_{asked.records}_{asked.seed}"
    path = asked.out / f"{name}.{_EXTENSIONS[asked.format]}"
    if asked.format == "csv":
        answers = write_csv(delivery, path, delimiter=asked.delimiter, encoding=asked.encoding)
    else:
        answers = _WRITERS[asked.format](delivery, path)
    answers_path = asked.out / f"{name}.answers.json"
    write_answers(answers, answers_path)
    sys.stdout.write(f"{path}\n{answers_path}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators.hospital", description=__doc__)
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--errors", type=float, default=0.03, help="part of the records, 0 to 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--centre", default="MCX")
    parser.add_argument("--today", type=dt.date.fromisoformat, help="YYYY-MM-DD, default today")
    parser.add_argument("--bsn", action="store_true", help="with the column bsn")
    parser.add_argument("--first-number", type=int, default=100_001, help="first interv_nr")
    parser.add_argument("--format", choices=tuple(_EXTENSIONS), default="csv")
    parser.add_argument("--delimiter", default=";")
    parser.add_argument("--encoding", default="utf-8-sig")
    parser.add_argument("--out", type=Path, default=Path("data"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
