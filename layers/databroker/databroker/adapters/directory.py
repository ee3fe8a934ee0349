"""SSM Parameter Store and Secrets Manager: the centres and their ZorgTTP accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import BaseModel, Field, ValidationError

from databroker.adapters.aws import client, code_of, passing_faults
from databroker.adapters.zorgttp import Account
from databroker.ports import CentreProfile, CredentialsRefusedError, ProfileUnreadableError

if TYPE_CHECKING:
    from databroker.delivery import Centre


class _Profile(BaseModel):
    name: str
    emails: tuple[str, ...] = Field(min_length=1)


class _Account(BaseModel):
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class SsmCentres:
    """One parameter for each centre, written by its onboarding stack."""

    path: str

    def find(self, centre: Centre) -> CentreProfile | None:
        """Read the centre's parameter.

        Raises:
            ProfileUnreadableError: it has not the shape of a profile.
        """
        try:
            with passing_faults():
                answer = client("ssm").get_parameter(Name=f"{self.path}{centre}")
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return None
            raise
        try:
            profile = _Profile.model_validate_json(answer["Parameter"]["Value"])
        except ValidationError:
            raise ProfileUnreadableError(centre) from None
        return CentreProfile(centre, profile.name, profile.emails)


def account(secret: str, name: str) -> Account:
    """Read the ZorgTTP account of a centre, or of the registry, from Secrets Manager.

    Raises:
        CredentialsRefusedError: there is no such account, or it is not filled in as it should be.
    """
    try:
        with passing_faults():
            answer = client("secretsmanager").get_secret_value(SecretId=secret)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            raise CredentialsRefusedError("no account") from error
        raise
    try:
        facts = _Account.model_validate_json(answer["SecretString"])
    except ValidationError:
        # Its text and its chain would hold what stands in the secret.
        raise CredentialsRefusedError("no readable account") from None
    return Account(name, facts.username, facts.password)
