"""Function environments, forked from one process that has the libraries in memory.

Every function keeps a process of its own, with its own settings, credentials, folder and layers,
as on AWS. What they share are the memory pages of the libraries and of our own layers: a start costs
tens of milliseconds instead of a second, and all functions together fit on a laptop. A change in
the code of a layer is seen after a restart of the stack.
"""

import gc
import json
import os
import pkgutil
import signal
import socket
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = (
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.batch",
    "boto3.dynamodb.types",
    "botocore.httpsession",
    "jinja2",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.ipc",
    "pydantic.main",
    "pydantic.type_adapter",
    "xlsxwriter",
    "zoneinfo",
)
LAYERS = ("databroker", "datasets")
SERVICES = ("dynamodb", "s3", "secretsmanager", "sesv2", "ssm", "stepfunctions")


def serve(door_path: Path, project: Path) -> NoReturn:
    """Wait for orders at a Unix socket; each order will fork one environment over the project.

    The caller gives this process a session of its own: its end takes all environments along.
    """
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    _preload([project / "layers" / layer for layer in LAYERS])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(door_path))
        door.listen()
        while True:
            stub, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _become_function(stub, project)
            stub.close()


def _preload(layers: list[Path]) -> None:
    for library in LIBRARIES:
        import_module(library)
    sys.path[:0] = map(str, layers)
    for package in pkgutil.walk_packages(map(str, layers)):
        import_module(package.name)
    del sys.path[: len(layers)]
    import boto3  # noqa: PLC0415  # the nursery alone pays for it, not who imports this module
    import botocore.session  # noqa: PLC0415

    session = botocore.session.get_session()
    for service in SERVICES:
        # A client to throw away: what it read about its service stays in memory, for every function.
        session.create_client(
            service,
            region_name="eu-central-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106  # nobody's
        )
    boto3.setup_default_session(botocore_session=session)
    gc.collect()
    gc.freeze()


def _become_function(stub: socket.socket, project: Path) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        order = _receive(stub)
        _move_in([str(project / folder) for folder in order["folders"]], order["settings"])
        threading.Thread(target=_end_with, args=(stub,), daemon=True).start()
        # Imported here because it reads its settings from the environment at import.
        run = import_module("awslambdaric.__main__").main
        run(["awslambdaric", os.environ["_HANDLER"]])
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        stub.sendall(bytes([status & 0xFF]))
        os._exit(status)


def _receive(stub: socket.socket) -> dict[str, Any]:
    _, outputs, _, _ = socket.recv_fds(stub, 1, 2)
    for target, file in enumerate([os.open(os.devnull, os.O_RDONLY), *outputs]):
        os.dup2(file, target)
        os.close(file)
    with stub.makefile("rb") as orders:
        order: dict[str, Any] = json.loads(orders.readline())
    return order


def _move_in(folders: list[str], settings: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(settings)
    os.chdir(folders[0])
    # The project itself is out of reach, as it is on AWS: only this folder and its layers are not.
    outside = {"", str(Path(__file__).parents[1])}
    sys.path[:] = [*folders, *(place for place in sys.path if place not in outside)]


def _end_with(stub: socket.socket) -> NoReturn:
    stub.recv(1)
    os._exit(1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
