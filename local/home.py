"""The directory of a local stack: who may use it now, and what it keeps for the next run."""

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local import outputs, processes
from local.deployment import Deployed
from local.emulator import Root
from local.processes import StackError

SERVERS = ("aws", "web", "smtp", "zorgttp")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Kept:
    """What a stopped stack must know to go on where it was."""

    fingerprint: str
    root: Root
    deployed: Deployed
    users: list[outputs.User]


class Home:
    """The directory of one local stack: what it keeps, and what it tells while it runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / "state"
        self.mail = directory / "mail"
        self.logs = directory / "logs"
        self.outputs = directory / "outputs.json"
        self._kept = self.state / "kept.json"
        self._unclean = self.state / "running"
        self._ports = directory / "ports.json"

    def is_running(self) -> bool:
        """Tell whether a stack runs on this directory now."""
        with (self.directory / "lock").open("a") as lock:
            return not _lock(lock.fileno())

    @contextmanager
    def claimed(self, tell: Tell) -> Iterator[int]:
        """Hold the directory for one stack; this will give the lock, for its processes to hold too.

        Raises:
            StackError: another stack runs on it.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.directory / "lock").open("a") as lock:
            if not _lock(lock.fileno()) and not self._wait_for_leftovers(lock.fileno(), tell):
                raise StackError(
                    f"a local stack already runs on {self.directory}: use it (see "
                    f"{self.outputs}), or stop it first with Ctrl-C"
                )
            self.outputs.unlink(missing_ok=True)
            try:
                yield lock.fileno()
            finally:
                self.outputs.unlink(missing_ok=True)

    def _wait_for_leftovers(self, lock: int, tell: Tell) -> bool:
        """Wait for parts whose starter was killed; they end by themselves, a running stack not."""
        pid = self._read(self.directory / "pid")
        if pid is None or _lives(pid):
            return False
        tell("Waiting for the remains of the last run")
        deadline = time.monotonic() + processes.STOP_SECONDS
        while not _lock(lock):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def begin(self, fingerprint: str, tell: Tell) -> Kept | None:
        """Take up what the last stack kept; this will be nothing when that cannot be trusted."""
        outputs.write(self.directory / "pid", os.getpid())
        kept = self._read(self._kept)
        reason = None
        if self._unclean.exists():
            reason = (
                "The last run was not stopped as it should be: starting clean, without its data"
            )
        elif kept and kept["fingerprint"] != fingerprint:
            reason = "The templates have changed: starting clean, without the data of the last run"
        if reason or kept is None:
            if reason:
                tell(reason)
            shutil.rmtree(self.state, ignore_errors=True)
            shutil.rmtree(self.mail, ignore_errors=True)
            kept = None
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._unclean.touch()
        if kept is None:
            return None
        kept["root"], kept["deployed"] = Root(**kept["root"]), Deployed(**kept["deployed"])
        return Kept(**kept)

    def keep(self, kept: Kept) -> None:
        """Remember a stack that was stopped as it should; this will let the next one go on."""
        outputs.write(self._kept, asdict(kept))
        self._unclean.unlink()

    def take_ports(self) -> dict[str, int]:
        """Choose a free port for every server; these will be the last ones when they are free."""
        last = self._read(self._ports) or {}
        chosen: dict[str, int] = {}
        for name in SERVERS:
            port = processes.free_port(last.get(name))
            while port in chosen.values():
                port = processes.free_port()
            chosen[name] = port
        self._readdress({last[name]: chosen[name] for name in last if last[name] != chosen[name]})
        outputs.write(self._ports, chosen)
        return chosen

    def _readdress(self, moved: dict[int, int]) -> None:
        """Write new ports into what is kept: queues and settings hold addresses in full."""
        if not moved:
            return
        address = re.compile(r"127\.0\.0\.1:(\d+)")

        def renewed(match: re.Match[str]) -> str:
            port = int(match[1])
            return f"127.0.0.1:{moved.get(port, port)}"

        for file in [self._kept, *(self.state / "services").glob("*.json")]:
            if file.exists():
                file.write_text(address.sub(renewed, file.read_text()))

    @staticmethod
    def _read(file: Path) -> Any:
        try:
            return json.loads(file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
