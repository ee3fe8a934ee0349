"""What is kept: where, under which key, for how long, and who hears when it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from databroker import events
from tests.architecture.iam import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.system import System

INTAKE = {"InboxBucket", "IntakeWorkbenchBucket"}
VERSIONED = {"LakeBucket"}
KEPT_WHEN_THE_STACK_GOES = {
    "IntakeKey",
    "RegistryKey",
    "OutboxBucket",
    "LakeBucket",
    "LedgerTable",
    "RegistryTable",
    "RegistryZorgTtpSecret",
    "MailIdentity",
    "UserPool",
}
FOREVER = {"LakeBucket": "the registry itself: analysts ask for every year there ever was"}
"""The buckets whose current objects never expire, each with its reason."""


def every_bucket_is_closed_to_the_public(system: System) -> Iterator[str]:
    closed = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    for name, bucket in system.stack.of_type("AWS::S3::Bucket").items():
        if bucket.get("PublicAccessBlockConfiguration") != closed:
            yield name
        if bucket.get("OwnershipControls") != {
            "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
        }:
            yield f"{name} knows object owners"


def every_bucket_uses_the_key_of_its_zone(system: System) -> Iterator[str]:
    stack = system.stack
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        key = "IntakeKey" if name in INTAKE else "RegistryKey"
        expected = {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": stack.arn(key),
            },
        }
        encryption = bucket.get("BucketEncryption", {})
        if encryption.get("ServerSideEncryptionConfiguration") != [expected]:
            yield name


def nothing_travels_without_tls(system: System) -> Iterator[str]:
    stack = system.stack
    guarded = {
        resource
        for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
        for policy in stack.of_type(kind).values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] in {"s3:*", "sqs:*", "sns:Publish"}
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for resource in many(statement["Resource"])
    }
    for name in stack.of_type("AWS::S3::Bucket"):
        if not {stack.arn(name), f"{stack.arn(name)}/*"} <= guarded:
            yield name
    for kind in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        yield from (name for name in stack.of_type(kind) if stack.arn(name) not in guarded)


def a_sender_cannot_choose_another_encryption_for_the_inbox(system: System) -> Iterator[str]:
    stack = system.stack
    policy = stack.properties("InboxBucketPolicy").get("PolicyDocument", {"Statement": []})
    denied = {
        (operator, key, value)
        for statement in policy["Statement"]
        if statement["Effect"] == "Deny" and statement["Action"] == "s3:PutObject"
        for operator, keys in statement["Condition"].items()
        for key, value in keys.items()
    }
    header = "s3:x-amz-server-side-encryption"
    for expected in (
        ("StringNotEquals", header, "aws:kms"),
        ("ArnNotEquals", f"{header}-aws-kms-key-id", stack.arn("IntakeKey")),
    ):
        if expected not in denied:
            yield str(expected)


def raw_data_is_gone_within_a_day(system: System) -> Iterator[str]:
    stack = system.stack
    for name in INTAKE:
        bucket = stack.properties(name)
        if "VersioningConfiguration" in bucket:
            yield f"{name} keeps versions of what was deleted"
        if not any(rule.get("ExpirationInDays") == 1 for rule in _lifecycle(bucket)):
            yield f"{name} keeps what nobody deleted"


def nothing_is_kept_without_an_end(system: System) -> Iterator[str]:
    stack = system.stack
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        rules = _lifecycle(bucket)
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield f"{name} keeps parts of uploads that never finished"
        if not any("ExpirationInDays" in rule for rule in rules) and name not in FOREVER:
            yield f"{name} keeps everything"
        versioned = bucket.get("VersioningConfiguration") == {"Status": "Enabled"}
        if versioned != (name in VERSIONED):
            yield f"{name} {'has' if versioned else 'lacks'} versions"
        if versioned and not any("NoncurrentVersionExpiration" in rule for rule in rules):
            yield f"{name} keeps every old version"
    for name, group in stack.of_type("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in group:
            yield f"{name} keeps every line"


def _lifecycle(bucket: dict[str, Any]) -> list[dict[str, Any]]:
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    return [rule for rule in rules if rule["Status"] == "Enabled"]


def what_cannot_be_made_again_outlives_the_stack(system: System) -> Iterator[str]:
    for name, resource in system.template["Resources"].items():
        kept = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
        if name in KEPT_WHEN_THE_STACK_GOES and kept != ("Retain", "Retain"):
            yield name


def every_table_can_be_restored_and_not_deleted(system: System) -> Iterator[str]:
    stack = system.stack
    for name, table in stack.of_type("AWS::DynamoDB::Table").items():
        expected: dict[str, Any] = {
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": stack.arn("RegistryKey"),
            },
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        }
        yield from (f"{name}: {prop}" for prop in expected if table.get(prop) != expected[prop])
    expiry = stack.properties("LedgerTable").get("TimeToLiveSpecification")
    if expiry != {"AttributeName": "expires", "Enabled": True}:
        yield "LedgerTable: entries never expire"
    if "TimeToLiveSpecification" in stack.properties("RegistryTable"):
        yield "RegistryTable: procedures expire"


def every_key_rotates_and_is_used_for_this_account_only(system: System) -> Iterator[str]:
    for name, key in system.stack.of_type("AWS::KMS::Key").items():
        if key.get("EnableKeyRotation") is not True:
            yield f"{name} never rotates"
        for statement in key["KeyPolicy"]["Statement"]:
            service = "Service" in statement["Principal"]
            if service and "Condition" not in statement:
                yield f"{name}: {statement['Sid']} for any account"
            if not service and statement["Principal"] != {"AWS": "arn:aws:iam::123456789012:root"}:
                yield f"{name}: {statement['Sid']} for {statement['Principal']}"


def queues_topics_logs_and_secrets_use_the_registry_key(system: System) -> Iterator[str]:
    stack = system.stack
    properties = {
        "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::SNS::Topic": "KmsMasterKeyId",
        "AWS::Logs::LogGroup": "KmsKeyId",
        "AWS::SecretsManager::Secret": "KmsKeyId",
    }
    for kind, prop in properties.items():
        for name, resource in stack.of_type(kind).items():
            if resource.get(prop) != stack.arn("RegistryKey"):
                yield name


def no_secret_stands_in_a_template(system: System) -> Iterator[str]:
    for stack in (system.stack, system.centre_stack):
        for name, secret in stack.of_type("AWS::SecretsManager::Secret").items():
            if "SecretString" in secret or "GenerateSecretString" not in secret:
                yield name


def a_message_that_cannot_be_handled_is_kept_and_heard_of(system: System) -> Iterator[str]:
    stack = system.stack
    inbox = stack.properties("InboxQueue")
    redrive = inbox.get("RedrivePolicy", {})
    if redrive.get("deadLetterTargetArn") != stack.arn("InboxDeadLetterQueue"):
        yield "InboxQueue gives up in silence"
    watched = {
        dimension["Value"]
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
        for dimension in alarm["Dimensions"]
    }
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        if name.endswith("DeadLetterQueue"):
            if name not in watched:
                yield f"nobody hears of {name}"
            if queue["MessageRetentionPeriod"] != 14 * 86400:
                yield f"{name} forgets before two weeks are over"


def only_its_rule_may_send_to_a_queue(system: System) -> Iterator[str]:
    stack = system.stack
    rules = {
        "InboxQueue": "InboxRule",
        "InboxDeadLetterQueue": "InboxRule",
        "CloseDeadLetterQueue": "CloseRule",
    }
    for policy in stack.of_type("AWS::SQS::QueuePolicy").values():
        (queue,) = policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]:
            source = {"ArnEquals": {"aws:SourceArn": stack.arn(rules[queue])}}
            if statement["Effect"] == "Allow" and (
                statement.get("Condition") != source
                or statement["Principal"] != {"Service": "events.amazonaws.com"}
                or statement["Action"] != "sqs:SendMessage"
            ):
                yield queue


def every_alarm_wakes_somebody(system: System) -> Iterator[str]:
    stack = system.stack
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        if alarm.get("AlarmActions") != [stack.arn("AlarmTopic")]:
            yield name
    watched = {alarm["MetricName"] for alarm in alarms.values()}
    yield from sorted(
        {
            "ApproximateNumberOfMessagesVisible",
            "ApproximateAgeOfOldestMessage",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "StrayObjects",
            "FailedDeliveries",
        }
        - watched
    )
    listeners = stack.of_type("AWS::SNS::Subscription").values()
    if stack.arn("AlarmTopic") not in {listener["TopicArn"] for listener in listeners}:
        yield "nobody listens to AlarmTopic"


def a_metric_counts_an_event_that_the_code_logs(system: System) -> Iterator[str]:
    stack = system.stack
    counted = {
        (
            found["LogGroupName"],
            found["FilterPattern"],
            count["MetricNamespace"],
            count["MetricName"],
        )
        for found in stack.of_type("AWS::Logs::MetricFilter").values()
        for count in found["MetricTransformations"]
    }
    watched = {
        (alarm["Namespace"], alarm["MetricName"])
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
        if not alarm["Namespace"].startswith("AWS/")
    }
    failed = f'{{ ($.event = "{events.FAILED.code}") && ($.closed IS TRUE) }}'
    watched_counts = {
        ("AdmitDeliveryLogGroup", _logged(events.STRAY), "StrayObjects"),
        ("FailDeliveryLogGroup", failed, "FailedDeliveries"),
        ("CloseDeliveryLogGroup", failed, "FailedDeliveries"),
        ("PseudonymiseLogGroup", _logged(events.ZORGTTP_AWAITED), "ZorgTtpAwaited"),
        ("ExchangePseudonymsLogGroup", _logged(events.ZORGTTP_AWAITED), "ZorgTtpAwaited"),
        ("ExchangePseudonymsLogGroup", _logged(events.MIXED_UP), "MixedUpBatches"),
    }
    figures = {
        ("PseudonymiseLogGroup", _logged(events.PSEUDONYMISED), f"ZorgTtp{name.capitalize()}")
        for name in ("persons", "pseudonyms", "errors", "speed")
        if name in events.PSEUDONYMISED.fields
    }
    expected = {(group, what, "Databroker/dev", name) for group, what, name in watched_counts}
    yield from (str(one) for one in watched ^ {one[2:] for one in expected})
    expected |= {(group, what, "Databroker/dev", name) for group, what, name in figures}
    yield from (str(one) for one in counted ^ expected)


def _logged(event: events.Event) -> str:
    return f'{{ $.event = "{event.code}" }}'


INVARIANTS = (
    every_bucket_is_closed_to_the_public,
    every_bucket_uses_the_key_of_its_zone,
    nothing_travels_without_tls,
    a_sender_cannot_choose_another_encryption_for_the_inbox,
    raw_data_is_gone_within_a_day,
    nothing_is_kept_without_an_end,
    what_cannot_be_made_again_outlives_the_stack,
    every_table_can_be_restored_and_not_deleted,
    every_key_rotates_and_is_used_for_this_account_only,
    queues_topics_logs_and_secrets_use_the_registry_key,
    no_secret_stands_in_a_template,
    a_message_that_cannot_be_handled_is_kept_and_heard_of,
    only_its_rule_may_send_to_a_queue,
    every_alarm_wakes_somebody,
    a_metric_counts_an_event_that_the_code_logs,
)
