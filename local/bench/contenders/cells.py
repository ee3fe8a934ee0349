"""Reading a cell as `databroker.rules.values` does, in polars expressions.

A column is read in steps, each of them a `with_columns`: what needs a second look, then the value
and the problem. A cell as most are written takes the short road; only the others, null everywhere
else, meet the regular expressions.
"""

from __future__ import annotations

import datetime as dt
import operator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from databroker.dataset import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from databroker.dataset import Column, Field

PROBLEMS = ("F-002", "F-003", "F-004", "F-005", "F-006", "F-009", "F-010")
"""The column of problems holds places in this list; null where there is none."""

_BLANK = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python strips; polars leaves the separators of ASCII where they are."""

_LABEL = r"(?s)^(-?[0-9]+)_.*$"
_FORBIDDEN = r"^[=+@-]|[\x00-\x1f\x7f-\x9f]"
_UNKNOWN = r"^-1(?:[.,]0+)?$"
_WHOLE = r"^(-?[0-9]{1,15})(?:[.,]0+)?$"
_DECIMAL = r"^(?<whole>-?[0-9]{1,15})(?:[.,](?<decimals>[0-9]+))?$"
_HANDBOOK = "%d-%m-%Y"
_PLAIN_DATE = r"^[0-9]{2}-[0-9]{2}-[0-9]{4}$"
_DATE = r"^[0-9]{2}(?:-[0-9]{2}-|/[0-9]{2}/)[0-9]{4}$"
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00(?::00(?:\.0+)?)?)?$"
_MOST_DIGITS = 15

_FREE = r"""[!"%&'*+,\-./0-9:;<=>?A-Z_a-z]{1,20}"""
_UDI = (
    r"^\(01\)(?<gtin>[0-9]{14})"
    r"(?:\(11\)(?<produced>[0-9]{6})|\(17\)(?<expires>[0-9]{6})"
    rf"|\(10\)(?<lot>{_FREE})|\(21\)(?<serial>{_FREE})){{0,4}}$"
)
_SCANNED = r"^(?:\]d2|\]C1)?01([0-9]{14})"
_SCANNED_PART = r"((?:11|17)[0-9]{6}\x1d?|(?:10|21)[^\x1d]*(?:\x1d|$))?"
_SCANNED_WHOLE = rf"{_SCANNED}\x1d?{_SCANNED_PART * 4}$"
_LAST_YEAR_OF_THIS_CENTURY = "75"
_DATES = ("produced", "expires")


def value(name: str) -> pl.Expr:
    """Give the value of a column; null where it is empty or cannot be read."""
    return pl.col(f"value:{name}")


def problem(name: str) -> pl.Expr:
    """Give the place in `PROBLEMS` of what is wrong with a cell, null where nothing is."""
    return pl.col(f"problem:{name}")


def present(name: str) -> pl.Expr:
    """Tell whether anything is written in a cell, readable or not."""
    return pl.col(f"present:{name}")


def written(name: str) -> pl.Expr:
    """Give the text of a column of text as it was delivered, readable or not."""
    return pl.col(f"odd:{name}")


@dataclass(frozen=True, slots=True)
class UdiParts:
    """The parts of the valid UDIs of a column."""

    name: str

    def __getitem__(self, part: str) -> pl.Expr:
        """Give `gtin`, `produced`, `expires`, `lot`, `serial` or `implant` (GTIN and serial)."""
        return pl.col(f"{part}:{self.name}")


def stages(columns: Sequence[Column]) -> list[list[pl.Expr]]:
    """Give the steps in which the columns of text become values, problems and parts of UDIs."""
    udis = [column for column in columns if column.field.type is FieldType.UDI]
    return [
        [expr for column in columns for expr in _first_look(column)],
        *_unscan([column.name for column in udis]),
        [expr for column in columns for expr in _read(column)],
        [_groups(value(column.name)).alias(f"udi:{column.name}") for column in udis],
        [expr for column in udis for expr in _reckoned(column.name)],
        [_validity(column.name) for column in udis],
        [expr for column in udis for expr in _parts(column.name)],
    ]


# --- the first look: `quick` has what is written as it should be, `odd` what else is written -------


def _first_look(column: Column) -> list[pl.Expr]:
    name, field = column.name, column.field
    raw = pl.col(name)
    match field.type:
        case FieldType.CODE | FieldType.INTEGER | FieldType.DECIMAL:
            plain, quick = _plain_number(raw, field)
            odd = _stripped(pl.when(~plain).then(raw))
            odd = pl.coalesce(odd.str.extract(_LABEL), odd)
            return [
                pl.when(plain).then(quick).alias(f"quick:{name}"),
                odd.alias(f"odd:{name}"),
            ]
        case FieldType.DATE:
            date = _as_date(pl.when(raw.str.contains(_PLAIN_DATE)).then(raw), _HANDBOOK)
            return [
                date.alias(f"quick:{name}"),
                _stripped(pl.when(date.is_null()).then(raw)).alias(f"odd:{name}"),
            ]
        case _:
            text = _stripped(raw)
            for label in ("0", field.unknown):
                if label is not None:
                    labelled = text.str.starts_with(f"{label}_")
                    text = pl.when(labelled).then(pl.lit(label)).otherwise(text)
            return [text.alias(f"odd:{name}")]


def _plain_number(raw: pl.Expr, field: Field) -> tuple[pl.Expr, pl.Expr]:
    """Tell which cells are written in the plainest way, and give their numbers."""
    unknown = raw == "-1"
    if field.type is FieldType.DECIMAL:
        most = "" if field.max_decimals is None else field.max_decimals
        shape = rf"^[0-9]{{1,{_MOST_DIGITS}}}(?:\.[0-9]{{1,{most}}})?$"
        return raw.str.contains(shape) | unknown, raw.cast(pl.Float64, strict=False)
    if (codes := _codes(field)) is not None:
        return raw.is_in([str(code) for code in codes]), raw.cast(pl.Int16, strict=False)
    number = raw.cast(pl.Int64, strict=False)
    # "0" and up: no sign in front; what else is no digit has failed the cast.
    digits = number.is_not_null() & (raw >= "0") & (raw.str.len_bytes() <= _MOST_DIGITS)
    return digits | unknown, number


def _stripped(raw: pl.Expr) -> pl.Expr:
    text = raw.str.strip_chars(_BLANK)
    return pl.when(text != "").then(text)


def _codes(field: Field) -> list[int] | None:
    if field.codes is None:
        return None
    return [int(code) for code in {*field.codes, *([field.unknown] if field.unknown else [])}]


# --- values and problems ---------------------------------------------------------------------------


def _read(column: Column) -> list[pl.Expr]:
    name, field = column.name, column.field
    odd = pl.col(f"odd:{name}")
    forbidden = odd.str.contains(_FORBIDDEN) & ~odd.str.contains(_UNKNOWN)
    wrong: dict[str, pl.Expr] = {"F-010": forbidden}
    found = odd
    match field.type:
        case FieldType.DATE:
            found = _date(odd)
            wrong["F-002"] = found.is_null()
        case FieldType.CODE | FieldType.INTEGER:
            found = odd.str.extract(_WHOLE).cast(pl.Int64, strict=False)
            wrong["F-003"] = found.is_null()
            if (codes := _codes(field)) is not None:
                wrong["F-005"] = ~found.is_in(codes)
                found = found.cast(pl.Int16, strict=False)
        case FieldType.DECIMAL:
            groups = odd.str.extract_groups(_DECIMAL).struct
            decimals = groups.field("decimals").fill_null("").str.strip_chars_end("0")
            found = (groups.field("whole") + "." + decimals + "0").cast(pl.Float64, strict=False)
            wrong["F-004"] = found.is_null()
            if field.max_decimals is not None:
                wrong["F-009"] = decimals.str.len_bytes() > field.max_decimals
        case _:
            wrong |= _wrong_text(odd, field)
    wrongs = pl.when(odd.is_null()).then(None)
    for code, is_wrong in wrong.items():
        wrongs = wrongs.when(is_wrong).then(pl.lit(PROBLEMS.index(code), pl.UInt8))
    good = pl.when(~pl.any_horizontal(*wrong.values())).then(found)
    there = odd.is_not_null()
    if field.type not in {FieldType.TEXT, FieldType.UDI}:
        quick = pl.col(f"quick:{name}")
        good, there = pl.coalesce(quick, good), quick.is_not_null() | there
    return [
        good.alias(f"value:{name}"),
        wrongs.otherwise(None).alias(f"problem:{name}"),
        there.alias(f"present:{name}"),
    ]


def _wrong_text(text: pl.Expr, field: Field) -> dict[str, pl.Expr]:
    wrong: dict[str, pl.Expr] = {}
    length = text.str.len_chars()
    limits = [
        *([length > field.max_length] if field.max_length is not None else []),
        *([length < field.min_length] if field.min_length is not None else []),
    ]
    if limits:
        wrong["F-006"] = pl.any_horizontal(*limits)
    if field.codes is not None:
        wrong["F-005"] = ~text.is_in(list(field.codes))
    return wrong


def _date(text: pl.Expr) -> pl.Expr:
    handbook = pl.when(text.str.contains(_DATE)).then(text.str.replace_all("/", "-", literal=True))
    iso = pl.when(text.str.contains(_ISO_DATE)).then(text.str.head(10))
    return pl.coalesce(_as_date(handbook, _HANDBOOK), _as_date(iso, "%Y-%m-%d"))


def _as_date(text: pl.Expr, notation: str) -> pl.Expr:
    # Dates of birth hardly repeat: a cache costs more than it saves.
    date = text.str.to_date(notation, strict=False, cache=False)
    return pl.when(date >= dt.date.min).then(date)


# --- UDIs ------------------------------------------------------------------------------------------


def _unscan(names: Sequence[str]) -> list[list[pl.Expr]]:
    """Give the steps that rewrite what a scanner reads to brackets, where that makes a UDI."""
    return [
        [_bracketed(pl.col(f"odd:{name}")).alias(f"value:scan {name}") for name in names],
        [_groups(value(f"scan {name}")).alias(f"udi:scan {name}") for name in names],
        [expr for name in names for expr in _reckoned(f"scan {name}")],
        [_validity(f"scan {name}") for name in names],
        [
            pl.when(pl.col(f"valid:scan {name}"))
            .then(value(f"scan {name}"))
            .otherwise(pl.col(f"odd:{name}"))
            .alias(f"odd:{name}")
            for name in names
        ],
    ]


def _bracketed(text: pl.Expr) -> pl.Expr:
    found = pl.when(text.str.contains(_SCANNED)).then(text).str.extract_groups(_SCANNED_WHOLE)
    parts = [
        found.struct.field(str(place))
        .str.replace(r"(?s)^(..)(.*?)\x1d?$", "(${1})${2}")
        .fill_null("")
        for place in range(2, 6)
    ]
    return pl.concat_str("(01)" + found.struct.field("1"), *parts)


def _groups(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.starts_with("(01)")).then(text).str.extract_groups(_UDI)


def _reckoned(name: str) -> list[pl.Expr]:
    """Work out what a part tells: its dates, and whether the check digit fits."""
    part = pl.col(f"udi:{name}").struct.field
    return [
        _check_digit(part("gtin")).alias(f"digit:{name}"),
        *(_udi_date(part(each)).alias(f"{each} day:{name}") for each in _DATES),
    ]


def _validity(name: str) -> pl.Expr:
    """Tell whether the parts make a UDI: check digit, dates, and no part twice."""
    part = pl.col(f"udi:{name}").struct.field
    lengths = [part(each).str.len_bytes().fill_null(-4) + 4 for each in (*_DATES, "lot", "serial")]
    whole = part("gtin").str.len_bytes() + 4 + pl.sum_horizontal(*lengths)
    dates = [part(each).is_null() | pl.col(f"{each} day:{name}").is_not_null() for each in _DATES]
    once = whole == value(name).str.len_bytes()
    valid = pl.all_horizontal(pl.col(f"digit:{name}"), once, *dates)
    return valid.fill_null(False).alias(f"valid:{name}")  # noqa: FBT003 - polars takes it by position


def _parts(name: str) -> list[pl.Expr]:
    part, valid = pl.col(f"udi:{name}").struct.field, pl.col(f"valid:{name}")
    parts = {
        "gtin": part("gtin"),
        "lot": part("lot"),
        "serial": part("serial"),
        "implant": part("gtin") + part("serial"),
        **{each: pl.col(f"{each} day:{name}") for each in _DATES},
    }
    return [pl.when(valid).then(each).alias(f"{what}:{name}") for what, each in parts.items()]


def _check_digit(gtin: pl.Expr) -> pl.Expr:
    """Reckon in halves: numbers of 32 bits divide faster."""
    high, low = (
        half.cast(pl.UInt32, strict=False) for half in (gtin.str.head(7), gtin.str.tail(7))
    )
    thrice = [low // 10**place % 10 for place in (1, 3, 5)]
    thrice += [high // 10**place % 10 for place in (0, 2, 4, 6)]
    once = [low // 10**place % 10 for place in (0, 2, 4, 6)]
    once += [high // 10**place % 10 for place in (1, 3, 5)]
    return (reduce(operator.add, thrice) * 3 + reduce(operator.add, once)) % 10 == 0


def _udi_date(text: pl.Expr) -> pl.Expr:
    """Read JJMMDD; day 00 is the last day of the month."""
    century = pl.when(text.str.head(2) <= _LAST_YEAR_OF_THIS_CENTURY).then(pl.lit("20"))
    month = century.otherwise(pl.lit("19")) + text.str.head(4)
    last = (month + "01").str.to_date("%Y%m%d", strict=False).dt.month_end()
    day = (month + text.str.tail(2)).str.to_date("%Y%m%d", strict=False)
    return pl.when(text.str.ends_with("00")).then(last).otherwise(day)
