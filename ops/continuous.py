"""Continuous: the release of a tag is proven on staging, then the very same one goes to production.

    fab deploy --auto v1.2 [--staging staging] [--to production]

It is built once. Staging gets it as production will, by deploy.yml; then the release's own smoke test plays
a person there. Production gets it by its canary only where all of that was well and the files are the same.
"""

import getpass
import json
import os
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.deployments import Record, explain
from ops.inventory import Host, InventoryError, ask_hosts, inventory_path, read_hosts
from ops.playbook_runs import PlaybookFailed, make_command, run_playbook
from ops.releases import MANIFEST, REQUIREMENTS, build, read_manifest, verify
from ops.sources import git
from ops.verbs.ask import remote_program
from ops.wheelhouses import PLATFORMS, ROOT, ReleaseRefused, hash_file

#: As role release has it, for hosts whose inventory says nothing.
MACHINES = ["x86_64"]
RELEASES = "/opt/microblog/releases"
AUTHORITY = "/etc/microblog/tls/ca.pem"
#: The test waits a minute for a picture, and 15 s for each page at most.
SMOKE_SECONDS = 300


class ContinuousRefused(Exception):
    """A tag that doesn't go on, or may not begin: why, and what runs where."""


class NotProven(Exception):
    """What staging or production shows isn't what a good release would; the message says where and how."""


@dataclass(frozen=True)
class Stage:
    """An environment that the release goes to."""

    name: str
    hosts: list[Host]

    @classmethod
    def read(cls, name: str) -> "Stage":
        """Read its inventory. Raises `InventoryError`, also where it can't be a site."""
        stage = cls(name, read_hosts(name))
        for group in ("web", "worker"):
            if not stage.group(group):
                raise InventoryError(f"{name} has no {group} host")
        return stage

    def group(self, *names: str) -> list[Host]:
        """The hosts of any of these groups."""
        return [host for host in self.hosts if set(names) & set(host.groups)]


@dataclass(frozen=True)
class Journey:
    """A built release on its way: its folder here, and `identity`, the hashes by which it is known again."""

    release: str
    tag: str
    staging: Stage
    production: Stage
    folder: Path
    identity: dict[str, str]
    record: Record
    verbose: bool

    def go(self) -> None:
        """All steps. Raises `ContinuousRefused` at the first that fails, with what runs where."""
        staging, production = self.staging.name, self.production.name
        untouched = f"{production} was not touched"
        with explained(f"{untouched}. What runs now: fab status --to {staging}"):
            self.deploy(self.staging)
        with explained(f"{untouched}; {staging} still runs {self.release} (fab rollback --to {staging})"):
            smoke = self.smoke()
            self.confirm(self.staging)
            self.compare()
        note = f"{self.tag}: {smoke} on {staging}, manifest {self.identity['manifest']}"
        with explained(f"{staging} runs it. What runs now: fab status --to {production}"):
            self.deploy(self.production, deploy_proof=note)
            self.confirm(self.production)

    def deploy(self, stage: Stage, **variables: str) -> None:
        """By the playbook; the record gets what the gate saw. Raises `PlaybookFailed`."""
        say(f"{self.release} goes to {stage.name}")
        with self.record.step(f"deploy to {stage.name}") as told, tempfile.TemporaryDirectory() as made:
            figures = Path(made) / "figures"
            extra = {"release": self.release, "deploy_figures": str(figures), **variables}
            try:
                command = make_command("deploy", stage.name, extra=json.dumps(extra))
                run_playbook(command, verbose=self.verbose)
            finally:
                if figures.exists():
                    told["gate"] = figures.read_text(encoding="utf-8").splitlines()

    def smoke(self) -> str:
        """The release's smoke test on staging; its last line. Raises `NotProven`."""
        host, words = smoke_command(self.release, self.staging)
        say(f"The smoke test plays a person on {self.staging.name}, at {host.name}")
        with self.record.step(f"smoke test on {self.staging.name}") as told:
            # On one output: the steps that were well, and the one that was not.
            (answer,) = ask_hosts([host], f"{shlex.join(words)} 2>&1", seconds=SMOKE_SECONDS)
            print(answer.output, flush=True)
            told.update(host=host.name, command=words, lines=answer.output.splitlines())
            if answer.failed:
                raise NotProven(f"the smoke test fails on {self.staging.name}: {answer.last_line}")
            return answer.last_line

    def confirm(self, stage: Stage) -> None:
        """See that every host runs the release, nothing else, and the very same. Raises `NotProven`."""
        with self.record.step(f"proof on {stage.name}") as told:
            hosts = stage.group("web", "worker")
            told["hosts"] = [host.name for host in hosts]
            command, text = remote_program("releases")
            for name, said in answers_of(hosts, command, text):
                runs = read_releases(json.loads(said))
                if runs != {self.release}:
                    raise NotProven(f"{name} runs {' and '.join(sorted(runs)) or 'nothing of the site'}")
            paths = [f"{RELEASES}/{self.release}/{file}" for file in (MANIFEST, REQUIREMENTS)]
            wanted = [self.identity["manifest"], self.identity["requirements"]]
            for name, said in answers_of(hosts, shlex.join(["sudo", "-n", "sha256sum", *paths])):
                if [line.partition(" ")[0] for line in said.splitlines()] != wanted:
                    raise NotProven(f"{name} has a {self.release} of other files than this controller's")

    def compare(self) -> None:
        """See that the release here is what it was when staging got it. Raises `ReleaseRefused`."""
        with self.record.step("compare the release with the one that staging got"):
            verify(self.folder)
            if identify(self.folder) != self.identity:
                raise ReleaseRefused(f"{self.release} was made anew since {self.staging.name} got it")


def deploy_tag(tag: str, staging: str, production: str, *, root: Path = ROOT, verbose: bool = False) -> None:
    """Build the tag's release, prove it on staging, deploy it to production, and write down all of it.

    Raises `ContinuousRefused`, `InventoryError` or `ReleaseRefused`.
    """
    commit = find_commit(tag, root)
    stages = Stage.read(staging), Stage.read(production)
    refuse_same(*stages)
    release = build(choose_machines(stages), ref=commit, root=root)
    folder = root / "var" / "releases" / release
    identity = identify(folder)
    facts = {"tag": tag, "commit": commit, "who": os.environ.get("SUDO_USER") or getpass.getuser()}
    record = Record.begin(root, release, **facts, staging=staging, production=production, **identity)
    shown = record.path.relative_to(root)
    try:
        Journey(release, tag, *stages, folder, identity, record, verbose).go()
    except BaseException as error:
        record.end(f"stopped: {explain(error)}")
        say(f"How far it came: {shown}")
        raise
    record.end("deployed")
    say(f"{tag} is {release}: proven on {staging}, runs on {production}. What was proven: {shown}")


def find_commit(tag: str, root: Path) -> str:
    """The commit of a tag. Raises `ContinuousRefused` for one that git doesn't know."""
    try:
        # Takes names alone: `v1.2~1` is none.
        git(root, "show-ref", "--verify", f"refs/tags/{tag}")
        return git(root, "rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}")
    except ReleaseRefused:
        newest = git(root, "tag", "--sort=-creatordate").split()[:3]
        known = f"the newest are {', '.join(newest)}" if newest else "there is none"
        raise ContinuousRefused(
            f"git knows no tag {tag!r} here, {known}: git fetch --tags brings those of others"
        ) from None


def refuse_same(staging: Stage, production: Stage) -> None:
    """Raise `ContinuousRefused` where both are one, or share hosts: nothing would be proven beforehand."""
    if inventory_path(staging.name).resolve() == inventory_path(production.name).resolve():
        raise ContinuousRefused(f"staging and production are both {production.name}: name two environments")
    reached = {host.address for host in production.group("web", "worker")}
    for host in staging.group("web", "worker"):
        if host.address in reached:
            raise ContinuousRefused(
                f"{host.name} ({host.address}) is in both {staging.name} and {production.name}: "
                "give each hosts of its own"
            )


def choose_machines(stages: Iterable[Stage]) -> list[str]:
    """The kinds of machine that the release is for: those of all hosts. Raises `InventoryError`."""
    found = set()
    for stage in stages:
        for host in stage.group("web", "worker"):
            given = host.variables.get("release_machines", MACHINES)
            if not isinstance(given, list) or not given or not set(given) <= set(PLATFORMS):
                raise InventoryError(
                    f"{stage.name}: {host.name}: release_machines must be a list of {', '.join(PLATFORMS)}"
                )
            found.update(given)
    return sorted(found)


def smoke_command(release: str, staging: Stage) -> tuple[Host, list[str]]:
    """A worker host, and the words that play the smoke test there, past the names that DNS knows."""
    front = (staging.group("edge") or staging.group("web"))[0]
    url = f"https://{read_text(front, 'microblog_domain')}"
    address = read_text(front, "private_address", front.address)
    words = ["sudo", "-n", "-u", "microblog", "/opt/microblog/bin/microblog-run", release]
    words += ["smoke", "--url", url, "--address", address]
    # As roles haproxy and nginx decide: without a given certificate the environment's own authority signs.
    words += [] if front.variables.get("edge_certificate") else ["--ca", AUTHORITY]
    return staging.group("worker")[0], words


def read_text(host: Host, name: str, default: str = "") -> str:
    """A variable of a host. Raises `InventoryError` where it is missing or only Ansible could tell it."""
    value = str(host.variables.get(name, default))
    if not value or "{{" in value:
        raise InventoryError(f"{host.name}: {name} must be plain text in the inventory, not {value!r}")
    return value


def identify(release: Path) -> dict[str, str]:
    """The hashes of its manifest, which names that of every file, and of its requirements."""
    requirements = read_manifest(release)["files"][REQUIREMENTS]
    return {"manifest": hash_file(release / MANIFEST), "requirements": requirements}


def read_releases(said: dict[str, Any]) -> set[str]:
    """The releases that a host runs, serves or would start, as `remote/releases.py` tells."""
    return {each["release"] for each in said["running"]} | {said["current"], said["serving"]} - {""}


def answers_of(hosts: list[Host], command: str, text: str = "") -> Iterator[tuple[str, str]]:
    """What each host says, by name. Raises `NotProven` for one that doesn't."""
    for answer in ask_hosts(hosts, command, stdin=text):
        if answer.failed:
            raise NotProven(f"{answer.host.name} does not answer: {answer.last_line}")
        yield answer.host.name, answer.output


@contextmanager
def explained(advice: str) -> Iterator[None]:
    """Add to what fails what it means for both environments."""
    try:
        yield
    except (InventoryError, NotProven, PlaybookFailed, ReleaseRefused) as error:
        raise ContinuousRefused(f"{error}. {advice}") from error


def say(text: str) -> None:
    """A line about the story, between what the steps print."""
    print(f"== {text}", flush=True)
