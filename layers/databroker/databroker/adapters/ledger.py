"""DynamoDB: the ledger of deliveries.

Items: `DELIVERY#<id>` (what became of it), `CONTENT#<centre>#<sha256>` (who brought this content
first), `STRAY` (objects that are no delivery; they expire after 90 days), `LOGIN#<hash of the user>` (when
somebody logged in at ZorgTTP; it expires after 15 minutes).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from databroker.adapters.aws import client, code_of, passing_faults
from databroker.delivery import (
    Centre,
    Counts,
    Delivery,
    DeliveryId,
    Ending,
    Kind,
    Source,
    Status,
)
from databroker.ports import DeliveryClosedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRAY_DAYS = 90
_MOST_TRIES, _TRY_WINDOW = 5, dt.timedelta(minutes=15)
_ALIAS = re.compile(r"#(\w+)")


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """The ledger in one DynamoDB table (keys `pk`, `sk`)."""

    table: str

    def claim(self, delivery: Delivery) -> bool:
        """Put the delivery on condition that it is new."""
        facts = {
            "centre": delivery.centre,
            "dataset": delivery.dataset,
            "dataset_version": delivery.dataset_version,
            "kind": delivery.kind.value,
            "file_name": delivery.file_name,
            "bucket": delivery.source.bucket,
            "object_key": delivery.source.key,
            "etag": delivery.source.etag,
            "size": str(delivery.source.size),
            "received_at": delivery.received_at.isoformat(),
            "status": Status.RECEIVED.value,
        }
        return self._put_once(_delivery_key(delivery.delivery_id), facts)

    def delivery(self, delivery_id: DeliveryId) -> Delivery:
        """Read the delivery back."""
        return _delivery(delivery_id, self._item(delivery_id))

    def reach(self, delivery_id: DeliveryId, step: str) -> Delivery:
        """Note the step on condition that no fault ended the delivery."""
        item = self._set(
            delivery_id,
            {"step": step},
            condition="#status <> :failed",
            compared={":failed": Status.FAILED.value},
        )
        if item:
            return _delivery(delivery_id, item)
        self._item(delivery_id)
        raise DeliveryClosedError(delivery_id)

    def wait(self, delivery_id: DeliveryId, *, waits: bool) -> None:
        """Set the status on condition that the delivery is not final."""
        status = Status.WAITING if waits else Status.RECEIVED
        final = "attribute_not_exists(#finished_at)"
        self._set(delivery_id, {"status": status.value}, condition=final)

    def status(self, delivery_id: DeliveryId) -> Status:
        """Read where it stands."""
        return Status(self._item(delivery_id)["status"])

    def may_try(self, user: str, now: dt.datetime) -> bool:
        """Add the moment to those of the user on condition that nobody did so meanwhile.

        Whoever is overtaken looks again; five at once leave no room for a sixth.
        """
        key = _key(f"LOGIN#{hashlib.sha256(user.encode()).hexdigest()}", "TRIES")
        for _ in range(_MOST_TRIES + 1):
            before = self._read(key).get("moments")
            began = (now - _TRY_WINDOW).isoformat()
            moments = [each for each in (before or "").split() if each > began]
            if len(moments) >= _MOST_TRIES:
                return False
            facts = {"moments": " ".join([*moments, now.isoformat()])}
            if self._replace(key, facts, before, now + _TRY_WINDOW):
                return True
        return False

    def _replace(
        self, key: dict[str, Any], facts: Mapping[str, str], before: str | None, ends: dt.datetime
    ) -> bool:
        condition = "attribute_not_exists(pk)" if before is None else "moments = :before"
        values = {} if before is None else {"ExpressionAttributeValues": _text({":before": before})}
        try:
            with passing_faults():
                client("dynamodb").put_item(
                    TableName=self.table,
                    Item=key | _text(facts) | {"expires": {"N": str(int(ends.timestamp()))}},
                    ConditionExpression=condition,
                    **values,
                )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def finish(
        self, delivery_id: DeliveryId, status: Status, counts: Counts, finished_at: dt.datetime
    ) -> Ending:
        """Make the delivery final on condition that it is not; otherwise read how it ended."""
        facts = {"status": status.value, "finished_at": finished_at.isoformat()}
        facts |= {name: str(count) for name, count in asdict(counts).items()}
        item = self._set(delivery_id, facts, condition="attribute_not_exists(#finished_at)")
        return _ending(item or self._item(delivery_id))

    def ending(self, delivery_id: DeliveryId) -> Ending | None:
        """Read how it ended."""
        item = self._item(delivery_id)
        return _ending(item) if "finished_at" in item else None

    def first_seen(self, delivery: Delivery, sha256: str) -> dt.datetime | None:
        """Put the content on condition that it is new; otherwise read who brought it."""
        received_at = delivery.received_at.isoformat()
        content = _key(f"CONTENT#{delivery.centre}#{sha256}", "FIRST")
        facts = {"delivery_id": delivery.delivery_id, "received_at": received_at}
        new = self._put_once(content, facts)
        self._set(delivery.delivery_id, {"sha256": sha256})
        if new:
            return None
        first = self._read(content)
        if first["delivery_id"] == delivery.delivery_id:
            return None
        return dt.datetime.fromisoformat(first["received_at"])

    def settle_version(self, delivery_id: DeliveryId, version: str) -> None:
        """Set the version; the same file gives the same one on every retry."""
        self._set(delivery_id, {"dataset_version": version})

    def sha256(self, delivery_id: DeliveryId) -> str | None:
        """Read the hash of the content."""
        return self._item(delivery_id).get("sha256")

    def mailed(self, delivery_id: DeliveryId) -> bool:
        """Read whether the mail went out."""
        return "mailed" in self._item(delivery_id)

    def mark_mailed(self, delivery_id: DeliveryId) -> None:
        """Note that the mail went out."""
        self._set(delivery_id, {"mailed": "ja"})

    def record_stray(self, key: str, reason: str, seen_at: dt.datetime) -> None:
        """Put the stray object; the same object again is the same item."""
        mark = hashlib.sha256(key.encode()).hexdigest()[:16]
        expires = int((seen_at + dt.timedelta(days=_STRAY_DAYS)).timestamp())
        facts = {"object_key": key, "reason": reason}
        item = _key("STRAY", f"{seen_at.isoformat()}#{mark}") | _text(facts)
        with passing_faults():
            client("dynamodb").put_item(
                TableName=self.table, Item=item | {"expires": {"N": str(expires)}}
            )

    def _item(self, delivery_id: DeliveryId) -> dict[str, str]:
        item = self._read(_delivery_key(delivery_id))
        if not item:
            raise LookupError(f"delivery {delivery_id} was never claimed")
        return item

    def _read(self, key: dict[str, Any]) -> dict[str, str]:
        with passing_faults():
            answer = client("dynamodb").get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return _texts(answer.get("Item", {}))

    def _put_once(self, key: dict[str, Any], facts: Mapping[str, str | None]) -> bool:
        try:
            with passing_faults():
                client("dynamodb").put_item(
                    TableName=self.table,
                    Item=key | _text(facts),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _set(
        self,
        delivery_id: DeliveryId,
        facts: Mapping[str, str],
        *,
        condition: str = "",
        compared: Mapping[str, str] | None = None,
    ) -> dict[str, str] | None:
        """Give the delivery as it is with these facts, None when the condition did not hold."""
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in facts)
        conditions = " AND ".join(filter(None, ("attribute_exists(pk)", condition)))
        # Every name has an alias, for DynamoDB reserves many ("new", "status").
        aliases = set(_ALIAS.findall(f"{expression} {conditions}"))
        values = {f":{name}": value for name, value in facts.items()}
        try:
            with passing_faults():
                answer = client("dynamodb").update_item(
                    TableName=self.table,
                    Key=_delivery_key(delivery_id),
                    UpdateExpression=expression,
                    ConditionExpression=conditions,
                    ExpressionAttributeNames={f"#{name}": name for name in aliases},
                    ExpressionAttributeValues=_text({**values, **(compared or {})}),
                    ReturnValues="ALL_NEW",
                )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return None
            raise
        return _texts(answer["Attributes"])


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _delivery_key(delivery_id: DeliveryId) -> dict[str, Any]:
    return _key(f"DELIVERY#{delivery_id}", "DELIVERY")


def _delivery(delivery_id: DeliveryId, item: Mapping[str, str]) -> Delivery:
    return Delivery(
        delivery_id=delivery_id,
        centre=Centre(item["centre"]),
        dataset=item["dataset"],
        dataset_version=item.get("dataset_version"),
        kind=Kind(item["kind"]),
        file_name=item["file_name"],
        source=Source(item["bucket"], item["object_key"], item["etag"], int(item["size"])),
        received_at=dt.datetime.fromisoformat(item["received_at"]),
    )


def _ending(item: Mapping[str, str]) -> Ending:
    return Ending(
        Status(item["status"]),
        Counts(**{part.name: int(item[part.name]) for part in fields(Counts)}),
        dt.datetime.fromisoformat(item["finished_at"]),
    )


def _texts(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: value["S"] for name, value in item.items() if "S" in value}


def _text(facts: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: {"S": value} for name, value in facts.items() if value is not None}
