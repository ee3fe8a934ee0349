"""DynamoDB: the registered procedures and implants.

Items: `RECORD#<centre>#<interv_nr>` (the record as it is now) and `IMPLANT#<gtin>#<serial>` (who
carries it). What refuses a record is read by primary key, consistently; nothing reads an index.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from databroker.adapters.aws import client, code_of, passing_faults
from databroker.delivery import Centre, Delivery, DeliveryId
from databroker.ports import Implant, Registered, TemporaryFailureError
from databroker.privacy.pseudonyms import refuse_temporary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from databroker.ports import Write

Action = dict[str, Any]
_KEYS_PER_REQUEST = 100
_ACTIONS_PER_TRANSACTION = 100
_THROTTLED = {"ThrottlingError", "ProvisionedThroughputExceeded"}
_TRIES = 8
_FIRST_WAIT = 0.05
"""Seconds before asking again for what DynamoDB did not get to; each next wait is twice as long."""


@dataclass(frozen=True, slots=True)
class DynamoRegistry:
    """The registry in one DynamoDB table (keys `pk`, `sk`)."""

    table: str

    def look_up(self, centre: Centre, interv_nrs: Iterable[str]) -> dict[str, Registered]:
        """Read records by key, one request for each hundred."""
        keys = [_record_key(centre, number) for number in dict.fromkeys(interv_nrs)]
        return {found.interv_nr: found for found in map(_registered, self._read(keys))}

    def look_up_implants(
        self, implants: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Implant]:
        """Read implants by key, one request for each hundred."""
        keys = [_implant_key(*implant) for implant in dict.fromkeys(implants)]
        found = map(_implant, self._read(keys))
        return {(implant.gtin, implant.serial): implant for implant in found}

    def register(self, delivery: Delivery, writes: Sequence[Write]) -> list[bool]:
        """Write as many records in one transaction as fit; when it is cancelled, one by one.

        Each action is on condition of what was seen, so together or alone comes to the same.
        """
        refuse_temporary(value for write in writes for value in write.fields.values())
        won: list[bool] = []
        for pack in _packs([(write, self._actions(delivery, write)) for write in writes]):
            together = [action for _, actions in pack for action in actions]
            if len(pack) > 1 and self._transact(together):
                won += [True] * len(pack)
            else:
                won += [
                    self._transact(actions) or self._is_ours(delivery, write)
                    for write, actions in pack
                ]
        return won

    def _transact(self, actions: list[Action]) -> bool:
        """Do all actions or none; tell which of the two."""
        try:
            with passing_faults():
                client("dynamodb").transact_write_items(TransactItems=actions)
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            reasons = {why.get("Code") for why in error.response.get("CancellationReasons", [])}
            if throttled := reasons & _THROTTLED:
                raise TemporaryFailureError(*throttled) from error
            if not reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                raise
            return False
        return True

    def _actions(self, delivery: Delivery, write: Write) -> list[Action]:
        return [self._record(delivery, write), *self._implants(delivery, write)]

    def _is_ours(self, delivery: Delivery, write: Write) -> bool:
        """Tell whether an earlier try of this delivery did the write already."""
        standing = self.look_up(delivery.centre, [write.interv_nr]).get(write.interv_nr)
        return (
            standing is not None
            and standing.delivery_id == delivery.delivery_id
            and standing.version == write.seen_version + 1
        )

    def _record(self, delivery: Delivery, write: Write) -> Action:
        put: dict[str, Any] = {
            "TableName": self.table,
            "Item": _record_key(delivery.centre, write.interv_nr)
            | {
                "interv_nr": {"S": write.interv_nr},
                "version": {"N": str(write.seen_version + 1)},
                "delivery_id": {"S": delivery.delivery_id},
                "delivered_at": {"S": delivery.received_at.isoformat()},
                "fields": {"M": {name: {"S": value} for name, value in write.fields.items()}},
            },
        }
        if write.seen_version == 0:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "version = :seen"
            put["ExpressionAttributeValues"] = {":seen": {"N": str(write.seen_version)}}
        return {"Put": put}

    def _implants(self, delivery: Delivery, write: Write) -> Iterator[Action]:
        ours = {":centre": {"S": delivery.centre}, ":nr": {"S": write.interv_nr}}
        by_us = {":by": {"S": f"{delivery.centre}#{write.interv_nr}"}}
        for implant in write.placed:
            yield self._update(
                implant,
                "SET centre = :centre, interv_nr = :nr REMOVE removed_by",
                "attribute_not_exists(pk) OR attribute_exists(removed_by)"
                " OR (centre = :centre AND interv_nr = :nr)",
                ours,
            )
        for implant in write.removed:
            yield self._update(implant, "SET removed_by = :by", "attribute_exists(pk)", by_us)
        for implant in write.given_back:
            yield self._update(implant, "REMOVE removed_by", "removed_by = :by", by_us)
        for implant in write.let_go:
            yield self._update(
                implant,
                "SET removed_by = :by",
                "centre = :centre AND interv_nr = :nr",
                ours | by_us,
            )

    def _update(
        self,
        implant: tuple[str, str],
        expression: str,
        condition: str,
        values: dict[str, Any],
    ) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": _implant_key(*implant),
                "UpdateExpression": expression,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }

    def _read(self, keys: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(keys), _KEYS_PER_REQUEST):
            yield from self._read_all(list(keys[start : start + _KEYS_PER_REQUEST]))

    def _read_all(self, wanted: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_FIRST_WAIT * 2 ** (attempt - 1))
            with passing_faults():
                answer = client("dynamodb").batch_get_item(
                    RequestItems={self.table: {"Keys": wanted, "ConsistentRead": True}}
                )
            yield from answer["Responses"].get(self.table, [])
            wanted = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            if not wanted:
                return
        raise TemporaryFailureError("UnprocessedKeys")


def _packs(
    writes: list[tuple[Write, list[Action]]],
) -> Iterator[list[tuple[Write, list[Action]]]]:
    """Fill transactions in order; two actions on one item cannot be in the same."""
    pack: list[tuple[Write, list[Action]]] = []
    touched: set[str] = set()
    for write, actions in writes:
        keys = {_key_of(action) for action in actions}
        if touched & keys or len(touched) + len(keys) > _ACTIONS_PER_TRANSACTION:
            yield pack
            pack, touched = [], set()
        pack.append((write, actions))
        touched |= keys
    if pack:
        yield pack


def _key_of(action: Action) -> str:
    ((_, details),) = action.items()
    place = details["Item"] if "Item" in details else details["Key"]
    key: str = place["pk"]["S"]
    return key


def _record_key(centre: str, interv_nr: str) -> dict[str, Any]:
    return {"pk": {"S": f"RECORD#{centre}#{interv_nr}"}, "sk": {"S": "NOW"}}


def _implant_key(gtin: str, serial: str) -> dict[str, Any]:
    return {"pk": {"S": f"IMPLANT#{gtin}#{serial}"}, "sk": {"S": "NOW"}}


def _registered(item: dict[str, Any]) -> Registered:
    return Registered(
        interv_nr=item["interv_nr"]["S"],
        version=int(item["version"]["N"]),
        delivery_id=DeliveryId(item["delivery_id"]["S"]),
        delivered_at=dt.datetime.fromisoformat(item["delivered_at"]["S"]),
        fields={name: value["S"] for name, value in item["fields"]["M"].items()},
    )


def _implant(item: dict[str, Any]) -> Implant:
    _, gtin, serial = item["pk"]["S"].split("#", 2)
    removed_by = item.get("removed_by")
    return Implant(
        gtin=gtin,
        serial=serial,
        centre=Centre(item["centre"]["S"]),
        interv_nr=item["interv_nr"]["S"],
        removed_by=removed_by["S"] if removed_by else None,
    )
