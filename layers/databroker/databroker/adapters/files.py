"""S3: the inbox, the papers of a delivery, and the outbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from databroker.adapters.aws import client, code_of, passing_faults
from databroker.delivery import outbox_prefix
from databroker.ports import SourceVanishedError

if TYPE_CHECKING:
    from databroker.delivery import Delivery, DeliveryId, Source

INTAKE_TABLES, WORKBENCH_TABLES = "tables/{}/", "deliveries/{}/tables/"
"""The folder of a delivery's tables in each zone, `{}` where its id goes."""

GONE = {"NoSuchKey", "404", "NotFound", "NoSuchBucket"}
_REPLACED = {"PreconditionFailed", "412"}


@dataclass(frozen=True, slots=True)
class S3Inbox:
    """The inbox bucket; each source names its own object."""

    def read(self, source: Source) -> bytes:
        """Read the object only as long as it has the etag that was announced."""
        try:
            with passing_faults():
                answer = client("s3").get_object(
                    Bucket=source.bucket, Key=source.key, IfMatch=f'"{source.etag}"'
                )
                content: bytes = answer["Body"].read()
        except ClientError as error:
            if code_of(error) in GONE | _REPLACED:
                raise SourceVanishedError(code_of(error)) from error
            raise
        return content

    def delete(self, source: Source) -> None:
        """Delete the object unless another took its place, and see that it is gone."""
        with passing_faults():
            if self._stands(source):
                client("s3").delete_object(Bucket=source.bucket, Key=source.key)
            if self._stands(source):
                raise StillThereError(source.bucket)

    def _stands(self, source: Source) -> bool:
        # Listing needs no right to read the object, so that even the failure road can do this.
        listed = client("s3").list_objects_v2(Bucket=source.bucket, Prefix=source.key, MaxKeys=1)
        return any(
            found["Key"] == source.key and found["ETag"].strip('"') == source.etag
            for found in listed.get("Contents", [])
        )


class StillThereError(Exception):
    """An object with personal data was deleted and is there all the same."""


@dataclass(frozen=True, slots=True)
class S3Remains:
    """What the intake zone keeps of a delivery; listing and deleting is all this does."""

    bucket: str

    def delete_all(self, delivery_id: DeliveryId) -> None:
        """Delete the tables of the delivery and see that they are gone."""
        with passing_faults():
            for key in self._keys(delivery_id):
                client("s3").delete_object(Bucket=self.bucket, Key=key)
            if self._keys(delivery_id):
                raise StillThereError(self.bucket)

    def _keys(self, delivery_id: DeliveryId) -> list[str]:
        pages = client("s3").get_paginator("list_objects_v2")
        prefix = INTAKE_TABLES.format(delivery_id)
        return [
            found["Key"]
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix)
            for found in page.get("Contents", [])
        ]


@dataclass(frozen=True, slots=True)
class S3Papers:
    """JSON papers on the registry's workbench."""

    bucket: str

    def write(self, delivery_id: DeliveryId, name: str, paper: Any) -> None:
        """Write the paper."""
        content = json.dumps(paper, ensure_ascii=False).encode()
        with passing_faults():
            client("s3").put_object(Bucket=self.bucket, Key=_paper(delivery_id, name), Body=content)

    def read(self, delivery_id: DeliveryId, name: str) -> Any:
        """Read the paper, None when there is none."""
        try:
            with passing_faults():
                answer = client("s3").get_object(Bucket=self.bucket, Key=_paper(delivery_id, name))
                return json.loads(answer["Body"].read())
        except ClientError as error:
            if code_of(error) in GONE:
                return None
            raise


@dataclass(frozen=True, slots=True)
class S3Answers:
    """The answers of ZorgTTP to the batches of one delivery; in the intake zone, with its tables."""

    bucket: str
    delivery_id: DeliveryId

    def numbers(self) -> set[int]:
        """List the batches that were answered."""
        pages = client("s3").get_paginator("list_objects_v2")
        with passing_faults():
            return {
                int(found["Key"].rsplit("-", 1)[1].removesuffix(".json"))
                for page in pages.paginate(Bucket=self.bucket, Prefix=self._key(""))
                for found in page.get("Contents", [])
            }

    def read(self, number: int) -> Any:
        """Read the answer of a batch."""
        with passing_faults():
            answer = client("s3").get_object(Bucket=self.bucket, Key=self._key(f"{number}.json"))
            return json.loads(answer["Body"].read())

    def write(self, number: int, answer: Any) -> None:
        """Write the answer of a batch."""
        with passing_faults():
            client("s3").put_object(
                Bucket=self.bucket,
                Key=self._key(f"{number}.json"),
                Body=json.dumps(answer).encode(),
            )

    def _key(self, name: str) -> str:
        return f"{INTAKE_TABLES.format(self.delivery_id)}partij-{name}"


def _paper(delivery_id: DeliveryId, name: str) -> str:
    return f"deliveries/{delivery_id}/papers/{name}.json"


@dataclass(frozen=True, slots=True)
class S3Outbox:
    """The outbox bucket, where a hospital finds what became of its delivery."""

    bucket: str

    def put(self, delivery: Delivery, name: str, content: bytes, media_type: str) -> str:
        """Put the document and give its key."""
        key = outbox_prefix(delivery) + name
        with passing_faults():
            client("s3").put_object(
                Bucket=self.bucket, Key=key, Body=content, ContentType=media_type
            )
        return key

    def put_if_absent(self, delivery: Delivery, name: str, content: bytes, media_type: str) -> None:
        """Put the document on condition that there is none; that needs no right to read."""
        try:
            with passing_faults():
                client("s3").put_object(
                    Bucket=self.bucket,
                    Key=outbox_prefix(delivery) + name,
                    Body=content,
                    ContentType=media_type,
                    IfNoneMatch="*",
                )
        except ClientError as error:
            if code_of(error) not in _REPLACED:
                raise
