"""Puts back the settings that the emulator's CloudFormation accepts and then drops."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local.emulator import ACCOUNT, REGION

if TYPE_CHECKING:
    from local.deployment import Cloud

Properties = Mapping[str, Any]
Resolve = Callable[[Any], Any]


def restore(cloud: "Cloud", stack: str, template: Mapping[str, Any]) -> None:
    """Set what create_stack left out; this will make the buckets and tables as the template says."""
    cloudformation = cloud.client("cloudformation")
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    parameters = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    known = {one["ParameterKey"]: one["ParameterValue"] for one in parameters} | physical

    def resolve(value: Any) -> Any:
        """Find what a `Ref` stands for, or the `Fn::GetAtt` of a key's ARN."""
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            return known[value["Ref"]]
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{known[value['Fn::GetAtt'][0]]}"

    s3 = cloud.client("s3")
    dynamodb = cloud.client("dynamodb")
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::S3::Bucket":
            _restore_bucket(s3, physical[name], properties, resolve)
        elif resource["Type"] == "AWS::DynamoDB::Table":
            _restore_table(dynamodb, physical[name], properties)


def _restore_bucket(s3: Any, bucket: str, properties: Properties, resolve: Resolve) -> None:
    if encryption := properties.get("BucketEncryption"):
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [
                    _encryption_rule(rule, resolve)
                    for rule in encryption["ServerSideEncryptionConfiguration"]
                ]
            },
        )
    if lifecycle := properties.get("LifecycleConfiguration"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={
                "Rules": [_lifecycle_rule(rule, resolve) for rule in lifecycle["Rules"]]
            },
        )


def _encryption_rule(rule: Properties, resolve: Resolve) -> dict[str, Any]:
    default: dict[str, Any] = dict(rule["ServerSideEncryptionByDefault"])
    if "KMSMasterKeyID" in default:
        default["KMSMasterKeyID"] = resolve(default["KMSMasterKeyID"])
    said: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
    if "BucketKeyEnabled" in rule:
        said["BucketKeyEnabled"] = rule["BucketKeyEnabled"]
    return said


def _lifecycle_rule(rule: Properties, resolve: Resolve) -> dict[str, Any]:
    """Say a CloudFormation lifecycle rule in the words of the S3 API."""
    said: dict[str, Any] = {"ID": rule.get("Id", "rule"), "Status": rule["Status"]}
    said["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "ExpirationInDays" in rule:
        said["Expiration"] = {"Days": int(resolve(rule["ExpirationInDays"]))}
    if "NoncurrentVersionExpiration" in rule:
        said["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    if "AbortIncompleteMultipartUpload" in rule:
        said["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return said


def _restore_table(dynamodb: Any, table: str, properties: Properties) -> None:
    if expiry := properties.get("TimeToLiveSpecification"):
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=dict(expiry))
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification=dict(recovery)
        )
