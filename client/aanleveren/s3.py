"""S3 as a hospital sees it: the default credential chain of AWS, and plain words when it refuses."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aanleveren.outcome import CommandError, Exit

try:
    import boto3
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        CredentialRetrievalError,
        NoCredentialsError,
        NoRegionError,
        ParamValidationError,
        PartialCredentialsError,
        ProfileNotFound,
    )
except ImportError as missing:
    raise CommandError(
        Exit.USAGE, 'Voor deze opdracht is boto3 nodig: pip install "./client[s3]".'
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from mypy_boto3_s3 import S3Client

    from aanleveren.progress import Moved

_PATIENCE = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",
)
# One object is put in one go: a hospital that breaks off leaves no parts behind.
_IN_ONE_PUT = TransferConfig(multipart_threshold=5 * 1024**3, use_threads=False)
_DENIED = {
    "AccessDenied", "AllAccessDisabled", "ExpiredToken", "Forbidden", "InvalidAccessKeyId",
    "InvalidToken", "SignatureDoesNotMatch", "403",
}  # fmt: skip
_MISPLACED = {"NoSuchBucket", "InvalidBucketName", "PermanentRedirect", "301", "400"}
_NO_ACCESS = "Geen toegang ({}). Klopt het centrum, en zijn de inloggegevens van AWS geldig?"


def connect(endpoint: str | None) -> S3Client:
    """Give a client of S3.

    Raises:
        CommandError: the address, region or profile is wrong.
    """
    with plain_faults():
        try:
            return boto3.client("s3", endpoint_url=endpoint, config=_PATIENCE)
        except ValueError as error:
            raise CommandError(Exit.USAGE, "Het adres (endpoint) is geen webadres.") from error


def upload(s3: S3Client, bucket: str, key: str, content: BinaryIO, moved: Moved) -> None:
    """Put a file in a bucket; `moved` hears of every part that went.

    Raises:
        CommandError: it was not put there.
    """
    with plain_faults():
        s3.upload_fileobj(content, bucket, key, Callback=moved, Config=_IN_ONE_PUT)


@contextmanager
def plain_faults() -> Iterator[None]:
    """Say what a scheduler should make of a refusal, without the text of AWS.

    Raises:
        CommandError: with the exit code that fits.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise CommandError(Exit.DENIED, _NO_ACCESS.format(type(error).__name__)) from error
    except (ParamValidationError, NoRegionError, ProfileNotFound) as error:
        text = f"De instellingen van AWS kloppen niet ({type(error).__name__})."
        raise CommandError(Exit.USAGE, text) from error
    except ClientError as error:
        raise _refusal(str(error.response.get("Error", {}).get("Code", ""))) from error
    except BotoCoreError as error:
        text = f"De NHR is nu niet te bereiken ({type(error).__name__})."
        raise CommandError(Exit.RETRY, text) from error


def _refusal(code: str) -> CommandError:
    if code in _DENIED:
        return CommandError(Exit.DENIED, _NO_ACCESS.format(code))
    if code in _MISPLACED:
        return CommandError(Exit.USAGE, f"De bucket klopt niet ({code}).")
    return CommandError(Exit.RETRY, f"S3 gaf een fout ({code}).")
