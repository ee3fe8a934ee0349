"""`make epd CENTRE=MCX`: what a shell needs to be the EPD of a hospital, as lines for `eval`."""

import argparse
import json
import shlex
import sys
from pathlib import Path

from local.outputs import Outputs
from local.processes import ROOT
from simulators.zorgttp.settings import Role, read_settings

OUTPUTS = ROOT / ".local" / "outputs.json"


def main(arguments: list[str] | None = None, outputs: Path = OUTPUTS) -> int:
    """Print the credentials, endpoint and buckets of a centre; answer with the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.epd", description=__doc__)
    parser.add_argument("centre")
    centre = parser.parse_args(arguments).centre
    try:
        told: Outputs = json.loads(outputs.read_text(encoding="utf-8"))
    except FileNotFoundError:
        print("De stack draait niet; start die met `make up`.", file=sys.stderr)
        return 1
    if centre not in told["epd"]:
        print(f"Onbekend centrum {centre}; er is {', '.join(told['epd'])}.", file=sys.stderr)
        return 1
    for name, value in environment(told, centre).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def environment(told: Outputs, centre: str) -> dict[str, str]:
    """Give the environment in which any S3 client, and `aanleveren`, is the EPD of a centre.

    The account is that of the simulator of ZorgTTP.
    """
    account = read_settings().account(Role.SOURCE, centre)
    who, inbox, outbox = (
        told["epd"][centre],
        told["outputs"]["InboxBucket"],
        told["outputs"]["OutboxBucket"],
    )
    return {
        "AWS_ACCESS_KEY_ID": who["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": who["secret_access_key"],
        "AWS_SESSION_TOKEN": who["session_token"],
        "AWS_DEFAULT_REGION": told["region"],
        "AWS_ENDPOINT_URL": told["endpoint_url"],
        "INBOX": inbox,
        "OUTBOX": outbox,
        "AANLEVEREN_INBOX": inbox,
        "AANLEVEREN_OUTBOX": outbox,
        "AANLEVEREN_ZORGTTP": told["zorgttp_url"],
        "AANLEVEREN_ZORGTTP_GEBRUIKER": account.username,
        "AANLEVEREN_ZORGTTP_WACHTWOORD": account.password,
    }


if __name__ == "__main__":
    sys.exit(main())
