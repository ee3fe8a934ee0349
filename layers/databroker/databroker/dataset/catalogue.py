"""The datasets that a hospital can deliver. A new version is a new folder of data, never code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import nhr_datasets
from databroker.dataset.reading import DatasetFileError, age, read_versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from databroker.dataset.model import Dataset
    from databroker.delivery import Delivery


def datasets() -> tuple[Dataset, ...]:
    """Read every dataset in every version, the newest version of each first.

    Raises:
        DatasetFileError: a file is wrong; nothing is read then.
    """
    return tuple(dataset for dataset_id in _homes() for dataset in _versions(dataset_id))


def read_all(root: Traversable) -> tuple[Dataset, ...]:
    """Read `<id>/<version>/` for every dataset in a folder, the newest version of each first.

    Raises:
        DatasetFileError: a file is wrong, or stands in the wrong folder.
    """
    homes = sorted(_folders(root), key=lambda home: home.name)
    return tuple(dataset for home in homes for dataset in _read(home))


def find_dataset(dataset_id: str, version: str | None = None) -> Dataset | None:
    """Give a dataset in one version, the newest when none is named; None when there is no such."""
    return next(iter(find_versions(dataset_id, version)), None)


def find_versions(dataset_id: str, version: str | None = None) -> tuple[Dataset, ...]:
    """Give the versions of a dataset, the newest first, or only the one that is named.

    No other dataset is read for it.
    """
    found = _versions(dataset_id) if dataset_id in _homes() else ()
    return tuple(dataset for dataset in found if version in {None, dataset.version})


def dataset_of(delivery: Delivery) -> Dataset:
    """Give the dataset of a delivery whose structure was checked, which settled its version.

    Raises:
        LookupError: the dataset is not known, which the structure check had to refuse.
    """
    dataset = find_dataset(delivery.dataset, delivery.dataset_version)
    if dataset is None:
        raise LookupError(f"unknown dataset in {delivery.delivery_id}")
    return dataset


@cache
def _homes() -> Mapping[str, Traversable]:
    """Give the folder of each dataset that is shipped, by name."""
    homes = sorted(_folders(Path(nhr_datasets.__file__).parent), key=lambda home: home.name)
    return {home.name: home for home in homes}


@cache
def _versions(dataset_id: str) -> tuple[Dataset, ...]:
    return _read(_homes()[dataset_id])


def _folders(parent: Traversable) -> list[Traversable]:
    return [each for each in parent.iterdir() if each.is_dir() and not each.name.startswith("_")]


def _read(home: Traversable) -> tuple[Dataset, ...]:
    """Read the versions of one dataset, the newest first."""
    versions = [folder.name for folder in _folders(home)]
    found = list(read_versions(home, versions))
    for dataset in found:
        if dataset.id != home.name:
            place = f"{home.name}/{dataset.version}"
            raise DatasetFileError("dataset.toml", None, f"does not belong in {place}")
    return tuple(sorted(found, key=lambda dataset: age(dataset.version), reverse=True))
