"""The whole system on paper: what `template.yaml` becomes, read as plain values.

Logical ids serve as names, so that a breach reads like the template: `InboxBucket`, not a token.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from local.translate import PROJECT, TEMPLATE, load, translate

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "123456789012"
REGION = "eu-central-1"
MACHINE = "DeliveryStateMachine"

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "databroker",
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{id}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{id}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{id}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{id}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{id}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{id}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::{account}:policy/{id}",
}
_INTRINSIC = {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"}
_REF_GIVES_ARN = {
    "AWS::StepFunctions::StateMachine",
    "AWS::SNS::Topic",
    "AWS::IAM::ManagedPolicy",
}


@dataclass
class System:
    """The translated stack, its state machine and the stack of one hospital.

    A mutant changes its copy before anybody asks for `stack`: that is worked out once.
    """

    template: dict[str, Any]
    machine: dict[str, Any]
    centre: dict[str, Any]

    def copy(self) -> System:
        return System(deepcopy(self.template), deepcopy(self.machine), deepcopy(self.centre))

    @cached_property
    def stack(self) -> Stack:
        return Stack(self.template)

    @cached_property
    def centre_stack(self) -> Stack:
        """The hospital's stack with the names that the databroker's own stack gives it."""
        outputs = self.stack.resolve(self.template["Outputs"])
        given = {name: output["Value"] for name, output in outputs.items()}
        hospital = {
            "Centre": "MCX",
            "CentreName": "Medisch Centrum X",
            "Emails": "data@mcx.example",
            "VendorAccount": "210987654321",
            "ExternalId": "mcx-external-id",
        }
        return Stack(self.centre, given | hospital)


class Stack:
    """One template with its intrinsic functions worked out."""

    def __init__(self, template: dict[str, Any], parameters: dict[str, str] | None = None) -> None:
        self._raw = template["Resources"]
        defaults = {
            name: parameter.get("Default", name)
            for name, parameter in template.get("Parameters", {}).items()
        }
        self._values = _PSEUDO | defaults | (parameters or {})
        self.resources: dict[str, dict[str, Any]] = {
            name: self.resolve(resource) for name, resource in self._raw.items()
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources.get(name, {}).get("Properties", {})
        return found

    def arn(self, name: str) -> str:
        return _ARNS[self._raw[name]["Type"]].format(id=name, region=REGION, account=ACCOUNT)

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.resolve(value) for value in node]
        if not isinstance(node, dict):
            return node
        if node.keys() & _INTRINSIC:
            return self._intrinsic(node)
        return {key: self.resolve(value) for key, value in node.items()}

    def _intrinsic(self, node: dict[str, Any]) -> Any:
        match node:
            case {"Ref": name}:
                value = self._ref(name)
            case {"Fn::GetAtt": [name, attribute]}:
                value = self.arn(name) if attribute == "Arn" else name
            case {"Fn::Sub": [str(text), dict(more)]}:
                value = self._substitute(text, self.resolve(more))
            case {"Fn::Sub": str(text)}:
                value = self._substitute(text, {})
            case {"Fn::Join": [separator, parts]}:
                values = self.resolve(parts)
                value = separator.join(values if isinstance(values, list) else [values])
        return value

    def _ref(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return self.arn(name) if self._raw[name]["Type"] in _REF_GIVES_ARN else name

    def _substitute(self, text: str, more: dict[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in more:
                return more[name]
            return self.arn(name[:-4]) if name.endswith(".Arn") else str(self._ref(name))

        return re.sub(r"\$\{([\w.:]+)\}", value, text)


@cache
def the_system() -> System:
    template = translate(TEMPLATE, {})
    text = template["Resources"][MACHINE]["Properties"]["DefinitionString"]
    return System(template, json.loads(text), load(PROJECT / "onboarding" / "centre.yaml"))


def functions(stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every function by its journey name: `CheckStructure`."""
    for name, properties in stack.of_type("AWS::Lambda::Function").items():
        yield name.removesuffix("Function"), properties


def tasks(machine: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every Task state with the journey name of its function."""
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name, state["Resource"].removeprefix("${").removesuffix("FunctionArn}"), state
