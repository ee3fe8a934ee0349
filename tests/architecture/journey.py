"""How a delivery travels: events, functions, and the login that is to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.architecture.system import MACHINE, functions, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.system import System

_TELL = {"MAIL_FROM", "PAGE_URL", "CENTRES_PATH", "OPERATIONS_EMAIL"}
_END = {"INTAKE_WORKBENCH_BUCKET", "OUTBOX_BUCKET"} | _TELL
ENVIRONMENT: dict[str, set[str]] = {
    "AdmitDelivery": {"INBOX_BUCKET", "OUTBOX_BUCKET", "STATE_MACHINE_ARN"},
    "CheckStructure": {"INTAKE_WORKBENCH_BUCKET", "WORKBENCH_BUCKET", "CENTRES_PATH"},
    "LogInAtZorgttp": {"INTAKE_WORKBENCH_BUCKET", "INTAKE_KEY_ID", "ZORGTTP_URL"},
    "Pseudonymise": {
        "INTAKE_WORKBENCH_BUCKET",
        "WORKBENCH_BUCKET",
        "ZORGTTP_URL",
        "ZORGTTP_SECRET_PREFIX",
        "ZORGTTP_SENTINELS",
        "ZORGTTP_READ_BACK",
        "ZORGTTP_CALLS",
        "ZORGTTP_FIRST_WAIT",
    },
    "Anonymise": {"INTAKE_WORKBENCH_BUCKET", "WORKBENCH_BUCKET"},
    "DisposeSource": {"INTAKE_WORKBENCH_BUCKET"},
    "ExchangePseudonyms": {
        "WORKBENCH_BUCKET",
        "ZORGTTP_URL",
        "ZORGTTP_REGISTRY_SECRET",
        "ZORGTTP_REGISTRY",
        "ZORGTTP_READ_BACK",
        "ZORGTTP_CALLS",
        "ZORGTTP_FIRST_WAIT",
    },
    "Validate": {"WORKBENCH_BUCKET"},
    "FindConflicts": {"WORKBENCH_BUCKET", "REGISTRY_TABLE"},
    "Ingest": {"WORKBENCH_BUCKET", "REGISTRY_TABLE"},
    "WriteReport": {"WORKBENCH_BUCKET", "OUTBOX_BUCKET"},
    "Notify": _TELL,
    "FailDelivery": _END,
    "CloseDelivery": _END,
}
"""What the settings of each function name, besides what all have."""

ALL_HAVE = {"LEDGER_TABLE", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}
_SMALL_LAYERS = {"DatabrokerLayer", "DatasetsLayer", "DependenciesLayer"}
_CARRY_TABLES = {
    "CheckStructure",
    "Pseudonymise",
    "Anonymise",
    "ExchangePseudonyms",
    "Validate",
    "FindConflicts",
    "WriteReport",
}


OUTPUTS = {
    "InboxBucket", "WorkbenchBucket", "OutboxBucket", "LakeBucket", "LedgerTable", "RegistryTable",
    "DeliveryStateMachineArn", "UserPoolId", "UserPoolClientId",
}  # fmt: skip


# --- events ----------------------------------------------------------------------------------------
def every_object_in_the_inbox_is_seen(system: System) -> Iterator[str]:
    stack = system.stack
    notified = stack.properties("InboxBucket").get("NotificationConfiguration")
    if notified != {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}:
        yield "the inbox tells nobody"
    pattern = {
        "source": ["aws.s3"],
        "account": ["123456789012"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["InboxBucket"]}},
    }
    yield from _rule(system, "InboxRule", pattern, "InboxQueue", "InboxDeadLetterQueue")


def an_execution_that_ends_badly_is_closed(system: System) -> Iterator[str]:
    stack = system.stack
    pattern = {
        "source": ["aws.states"],
        "account": ["123456789012"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [stack.arn(MACHINE)],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }
    yield from _rule(system, "CloseRule", pattern, "CloseDeliveryFunction", "CloseDeadLetterQueue")
    permission = stack.properties("CloseRulePermission")
    if permission.get("SourceArn") != stack.arn("CloseRule"):
        yield "any rule may call CloseDelivery"
    asynchronous = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    failures = [invoke.get("DestinationConfig", {}).get("OnFailure") for invoke in asynchronous]
    if failures != [{"Destination": stack.arn("CloseDeadLetterQueue")}]:
        yield "CloseDelivery gives up in silence"


def _rule(
    system: System, name: str, pattern: dict[str, Any], target: str, dead_letters: str
) -> Iterator[str]:
    stack = system.stack
    rule = stack.properties(name)
    if rule.get("EventPattern") != pattern or rule.get("State", "ENABLED") != "ENABLED":
        yield f"{name} listens for {rule.get('EventPattern')}"
    if [found["Arn"] for found in rule.get("Targets", [])] != [stack.arn(target)]:
        yield f"{name} does not lead to {target}"
    for found in rule.get("Targets", []):
        if found.get("DeadLetterConfig") != {"Arn": stack.arn(dead_letters)}:
            yield f"{name} drops what it cannot deliver"


def a_batch_of_events_fails_one_by_one(system: System) -> Iterator[str]:
    stack = system.stack
    mappings = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    for mapping in mappings:
        if mapping["EventSourceArn"] != stack.arn("InboxQueue"):
            yield f"reads {mapping['EventSourceArn']}"
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield "one bad event sends back the whole batch"
        if "MaximumConcurrency" not in mapping.get("ScalingConfig", {}):
            yield "a thousand files start a thousand functions"
    if len(mappings) != 1:
        yield "the queue has one reader"
    patience = stack.properties("InboxQueue").get("VisibilityTimeout", 30)
    if patience < 6 * stack.properties("AdmitDeliveryFunction")["Timeout"]:
        yield "a second reader starts before the first gave up"


# --- functions -------------------------------------------------------------------------------------
def a_function_gets_the_names_its_settings_ask_for(system: System) -> Iterator[str]:
    for name, function in functions(system.stack):
        given = set(function["Environment"]["Variables"])
        for variable in sorted(given ^ (ENVIRONMENT[name] | ALL_HAVE)):
            yield f"{name} {'has' if variable in given else 'lacks'} {variable}"


def a_name_leads_to_the_resource_it_says(system: System) -> Iterator[str]:
    for name, function in functions(system.stack):
        for variable, value in function["Environment"]["Variables"].items():
            if variable.endswith(("_BUCKET", "_TABLE")):
                resource = "".join(word.capitalize() for word in variable.split("_"))
                if value != resource:
                    yield f"{name}: {variable} is {value}"


def a_function_carries_the_layers_it_needs(system: System) -> Iterator[str]:
    for name, function in functions(system.stack):
        carried = {layer[:-10] for layer in function.get("Layers", [])}
        needed = _SMALL_LAYERS | ({"ArrowLayer"} if name in _CARRY_TABLES else set())
        if carried != needed:
            yield f"{name}: {sorted(carried ^ needed)}"


def a_function_runs_where_its_layers_were_built_for(system: System) -> Iterator[str]:
    for name, function in functions(system.stack):
        if (function["Runtime"], function["Architectures"]) != ("python3.13", ["arm64"]):
            yield name
        if function.get("TracingConfig") != {"Mode": "Active"}:
            yield f"{name} is not traced"
        logging = function.get("LoggingConfig", {})
        if logging != {"LogFormat": "JSON", "LogGroup": f"{name}LogGroup"}:
            yield f"{name} logs to {logging}"


def a_function_gives_up_before_its_state_does(system: System) -> Iterator[str]:
    timeouts = {name: function["Timeout"] for name, function in functions(system.stack)}
    for state, function, task in tasks(system.machine):
        if not timeouts[function] < task.get("TimeoutSeconds", 0) <= timeouts[function] + 60:
            yield f"{state}: {timeouts[function]} s in {task.get('TimeoutSeconds')} s"
    longest = sum(task.get("TimeoutSeconds", 0) for _, _, task in tasks(system.machine))
    if system.machine.get("TimeoutSeconds", 0) < longest:
        yield "the machine gives up before its states do"


# --- the door to come, and what others rely on -----------------------------------------------------
def nobody_makes_an_account_or_moves_to_another_hospital(system: System) -> Iterator[str]:
    pool = system.stack.properties("UserPool")
    if pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly") is not True:
        yield "anybody signs up"
    if [attribute["Mutable"] for attribute in pool["Schema"]] != [False]:
        yield "a user changes hospitals"
    if pool.get("DeletionProtection") != "ACTIVE":
        yield "the users can be deleted at once"
    writable = system.stack.properties("UserPoolClient").get("WriteAttributes")
    if writable != ["name"]:
        yield f"a user writes {writable}"


def a_login_tells_nothing_and_does_not_last(system: System) -> Iterator[str]:
    client = system.stack.properties("UserPoolClient")
    if client.get("PreventUserExistenceErrors") != "ENABLED":
        yield "the login tells who has an account"
    flows = {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    if set(client.get("ExplicitAuthFlows", [])) != flows:
        yield "a password alone is enough"
    expected = {
        "EnableTokenRevocation": True,
        "AuthSessionValidity": 15,
        "AccessTokenValidity": 5,
        "IdTokenValidity": 5,
        "RefreshTokenValidity": 4,
        "TokenValidityUnits": {
            "AccessToken": "minutes",
            "IdToken": "minutes",
            "RefreshToken": "hours",
        },
    }
    yield from (prop for prop in expected if client.get(prop) != expected[prop])


def the_outputs_that_others_rely_on_are_there(system: System) -> Iterator[str]:
    outputs = system.template["Outputs"].keys()
    yield from sorted(OUTPUTS - outputs)
    parameters = system.centre["Parameters"].keys()
    about_the_hospital = {"Centre", "CentreName", "Emails", "VendorAccount", "ExternalId"}
    yield from sorted(parameters - about_the_hospital - outputs)


INVARIANTS = (
    every_object_in_the_inbox_is_seen,
    an_execution_that_ends_badly_is_closed,
    a_batch_of_events_fails_one_by_one,
    a_function_gets_the_names_its_settings_ask_for,
    a_name_leads_to_the_resource_it_says,
    a_function_carries_the_layers_it_needs,
    a_function_runs_where_its_layers_were_built_for,
    a_function_gives_up_before_its_state_does,
    nobody_makes_an_account_or_moves_to_another_hospital,
    a_login_tells_nothing_and_does_not_last,
    the_outputs_that_others_rely_on_are_there,
)
