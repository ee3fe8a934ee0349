"""The header of dataset pmicd-interventie, in the order of the NHR handbook 22.2.1."""

from __future__ import annotations

DATASET, VERSION = "pmicd-interventie", "22.2"
LEADS = 7

_BEFORE_LEADS = (
    "interv_nr",
    "interv_datum",
    "pat_nr",
    "geb_naam",
    "partnernaam",
    "geb_datum",
    "geslacht",
    "postcode",
    "lengte",
    "gewicht",
    "kreatinine_gehalte",
    "diabetes",
    "LVEF",
    "patroon_AF",
    "ICD_preventie",
    "sinus_disfunctie",
    "AV_block",
    "hartfalen",
    "ICM_indicatie",
    "interv_gepland",
    "interv_afgebroken",
    "type_ingreep_device",
    "impl_device",
    "impl_device_code",
    "terminatie_device",
    "terminatie_device_code",
    "terminatie_reden",
    "ICD_PMfunctie",
)
_LEAD = ("lead_ingreep", "lead_type", "lead_terminatie_reden", "lead_code")
_AFTER_LEADS = ("bloeding_opname", "pneumothorax_opname")

COLUMNS = (
    *_BEFORE_LEADS,
    *(f"{name}{number}" for number in range(1, LEADS + 1) for name in _LEAD),
    *_AFTER_LEADS,
)
COLUMNS_WITH_BSN = (*COLUMNS, "bsn")
"""The handbook knows no BSN; hospitals that do deliver it add a column (manual, section 5)."""
