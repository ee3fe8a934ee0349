"""The rules of the dataset, asked of every record; and what is said of the file as a whole."""

from databroker.validation.validate import Validation, validate

__all__ = ["Validation", "validate"]
