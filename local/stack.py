"""The whole databroker on this machine: everything it is made of, started and ended in order."""

import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local import emulator, front, outputs, plans, processes, seeds
from local.deployment import Cloud, deploy
from local.emulator import REGION, Root
from local.home import Home, Kept, Tell
from local.mail import Mailbox, sink
from local.processes import ROOT, Part, StackError

START_SECONDS = 30.0
NURSERY_SETTINGS = {
    # A fork must find one thread, and Arrow's spare allocator starts another.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # Give memory back after a table: a tenth of the whole stack, measured with 2,000 records.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}


@dataclass
class Stack:
    """A local stack that runs: what it tells, and the processes it is made of."""

    told: outputs.Outputs
    parts: list[Part] = field(default_factory=list)

    def check(self) -> None:
        """Look whether everything still runs.

        Raises:
            StackError: a part ended by itself.
        """
        for part in self.parts:
            if part.process.poll() is not None:
                raise StackError(f"{part.name} stopped by itself; see {part.log}\n{part.tail()}")


@dataclass(frozen=True)
class _Site:
    """Where a stack is put up: its directory, its code, its ports."""

    home: Home
    project: Path
    run: Path
    lock: int
    ports: dict[str, int]
    ends: ExitStack

    def url(self, server: str) -> str:
        return f"http://127.0.0.1:{self.ports[server]}"

    def start(self, name: str, module: list[str], environment: dict[str, str]) -> Part:
        log = self.home.logs / f"{name}.log"
        environment = {"HOME": str(self.run), "TMPDIR": str(self.run), **environment}
        part = processes.start(
            name, module, environment=environment, log=log, keep_open=[self.lock]
        )
        self.ends.callback(part.stop)
        return part


@contextmanager
def running(directory: Path, tell: Tell, *, project: Path = ROOT) -> Iterator[Stack]:
    """Run the stack for as long as the caller is inside; its data will be there the next time.

    `outputs.json` is in the directory from the moment everything works until the stop.

    Raises:
        StackError: it cannot start; the text says what to do.
    """
    home = Home(directory)
    with ExitStack() as ends:
        lock = ends.enter_context(home.claimed(tell))
        run = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="nhr-")))
        site = _Site(home, project, run, lock, home.take_ports(), ends)
        fingerprint = plans.fingerprint(project)
        kept = home.begin(fingerprint, tell)
        root = kept.root if kept else Root(_access_key(), secrets.token_urlsafe(30))
        tell("Starting the parts")
        if kept is None:
            planner = _start_planner(site)
        aws, nursery, zorgttp = _start_parts(site, root)
        _serve_mail_and_pages(site)
        cloud = Cloud(site.url("aws"), root)
        aws.wait_until(lambda: emulator.is_ready(site.ports["aws"]), START_SECONDS)
        if kept is None:
            tell("Deploying the stacks")
            planner.wait_until_done(START_SECONDS)
            kept = _deploy(site, cloud, root, fingerprint)
        nursery.wait_until(emulator.door(run).exists, START_SECONDS)
        zorgttp.wait_until(lambda: processes.answers(site.ports["zorgttp"]), START_SECONDS)
        try:
            with _told(site, cloud, kept) as told:
                yield Stack(told, [aws, nursery, zorgttp])
        finally:
            tell("Stopping, and keeping the data")
            # Its functions first: the emulator would wait for them, and they for the emulator.
            nursery.stop()
            if aws.stop():
                home.keep(kept)


def _start_planner(site: _Site) -> Part:
    return site.start("plans", ["local.plans", str(site.project), str(site.run / "plans.json")], {})


def _start_parts(site: _Site, root: Root) -> tuple[Part, Part, Part]:
    settings = emulator.settings(
        port=site.ports["aws"],
        smtp_port=site.ports["smtp"],
        root=root,
        state=site.home.state,
        run=site.run,
    )
    aws = site.start("ministack", ["ministack"], settings)
    nursery = site.start(
        "nursery",
        ["local.nursery", str(emulator.door(site.run)), str(site.project)],
        NURSERY_SETTINGS,
    )
    port = str(site.ports["zorgttp"])
    return aws, nursery, site.start("zorgttp", ["simulators.zorgttp", "--port", port], {})


def _serve_mail_and_pages(site: _Site) -> None:
    mailbox = Mailbox(site.home.mail)
    smtp = sink(mailbox, site.ports["smtp"])
    try:
        smtp.start()
    except OSError as error:
        raise StackError(f"no mail server on port {site.ports['smtp']}: {error}") from error
    site.ends.callback(smtp.stop)
    places = {
        "AWS (endpoint)": site.url("aws"),
        "ZorgTTP (simulator)": site.url("zorgttp"),
        "Adressen en toegang": str(site.home.outputs),
    }
    pages = front.server(front.application(mailbox, places), site.ports["web"])
    serving = threading.Thread(target=pages.run, name="pages")
    serving.start()

    def end() -> None:
        pages.should_exit = True
        serving.join()

    site.ends.callback(end)
    while not pages.started:
        if not serving.is_alive():
            raise StackError(f"no pages on port {site.ports['web']}: somebody else has it")
        time.sleep(0.01)


def _deploy(site: _Site, cloud: Cloud, root: Root, fingerprint: str) -> Kept:
    parameters = {"PageUrl": site.url("web"), "ZorgTtpUrl": site.url("zorgttp")}
    deployed = deploy(cloud, plans.read(site.run / "plans.json"), parameters)
    seeds.put_zorgttp_accounts(cloud, deployed.main)
    users = seeds.make_users(cloud, deployed.main["UserPoolId"])
    return Kept(fingerprint, root, deployed, users)


@contextmanager
def _told(site: _Site, cloud: Cloud, kept: Kept) -> Iterator[outputs.Outputs]:
    """Tell where everything is, with credentials that stay fresh as long as the stack runs."""
    told = _outputs(site, cloud, kept)
    outputs.write(site.home.outputs, told)
    stopped = threading.Event()

    def refresh() -> None:
        while not stopped.wait(seeds.SESSION_SECONDS / 2):
            outputs.write(site.home.outputs, _outputs(site, cloud, kept))

    refreshing = threading.Thread(target=refresh, name="credentials")
    refreshing.start()
    try:
        yield told
    finally:
        site.home.outputs.unlink(missing_ok=True)
        stopped.set()
        refreshing.join()


def _outputs(site: _Site, cloud: Cloud, kept: Kept) -> outputs.Outputs:
    deployed = kept.deployed
    return {
        "endpoint_url": site.url("aws"),
        "region": REGION,
        "web_url": site.url("web"),
        "api_url": None,
        "mail_url": f"{site.url('web')}/mail",
        "zorgttp_url": site.url("zorgttp"),
        "outputs": deployed.main,
        "users": kept.users,
        "epd": {
            centre: seeds.assume_epd_role(
                cloud, its["EpdRoleArn"], deployed.external_ids[centre], centre
            )
            for centre, its in deployed.centres.items()
        },
        "operator": seeds.become_operator(cloud),
    }


def _access_key() -> str:
    return f"AKIA{secrets.token_hex(8).upper()}"
