"""Who may do what: every role against everything worth reaching.

`PROBES` is what somebody could try; `GRANTS` is what each role may do of it, and nothing else.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.architecture.iam import allows, effects, many, statements
from tests.architecture.system import ACCOUNT, REGION, functions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.system import Stack, System

_OBJECTS = {
    "InboxBucket": "epd/MCX/pmicd-interventie/productie/januari.csv",
    "IntakeWorkbenchBucket": "tables/MCX-1/ruw.arrow",
    "WorkbenchBucket": "deliveries/MCX-1/tables/schoon.arrow",
    "OutboxBucket": "outbox/MCX/januari.csv/MCX-1/verwerkt.json",
    "LakeBucket": "registry/pmicd-interventie/deel.parquet",
}
_S3 = {"read": "GetObject", "write": "PutObject", "delete": "DeleteObject"}
_TABLE = {
    "read": "GetItem",
    "put": "PutItem",
    "update": "UpdateItem",
    "check": "ConditionCheckItem",
    "read many": "BatchGetItem",
    "delete": "DeleteItem",
    "write many": "BatchWriteItem",
    "query": "Query",
    "scan": "Scan",
}
_KEY = {
    "decrypt": "Decrypt",
    "encrypt": "GenerateDataKey",
    "seal with": "Encrypt",
    "grant": "CreateGrant",
}
_QUEUE = {"receive": "ReceiveMessage", "send": "SendMessage", "purge": "PurgeQueue"}

Probe = tuple[str, str, dict[str, str]]


def probes(stack: Stack) -> dict[str, Probe]:
    """Everything worth trying, by a name that a person can read."""
    found = _bucket_probes(stack) | _service_probes(stack)
    for verbs, service, names in (
        (_TABLE, "dynamodb", ("LedgerTable", "RegistryTable")),
        (_KEY, "kms", ("IntakeKey", "RegistryKey")),
        (_QUEUE, "sqs", ("InboxQueue", "InboxDeadLetterQueue", "CloseDeadLetterQueue")),
    ):
        for name in names:
            for verb, action in verbs.items():
                found[f"{verb} {name}"] = (f"{service}:{action}", stack.arn(name), {})
    for name, _ in functions(stack):
        found[f"call {name}"] = ("lambda:InvokeFunction", stack.arn(f"{name}Function"), {})
        found[f"log {name}"] = ("logs:PutLogEvents", stack.arn(f"{name}LogGroup"), {})
    return found


def _bucket_probes(stack: Stack) -> dict[str, Probe]:
    found: dict[str, Probe] = {}
    for bucket, key in _OBJECTS.items():
        arn = stack.arn(bucket)
        for verb, action in _S3.items():
            found[f"{verb} {bucket}"] = (f"s3:{action}", f"{arn}/{key}", {})
            found[f"{verb} elsewhere in {bucket}"] = (f"s3:{action}", f"{arn}/ergens/anders", {})
        prefix = key.partition("/")[0] + "/"
        found[f"list {bucket}"] = ("s3:ListBucket", arn, {"s3:prefix": prefix})
        found[f"list all of {bucket}"] = ("s3:ListBucket", arn, {})
        found[f"open up {bucket}"] = ("s3:PutBucketPolicy", arn, {})
    paper = f"{stack.arn('WorkbenchBucket')}/deliveries/MCX-1/papers/privacy.json"
    found["read papers"] = ("s3:GetObject", paper, {})
    found["write papers"] = ("s3:PutObject", paper, {})
    return found


def _service_probes(stack: Stack) -> dict[str, Probe]:
    machine = stack.arn("DeliveryStateMachine")
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:databroker/dev/zorgttp"
    parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
    identity = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity"
    return {
        "start a delivery": ("states:StartExecution", machine, {}),
        "stop a delivery": ("states:StopExecution", machine, {}),
        "account of a hospital": (
            "secretsmanager:GetSecretValue",
            f"{secret}/centra/MCX-abcdef",
            {},
        ),
        "account of the registry": (
            "secretsmanager:GetSecretValue",
            f"{secret}/registratie-abcdef",
            {},
        ),
        "change an account": ("secretsmanager:PutSecretValue", f"{secret}/centra/MCX-abcdef", {}),
        "find a centre": ("ssm:GetParameter", f"{parameter}/databroker/dev/centra/MCX", {}),
        "read another parameter": ("ssm:GetParameter", f"{parameter}/elders", {}),
        "change a centre": ("ssm:PutParameter", f"{parameter}/databroker/dev/centra/MCX", {}),
        "mail": ("ses:SendEmail", f"{identity}/databroker.example", {}),
        "mail as another": ("ses:SendEmail", f"{identity}/elders.example", {}),
        "trace": ("xray:PutTraceSegments", "*", {}),
        "become another role": ("sts:AssumeRole", stack.arn("IngestRole"), {}),
        "pass a role": ("iam:PassRole", stack.arn("IngestRole"), {}),
    }


_EVERY = {
    "trace",
    "read LedgerTable",
    "update LedgerTable",
    "decrypt RegistryKey",
    "encrypt RegistryKey",
}
_CLEAN_UP = {
    "list InboxBucket",
    "delete InboxBucket",
    "list IntakeWorkbenchBucket",
    "delete IntakeWorkbenchBucket",
}
_TELL = {"write OutboxBucket", "mail", "find a centre"}
_READ = {"read WorkbenchBucket", "read papers"}
_WRITE = {"write WorkbenchBucket", "write papers"}
_MISS = {"list WorkbenchBucket", "list all of WorkbenchBucket"}
"""Without it S3 calls a missing paper a forbidden one."""

GRANTS: dict[str, set[str]] = {
    "AdmitDelivery": {
        "put LedgerTable",
        "receive InboxQueue",
        "write OutboxBucket",
        "start a delivery",
    },
    "CheckStructure": {
        "put LedgerTable",
        "read InboxBucket",
        "list InboxBucket",
        "list all of InboxBucket",
        "write IntakeWorkbenchBucket",
        "decrypt IntakeKey",
        "encrypt IntakeKey",
        "write papers",
        "find a centre",
    },
    "LogInAtZorgttp": {
        "put LedgerTable",
        "write IntakeWorkbenchBucket",
        "encrypt IntakeKey",
        "seal with IntakeKey",
    },
    "Pseudonymise": {
        "read IntakeWorkbenchBucket",
        "write IntakeWorkbenchBucket",
        "list IntakeWorkbenchBucket",
        "decrypt IntakeKey",
        "encrypt IntakeKey",
        *_WRITE,
        "account of a hospital",
    },
    "Anonymise": {"read IntakeWorkbenchBucket", "decrypt IntakeKey", *_WRITE},
    "DisposeSource": _CLEAN_UP,
    "ExchangePseudonyms": {*_READ, *_WRITE, "account of the registry"},
    "Validate": {*_READ, *_WRITE, *_MISS},
    "FindConflicts": {*_READ, *_WRITE, *_MISS, "read many RegistryTable"},
    "Ingest": {
        *_READ,
        *_WRITE,
        "read many RegistryTable",
        "put RegistryTable",
        "update RegistryTable",
    },
    "WriteReport": {*_READ, *_MISS, "write OutboxBucket"},
    "Notify": {"mail", "find a centre"},
    "FailDelivery": _CLEAN_UP | _TELL,
    "CloseDelivery": _CLEAN_UP | _TELL | {"send CloseDeadLetterQueue"},
}
"""What a role may do besides what every function may: its ledger, its log, its key, its traces."""

EPD_MAY = {"write InboxBucket", "read OutboxBucket", "list OutboxBucket"}

_ANYTHING = {
    "TracingPolicy": "X-Ray knows no resources",
    "DeliveryStateMachineRole": "log deliveries have no ARN of their own",
}
"""The policies that may say Resource "*", each with its reason."""


def a_role_may_do_what_its_step_needs_and_nothing_else(system: System) -> Iterator[str]:
    stack = system.stack
    tried = probes(stack)
    for name, _ in functions(stack):
        may = {what for what, probe in tried.items() if allows(stack, f"{name}Role", *probe)}
        for what in sorted(may ^ (GRANTS[name] | _EVERY | {f"log {name}"})):
            yield f"{name} {'may' if what in may else 'cannot'} {what}"


def the_state_machine_may_call_its_own_functions_and_nothing_else(system: System) -> Iterator[str]:
    stack = system.stack
    used = {state["Resource"] for state in system.machine["States"].values() if "Resource" in state}
    needed = {f"call {name}" for name, _ in functions(stack) if f"${{{name}FunctionArn}}" in used}
    may = {
        what
        for what, probe in probes(stack).items()
        if allows(stack, "DeliveryStateMachineRole", *probe)
    }
    yield from sorted(may ^ (needed | {"trace"}))


def nothing_is_allowed_that_a_deny_takes_back(system: System) -> Iterator[str]:
    """Two locks on the zone border: either one must hold without the other."""
    for name in [*GRANTS, "DeliveryStateMachine"]:
        for what, probe in probes(system.stack).items():
            if effects(system.stack, f"{name}Role", *probe) == {"Allow", "Deny"}:
                yield f"{name} is allowed and denied: {what}"


def a_registry_role_is_denied_the_intake_zone_whatever_else_it_is_allowed(
    system: System,
) -> Iterator[str]:
    stack = deepcopy(system.stack)
    intake = {"CheckStructure", "LogInAtZorgttp", "Pseudonymise", "Anonymise", "DisposeSource"}
    wide = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    for name in [*GRANTS, "DeliveryStateMachine"]:
        if name in intake:
            continue
        role = f"{name}Role"
        policies = stack.properties(role).setdefault("Policies", [])
        policies.append({"PolicyDocument": {"Statement": [wide]}})
        for what, probe in probes(stack).items():
            raw = what.endswith(("InboxBucket", "IntakeWorkbenchBucket", "IntakeKey"))
            meant = what.replace("elsewhere in ", "").replace("all of ", "")
            if raw and meant not in GRANTS.get(name, set()) and allows(stack, role, *probe):
                yield f"one Allow too many, and {name} may {what}"


def no_role_is_given_a_wildcard(system: System) -> Iterator[str]:
    stack = system.stack
    roles = [*stack.of_type("AWS::IAM::Role"), *stack.of_type("AWS::IAM::ManagedPolicy")]
    for role in roles:
        for statement in _own_statements(stack, role):
            if statement["Effect"] == "Deny":
                continue
            if "NotAction" in statement or "NotResource" in statement:
                yield f"{role} allows by exception: {statement}"
            for action in many(statement.get("Action", [])):
                if "*" in action:
                    yield f"{role} allows {action}"
            if "*" in many(statement["Resource"]) and role not in _ANYTHING:
                yield f"{role} allows {statement['Action']} on everything"


def _own_statements(stack: Stack, name: str) -> list[dict[str, Any]]:
    properties = stack.properties(name)
    if "PolicyDocument" in properties:
        found: list[dict[str, Any]] = properties["PolicyDocument"]["Statement"]
        return found
    inline = stack.properties(name).get("Policies", [])
    return [statement for policy in inline for statement in policy["PolicyDocument"]["Statement"]]


def every_function_has_a_role_of_its_own(system: System) -> Iterator[str]:
    stack = system.stack
    for name, properties in functions(stack):
        if properties["Role"] != stack.arn(f"{name}Role"):
            yield f"{name} works as {properties['Role']}"
    for role, properties in stack.of_type("AWS::IAM::Role").items():
        service = "states" if role == "DeliveryStateMachineRole" else "lambda"
        trust = properties["AssumeRolePolicyDocument"]["Statement"]
        if [statement["Principal"] for statement in trust] != [
            {"Service": f"{service}.amazonaws.com"}
        ]:
            yield f"{role} trusts {trust}"


def an_epd_delivers_for_its_own_hospital_and_nothing_else(system: System) -> Iterator[str]:
    stack, centre = system.stack, system.centre_stack
    for what, (action, resource, context) in probes(stack).items():
        for hospital, expected in (("MCX", what in EPD_MAY), ("MCY", False)):
            theirs = resource.replace("/MCX/", f"/{hospital}/")
            seen = context
            if "s3:prefix" in context:
                seen = {"s3:prefix": f"{context['s3:prefix']}{hospital}/"}
            elif hospital == "MCY" and theirs == resource:
                continue
            if allows(centre, "EpdRole", action, theirs, seen) != expected:
                yield f"the EPD of MCX {'cannot' if expected else 'may'} {what} of {hospital}"


def an_epd_uses_a_key_through_s3_and_its_own_buckets_only(system: System) -> Iterator[str]:
    stack, centre = system.stack, system.centre_stack
    expected = {
        ("kms:GenerateDataKey", "IntakeKey", "InboxBucket"),
        ("kms:Decrypt", "IntakeKey", "InboxBucket"),
        ("kms:Decrypt", "RegistryKey", "OutboxBucket"),
    }
    for action in ("kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"):
        for key in ("IntakeKey", "RegistryKey"):
            for bucket in _OBJECTS:
                for service in ("s3", "dynamodb"):
                    context = {
                        "kms:ViaService": f"{service}.{REGION}.amazonaws.com",
                        "kms:EncryptionContext:aws:s3:arn": stack.arn(bucket),
                    }
                    may = allows(centre, "EpdRole", action, stack.arn(key), context)
                    if may != ((action, key, bucket) in expected and service == "s3"):
                        yield f"EPD: {action} with {key} for {bucket} by {service}: {may}"


def an_epd_role_trusts_one_account_with_its_external_id(system: System) -> Iterator[str]:
    trust = system.centre_stack.properties("EpdRole")["AssumeRolePolicyDocument"]["Statement"]
    expected = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "mcx-external-id"}},
        }
    ]
    if trust != expected:
        yield str(trust)
    if list(statements(system.centre_stack, "EpdRole")) == []:
        yield "the EPD role carries nothing"


INVARIANTS = (
    a_role_may_do_what_its_step_needs_and_nothing_else,
    the_state_machine_may_call_its_own_functions_and_nothing_else,
    nothing_is_allowed_that_a_deny_takes_back,
    a_registry_role_is_denied_the_intake_zone_whatever_else_it_is_allowed,
    no_role_is_given_a_wildcard,
    every_function_has_a_role_of_its_own,
    an_epd_delivers_for_its_own_hospital_and_nothing_else,
    an_epd_uses_a_key_through_s3_and_its_own_buckets_only,
    an_epd_role_trusts_one_account_with_its_external_id,
)
