"""A dataset specification: its columns, code lists, limits and rules, read from data."""

from databroker.dataset.catalogue import dataset_of, datasets, find_dataset, find_versions
from databroker.dataset.model import (
    Column,
    Dataset,
    Erasure,
    Field,
    FieldType,
    IdClass,
    Phase,
    Rule,
    Scope,
)
from databroker.dataset.reading import DatasetFileError
from databroker.dataset.wording import Bilingual, shortened

__all__ = [
    "Bilingual",
    "Column",
    "Dataset",
    "DatasetFileError",
    "Erasure",
    "Field",
    "FieldType",
    "IdClass",
    "Phase",
    "Rule",
    "Scope",
    "dataset_of",
    "datasets",
    "find_dataset",
    "find_versions",
    "shortened",
]
