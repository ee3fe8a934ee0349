"""What the hospital did: procedures whose cells agree with each other, so that no rule fires.

The mix is a guess by the registry's experts, the distributions are published figures: 70 %
pacemakers, 22 % ICDs, 8 % loop recorders; 60 % new, 28 % exchanges, 6 % leads only, 3 %
explants, 2 % pocket revisions, 1 % aborted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

PM, ICD, ICM = "10", "20", "30"
RA, RV, LV, SICD, LBB = "10", "20", "30", "50", "60"

# GS1 prefix 952 is set apart for demonstrations and examples.
DEVICE_GTINS = {PM: "09520123456788", ICD: "09520123451004", ICM: "09520123451011"}
LEAD_GTINS = {
    RA: "09520123451028",
    RV: "09520123451035",
    LV: "09520123451042",
    SICD: "09520123451059",
    LBB: "09520123451066",
}
_DIABETES = ("0",) * 80 + ("10",) * 4 + ("20",) * 10 + ("30",) * 6
_AF = ("0",) * 60 + ("10",) * 25 + ("20",) * 15
_MEASURED_LVEF = tuple(str(value) for value in range(12, 30) if value not in {20, 25})
_PM_LEADS = ((RA, RV),) * 60 + ((RV,),) * 25 + ((RA, RV, LV),) * 10 + ((RA, LBB),) * 5
_ICD_LEADS = ((RV,),) * 40 + ((RA, RV),) * 25 + ((RA, RV, LV),) * 25 + ((SICD,),) * 10
_EXCHANGE_REASONS = ("10",) * 75 + ("20",) * 10 + ("30",) * 10 + ("90",) * 5
_EXPLANT_REASONS = ("40",) * 70 + ("20",) * 20 + ("90",) * 10
_INDICATIONS = (("0", "1", "0"), ("1", "0", "0"), ("1", "1", "0"), ("0", "1", "1"))
_PM_SHARE, _ICD_SHARE = 0.70, 0.22
_WEAK_HEARTS, _PRIMARY_PREVENTION, _NEW_LEADS, _PERMANENT_AF, _RARE = 0.05, 0.7, 0.5, 0.4, 0.01


@dataclass(frozen=True, slots=True)
class Procedure:
    """The frame of one procedure; its serial numbers are made of it, so they never repeat."""

    random: Random
    centre: str
    number: int
    date: dt.date
    sex: str

    def implant(self, gtin: str, part: str) -> str:
        """Give the UDI of something new, with a use-by date that lies well ahead."""
        use_by = self.date + dt.timedelta(days=self.random.randint(200, 900))
        return f"(01){gtin}(17){use_by:%y%m%d}(21){part}{self.centre}{self.number}"

    def old_implant(self, gtin: str, part: str) -> str:
        """Give the UDI of something that was placed years ago."""
        return f"(01){gtin}(21)O{part}{self.centre}{self.number}"


def perform(procedure: Procedure) -> dict[str, str]:
    """Give the cells of a procedure that follow from what was done and to whom."""
    cells = _condition(procedure) | _NOTHING_DONE
    draw, kind = procedure.random.random(), _pick_device(procedure.random)
    for up_to, carry_out in _MIX:
        if draw < up_to:
            carry_out(procedure, kind, cells)
            break
    return cells


_NOTHING_DONE = {
    "ICD_preventie": "0",
    "ICM_indicatie": "0",
    "interv_afgebroken": "0",
    "impl_device": "0",
    "impl_device_code": "0",
    "terminatie_device": "0",
    "terminatie_reden": "0",
    "ICD_PMfunctie": "0",
    "bloeding_opname": "0",
    "pneumothorax_opname": "0",
}


def _pick_device(random: Random) -> str:
    draw = random.random()
    return PM if draw < _PM_SHARE else ICD if draw < _PM_SHARE + _ICD_SHARE else ICM


def _condition(procedure: Procedure) -> dict[str, str]:
    """Give the state of the patient."""
    random = procedure.random
    height = random.randint(165, 192) if procedure.sex == "1" else random.randint(152, 180)
    weight = random.uniform(20, 34) * (height / 100) ** 2
    weak = random.random() < _WEAK_HEARTS
    return {
        "lengte": str(height),
        "gewicht": f"{weight:.1f}".removesuffix(".0"),
        "kreatinine_gehalte": str(random.randint(55, 180)),
        "diabetes": random.choice(_DIABETES),
        "LVEF": random.choice(_MEASURED_LVEF) if weak else random.choice(("55", "55", "40")),
        "patroon_AF": random.choice(_AF),
    }


def _place_new(procedure: Procedure, kind: str, cells: dict[str, str]) -> None:
    cells["type_ingreep_device"] = "10"
    _place(procedure, kind, cells)
    if kind != ICM:
        leads = procedure.random.choice(_PM_LEADS if kind == PM else _ICD_LEADS)
        _place_leads(procedure, leads, cells)


def _exchange(procedure: Procedure, kind: str, cells: dict[str, str]) -> None:
    cells["type_ingreep_device"] = "30"
    cells["terminatie_device"] = kind
    cells["terminatie_device_code"] = procedure.old_implant(DEVICE_GTINS[kind], "D")
    cells["terminatie_reden"] = procedure.random.choice(_EXCHANGE_REASONS)
    _place(procedure, kind, cells)


def _lead_only(procedure: Procedure, _kind: str, cells: dict[str, str]) -> None:
    cells["type_ingreep_device"] = "0"
    cells["interv_gepland"] = "40"
    if procedure.random.random() < _NEW_LEADS:
        _place_leads(procedure, (RV,), cells)
    else:
        cells["lead_ingreep1"] = "40"
        cells["lead_type1"] = RV
        cells["lead_code1"] = procedure.old_implant(LEAD_GTINS[RV], "L1")


def _explant(procedure: Procedure, kind: str, cells: dict[str, str]) -> None:
    reason = procedure.random.choice(_EXPLANT_REASONS)
    cells["type_ingreep_device"] = "20"
    cells["interv_gepland"] = "90"
    cells["terminatie_device"] = kind
    cells["terminatie_device_code"] = procedure.old_implant(DEVICE_GTINS[kind], "D")
    cells["terminatie_reden"] = reason
    leads = {PM: (RA, RV), ICD: (RV,), ICM: ()}[kind]
    for place, lead in enumerate(leads, start=1):
        cells[f"lead_ingreep{place}"] = "20"
        cells[f"lead_type{place}"] = lead
        cells[f"lead_terminatie_reden{place}"] = reason
        cells[f"lead_code{place}"] = procedure.old_implant(LEAD_GTINS[lead], f"L{place}")


def _revise_pocket(_procedure: Procedure, _kind: str, cells: dict[str, str]) -> None:
    cells["type_ingreep_device"] = "90"
    cells["interv_gepland"] = "90"


def _abort(_procedure: Procedure, kind: str, cells: dict[str, str]) -> None:
    cells["type_ingreep_device"] = "0"
    cells["interv_gepland"] = kind
    cells["interv_afgebroken"] = "1"
    cells["terminatie_device_code"] = "0"


_MIX: Sequence[tuple[float, Callable[[Procedure, str, dict[str, str]], None]]] = (
    (0.60, _place_new),
    (0.88, _exchange),
    (0.94, _lead_only),
    (0.97, _explant),
    (0.99, _revise_pocket),
    (1.00, _abort),
)


def _place(procedure: Procedure, kind: str, cells: dict[str, str]) -> None:
    """Place a generator and give the reasons that go with it."""
    random = procedure.random
    cells["interv_gepland"] = kind
    cells["impl_device"] = kind
    cells["impl_device_code"] = procedure.implant(DEVICE_GTINS[kind], "D")
    cells["bloeding_opname"] = "1" if random.random() < _RARE else "0"
    if kind == ICM:
        cells["ICM_indicatie"] = random.choice(("10", "10", "20", "90"))
        return
    if kind == ICD:
        primary = random.random() < _PRIMARY_PREVENTION
        cells["ICD_preventie"] = "10" if primary else "20"
        if primary:
            cells["LVEF"] = random.choice((*_MEASURED_LVEF, "30", "35"))
        cells["ICD_PMfunctie"] = random.choice(("10", "20"))
    if kind == PM or cells["ICD_PMfunctie"] == "20":
        indications = random.choice(_INDICATIONS)
        cells["sinus_disfunctie"], cells["AV_block"], cells["hartfalen"] = indications


def _place_leads(procedure: Procedure, leads: Sequence[str], cells: dict[str, str]) -> None:
    """Place new leads; an LV lead is placed for heart failure."""
    for place, lead in enumerate(leads, start=1):
        cells[f"lead_ingreep{place}"] = "10"
        cells[f"lead_type{place}"] = lead
        cells[f"lead_code{place}"] = procedure.implant(LEAD_GTINS[lead], f"L{place}")
    if LV in leads and "hartfalen" in cells:
        cells["hartfalen"] = "1"
    if procedure.random.random() < _RARE:
        cells["pneumothorax_opname"] = "1"
    if RA not in leads and procedure.random.random() < _PERMANENT_AF:
        cells["patroon_AF"] = "40"
