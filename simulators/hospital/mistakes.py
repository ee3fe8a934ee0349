"""Mistakes a hospital makes, and the findings each of them must give: no more and no fewer.

All data: `change` gives the cells their wrong value (`{name}` is another cell of the record, or one
of the words of `words_for`), `when` says which records it can be made in, `fires` is the answer. A
list like this is an oracle only as long as it is not made from the rules it tests.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. With `also_before` the record just before this one is wrong as well."""

    fires: tuple[tuple[str, str], ...]
    change: Mapping[str, str]
    when: Mapping[str, str] = field(default_factory=dict)
    also_before: bool = False

    def fits(self, cells: Mapping[str, str]) -> bool:
        """Tell whether it can be made in a record."""
        return all(cells.get(name) == value for name, value in self.when.items())


def words_for(
    cells: Mapping[str, str], date: dt.date, before: Mapping[str, str] | None
) -> dict[str, str]:
    """Give the words that the conditions and changes of a record may use.

    `before` are the cells of the record before this one, None when there is a mistake in it.
    """
    centre, _, number = cells["interv_nr"].partition("-")
    return {
        **cells,
        **{f"{name}_before": value for name, value in (before or {}).items()},
        "right_before": "yes" if before else "no",
        "bsn_column": "yes" if "bsn" in cells else "no",
        "centre": centre,
        "number": number,
        "after": (date + dt.timedelta(days=10)).strftime("%d-%m-%Y"),
        "year": str(date.year),
        "soon": (date + dt.timedelta(days=40)).strftime("%y%m%d"),
        "later": (date + dt.timedelta(days=80)).strftime("%y%m%d"),
        "past": (date - dt.timedelta(days=40)).strftime("%y%m%d"),
    }


_NEW_PM = {"type_ingreep_device": "10", "impl_device": "10"}
_TWO_LEADS = {**_NEW_PM, "lead_type1": "10", "lead_type2": "20", "lead_ingreep3": ""}
_ONE_LEAD = {**_NEW_PM, "lead_type1": "20", "lead_ingreep2": ""}
_NEW_ICD = {"type_ingreep_device": "10", "impl_device": "20", "ICD_PMfunctie": "10"}
_PRIMARY_ICD = {"impl_device": "20", "ICD_preventie": "10"}
_NEW_ICM = {"type_ingreep_device": "10", "impl_device": "30"}
_EXCHANGE = {"type_ingreep_device": "30"}
_EXPLANT = {"type_ingreep_device": "20"}
_PM_EXPLANT = {**_EXPLANT, "terminatie_device": "10"}
_MOVED_LEAD = {"type_ingreep_device": "0", "lead_ingreep1": "40"}
_ABORTED = {"interv_afgebroken": "1"}
_BSN = {"bsn_column": "yes"}
_POCKET = {"type_ingreep_device": "90"}
_TAKEN_OUT = {
    "terminatie_device": "10",
    "terminatie_reden": "10",
    "terminatie_device_code": "(01)09520123456788(21)OX{centre}{number}",
}
_RV_LEAD = {
    "lead_ingreep1": "10",
    "lead_type1": "20",
    "lead_code1": "(01)09520123451035(21)X{centre}{number}",
}
_CONDITION = ("lengte", "gewicht", "kreatinine_gehalte", "diabetes", "LVEF", "patroon_AF")
_NO_LEAD_1 = dict.fromkeys(("lead_ingreep1", "lead_type1", "lead_code1"), "")


def _one(code: str, name: str, value: str, when: Mapping[str, str] | None = None) -> Mistake:
    """Give the commonest mistake: one wrong cell, one finding, at that cell."""
    return Mistake(((code, name),), {name: value}, when or {})


_CELLS = (
    _one("F-001", "kreatinine_gehalte", ""),
    _one("F-001", "lengte", ""),
    _one("F-001", "geb_naam", ""),
    _one("F-001", "interv_datum", ""),
    _one("F-002", "interv_datum", "31-02-{year}"),
    _one("F-002", "geb_datum", "12-02-41"),
    _one("F-003", "lengte", "lang"),
    _one("F-003", "kreatinine_gehalte", "88 umol"),
    _one("F-004", "gewicht", "tachtig"),
    _one("F-005", "diabetes", "40"),
    _one("F-005", "bloeding_opname", "7"),
    _one("F-006", "geb_naam", "Voorbeeldvoorbeeldvoorbeeldvoorbeeldvoorbeeld"),
    _one("F-006", "postcode", "1234  AAA"),
    _one("F-007", "kreatinine_gehalte", "0"),
    _one("F-007", "LVEF", "0"),
    _one("F-008", "kreatinine_gehalte", "2500"),
    _one("F-008", "LVEF", "100", _NEW_PM),
    _one("F-009", "gewicht", "71.25"),
    _one("F-010", "geb_naam", "=Voorbeeld"),
    _one("F-010", "lengte", "+178"),
    _one("F-011", "AV_block", "", _NEW_PM),
    _one("F-101", "interv_nr", "{centre}-X{number}"),
    _one("F-104", "pat_nr", "P{pat_nr}"),
    _one("F-105", "geb_naam", "Voorbeeld3"),
    _one("F-106", "partnernaam", "nvt"),
    _one("F-107", "geb_datum", "{after}"),
    _one("F-109", "postcode", "0123 AB"),
    _one("F-111", "bsn", "999990018", _BSN),
    _one("F-112", "bsn", "12.34", _BSN),
    _one("W-106", "bsn", "", _BSN),
    _one("F-226", "impl_device_code", "(01)09520123456789(21)S{number}", _NEW_PM),
    _one("F-227", "terminatie_device_code", "123", _EXCHANGE),
    _one("F-406", "lead_code1", "LOT123", _TWO_LEADS),
    _one("W-001", "AV_block", "1", _NEW_ICD),
    _one("W-002", "kreatinine_gehalte", "20"),
    _one("W-003", "kreatinine_gehalte", "900"),
    _one("W-005", "pneumothorax_opname", "0_Nee"),
    _one("W-006", "diabetes", "-1"),
    _one("W-104", "geb_datum", "01-01-1940"),
    _one("W-105", "partnernaam", "{geb_naam}"),
    _one("W-108", "geb_naam", "van Voorbeeld"),
    _one("W-202", "impl_device_code", "(01)09520123456788", _NEW_PM),
    _one("W-304", "LVEF", "25"),
    _one("W-402", "lead_code1", "", _TWO_LEADS),
    _one("W-501", "pneumothorax_opname", "1", _NEW_ICM),
)

_RELATIONS = (
    Mistake((("F-102", "interv_nr"),), {"pat_nr": "0{number}"}),
    Mistake((("F-108", "geb_datum"), ("W-104", "geb_datum")), {"geb_datum": "02-02-1890"}),
    Mistake((("F-204", "interv_afgebroken"),), {"type_ingreep_device": "90"}, _ABORTED),
    Mistake(
        (("F-211", "type_ingreep_device"),),
        _TAKEN_OUT,
        _NEW_PM,
    ),
    Mistake(
        (("F-213", "type_ingreep_device"),),
        {"terminatie_device": "0", "terminatie_reden": "0", "terminatie_device_code": ""},
        _EXPLANT,
    ),
    Mistake((("F-216", "type_ingreep_device"),), _NO_LEAD_1, _MOVED_LEAD),
    Mistake((("F-218", "terminatie_device"),), {"terminatie_reden": "0"}, _EXPLANT),
    Mistake((("F-219", "terminatie_device"),), {"terminatie_reden": "40"}, _NEW_PM),
    Mistake((("F-220", "terminatie_reden"),), {"terminatie_reden": "60"}, _EXPLANT),
    Mistake((("F-221", "terminatie_reden"),), {"terminatie_reden": "60"}, _EXCHANGE),
    Mistake((("F-222", "terminatie_reden"),), {"terminatie_reden": "61"}, _EXCHANGE),
    Mistake(
        (("F-223", "terminatie_device"),),
        {"terminatie_device_code": "(01)09520123456788(21)OX{centre}{number}"},
        _NEW_PM,
    ),
    Mistake((("F-224", "impl_device"),), {"impl_device_code": "0"}, _NEW_PM),
    Mistake(
        (("F-225", "impl_device"),),
        {"impl_device_code": "(01)09520123456788(21)X{centre}{number}"},
        _MOVED_LEAD,
    ),
    Mistake(
        (("F-229", "impl_device_code"),),
        {"terminatie_device_code": "{impl_device_code}"},
        _EXCHANGE,
    ),
    Mistake(
        (("F-230", "impl_device_code"),),
        {"impl_device_code": "(01)09520123456788(11){soon}(21)X{centre}{number}"},
        _NEW_PM,
    ),
    Mistake((("F-301", "ICD_preventie"),), {"ICD_preventie": "10"}, _NEW_PM),
    Mistake((("F-302", "ICD_preventie"),), {"ICD_preventie": "0"}, _NEW_ICD),
    Mistake((("F-305", "ICD_PMfunctie"),), {"ICD_PMfunctie": "20"}, _NEW_PM),
    Mistake((("F-306", "ICD_PMfunctie"),), {"ICD_PMfunctie": "0"}, _NEW_ICD),
    Mistake((("F-307", "ICM_indicatie"),), {"ICM_indicatie": "10"}, _NEW_PM),
    Mistake((("F-308", "ICM_indicatie"),), {"ICM_indicatie": "0"}, _NEW_ICM),
    Mistake((("F-401", "lead_ingreep2"),), {"lead_ingreep2": ""}, _TWO_LEADS),
    Mistake((("F-402", "lead_type1"),), {"lead_type1": ""}, _TWO_LEADS),
    Mistake((("F-403", "lead_terminatie_reden1"),), {"lead_terminatie_reden1": ""}, _PM_EXPLANT),
    Mistake((("F-404", "lead_terminatie_reden1"),), {"lead_terminatie_reden1": "10"}, _TWO_LEADS),
    Mistake((("F-410", "impl_device"),), {"lead_type1": "50"}, _ONE_LEAD),
    Mistake((("W-101", "geslacht"), ("W-006", "geslacht")), {"geslacht": "-1"}),
    Mistake((("W-102", "postcode"), ("W-006", "postcode")), {"postcode": "-1"}),
    Mistake(
        (("W-201", "impl_device_code"), ("W-006", "impl_device_code")),
        {"impl_device_code": "-1"},
        _NEW_PM,
    ),
    Mistake(
        (("W-203", "impl_device_code"),),
        {"impl_device_code": "(01)09520123456788(17){past}(21)X{centre}{number}"},
        _NEW_PM,
    ),
    Mistake((("W-204", "interv_gepland"),), {"interv_gepland": "20"}, _NEW_PM),
    Mistake((("W-211", "terminatie_device"),), {"terminatie_device_code": ""}, _EXCHANGE),
    Mistake(
        (("W-302", "sinus_disfunctie"),),
        {"sinus_disfunctie": "0", "AV_block": "0", "hartfalen": "0"},
        _TWO_LEADS,
    ),
    Mistake((("W-303", "lengte"), ("W-308", "lengte"), ("W-002", "lengte")), {"lengte": "60"}),
    Mistake((("W-305", "ICD_preventie"),), {"LVEF": "50"}, _PRIMARY_ICD),
    Mistake((("W-310", "patroon_AF"),), {"patroon_AF": "40"}, _TWO_LEADS),
    Mistake(
        (("W-401", "lead_ingreep1"),),
        {
            "lead_ingreep4": "{lead_ingreep2}",
            "lead_type4": "{lead_type2}",
            "lead_code4": "{lead_code2}",
            "lead_ingreep2": "",
            "lead_type2": "",
            "lead_code2": "",
        },
        _TWO_LEADS,
    ),
    Mistake((("W-403", "impl_device"),), _NO_LEAD_1, _ONE_LEAD),
    Mistake(
        (("W-407", "lead_code1"),),
        {"lead_code1": "(01)09520123451028(17){past}(21)X{centre}{number}"},
        _TWO_LEADS,
    ),
    Mistake((("W-412", "lead_terminatie_reden1"),), {"lead_terminatie_reden1": "60"}, _PM_EXPLANT),
    Mistake(
        (
            ("W-502", "bloeding_opname"),
            ("W-006", "bloeding_opname"),
            ("W-006", "pneumothorax_opname"),
        ),
        {"bloeding_opname": "-1", "pneumothorax_opname": "-1"},
    ),
    Mistake(
        (("F-203", "interv_nr"),),
        {"interv_nr": "{interv_nr_before}"},
        {"right_before": "yes"},
        also_before=True,
    ),
    Mistake(
        (("F-231", "impl_device_code"),),
        {"impl_device_code": "{impl_device_code_before}"},
        {**_NEW_PM, **{f"{name}_before": value for name, value in _NEW_PM.items()}},
        also_before=True,
    ),
    Mistake(
        (("F-208", "interv_afgebroken"),),
        _RV_LEAD,
        _ABORTED,
    ),
    Mistake(
        (("F-214", "type_ingreep_device"),),
        {"terminatie_device": "0", "terminatie_reden": "0", "terminatie_device_code": ""},
        _EXCHANGE,
    ),
    Mistake((("F-215", "type_ingreep_device"),), _TAKEN_OUT, _MOVED_LEAD),
    Mistake((("F-217", "type_ingreep_device"),), _TAKEN_OUT, _POCKET),
    Mistake(
        (("F-228", "impl_device_code"), ("F-230", "impl_device_code")),
        {"impl_device_code": "(01)09520123456788(11){later}(17){soon}(21)X{centre}{number}"},
        _NEW_PM,
    ),
    Mistake(
        (("F-409", "impl_device"),),
        _RV_LEAD,
        _NEW_ICM,
    ),
    Mistake((("W-307", "hartfalen"),), {"lead_type1": "30"}, {**_ONE_LEAD, "hartfalen": "0"}),
    Mistake(
        (
            ("W-312", "lengte"),
            *(("W-006", name) for name in _CONDITION),
        ),
        dict.fromkeys(_CONDITION, "-1"),
    ),
    Mistake(
        (("W-404", "impl_device"),),
        {"lead_type1": "10"},
        {**_NEW_ICD, "lead_type1": "20", "lead_ingreep2": "", "patroon_AF": "0"},
    ),
    Mistake(
        (("W-411", "lead_type1"),),
        {"lead_type2": "50"},
        {**_NEW_ICD, "lead_type1": "10", "lead_type2": "20", "lead_ingreep3": ""},
    ),
)

MISTAKES = _CELLS + _RELATIONS
