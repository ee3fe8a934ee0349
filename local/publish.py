"""`make docs`: writes what hospitals and vendors get of each dataset under `docs/datasets/`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from databroker.dataset import datasets
from databroker.publish import documents
from local.translate import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from databroker.dataset import Dataset

FOLDER = PROJECT / "docs" / "datasets"


def published(all_datasets: Iterable[Dataset]) -> dict[Path, bytes]:
    """Make every document of every dataset, by its place under `docs/datasets/`.

    The datasets come newest first, as the catalogue gives them.
    """
    made = {}
    for dataset_id, group in groupby(all_datasets, key=lambda dataset: dataset.id):
        versions = list(group)
        for dataset, before in zip(versions, [*versions[1:], None], strict=True):
            for name, content in documents(dataset, before).items():
                made[Path(dataset_id, dataset.version, name)] = content
    return made


def written(folder: Path) -> dict[Path, bytes]:
    """Read every document that is there."""
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def main() -> None:
    """Write what is new or changed, and remove what no dataset has any more."""
    wanted, there = published(datasets()), written(FOLDER)
    for place in there.keys() - wanted.keys():
        (FOLDER / place).unlink()
    for place, content in wanted.items():
        if there.get(place) != content:
            (FOLDER / place).parent.mkdir(parents=True, exist_ok=True)
            (FOLDER / place).write_bytes(content)
            print(FOLDER.relative_to(PROJECT) / place)


if __name__ == "__main__":
    main()
