"""Run the simulator: `python -m simulators.zorgttp --port 8100`; port 0 takes a free one.

When it listens it prints one line of JSON, `{"url": "http://127.0.0.1:8100"}`; its log, numbers
only, goes to standard error.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import logging
import socket
import sys
from pathlib import Path

import uvicorn

from simulators.zorgttp.app import create_app
from simulators.zorgttp.settings import DEVELOPMENT, read_settings


def loopback(host: str) -> str:
    """Give an address of this machine back.

    Raises:
        argparse.ArgumentTypeError: it is anything else; the simulator holds no secrets worth the
            name and must never be taken for ZorgTTP.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise argparse.ArgumentTypeError("give an address, not a name") from None
    if not address.is_loopback:
        raise argparse.ArgumentTypeError("the simulator listens on this machine only")
    return host


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Open the port; give the socket and the address it can be reached at."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    # What is accepted inherits it; asyncio only sets it where the protocol is named. Without it
    # an answer that follows its own headers waits 40 ms for their acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m simulators.zorgttp")
    parser.add_argument("--host", type=loopback, default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--settings", type=Path, default=DEVELOPMENT)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    try:
        app = create_app(read_settings(chosen.settings))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        # A call that a fault never answers would keep it from stopping.
        timeout_graceful_shutdown=1,
    )
    listener, url = listen(chosen.host, chosen.port)
    with listener:
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
