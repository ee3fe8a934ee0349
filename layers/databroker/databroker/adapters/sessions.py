"""KMS and S3: the session at ZorgTTP that somebody opened for one delivery.

It lies with the tables of the delivery in the intake zone, so whatever removes those removes it.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from databroker.adapters.aws import client, code_of, passing_faults
from databroker.adapters.files import GONE, INTAKE_TABLES
from databroker.ports import ZorgTtpSession

if TYPE_CHECKING:
    from databroker.delivery import Delivery


@dataclass(frozen=True, slots=True)
class S3Sessions:
    """Sessions in one bucket, sealed with a key of KMS for their own delivery and centre.

    Who only reads needs no key: what was sealed names it.
    """

    bucket: str
    key: str = ""

    def keep(self, delivery: Delivery, session: ZorgTtpSession) -> None:
        """Seal the session and write it."""
        with passing_faults():
            sealed = client("kms").encrypt(
                KeyId=self.key,
                Plaintext=session.token.encode(),
                EncryptionContext=_context(delivery),
            )["CiphertextBlob"]
            paper = {"sealed": b64encode(sealed).decode(), "ends": session.ends.isoformat()}
            client("s3").put_object(
                Bucket=self.bucket, Key=_place(delivery), Body=json.dumps(paper).encode()
            )

    def find(self, delivery: Delivery) -> ZorgTtpSession | None:
        """Read the session and open it."""
        try:
            with passing_faults():
                answer = client("s3").get_object(Bucket=self.bucket, Key=_place(delivery))
                paper = json.loads(answer["Body"].read())
                opened = client("kms").decrypt(
                    CiphertextBlob=b64decode(paper["sealed"]),
                    EncryptionContext=_context(delivery),
                )
        except ClientError as error:
            if code_of(error) in GONE:
                return None
            raise
        ends = dt.datetime.fromisoformat(paper["ends"])
        return ZorgTtpSession(opened["Plaintext"].decode(), ends)


def _place(delivery: Delivery) -> str:
    return f"{INTAKE_TABLES.format(delivery.delivery_id)}zorgttp-session.json"


def _context(delivery: Delivery) -> dict[str, str]:
    return {"delivery_id": delivery.delivery_id, "centre": delivery.centre}
