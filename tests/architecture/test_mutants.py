"""The invariants are worth something: every seeded regression breaks at least one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.architecture.system import MACHINE, the_system
from tests.architecture.test_template import INVARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.architecture.system import System

    Mutation = Callable[[System], None]


def follow(node: Any, path: str) -> tuple[Any, Any]:
    """Walk a dotted path; give the last container and the key in it."""
    *way, last = path.split("/")
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node, int(last) if isinstance(node, list) else last


def put(resource: str, path: str, value: Any) -> Mutation:
    def mutate(system: System) -> None:
        container, key = follow(system.template["Resources"][resource]["Properties"], path)
        container[key] = value

    return mutate


def drop(resource: str, path: str) -> Mutation:
    def mutate(system: System) -> None:
        container, key = follow(system.template["Resources"][resource]["Properties"], path)
        del container[key]

    return mutate


def remove(resource: str) -> Mutation:
    return lambda system: system.template["Resources"].pop(resource)


def remove_keeping(resource: str) -> Mutation:
    return lambda system: system.template["Resources"][resource].pop("DeletionPolicy")


def grant(role: str, action: str, resource: Any) -> Mutation:
    def mutate(system: System) -> None:
        statement = {"Sid": "New", "Effect": "Allow", "Action": action, "Resource": resource}
        policies = system.template["Resources"][role]["Properties"]["Policies"]
        policies[0]["PolicyDocument"]["Statement"].append(statement)

    return mutate


def revoke(role: str, sid: str) -> Mutation:
    def mutate(system: System) -> None:
        policy = system.template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]
        kept = [statement for statement in policy["Statement"] if statement["Sid"] != sid]
        assert len(kept) < len(policy["Statement"])
        policy["Statement"] = kept

    return mutate


def unless_tls(resource: str) -> Mutation:
    def mutate(system: System) -> None:
        document = system.template["Resources"][resource]["Properties"]["PolicyDocument"]
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != "TlsOnly"]

    return mutate


def state(name: str, path: str, value: Any) -> Mutation:
    def mutate(system: System) -> None:
        container, key = follow(system.machine["States"][name], path)
        container[key] = value

    return mutate


def less(name: str, field: str) -> Mutation:
    return lambda system: system.machine["States"][name].pop(field)


def centre(path: str, value: Any) -> Mutation:
    def mutate(system: System) -> None:
        container, key = follow(system.centre["Resources"], path)
        container[key] = value

    return mutate


def arn(resource: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def inside(bucket: str) -> dict[str, Any]:
    return {"Fn::Sub": f"${{{bucket}.Arn}}/*"}


_ENCRYPTION = "BucketEncryption/ServerSideEncryptionConfiguration/0"
_TRUST = "EpdRole/Properties/AssumeRolePolicyDocument/Statement/0"
_EPD = "EpdRole/Properties/Policies/0/PolicyDocument/Statement"

MUTANTS: dict[str, Mutation] = {
    # storage
    "inbox public": put("InboxBucket", "PublicAccessBlockConfiguration/BlockPublicPolicy", False),
    "outbox without public access block": drop("OutboxBucket", "PublicAccessBlockConfiguration"),
    "lake with object ACLs": drop("LakeBucket", "OwnershipControls"),
    "inbox without encryption": drop("InboxBucket", "BucketEncryption"),
    "workbench on the intake key": put(
        "WorkbenchBucket",
        f"{_ENCRYPTION}/ServerSideEncryptionByDefault/KMSMasterKeyID",
        arn("IntakeKey"),
    ),
    "outbox on the key of S3": put(
        "OutboxBucket", f"{_ENCRYPTION}/ServerSideEncryptionByDefault/SSEAlgorithm", "AES256"
    ),
    "inbox over plain http": unless_tls("InboxBucketPolicy"),
    "lake over plain http": remove("LakeBucketPolicy"),
    "queue over plain http": unless_tls("InboxQueuePolicy"),
    "topic over plain http": unless_tls("AlarmTopicPolicy"),
    "any encryption in the inbox": drop("InboxBucketPolicy", "PolicyDocument/Statement/1"),
    "any key in the inbox": drop("InboxBucketPolicy", "PolicyDocument/Statement/2"),
    "inbox versioned": put("InboxBucket", "VersioningConfiguration", {"Status": "Enabled"}),
    "inbox kept for a month": put(
        "InboxBucket", "LifecycleConfiguration/Rules/0/ExpirationInDays", 30
    ),
    "lifecycle of raw tables off": put(
        "IntakeWorkbenchBucket", "LifecycleConfiguration/Rules/0/Status", "Disabled"
    ),
    "parts of uploads kept": drop(
        "OutboxBucket", "LifecycleConfiguration/Rules/0/AbortIncompleteMultipartUpload"
    ),
    "workbench kept for ever": drop(
        "WorkbenchBucket", "LifecycleConfiguration/Rules/0/ExpirationInDays"
    ),
    "lake keeps every old version": drop(
        "LakeBucket", "LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration"
    ),
    "lake without versions": drop("LakeBucket", "VersioningConfiguration"),
    "registry dies with the stack": remove_keeping("RegistryTable"),
    "key dies with the stack": remove_keeping("IntakeKey"),
    "registry without PITR": drop("RegistryTable", "PointInTimeRecoverySpecification"),
    "registry deletable": put("RegistryTable", "DeletionProtectionEnabled", False),
    "registry on the intake key": put(
        "RegistryTable", "SSESpecification/KMSMasterKeyId", arn("IntakeKey")
    ),
    "ledger on the key of DynamoDB": drop("LedgerTable", "SSESpecification"),
    "ledger never expires": drop("LedgerTable", "TimeToLiveSpecification"),
    "procedures expire": put(
        "RegistryTable", "TimeToLiveSpecification", {"AttributeName": "expires", "Enabled": True}
    ),
    "key never rotates": put("IntakeKey", "EnableKeyRotation", False),
    "key for everybody": put("IntakeKey", "KeyPolicy/Statement/0/Principal", "*"),
    "key for events of any account": drop("RegistryKey", "KeyPolicy/Statement/2/Condition"),
    "queue without key": drop("InboxQueue", "KmsMasterKeyId"),
    "topic without key": drop("AlarmTopic", "KmsMasterKeyId"),
    "log without key": drop("IngestLogGroup", "KmsKeyId"),
    "log for ever": drop("ValidateLogGroup", "RetentionInDays"),
    "password in the template": put("RegistryZorgTtpSecret", "SecretString", "geheim"),
    # who hears of it
    "inbox queue without dead letters": drop("InboxQueue", "RedrivePolicy"),
    "dead letters for a day": put("InboxDeadLetterQueue", "MessageRetentionPeriod", 86400),
    "nobody watches the dead letters": remove("CloseDeadLetterAlarm"),
    "alarm after a hundred": put("InboxDeadLetterAlarm", "Threshold", 100),
    "alarm wakes nobody": put("ExecutionsFailedAlarm", "AlarmActions", []),
    "stray objects unheard": remove("StrayObjectsAlarm"),
    "alarm on a metric nobody counts": put("StrayObjectsAlarm", "MetricName", "Strays"),
    "metric of another event": put(
        "FailedDeliveriesFilter", "FilterPattern", '{ $.event = "DB-998" }'
    ),
    "closed deliveries uncounted": remove("ClosedDeliveriesFilter"),
    "nobody listens": remove("AlarmSubscription"),
    "anybody sends to the queue": drop("InboxQueuePolicy", "PolicyDocument/Statement/1/Condition"),
    # access
    "validate reads the inbox": grant("ValidateRole", "s3:GetObject", inside("InboxBucket")),
    "pseudonymise reads the register": grant(
        "PseudonymiseRole", "dynamodb:GetItem", arn("RegistryTable")
    ),
    "check_structure writes the register": grant(
        "CheckStructureRole", "dynamodb:PutItem", arn("RegistryTable")
    ),
    "fail_delivery reads the file": grant(
        "FailDeliveryRole", "s3:GetObject", inside("InboxBucket")
    ),
    "fail_delivery may read anything": revoke("FailDeliveryRole", "FindsAndDeletesOnly"),
    "close_delivery may use the key": revoke("CloseDeliveryRole", "NoIntakeKey"),
    "ingest deletes": grant("IngestRole", "dynamodb:DeleteItem", arn("RegistryTable")),
    "ingest writes without conditions": grant(
        "IngestRole", "dynamodb:BatchWriteItem", arn("RegistryTable")
    ),
    "find_conflicts writes": grant(
        "FindConflictsRole", "dynamodb:UpdateItem", arn("RegistryTable")
    ),
    "exchange takes a hospital's account": grant(
        "ExchangePseudonymsRole", "secretsmanager:GetSecretValue", "*"
    ),
    "notify mails as anybody": grant("NotifyRole", "ses:SendEmail", "*"),
    "anonymise without its key": revoke("AnonymiseRole", "UseIntakeKey"),
    "dispose cannot see that it is gone": revoke("DisposeSourceRole", "SeeThatTheFileIsGone"),
    "wildcard action": grant("WriteReportRole", "s3:*", inside("OutboxBucket")),
    "wildcard resource": grant("AdmitDeliveryRole", "sqs:DeleteMessage", "*"),
    "border policy not attached": drop("ValidateRole", "ManagedPolicyArns/1"),
    "border policy without the key": drop("IntakeOutOfReachPolicy", "PolicyDocument/Statement/1"),
    "border policy allows": put(
        "IntakeOutOfReachPolicy", "PolicyDocument/Statement/0/Effect", "Allow"
    ),
    "border policy forgets raw tables": put(
        "IntakeOutOfReachPolicy", "PolicyDocument/Statement/0/Resource", [inside("InboxBucket")]
    ),
    "a shared role": put("ValidateFunction", "Role", arn("IngestRole")),
    "a role for everybody": put(
        "IngestRole", "AssumeRolePolicyDocument/Statement/0/Principal", {"AWS": "*"}
    ),
    "the machine calls anything": put(
        "DeliveryStateMachineRole", "Policies/0/PolicyDocument/Statement/0/Resource", "*"
    ),
    "EPD without external id": centre(f"{_TRUST}/Condition", {}),
    "EPD from any account": centre(f"{_TRUST}/Principal", {"AWS": "*"}),
    "EPD delivers for all": centre(
        f"{_EPD}/0/Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${InboxBucket}/epd/*"}
    ),
    "EPD prefix without slash": centre(
        f"{_EPD}/2/Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${OutboxBucket}/*"}
    ),
    "EPD reads the inbox": centre(f"{_EPD}/0/Action", ["s3:PutObject", "s3:GetObject"]),
    "EPD lists all answers": centre(f"{_EPD}/3/Condition", {}),
    "EPD uses the key for anything": centre(f"{_EPD}/1/Condition", {}),
    # events and functions
    "inbox tells nobody": drop("InboxBucket", "NotificationConfiguration"),
    "rule hears one prefix": put(
        "InboxRule", "EventPattern/detail/object", {"key": [{"prefix": "epd/"}]}
    ),
    "rule hears any account": drop("InboxRule", "EventPattern/account"),
    "rule switched off": put("CloseRule", "State", "DISABLED"),
    "rule drops events": drop("InboxRule", "Targets/0/DeadLetterConfig"),
    "aborted deliveries forgotten": put("CloseRule", "EventPattern/detail/status", ["FAILED"]),
    "close_delivery called by anybody": drop("CloseRulePermission", "SourceArn"),
    "close_delivery gives up": remove("CloseDeliveryFunctionEventInvokeConfig"),
    "whole batch fails": drop("AdmitDeliveryFunctionInbox", "FunctionResponseTypes"),
    "no limit on functions": drop("AdmitDeliveryFunctionInbox", "ScalingConfig"),
    "second reader too early": put("InboxQueue", "VisibilityTimeout", 30),
    "raw bucket in a registry function": put(
        "ValidateFunction", "Environment/Variables/INBOX_BUCKET", {"Ref": "InboxBucket"}
    ),
    "secret in a variable": put(
        "PseudonymiseFunction", "Environment/Variables/ZORGTTP_PASSWORD", "geheim"
    ),
    "workbench is the inbox": put(
        "ValidateFunction", "Environment/Variables/WORKBENCH_BUCKET", {"Ref": "InboxBucket"}
    ),
    "arrow forgotten": drop("ValidateFunction", "Layers/3"),
    "function without time": put("ValidateFunction", "Timeout", 900),
    "function on another machine": put("NotifyFunction", "Architectures", ["x86_64"]),
    "function untraced": drop("NotifyFunction", "TracingConfig"),
    "log of another function": put(
        "NotifyFunction", "LoggingConfig/LogGroup", {"Ref": "ValidateLogGroup"}
    ),
    # the journey
    "execution data logged": put(MACHINE, "LoggingConfiguration/IncludeExecutionData", True),
    "express, without history": put(MACHINE, "StateMachineType", "EXPRESS"),
    "substitutions swapped": put(
        MACHINE, "DefinitionSubstitutions/ValidateFunctionArn", arn("IngestFunction")
    ),
    "substitution forgotten": drop(MACHINE, "DefinitionSubstitutions/NotifyFunctionArn"),
    "state without time-out": less("Valideer", "TimeoutSeconds"),
    "machine without time-out": lambda system: system.machine.pop("TimeoutSeconds"),
    "state without comment": less("Lees in", "Comment"),
    "state without Catch": less("Haal pseudoniemen op", "Catch"),
    "catch only some": state("Lees in", "Catch/0/ErrorEquals", ["States.TaskFailed"]),
    "catch leads on": state("Lees in", "Catch/0/Next", "Maak uploadrapportage"),
    "fault overwrites the state": state("Lees in", "Catch/0/ResultPath", "$"),
    "everything tried again": state("Lees in", "Retry/1/ErrorEquals", ["States.ALL"]),
    "refused credentials tried again": state(
        "Versleutel met ZorgTTP", "Retry/2/ErrorEquals", ["CredentialsRefusedError"]
    ),
    "nothing tried again": less("Valideer", "Retry"),
    "tried for ever": state("Valideer", "Retry/1/MaxAttempts", 99999999),
    "answer replaces the state": less("Valideer", "ResultPath"),
    "choice without a way out": less("Iets goedgekeurd?", "Default"),
    "JSONata": state("Valideer", "QueryLanguage", "JSONata"),
    "a test goes to ZorgTTP": state("Productie of test?", "Default", "Versleutel met ZorgTTP"),
    "a test is ingested": state("Iets goedgekeurd?", "Default", "Vergelijk met database"),
    "the source outlives the privacy step": state("Anonimiseer voor test", "Next", "Valideer"),
    "a refused file is kept": state("Structuur in orde?", "Default", "Maak uploadrapportage"),
    "a refused file is read on": state("Versleuteld?", "Default", "Haal pseudoniemen op"),
    "a refused file is validated": state("Te valideren?", "Choices", []),
    "who waits does not come back": state("Wacht op ZorgTTP", "Next", "Verwijder bronbestand"),
    "a wait of another step": state("Wacht op ZorgTTP", "SecondsPath", "$.exchanged.wait_seconds"),
    "the machine is less patient": lambda system: system.machine.update(TimeoutSeconds=14400),
    "exchanged and never disposed": state("Niemand verwisseld?", "Default", "Te valideren?"),
    "a state nobody reaches": state("Maak uploadrapportage", "Next", "Klaar"),
    # the door, and what others rely on
    "self sign-up": put("UserPool", "AdminCreateUserConfig/AllowAdminCreateUserOnly", False),
    "user pool deletable": put("UserPool", "DeletionProtection", "INACTIVE"),
    "own hospital writable": put("UserPoolClient", "WriteAttributes", ["name", "custom:centre"]),
    "everything writable": drop("UserPoolClient", "WriteAttributes"),
    "login tells who exists": drop("UserPoolClient", "PreventUserExistenceErrors"),
    "password alone": put("UserPoolClient", "ExplicitAuthFlows/0", "ALLOW_USER_SRP_AUTH"),
    "token for a day": put("UserPoolClient", "AccessTokenValidity", 1440),
    "output forgotten": lambda system: system.template["Outputs"].pop("OutboxBucket"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_regression_is_seen(name):
    mutant = the_system().copy()

    MUTANTS[name](mutant)

    assert any(list(invariant(mutant)) for invariant in INVARIANTS)
