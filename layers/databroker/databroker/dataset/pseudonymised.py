"""A dataset as a hospital delivers it that pseudonymised its patients itself.

In the place of personal data stand temporary pseudonyms, and what is left of a birth date and a
postcode. Nothing else is different (docs/formats.md).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from databroker.dataset.model import Field, FieldType, IdClass, plain_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from databroker.dataset.model import Dataset

PSEUDONYMS = ("ps_pat", "ps_naam", "ps_partner", "ps_bsn", "ps_c")
"""The columns with pseudonyms: the first is the one every record must have."""

_LONGEST_PSEUDONYM = 400


def _field(name: str, label: str, label_en: str, kind: FieldType, **facts: float | bool) -> Field:
    return Field(
        name=name,
        number="-",
        label=label,
        label_en=label_en,
        type=kind,
        id_class=IdClass.QUASI,
        column_required=bool(facts.pop("column_required", False)),
        required=False,
        kept=False,
        **facts,  # type: ignore[arg-type]  # limits, which are numbers
    )


_REPLACEMENTS = (
    _field("geb_jaar", "Geboortejaar", "Year of birth", FieldType.INTEGER, hard_min=1880),
    _field(
        "leeftijd",
        "Leeftijd bij de interventie",
        "Age at the intervention",
        FieldType.INTEGER,
        hard_min=0,
    ),
    _field("pc4", "Cijfers van de postcode", "Digits of the postcode", FieldType.TEXT),
    *(
        _field(
            name,
            f"Tijdelijk pseudoniem van {what}",
            f"Temporary pseudonym of {what_en}",
            FieldType.TEXT,
            max_length=_LONGEST_PSEUDONYM,
            column_required=name == PSEUDONYMS[0],
        )
        for name, what, what_en in zip(
            PSEUDONYMS,
            (
                "het patiëntnummer",
                "de geboortenaam",
                "de partnernaam",
                "het BSN",
                "geslacht, geboortedatum en postcode",
            ),
            (
                "the patient number",
                "the name at birth",
                "the name of the partner",
                "the BSN",
                "sex, birth date and postcode",
            ),
            strict=True,
        )
    ),
)

REPLACEMENTS = tuple(field.name for field in _REPLACEMENTS)
"""The columns that stand in the place of personal data."""


def is_pseudonymised(names: Iterable[str | None]) -> bool:
    """Tell whether a header, or the columns of a table, hold pseudonyms."""
    return not set(PSEUDONYMS).isdisjoint(map(plain_name, names))


@cache
def as_pseudonymised(dataset: Dataset) -> Dataset:
    """Give a dataset with the replacements; no column of personal data has to be there."""
    own = tuple(
        field if field.kept else replace(field, column_required=False, required=False)
        for field in dataset.fields
    )
    if all(field.kept for field in own):
        return dataset
    own = tuple(
        field if field.kept else replace(field, required_when=None, norm=None) for field in own
    )
    return replace(dataset, fields=(*own, *_REPLACEMENTS))


def without_personal_data(dataset: Dataset) -> Dataset | None:
    """Give the dataset as it should be delivered with pseudonyms; None where there is no such."""
    whole = as_pseudonymised(dataset)
    if whole is dataset:
        return None
    fields = (field for field in whole.fields if field.kept or field.name in REPLACEMENTS)
    return replace(dataset, fields=tuple(_needed(field) for field in fields))


def _needed(field: Field) -> Field:
    return replace(field, required=True) if field.name == PSEUDONYMS[0] else field


def personal_columns(dataset: Dataset, names: Collection[str]) -> list[str]:
    """Give those of these columns that hold personal data, if the dataset has replacements."""
    if PSEUDONYMS[0] not in dataset.columns:
        return []
    return [
        name for name in names if not dataset.columns[name].field.kept and name not in REPLACEMENTS
    ]
