"""The outbox of a hospital: where NHR puts the answers to its deliveries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aanleveren.outcome import CommandError, Exit
from aanleveren.s3 import connect, plain_faults
from databroker.delivery import outbox_folder
from databroker.report.summary import RECEIPT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

    from aanleveren.settings import Settings
    from databroker.delivery import Centre

_ID = re.compile(r"(?P<centre>[A-Z]{2,8})-[0-9]{8}-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Outbox:
    """The answers of NHR; each delivery has a folder, made when it is received."""

    s3: S3Client
    bucket: str

    @classmethod
    def of(cls, settings: Settings) -> Outbox:
        """Give the outbox that the settings name.

        Raises:
            CommandError: none is named, or the address is wrong.
        """
        return cls(connect(settings.endpoint), settings.need("outbox"))

    def folders(self, centre: Centre, file_name: str) -> list[str]:
        """Give the folder of every delivery of a file of this name, the latest last."""
        return self._folders(outbox_folder(centre, file_name))

    def folder(self, delivery_id: str) -> str:
        """Give the folder of a delivery.

        Raises:
            CommandError: this is no delivery number, or nothing was received under it.
        """
        parts = _ID.fullmatch(delivery_id)
        if parts is None:
            raise CommandError(Exit.USAGE, "Dit is geen aanleveringsnummer.")
        found = self._folders(f"outbox/{parts['centre']}/", f"/{delivery_id}/")
        if not found:
            raise CommandError(Exit.RETRY, "Er is geen aanlevering met dit nummer ontvangen.")
        return found[0]

    def read(self, folder: str, name: str) -> bytes | None:
        """Give a document of a delivery, None when it is not there (yet)."""
        # Asked by listing: without it S3 calls a document that is not there yet forbidden.
        if not any(found["Key"] == folder + name for found in self._listed(folder + name)):
            return None
        with plain_faults():
            return self.s3.get_object(Bucket=self.bucket, Key=folder + name)["Body"].read()

    def _folders(self, prefix: str, end: str = "/") -> list[str]:
        receipts = sorted(
            (found["LastModified"], found["Key"].removesuffix(RECEIPT))
            for found in self._listed(prefix)
            if found["Key"].endswith(end + RECEIPT)
        )
        return [folder for _, folder in receipts]

    def _listed(self, prefix: str) -> Iterator[ObjectTypeDef]:
        with plain_faults():
            pages = self.s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                yield from page.get("Contents", [])


def is_delivery_id(text: str) -> bool:
    """Tell a delivery number from the name of a file."""
    return _ID.fullmatch(text) is not None


def id_of(folder: str) -> str:
    """Give the number of the delivery whose folder this is."""
    return folder.rstrip("/").rpartition("/")[2]
