"""Reading a delivery, from bytes to records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from databroker.dataset import as_pseudonymised, datasets, is_pseudonymised
from databroker.intake.kinds import find_reader
from databroker.intake.sheet import UnreadableError
from databroker.intake.table import Table
from databroker.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from databroker.dataset import Dataset
    from databroker.findings import Finding
    from databroker.intake.sheet import Sheet


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


class OpenDelivery:
    """A hospital's file that is being read: its records part by part, however many there are.

    A file that the hospital pseudonymised itself is known by its header; `dataset` is then the
    version with pseudonyms in the place of personal data.

    Whether a BF finding refuses the file is known when its last record was given: see `close`.
    """

    def __init__(
        self,
        content: bytes,
        file_name: str,
        versions: Sequence[Dataset],
        others: Iterable[Dataset] | None = None,
    ) -> None:
        """Open a file and read its header; the arguments are those of `read_delivery`."""
        self.dataset = versions[0]
        self._table: Table | None = None
        self._refusal: UnreadableError | None = None
        try:
            _check_size(content, self.dataset)
            read = find_reader(content, file_name)
            sheet = read(content, self.dataset)
            if is_pseudonymised(sheet.header):
                versions = [as_pseudonymised(version) for version in versions]
                sheet = read(content, versions[0])
            fitting = _named_version(sheet, versions)
            self._table = Table(sheet, fitting, datasets() if others is None else others)
            self.dataset = self._table.dataset
        except UnreadableError as error:
            self._refusal = error

    def __iter__(self) -> Iterator[Records]:
        """Give the records in parts of some thousands; nothing when the file is refused already."""
        try:
            yield from self._table or ()
        except UnreadableError as error:
            self._refusal = error

    def close(self) -> tuple[bool, int, list[Finding]]:
        """Tell whether the file can be used, how many records it has, and what was found in it."""
        if self._table is None or self._refusal is not None:
            error = self._refusal or UnreadableError("BF-011")
            return False, error.records, [self.dataset.finding(error.code, **error.texts)]
        good, findings = self._table.verdict()
        return good, self._table.count, findings


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
    delivery = OpenDelivery(content, file_name, versions, others)
    parts = list(delivery)
    good, count, findings = delivery.close()
    return Reading(delivery.dataset, Records.concat(parts) if good else None, findings, count)


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
