"""A hospital that does not exist: it writes deliveries with mistakes we know the answer to."""

from simulators.hospital.deliveries import (
    Planted,
    SyntheticDelivery,
    SyntheticRecord,
    make_delivery,
)
from simulators.hospital.files import write_answers, write_csv, write_fhir, write_xlsx, write_xml

__all__ = [
    "Planted",
    "SyntheticDelivery",
    "SyntheticRecord",
    "make_delivery",
    "write_answers",
    "write_csv",
    "write_fhir",
    "write_xlsx",
    "write_xml",
]
