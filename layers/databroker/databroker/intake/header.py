"""The header of a file against the columns of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.dataset import Bilingual, personal_columns, plain_name, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from databroker.dataset import Dataset
    from databroker.findings import Finding

_SHOWN_NAMES = 20
_SHOWN_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns of the dataset stand in a file.

    `places` is canonical name to position; `unknown` the positions with a name that the dataset
    does not know; `duplicates` the canonical names that occur more than once.
    """

    row: int
    names: tuple[str, ...]
    places: Mapping[str, int]
    unknown: tuple[int, ...]
    duplicates: tuple[str, ...]


def match_header(row: int, cells: Sequence[str | None], dataset: Dataset) -> Header:
    """Find the columns of the dataset in a header: any order, any case, spaces around a name."""
    known = dataset.headers
    names = tuple((cell or "").strip() for cell in cells)
    places: dict[str, int] = {}
    unknown, duplicates = [], []
    for position, name in enumerate(names):
        canonical = known.get(plain_name(name))
        if canonical is None:
            unknown.append(position)
        elif canonical in places:
            duplicates.append(canonical)
        else:
            places[canonical] = position
    return Header(row, names, places, tuple(unknown), tuple(dict.fromkeys(duplicates)))


def choose_version(names: Iterable[str | None], versions: Sequence[Dataset]) -> Dataset:
    """Give the version that a header is of; `versions` are those it may be of, the newest first.

    A version fits when all columns it must have stand there under their own names, not an alias;
    the newest that fits, and the newest of all when none does.
    """
    found = {plain_name(name) for name in names}
    fitting = (
        version
        for version in versions
        if found >= {plain_name(name) for name in _required(version)}
    )
    return next(fitting, versions[0])


def check_header(header: Header, dataset: Dataset, others: Iterable[Dataset]) -> list[Finding]:
    """Find what makes a header unusable: the wrong dataset, double or missing columns."""
    missing = _missing(header.names, dataset)
    lookalike = _lookalike(header.names, dataset, others) if missing else None
    if lookalike is not None:
        return [dataset.finding("BF-008", sjabloon=dataset.label, gevonden=lookalike.label)]
    if not header.places:
        # Never the names found: without a header the first line holds a patient.
        nothing = Bilingual(
            f"geen bekende kolomnaam op regel {header.row}",
            f"no known column name on line {header.row}",
        )
        return [dataset.finding("BF-006", kolommen=nothing)]
    findings = []
    if header.duplicates:
        findings.append(dataset.finding("BF-006", kolommen=", ".join(header.duplicates)))
    if missing:
        findings.append(dataset.finding("BF-007", kolommen=", ".join(missing)))
    personal = personal_columns(dataset, header.places)
    if personal:
        findings.append(dataset.finding("BF-027", kolommen=", ".join(personal)))
    return findings


def listed(names: Iterable[str]) -> str:
    """Write names that came from a file as one line of bounded length."""
    short = [" ".join(name.split())[:_SHOWN_LENGTH] for name in names]
    return shortened(short, _SHOWN_NAMES)


def _missing(names: Iterable[str], dataset: Dataset) -> list[str]:
    known = dataset.headers
    found = {known.get(plain_name(name)) for name in names}
    return [name for name in _required(dataset) if name not in found]


def _required(dataset: Dataset) -> list[str]:
    return [name for name, column in dataset.columns.items() if column.field.column_required]


def _lookalike(names: Sequence[str], dataset: Dataset, others: Iterable[Dataset]) -> Dataset | None:
    """Give another dataset that the header fits at least half, and better than the chosen one."""

    def likeness(candidate: Dataset) -> float:
        required = _required(candidate)
        return 1 - len(_missing(names, candidate)) / len(required) if required else 0.0

    best = max((other for other in others if other.id != dataset.id), key=likeness, default=None)
    if best is None or likeness(best) < max(0.5, likeness(dataset) + 0.01):
        return None
    return best
