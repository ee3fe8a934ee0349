"""Deploys the stacks to the emulator through its CloudFormation, as a deployment to AWS would."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from local.emulator import ACCOUNT, REGION, Root
from local.fitting import CODE_BUCKET, Template, fit
from local.plans import Plans
from local.processes import StackError
from local.restoring import restore
from local.seeds import CENTRES, OPERATIONS_EMAIL, centre_parameters

STACK = "databroker"
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


@dataclass(frozen=True)
class Cloud:
    """The emulated account, seen by its owner."""

    endpoint_url: str
    root: Root

    @cached_property
    def session(self) -> boto3.Session:
        """Make the session once; it is the slow part of a client."""
        return boto3.Session(
            self.root.access_key_id, self.root.secret_access_key, region_name=REGION
        )

    def client(self, service: str) -> Any:
        """Make a client of one service; this will talk to the emulator."""
        return self.session.client(
            service,  # type: ignore[call-overload]  # the stubs want a literal
            endpoint_url=self.endpoint_url,
            config=Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"}),
        )


@dataclass(frozen=True)
class Deployed:
    """What a deployment gave: the outputs of the main stack and of each hospital's."""

    main: dict[str, str]
    centres: dict[str, dict[str, str]]
    external_ids: dict[str, str]


def deploy(cloud: Cloud, plans: Plans, parameters: Mapping[str, str]) -> Deployed:
    """Make the main stack and a stack for every hospital.

    Raises:
        StackError: the emulator refuses one; the text has its reason.
    """
    fitted, code = fit(plans.main, plans.folders)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for name, package in code.items():
        s3.put_object(Bucket=CODE_BUCKET, Key=name, Body=package)
    outputs = _create(cloud, STACK, fitted, {"OperationsEmail": OPERATIONS_EMAIL, **parameters})
    restore(cloud, STACK, fitted)
    centres, external_ids = {}, {}
    for hospital in CENTRES:
        form = centre_parameters(hospital, outputs, ACCOUNT)
        stack = f"{STACK}-{hospital.acronym.lower()}"
        centres[hospital.acronym] = _create(cloud, stack, fit(plans.centre)[0], form)
        external_ids[hospital.acronym] = form["ExternalId"]
    return Deployed(outputs, centres, external_ids)


def _create(
    cloud: Cloud, stack: str, template: Template, parameters: Mapping[str, str]
) -> dict[str, str]:
    # Through a bucket: the template is larger than a request may be.
    key = f"{stack}.json"
    cloud.client("s3").put_object(Bucket=CODE_BUCKET, Key=key, Body=json.dumps(template).encode())
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=f"{cloud.endpoint_url}/{CODE_BUCKET}/{key}",
        Capabilities=CAPABILITIES,
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
    )
    while True:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = described["StackStatus"]
        if status == "CREATE_COMPLETE":
            listed = described.get("Outputs", [])
            return {output["OutputKey"]: output["OutputValue"] for output in listed}
        if status != "CREATE_IN_PROGRESS":
            raise StackError(f"stack {stack}: {status}\n{_reasons(cloudformation, stack)}")
        time.sleep(0.05)


def _reasons(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
    )
