"""AWS clients: every call with a time-out, every fault that may pass named as such."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnectionError

from databroker.ports import TemporaryFailureError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = Config(
    connect_timeout=3,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 6},
    signature_version="s3v4",
    max_pool_connections=32,
)
_SERVER_FAULT = 500
_PASSING = {
    "ConditionalRequestConflict",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
"""Of the faults that are said to be ours; a fault of the server always passes."""


@cache
def client(service: str) -> Any:
    """Give the client of a service, made at first use and kept for the container's life."""
    return boto3.client(service, config=_PATIENCE)  # type: ignore[call-overload]


@contextmanager
def passing_faults() -> Iterator[None]:
    """Turn what botocore's own retries could not overcome into a fault the workflow retries.

    Raises:
        TemporaryFailureError: the service is busy or cannot be reached.
    """
    try:
        yield
    except (NoConnectionError, HTTPClientError, IncompleteReadError) as error:
        raise TemporaryFailureError(type(error).__name__) from error
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in _PASSING or status >= _SERVER_FAULT:
            raise TemporaryFailureError(code_of(error)) from error
        raise


def code_of(error: ClientError) -> str:
    """Give the service's own code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
