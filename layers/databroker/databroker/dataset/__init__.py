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
    plain_name,
)
from databroker.dataset.pseudonymised import (
    PSEUDONYMS,
    REPLACEMENTS,
    as_pseudonymised,
    is_pseudonymised,
    personal_columns,
)
from databroker.dataset.reading import DatasetFileError
from databroker.dataset.wording import Bilingual, shortened

__all__ = [
    "PSEUDONYMS",
    "REPLACEMENTS",
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
    "as_pseudonymised",
    "dataset_of",
    "datasets",
    "find_dataset",
    "find_versions",
    "is_pseudonymised",
    "personal_columns",
    "plain_name",
    "shortened",
]
