"""What hospitals and vendors get of a dataset, made from its data and from nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from databroker.dataset.model import RULES_PAGES
from databroker.dataset.pseudonymised import without_personal_data
from databroker.publish.catalogue import fields_page, rules_page
from databroker.publish.changes import changes
from databroker.publish.schema import record_schema
from databroker.publish.template import template_workbook
from databroker.publish.xsd import xsd

if TYPE_CHECKING:
    from databroker.dataset import Dataset

__all__ = [
    "changes",
    "documents",
    "fields_page",
    "record_schema",
    "rules_page",
    "template_workbook",
    "xsd",
]


def documents(dataset: Dataset, before: Dataset | None = None) -> dict[str, bytes]:
    """Make every document of a dataset version, by file name.

    `before` is the version that came before it; what changed since then is one of the documents.
    """
    made = {
        f"sjabloon-{dataset.id}-{dataset.version}.xlsx": template_workbook(dataset),
        "record.schema.json": _json(record_schema(dataset)),
        f"{dataset.id}-{dataset.version}.xsd": xsd(dataset).encode(),
        "variabelen.md": fields_page(dataset).encode(),
        **{name: rules_page(dataset, language).encode() for language, name in RULES_PAGES.items()},
    }
    encrypted = without_personal_data(dataset)
    if encrypted is not None:
        made[f"{dataset.id}-{dataset.version}-versleuteld.xsd"] = xsd(encrypted).encode()
    if before is not None:
        made[f"wijzigingen-sinds-{before.version}.json"] = _json(changes(before, dataset))
    return made


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n").encode()
