"""Fits the translated template to the emulator, without changing what it promises AWS.

Each function here names one thing in which ministack 1.5.33 differs; `tests/journey` has a probe
for the ones we rely on.
"""

import copy
import io
import shlex
import zipfile
from collections.abc import Mapping
from typing import Any

CODE_BUCKET = "local-code"
BOOTSTRAP = """#!/bin/sh
exec "$LOCAL_PYTHON" -I -S "$LOCAL_STUB" {folders}
"""
# The emulator does not fill these in, so a statement that asks for them would refuse everything.
UNKNOWN_CONDITIONS = ("ses:FromAddress", "cloudwatch:namespace")
# It asks whether these may be done to "*", so a statement about one identity would never allow it.
ACTIONS_ON_EVERYTHING = ("ses:SendEmail",)

Template = dict[str, Any]


def fit(
    template: Template, folders: Mapping[str, str] | None = None
) -> tuple[Template, dict[str, bytes]]:
    """Make a template the emulator can run; this will give it with the code of each function.

    `folders` has the folder of each function and layer by logical id.
    """
    fitted = copy.deepcopy(template)
    resources = fitted["Resources"]
    code = {
        name: _package([name, *_layers(resource, resources)], folders or {})
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    for name in code:
        _run_from_source(name, resources[name]["Properties"])
    _drop(resources, "AWS::Lambda::LayerVersion")
    for resource in resources.values():
        _fit_policies(resource.get("Properties", {}))
    return fitted, code


def _layers(function: Template, resources: Template) -> list[str]:
    """List the logical ids of a function's layers; a `Ref` carries a hash behind the name."""
    refs = [layer["Ref"] for layer in function["Properties"].get("Layers", [])]
    return [resources[ref]["Properties"]["Content"]["S3Key"] for ref in refs]


def _package(logical_ids: list[str], folders: Mapping[str, str]) -> bytes:
    """Zip a bootstrap that runs a function and its layers from the working tree.

    ministack's own Python runtime loses the name of an exception, which the state machine's Retry
    and Catch depend on; a custom runtime with AWS's own interface client keeps it.
    """
    places = " ".join(shlex.quote(folders[name]) for name in logical_ids)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as content:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        content.writestr(entry, BOOTSTRAP.format(folders=places))
    return package.getvalue()


def _run_from_source(name: str, function: Template) -> None:
    function["Runtime"] = "provided.al2023"
    function["Code"] = {"S3Bucket": CODE_BUCKET, "S3Key": name}
    function.pop("Layers", None)


def _drop(resources: Template, kind: str) -> None:
    for name in [name for name, resource in resources.items() if resource["Type"] == kind]:
        del resources[name]


def _fit_policies(value: Any) -> None:
    """Find every policy inside a property, at any depth, and fit its statements."""
    if isinstance(value, list):
        for item in value:
            _fit_policies(item)
    elif isinstance(value, dict):
        statements = value.get("Statement")
        if isinstance(statements, list):
            kept = [statement for statement in statements if not _refuses_plain_http(statement)]
            value["Statement"] = [_fit_statement(statement) for statement in kept]
        for item in value.values():
            _fit_policies(item)


def _refuses_plain_http(statement: Template) -> bool:
    """Find the statements that the emulator would enforce against itself: it has no TLS."""
    return statement.get("Effect") == "Deny" and any(
        "aws:SecureTransport" in test for test in statement.get("Condition", {}).values()
    )


def _fit_statement(statement: Template) -> Template:
    conditions = {
        operator: known
        for operator, test in statement.get("Condition", {}).items()
        if (known := {key: test[key] for key in test if key not in UNKNOWN_CONDITIONS})
    }
    fitted = {key: value for key, value in statement.items() if key != "Condition"}
    if conditions:
        fitted["Condition"] = conditions
    if fitted.get("Effect") == "Allow" and fitted.get("Action") in ACTIONS_ON_EVERYTHING:
        fitted["Resource"] = "*"
    return fitted
