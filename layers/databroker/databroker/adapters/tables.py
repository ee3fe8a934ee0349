"""S3: the tables of a delivery, as Arrow IPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from databroker.adapters.aws import client, code_of, passing_faults
from databroker.adapters.files import GONE, INTAKE_TABLES, WORKBENCH_TABLES
from databroker.records import Records

if TYPE_CHECKING:
    from databroker.delivery import DeliveryId


@dataclass(frozen=True, slots=True)
class S3Tables:
    """Arrow tables in one bucket, in a folder for each delivery."""

    bucket: str
    place: str
    """The folder of a delivery's tables, `{}` where its id goes."""

    def write(self, delivery_id: DeliveryId, name: str, records: Records) -> None:
        """Write the table as Arrow IPC."""
        with passing_faults():
            client("s3").put_object(
                Bucket=self.bucket, Key=self._key(delivery_id, name), Body=records.to_ipc()
            )

    def read(self, delivery_id: DeliveryId, name: str) -> Records:
        """Read the table."""
        try:
            with passing_faults():
                answer = client("s3").get_object(
                    Bucket=self.bucket, Key=self._key(delivery_id, name)
                )
                return Records.from_ipc(answer["Body"].read())
        except ClientError as error:
            if code_of(error) in GONE:
                raise LookupError(f"no table {name} of {delivery_id}") from error
            raise

    def _key(self, delivery_id: DeliveryId, name: str) -> str:
        return f"{self.place.format(delivery_id)}{name}.arrow"


def intake_tables(bucket: str) -> S3Tables:
    """Give the tables with personal data, in the intake zone."""
    return S3Tables(bucket, INTAKE_TABLES)


def workbench_tables(bucket: str) -> S3Tables:
    """Give the tables without personal data, in the registry zone."""
    return S3Tables(bucket, WORKBENCH_TABLES)
