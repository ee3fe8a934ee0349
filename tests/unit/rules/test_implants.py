"""The UDIs of a column, taken apart at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from databroker.rules.implants import UdiReader
from databroker.rules.udi import parse_udi
from databroker.rules.vectors import EMPTY, Text
from databroker.texts import Texts

if TYPE_CHECKING:
    import datetime as dt

PARTS = st.sampled_from(
    ["(01)09520123456788", "(01)09520123451004", "(01)09520123456780", "(01)0952012345678", "(11)240101",
     "(11)250100", "(17)281231", "(17)300200", "(17)28123", "(10)LOT1", "(10)", "(21)SN0001", "(21)SN0002",
     "(21)" + "S" * 20, "(21)" + "S" * 21, "(99)x", "(21)a b", "(10)é", "(", ")", "0", "-1", " "]
)  # fmt: skip
UDIS = st.lists(PARTS, max_size=5).map("".join)


def ordinal(day: dt.date | None) -> float:
    return EMPTY if day is None else float(day.toordinal())


@given(st.lists(UDIS | st.text(max_size=60), max_size=12))
def test_a_column_says_what_each_udi_says(texts: list[str]) -> None:
    found = UdiReader().read(Text.of(Texts.of([text or None for text in texts])))

    udis = [parse_udi(text) for text in texts]
    assert found.valid.tolist() == [udi is not None for udi in udis]
    assert found.produced.tolist() == [ordinal(udi and udi.produced) for udi in udis]
    assert found.expires.tolist() == [ordinal(udi and udi.expires) for udi in udis]
    assert (found.lot != 0).tolist() == [bool(udi and udi.lot) for udi in udis]
    assert (found.serial != 0).tolist() == [bool(udi and udi.serial) for udi in udis]


@given(st.lists(UDIS, min_size=2, max_size=12))
def test_an_implant_has_one_name_however_its_udi_is_written(texts: list[str]) -> None:
    found = UdiReader().read(Text.of(Texts.of([text or None for text in texts])))

    named = [
        (udi.gtin, udi.serial) if (udi := parse_udi(text)) and udi.serial else None
        for text in texts
    ]
    names = found.serial.tolist()
    for first in range(len(texts)):
        for second in range(first):
            assert (names[first] == names[second]) == (named[first] == named[second])
