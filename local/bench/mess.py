"""Deliveries that are worse than any hospital's: cells that are hard to read, in any column."""

from __future__ import annotations

import csv
from random import Random
from typing import TYPE_CHECKING

from simulators.hospital import make_delivery

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

_TOUCHED, _KEY_SPARED, _MOVED, _REPEATED, _FULL = 0.7, 0.9, 0.1, 0.3, 0.02
_HOW_MANY = (1, 1, 2, 3, 10, 30)
_MORE_COLUMNS = {"mutatie": ("", "N", "", "W", "NN"), "bezwaar_patient": ("", "0", "0", "1", "7")}

_NUMBERS = """
0 -1 -1.0 -1,00 -01 -0 -2 -5 +5 1 2 5 10 19 20 30 31 39 40 50 60 61 90 100 139 140 205 206 250 270
271 007 10.0 10,00 10.5 20.0 0.0 0.4 0,39 .5 1. 1, 250.10 250.11 71,20 1e3 inf nan 1_000 \u0663
00000000000000000000005 123456789012345 1234567890123456 0_Nee 10_PM -1_Onbekend 1_Ja -2_x -1_x -1x
"""
_DATES = """
01-01-1940 01/01/1940 01-01/1940 31-02-2026 1-1-2026 12-02-26 00-00-0000 01-01-0000 01-01-1905
03-03-2026 06-03-2026 31-12-2025 29-02-2024 29-02-2023 10-10-1850 2026-13-01 2026-02-12
2026-02-12T00:00 2026-02-12T01:00 2026-02-12T00:00:00.000
"""
_TEXTS = """
= =x @a test TEST Onbekend nvt n/a N.N. --- ??? ... xxx de d'Artagnan \u2019t O\u2019Brien-Smith
\u00c4\u00e9 \u00df \u0130 \u03a3\u03b1\u03c2 N W NN MCX-100001 MCX-1 mcx-123 MCY-12345 MCX12345
MCX-14-0001 M-1234 MCX-A-123 MCX-009100001 0012345 100001 9100001 ="0012345" P123 000 0000 1234AB
1234ab 123456789 111222333 999990019 12345678 00000000 99999999 \u200b x\x01y
"""
_WITH_SPACES = [
    "", "  ", " 10 ", "\u00a010", "10\u2003", "a\u00a0", "a\x85b", "x\x1f", "\x1c", "\x1d", "van Dam",
    "'- ", "1234 AB", "1234 SS", "1234  AB", "0123 AB", "2026-02-12 00:00", "a" * 40, "a" * 41,
    "Van der Berg", "\u2019t Hart",
]  # fmt: skip
_GTIN = "09520123456788"
_UDIS = [
    *(
        f"(01){_GTIN}{rest}"
        for rest in (
            "", "(17)281231(21)SN1", "(17)281200(21)SN1", "(17)280230(10)L", "(21)A(21)B",
            "(10)L(21)A(11)250101(17)300101", "(99)x", "(17)751231(21)A", "(17)761231(21)A", "(21)",
            f"(21){'A' * 21}", "(21)a b", "(21)A(11)991300", "(11)000000", "(21)A\x1d",
        )
    ),
    *(
        rest.replace("G", f"01{_GTIN}")
        for rest in (
            "G1728123121SN", "G172812312 1SN", "]d2G10LOT\x1d21SN", "]C1G1728123121SN\x1d10L",
            "G1728123110L\x1d", "G\x1d21A", "G10AB(21)C", "G99A", "G10", "G2",
            "G112501011728123110L\x1d21S\x1d",
        )
    ),
    "(01)09520123456789", "(21)A(01)09520123456788", "01095201234567892112", "0_(01)",
]  # fmt: skip
CELLS = (*_NUMBERS.split(), *_DATES.split(), *_TEXTS.split(), *_WITH_SPACES, *_UDIS)


def write_mess(records: int, path: Path, *, today: dt.date, seed: int) -> None:
    """Write a delivery in which most records have cells that belong nowhere."""
    random = Random(seed)  # noqa: S311 - data, not a secret
    delivery = make_delivery(records, today=today, seed=seed, errors=0.5, bsn=seed % 2 == 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        header = [*delivery.columns, *_MORE_COLUMNS]
        codes = [place for place, name in enumerate(header) if "_code" in name]
        leads = [place for place, name in enumerate(header) if "lead_ingreep" in name]
        writer.writerow(header)
        for record in delivery:
            more = (random.choice(cells) for cells in _MORE_COLUMNS.values())
            cells = [*record.cells, *more]
            if random.random() < _REPEATED:
                cells[random.choice(codes)] = cells[random.choice(codes)]
            if random.random() < _FULL:
                cells = ["10" if place in leads else cell for place, cell in enumerate(cells)]
            writer.writerow(_spoilt(cells, random))


def _spoilt(cells: list[str], random: Random) -> list[str]:
    if random.random() < _TOUCHED:
        for place in _places(len(cells), random):
            cells[place] = random.choice(CELLS)
    if random.random() < _MOVED:
        cells[random.randrange(len(cells))] = random.choice(cells)
    return cells


def _places(width: int, random: Random) -> Iterator[int]:
    for _ in range(random.choice(_HOW_MANY)):
        yield random.randrange(1 if random.random() < _KEY_SPARED else 0, width)
