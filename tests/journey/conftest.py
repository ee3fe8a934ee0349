"""One local stack for the whole session, on free ports and in a directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from local.processes import ROOT, STOP_SECONDS
from local.stack import running


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    with running(tmp_path_factory.mktemp("stack"), lambda _: None) as stack:
        yield stack


@pytest.fixture(scope="session")
def told(stack):
    return stack.told


@pytest.fixture(scope="session")
def client(told):
    """Make a client of a service, for the operator or for the EPD of a centre."""

    def make(service, who="operator"):
        return connect(told, service, who)

    return make


@pytest.fixture
def mails(told):
    """Read all mail that the stack sent."""

    def read():
        with urllib.request.urlopen(told["mail_url"]) as answer:  # noqa: S310  # our own address
            return json.load(answer)

    return read


def connect(told, service, who="operator"):
    credentials = told["operator"] if who == "operator" else told["epd"][who]
    return boto3.client(
        service,
        endpoint_url=told["endpoint_url"],
        region_name=told["region"],
        aws_access_key_id=credentials["access_key_id"],
        aws_secret_access_key=credentials["secret_access_key"],
        aws_session_token=credentials["session_token"],
        config=Config(retries={"max_attempts": 1}),
    )


@dataclass
class MakeUp:
    """`make up` as a process, the way a developer runs it."""

    process: subprocess.Popen
    directory: object

    @property
    def told(self):
        return json.loads((self.directory / "outputs.json").read_text())

    def family(self):
        """List this process and everything it started, however deep."""
        pairs = parents()
        family = [self.process.pid]
        for member in family:
            family += [pid for pid, parent in pairs if parent == member]
        return family

    def stop(self, how):
        """Stop it; this will fail when a part of it would have to be killed for that."""
        self.process.send_signal(how)
        return self.process.wait(STOP_SECONDS / 2)


@pytest.fixture
def make_up(tmp_path):
    """Start `make up` on a directory of its own; what still runs afterwards is ended."""
    started = []

    def start(directory=tmp_path / "home"):
        outputs = directory / "outputs.json"
        stale = written(outputs)
        process = subprocess.Popen(  # noqa: S603  # this project
            [sys.executable, "-m", "local.up", str(directory)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        up = MakeUp(process, directory)
        started.append(up)
        wait_until(lambda: written(outputs) not in {stale, None} or process.poll() is not None)
        return up

    yield start
    for up in started:
        up.process.terminate()
        up.process.wait(30)
        up.process.stdout.close()


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def written(file):
    return file.stat().st_mtime_ns if file.exists() else None


def parents():
    """List every process with its parent; read from the kernel, since `ps` is not everywhere."""
    pairs = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pairs.append((int(stat.parent.name), int(fields[1])))
    return pairs


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
