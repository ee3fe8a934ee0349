"""AWS on this machine: how the ministack emulator is set, and whether it is ready."""

import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

REGION = "eu-central-1"
ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Root:
    """The credentials of the emulated account's owner, made anew for every new stack."""

    access_key_id: str
    secret_access_key: str


def settings(*, port: int, smtp_port: int, root: Root, state: Path, run: Path) -> dict[str, str]:
    """Say how the emulator must be: IAM enforced, this machine only, its state kept at a stop."""
    # Every process it starts for a function inherits its environment; the stub hides these again.
    own = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": f"unix://{run / 'no-docker'}",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOCAL_NURSERY": str(door(run)),
        "LOCAL_PYTHON": sys.executable,
        "LOCAL_STUB": str(Path(__file__).with_name("lambda_stub.py")),
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "SMTP_HOST": f"127.0.0.1:{smtp_port}",
        "STATE_DIR": str(state / "services"),
    }
    shared = {
        "AWS_ACCESS_KEY_ID": root.access_key_id,
        "AWS_SECRET_ACCESS_KEY": root.secret_access_key,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    return {**own, **shared, "LOCAL_HIDDEN": " ".join(own)}


def door(run: Path) -> Path:
    """Name the socket at which the nursery takes orders; it is there when functions can start."""
    return run / "nursery"


def is_ready(port: int) -> bool:
    """Tell whether the emulator has loaded its state and serves."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/_ministack/ready", timeout=1
        ) as answer:
            json.load(answer)
    except urllib.error.HTTPError as starting:
        starting.close()
        return False
    except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError):
        return False
    return True
