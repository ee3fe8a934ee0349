"""From the bytes a hospital delivered to one table of text, or to what is wrong with the file."""

from databroker.intake.reading import OpenDelivery, Reading, read_delivery

__all__ = ["OpenDelivery", "Reading", "read_delivery"]
