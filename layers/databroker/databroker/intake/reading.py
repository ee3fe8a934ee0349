"""Reading a delivery, from bytes to records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from databroker.dataset import datasets
from databroker.intake.kinds import find_reader
from databroker.intake.sheet import UnreadableError
from databroker.intake.table import make_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.intake.sheet import Sheet
    from databroker.records import Records


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file.

    `dataset` is the version that the header is of, the newest when there is none to tell.
    `records` is None when a BF finding refuses the file. `count` is the number of records in the
    file, as far as it could be read: those in `records` and those that an F-012 refuses, which are
    not in `records`.
    """

    dataset: Dataset
    records: Records | None
    findings: list[Finding] = field(default_factory=list)
    count: int = 0


def read_delivery(
    content: bytes,
    file_name: str,
    versions: Sequence[Dataset],
    others: Iterable[Dataset] | None = None,
) -> Reading:
    """Read a hospital's file into one table of text, or find what is wrong with the file.

    `versions` are those of the dataset that the file may be of, the newest first. `others` are the
    datasets that a file which does not fit this one may have been meant for; every dataset we know,
    unless told otherwise.
    """
    newest = versions[0]
    try:
        _check_size(content, newest)
        reader = find_reader(content, file_name)
        sheet = reader(content, newest)
        fitting = _named_version(sheet, versions)
        table = make_table(sheet, fitting, datasets() if others is None else others)
    except UnreadableError as error:
        refusal = newest.finding(error.code, **error.texts)
        return Reading(newest, None, [refusal], error.records)
    return Reading(table.dataset, table.records, table.findings, table.count)


def _check_size(content: bytes, dataset: Dataset) -> None:
    if not content:
        raise UnreadableError("BF-002")
    if len(content) > dataset.max_bytes:
        raise UnreadableError("BF-003", max_mb=dataset.max_bytes // 1_000_000)


def _named_version(sheet: Sheet, versions: Sequence[Dataset]) -> Sequence[Dataset]:
    """Give the version that the file itself names, all of them when it names none."""
    if sheet.version is None:
        return versions
    named = [dataset for dataset in versions if dataset.version == sheet.version]
    if not named:
        asked = ", ".join(f"{dataset.label} {dataset.version}" for dataset in versions)
        raise UnreadableError("BF-008", sjabloon=asked, gevonden=f"versie {sheet.version}")
    return named
