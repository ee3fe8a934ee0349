"""Rows that a seed decides: real ones, and real ones with anything at all in some cells."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import TYPE_CHECKING

from databroker.dataset import FieldType
from databroker.records import Origin, Records
from tests.support.people import TEST_BSNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from databroker.dataset import Column, Dataset, Field

_GTINS = ("09520123456788", "09520123451004", "09520123451028", "09520123451029")
_ANYTHING = (
    "", " ", "0", "-1", "-1.0", "1", "10", "10.0", "10,0", "007", "20", "90", "999", "2,5", "80.25",
    "0_Nee", "10_Ja", "-1_Onbekend", "0_", "1e3", "1_2_3", " 10", "10 ", "10\u00a0", "=1+1", "+31",
    "@x", "-", "--", "?", "n.v.t.", "NVT", "onbekend", "Onbekend", "xxx", "test", "0000", "1234 AA",
    "1234AB", "1234 SD", "0234 AB", "12-02-2026", "12/02/2026", "12-02/2026", "2026-02-12",
    "2026-02-12T00:00:00", "2026-02-12 10:30", "31-02-2026", "29-02-2024", "29-02-2026", "1-2-2026",
    "12-02-26", "01-01-1799", "31-12-9999", "01-01-2200", "00-00-0000", "١٢-٠٢-٢٠٢٦", "Müller",
    "van Dam", "Van 't Hof", "van", "O'Brien", "Voor-Beeld", "\u4f8b", "a\x07b", "a\tb", "\x1d", "x" * 41,
    "x" * 300, "é" * 130, "MCX-000123", "mcx-000123", "MCX-14-0001", "MCX-1-2", "ZZZ-000123", "MCX000123",
    "MCX-", "-000123", "M1-000123", "MCX-00A", "MCX-1234567", "1234567", "0001234567", "123456789",
    "12345678", "N", "W", "V", "n", "True", "None", "100000000000000", "9999999999999999", "1" * 20,
    "\u0661\u0660", "WAAR", "#N/A", '="0012"', "'0012", "0012'",
)  # fmt: skip


def random_records(dataset: Dataset, seed: int, count: int, today: dt.date) -> Records:
    """Make records of a dataset; about half of them have nothing planted."""
    random = Random(seed)  # noqa: S311 - of a test, and the same every time
    columns = [c for c in dataset.columns.values() if random.random() < 0.97 or c.field.required]
    rows = [_row(random, columns, today) for _ in range(count)]
    cells = {column.name: [row[at] or None for row in rows] for at, column in enumerate(columns)}
    numbers, row = [], 1
    for _ in rows:
        row += 1 if random.random() < 0.95 else random.randint(2, 5)
        numbers.append(row)
    return Records.of(cells, numbers, Origin("PMICD_NHR", dict.fromkeys(cells, "C")))


def _row(random: Random, columns: Sequence[Column], today: dt.date) -> list[str]:
    wild = random.choice((0.0, 0.0, 0.01, 0.05, 0.3))
    leads = random.choice((0, 0, 1, 2, 2, 3, 7))
    row = []
    for column in columns:
        if random.random() < wild:
            row.append(_wild(random, column.field, today))
        elif column.slot is not None and column.slot > leads:
            row.append("")
        else:
            row.append(_likely(random, column.field, today))
    return row


def _wild(random: Random, field: Field, today: dt.date) -> str:
    if random.random() < 0.5:
        return random.choice(_ANYTHING)
    likely = _likely(random, field, today)
    at = random.randrange(len(likely) + 1)
    return random.choice(
        (
            likely[:at] + random.choice(_ANYTHING) + likely[at:],
            likely[:at] + likely[at + 1 :],
            likely.lower(),
            f" {likely}",
            f"{likely}_x",
            likely * 2,
        )
    )


def _likely(random: Random, field: Field, today: dt.date) -> str:
    if not field.required and random.random() < 0.3:
        return ""
    if field.unknown is not None and random.random() < 0.05:
        return field.unknown
    return _KINDS.get(field.name, _TYPES[field.type])(random, field, today)


def _number(random: Random, field: Field, _today: dt.date) -> str:
    limits = (field.hard_min, field.soft_min, field.soft_max, field.hard_max)
    known = [int(limit) for limit in limits if limit is not None] or [0, 100]
    number = random.choice(
        (random.randint(min(known), max(known)), random.choice(known) + random.randint(-1, 1))
    )
    if field.type is FieldType.DECIMAL:
        return f"{number}{random.choice(('', '.', ',', '.', ','))}".rstrip(".,") + random.choice(
            ("", "", ".5", ",5", ".50", ".55")
        )
    return str(number)


def _day(random: Random, field: Field, today: dt.date) -> str:
    if field.name == "geb_datum":
        day = today - dt.timedelta(random.randint(0, 45_000))
        day = random.choice((day, day, day.replace(month=1, day=1)))
    else:
        day = today - dt.timedelta(random.choice((0, 1, -1, 5, 30, 31, 32, 90, 91, 366, 800)))
    return day.strftime(random.choice(("%d-%m-%Y", "%d-%m-%Y", "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d")))


def _udi(random: Random, _field: Field, _today: dt.date) -> str:
    if random.random() < 0.15:
        return random.choice(("0", "-1", "01"))
    parts = {
        "11": random.choice(("240101", "250100", "260229", "991231", "2401")),
        "17": random.choice(("281231", "240101", "300200", "000000")),
        "10": random.choice(("LOT1", "A" * 20, "B" * 21, "x(y", "")),
        "21": random.choice((f"SN{random.randint(1, 40)}", "s" * 20, "S N", "é")),
    }
    some = [f"({name}){part}" for name, part in parts.items() if random.random() < 0.5]
    random.shuffle(some)
    code = f"(01){random.choice(_GTINS)}" + "".join(some)
    return random.choice((code, code, code, code, code.replace("(", "").replace(")", "")))


def _interv_nr(random: Random, _field: Field, _today: dt.date) -> str:
    return random.choice(
        (
            f"MCX-{random.randint(1, 99_999):06}",
            f"MCX-{random.randint(1, 99_999):06}",
            f"Mcx-{random.randint(1, 9_999):06}",
            f"MCX-{random.randint(1, 3)}-{random.randint(1, 999):04}",
            f"MCX-A-{random.randint(1, 9_999):03}",
        )
    )


def _choice(*options: str) -> _Kind:
    return lambda random, _field, _today: random.choice(options)


def _code(random: Random, field: Field, _today: dt.date) -> str:
    return random.choice(list(field.codes or {"0": ""}))


def _name(random: Random, _field: Field, _today: dt.date) -> str:
    return random.choice(("Voorbeeld", "Testpersoon", "de Proef", "Muller", "Müller", "X", "test"))


if TYPE_CHECKING:
    from collections.abc import Callable

    _Kind = Callable[[Random, Field, dt.date], str]

_TYPES: Mapping[FieldType, _Kind] = {
    FieldType.TEXT: _name,
    FieldType.UDI: _udi,
    FieldType.DATE: _day,
    FieldType.CODE: _code,
    FieldType.INTEGER: _number,
    FieldType.DECIMAL: _number,
}
_KINDS: Mapping[str, _Kind] = {
    "interv_nr": _interv_nr,
    "pat_nr": lambda random, _field, _today: f"{random.randint(1, 99_999):0{random.randint(5, 9)}}",
    "postcode": _choice("1234 AA", "1234AB", "9999 ZZ", "0000", "1234 SS"),
    "bsn": _choice(*TEST_BSNS, "123456789", "12345678"),
    "mutatie": _choice("N", "W", "V"),
    "bezwaar_patient": _choice("0", "0", "0", "1"),
}
