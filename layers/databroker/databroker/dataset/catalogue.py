"""The datasets that a hospital can deliver. A new version is a new folder of data, never code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from databroker.dataset.reading import DatasetFileError, age, read_dataset

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from databroker.dataset.model import Dataset
    from databroker.delivery import Delivery


@cache
def datasets() -> tuple[Dataset, ...]:
    """Read every dataset in every version, the newest version of each first.

    Raises:
        DatasetFileError: a file is wrong; nothing is read then.
    """
    return read_all(files("nhr_datasets"))


def read_all(root: Traversable) -> tuple[Dataset, ...]:
    """Read `<id>/<version>/` for every dataset in a folder, the newest version of each first.

    Raises:
        DatasetFileError: a file is wrong, or stands in the wrong folder.
    """
    found = [_read(home, folder.name) for home in _folders(root) for folder in _folders(home)]
    found.sort(key=lambda dataset: age(dataset.version), reverse=True)
    found.sort(key=lambda dataset: dataset.id)
    return tuple(found)


def find_dataset(dataset_id: str, version: str | None = None) -> Dataset | None:
    """Give a dataset in one version, the newest when none is named; None when there is no such."""
    return next(iter(find_versions(dataset_id, version)), None)


def find_versions(dataset_id: str, version: str | None = None) -> tuple[Dataset, ...]:
    """Give the versions of a dataset, the newest first, or only the one that is named."""
    return tuple(
        dataset
        for dataset in datasets()
        if dataset.id == dataset_id and version in {None, dataset.version}
    )


def dataset_of(delivery: Delivery) -> Dataset:
    """Give the dataset of a delivery whose structure was checked, which settled its version.

    Raises:
        LookupError: the dataset is not known, which the structure check had to refuse.
    """
    dataset = find_dataset(delivery.dataset, delivery.dataset_version)
    if dataset is None:
        raise LookupError(f"unknown dataset in {delivery.delivery_id}")
    return dataset


def _folders(parent: Traversable) -> list[Traversable]:
    return [each for each in parent.iterdir() if each.is_dir() and not each.name.startswith("_")]


def _read(home: Traversable, version: str) -> Dataset:
    dataset = read_dataset(home, version)
    place = f"{home.name}/{version}"
    if place != f"{dataset.id}/{dataset.version}":
        raise DatasetFileError("dataset.toml", None, f"does not belong in {place}")
    return dataset
