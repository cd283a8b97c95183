"""Deploys of the lab's tests: runs that are started, watched and cut off; what hosts say afterwards."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.processes import wait_for
from ops.inventory import REPOSITORY, ask_hosts, tool
from ops.verbs.ask import remote_program
from tests.lab.runs import LOGS, Run, play
from tests.lab.sites import Site

WEB = ("web1", "web2")
WORKERS = ("worker1", "worker2")
#: Until a part of a deploy begins, or all ends.
PART_SECONDS = 240


def deploy(release: str, *, log: str, playbook: str = "deploy") -> Run:
    """Run a deploy of a release to its end, whatever that is."""
    return play(playbook, "-e", f"release={release}", log=log)


def deploy_well(release: str, *, log: str, playbook: str = "deploy") -> Run:
    """As `deploy`, for one that has to end well."""
    run = deploy(release, log=log, playbook=playbook)
    assert run.code == 0, run.failure
    return run


def running(site: Site) -> dict[str, set[str]]:
    """By host, the releases that its programs run and that its links for people and visitors lead to."""
    command, text = remote_program("releases")
    found = {}
    for answer in ask_hosts([site.hosts[name] for name in (*WEB, *WORKERS)], command, stdin=text):
        assert not answer.failed, answer.output
        said = json.loads(answer.output)
        programs = {each["release"] for each in said["running"]}
        found[answer.host.name] = programs | {said["current"], said["serving"]} - {""}
    return found


def former_of(site: Site) -> str:
    """The release that is current."""
    return Path(site.sudo("worker1", "readlink /opt/microblog/current").strip()).name


def served(site: Site, host: str) -> str:
    """The release that a web host's readiness names."""
    answer = site.sudo(
        host,
        "curl -s --unix-socket /var/lib/microblog/run/current.sock "
        "-H 'X-Forwarded-Proto: https' http://microblog.lab/readyz",
    )
    return answer.partition('"release":"')[2].partition('"')[0]


def all_run(site: Site, release: str) -> bool:
    """Whether every host runs this release and nothing else."""
    return running(site) == {host: {release} for host in (*WEB, *WORKERS)}


@dataclass
class Started:
    """A deploy under way."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def output(self) -> str:
        """What it has said."""
        return self.log.read_text(encoding="utf-8")

    def wait_until(self, words: str) -> None:
        """Wait until it says so."""
        wait_for(
            lambda: words in self.output or self.process.poll() is not None,
            PART_SECONDS,
            lambda: f"{words!r} is not said: {self.output[-1500:]}",
        )
        assert words in self.output, self.output[-1500:]

    def kill(self) -> None:
        """End the controller's programs as a power cut would: none says good-bye."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(PART_SECONDS * 2)


@contextmanager
def started(release: str, *, log: str, playbook: str = "deploy") -> Iterator[Started]:
    """A deploy that runs meanwhile; killed at the end where it still does."""
    command = [
        *(tool("ansible-playbook"), f"ops/playbooks/{playbook}.yml", "-i", "ops/inventories/lab"),
        *("-e", f"release={release}"),
    ]
    path = LOGS / f"{log}.log"
    with path.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    run = Started(process, path)
    try:
        yield run
    finally:
        if process.poll() is None:
            run.kill()
