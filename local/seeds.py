"""The two hospitals, the people and the accounts that a new local stack starts with."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.outputs import Credentials, User
from simulators.zorgttp.settings import Role, read_settings

if TYPE_CHECKING:
    from local.deployment import Cloud

REGISTRY = "NHR"
OPERATIONS_EMAIL = "operatie@databroker.example"
# Longer than the role allows on AWS, which is an hour: a developer's shell outlives that.
SESSION_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Centre:
    """One hospital that can deliver."""

    acronym: str
    name: str
    emails: tuple[str, ...]


CENTRES = (
    Centre("MCX", "Medisch Centrum X", ("aanlevering@mcx.example",)),
    Centre("MCY", "Medisch Centrum Y", ("aanlevering@mcy.example",)),
)


def centre_parameters(centre: Centre, main: Mapping[str, str], account: str) -> dict[str, str]:
    """Fill in the onboarding form of a hospital; the ExternalId will be random."""
    return {
        "Centre": centre.acronym,
        "CentreName": centre.name,
        "Emails": ",".join(centre.emails),
        "VendorAccount": account,
        "ExternalId": secrets.token_hex(24),
    } | {
        name: main[name]
        for name in (
            "InboxBucket",
            "OutboxBucket",
            "IntakeKeyArn",
            "RegistryKeyArn",
            "CentresPath",
            "ZorgTtpSecretPrefix",
        )
    }


def put_zorgttp_accounts(cloud: "Cloud", main: Mapping[str, str]) -> None:
    """Fill the secrets as operations would; they will fit the accounts of the simulator."""
    accounts = read_settings()
    secretsmanager = cloud.client("secretsmanager")

    def put(secret: str, role: Role, name: str) -> None:
        account = accounts.account(role, name)
        value = json.dumps({"username": account.username, "password": account.password})
        secretsmanager.put_secret_value(SecretId=secret, SecretString=value)

    put(main["ZorgTtpRegistrySecret"], Role.REGISTRY, REGISTRY)
    for centre in CENTRES:
        put(main["ZorgTtpSecretPrefix"] + centre.acronym, Role.SOURCE, centre.acronym)


def make_users(cloud: "Cloud", user_pool: str) -> list[User]:
    """Make a data manager for every hospital; each will have a password of its own."""
    cognito = cloud.client("cognito-idp")
    return [_make_user(cognito, user_pool, centre) for centre in CENTRES]


def _make_user(cognito: Any, user_pool: str, centre: Centre) -> User:
    user: User = {
        "email": f"datamanager@{centre.acronym.lower()}.example",
        "password": f"Aa1-{secrets.token_urlsafe(18)}",
        "centre": centre.acronym,
        "role": "datamanager",
    }
    cognito.admin_create_user(
        UserPoolId=user_pool,
        Username=user["email"],
        TemporaryPassword=user["password"],
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": user["email"]},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "custom:centre", "Value": centre.acronym},
        ],
    )
    cognito.admin_set_user_password(
        UserPoolId=user_pool, Username=user["email"], Password=user["password"], Permanent=True
    )
    cognito.admin_add_user_to_group(
        UserPoolId=user_pool, Username=user["email"], GroupName=user["role"]
    )
    return user


def assume_epd_role(cloud: "Cloud", role_arn: str, external_id: str, centre: str) -> Credentials:
    """Become the EPD of a hospital, the way its vendor does; this will last for a working day."""
    answer = cloud.client("sts").assume_role(
        RoleArn=role_arn,
        RoleSessionName=f"epd-{centre.lower()}",
        ExternalId=external_id,
        DurationSeconds=SESSION_SECONDS,
    )
    return _credentials(answer)


def become_operator(cloud: "Cloud") -> Credentials:
    """Get credentials that may do everything, for whoever looks after the stack."""
    return _credentials(cloud.client("sts").get_session_token(DurationSeconds=SESSION_SECONDS))


def _credentials(answer: Mapping[str, Any]) -> Credentials:
    given = answer["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }
