"""The processes of the local stack: started with a clean environment, ended together."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
STOP_SECONDS = 20.0


class StackError(Exception):
    """The local stack cannot start or go on; the text tells a developer what to do."""


@dataclass(frozen=True)
class Part:
    """One running process of the local stack, with the file that holds what it wrote."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for this part; this will return as soon as `ready` answers yes.

        Raises:
            StackError: it ended before it was ready, or took longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise StackError(
                    f"{self.name} stopped while starting; see {self.log}\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} was not ready in {seconds:.0f} s; see {self.log}")
            time.sleep(0.02)

    def wait_until_done(self, seconds: float) -> None:
        """Wait for a part that ends by itself.

        Raises:
            StackError: it failed, or took longer than `seconds`.
        """
        try:
            failed = self.process.wait(seconds) != 0
        except subprocess.TimeoutExpired:
            failed = True
        if failed:
            raise StackError(f"{self.name} failed; see {self.log}\n{self.tail()}")

    def tail(self, lines: int = 8) -> str:
        """Read the end of the log; this will be what a developer wants to see first."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> bool:
        """Ask it to end, and wait; this will tell whether it ended well by itself."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        return self.process.returncode == 0


def start(
    name: str,
    module: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    keep_open: Sequence[int] = (),
) -> Part:
    """Start a module of this project or of a library; this will end when this process ends.

    The process does not see the developer's own environment (credentials, profiles, proxies).
    It gets a session of its own, so that a Ctrl-C reaches only us and we end it in order.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # this interpreter, with modules of this project
            [sys.executable, "-m", "local.child", *module],
            cwd=ROOT,
            env={**clean_environment(), **environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep_open,
        )
    return Part(name, process, log)


def clean_environment() -> dict[str, str]:
    """Choose what a part may know of this machine; this will hold no credentials or proxies."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}


def forget_own_environment() -> None:
    """Forget the developer's AWS settings and proxies here too; this process talks to the stack."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[name] = os.devnull


def free_port(preferred: int | None = None) -> int:
    """Find a free port on the loopback address; this will be `preferred` when nobody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred or 0))
        except OSError:
            return free_port()
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Tell whether something listens at this loopback port; this will not send anything."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
