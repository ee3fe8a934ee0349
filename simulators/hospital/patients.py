"""People who do not exist.

The only BSNs are the published test numbers of the BRP: a random number that passes the check
could be somebody's. Names are taken from a list that no register holds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

TEST_BSNS = (
    "999994669",
    "999992740",
    "999990019",
    "999990925",
    "999993276",
    "999993252",
    "999991176",
    "999993136",
    "999993215",
    "999990317",
    "999994281",
    "999990743",
    "999993070",
    "999991334",
    "999993653",
)

SURNAMES = (
    "Voorbeeld",
    "Testpersoon",
    "Proefmodel",
    "Fictief",
    "Verzonnen",
    "Denkbeeld",
    "Schijnbaar",
    "Nepnaam",
    "Bedacht",
    "Modelpatiënt",
    "Kunst-Matig",
    "D'Exempel",
    "Zogenaamd",
    "Onbestaand",
    "Gefingeerd",
    "Invulling",
    "Plaatshouder",
    "Lorem Ipsum",
    "Hypothese",
    "Simulatie",
)
_POSTCODE_LETTERS = ("AA", "AB", "BC", "DE", "GH", "KL", "NP", "RT", "VW", "XZ")
_MEN, _OVER_80, _ABROAD, _WITH_PARTNER = 0.58, 0.42, 0.01, 0.30
_DAYS_A_YEAR = 365.2425


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody who gets a device; the same cells in every row about them."""

    number: str
    surname: str
    partner_surname: str
    born: dt.date
    sex: str
    postcode: str
    bsn: str = ""

    def cells(self) -> dict[str, str]:
        """Give the identity columns of a row."""
        return {
            "pat_nr": self.number,
            "geb_naam": self.surname,
            "partnernaam": self.partner_surname,
            "geb_datum": self.born.strftime("%d-%m-%Y"),
            "geslacht": self.sex,
            "postcode": self.postcode,
        }


def invent_patient(random: Random, number: int, today: dt.date, bsn: str = "") -> Patient:
    """Make up a patient: 58 % men, 42 % of 80 and over (dossier of the registry, 2020-2023)."""
    surname = random.choice(SURNAMES)
    partner = ""
    if random.random() < _WITH_PARTNER:
        partner = random.choice([name for name in SURNAMES if name != surname])
    age = random.uniform(81, 96) if random.random() < _OVER_80 else random.triangular(35, 79, 74)
    born = today - dt.timedelta(days=int(age * _DAYS_A_YEAR))
    if (born.month, born.day) == (1, 1):  # looks like a filler (W-104)
        born = born.replace(day=2)
    postcode = f"{random.randint(1000, 9999)} {random.choice(_POSTCODE_LETTERS)}"
    return Patient(
        number=f"00{9_000_000 + number}",
        surname=surname,
        partner_surname=partner,
        born=born,
        sex="1" if random.random() < _MEN else "2",
        postcode="0000" if random.random() < _ABROAD else postcode,
        bsn=bsn,
    )


def patients_with_bsn() -> list[Patient]:
    """Give the fifteen patients that have a BSN: the same people for every centre and seed."""
    then = dt.date(2026, 7, 1)
    return [
        invent_patient(Random(bsn), place, then, bsn)  # noqa: S311 - data, not a secret
        for place, bsn in enumerate(TEST_BSNS)
    ]
