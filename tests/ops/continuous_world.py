"""A world for `fab deploy --auto`: a checkout with a tag and its release, environments that answer."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops import continuous, playbook_runs
from ops.continuous import deploy_tag
from ops.deployments import FOLDER
from ops.inventory import Host
from ops.releases import MANIFEST, REQUIREMENTS
from ops.wheelhouses import hash_file
from tests.ops.test_releases import commit, git

RELEASE = "1.2.3-20260102T020405Z"
TAG = "v1.2.3"
STEPS = ("log in: 12 ms", "smoke: 9 steps passed by release 1.2.3")

#: Keeps what it was asked, beside a copy of the record as it was then, and does as the test says.
PLAYBOOK = """\
#!{python}
import json, pathlib, shutil, sys
here = pathlib.Path({here!r})
extra = json.loads(sys.argv[sys.argv.index("--extra-vars") + 1])
name = pathlib.Path(sys.argv[3]).name
with (here / "asked").open("a") as asked:
    asked.write(json.dumps(["deploy", sys.argv[1], name, extra]) + "\\n")
shutil.copy(here / {record!r}, here / f"record-at-{{name}}")
pathlib.Path(extra["deploy_figures"]).write_text("web1  200 requests\\n")
code = here / f"playbook-{{name}}"
sys.exit(int(code.read_text()) if code.exists() else 0)
"""
SSH = """\
#!{python}
import json, pathlib, sys
here = pathlib.Path({here!r})
command = sys.argv[-1]
kind = "smoke" if " smoke " in command else "sums" if "sha256sum" in command else "releases"
with (here / "asked").open("a") as asked:
    asked.write(json.dumps([kind, sys.argv[-2], command]) + "\\n")
# As a host whose program reads what it is sent.
sys.stdin.read()
special = here / f"{{kind}}-{{sys.argv[-2]}}"
answer = special if special.exists() else here / kind
print(answer.read_text())
sys.exit(1 if "FAILED" in answer.read_text() else 0)
"""


@dataclass(frozen=True)
class World:
    """A checkout with a tag, staging and production; answers of playbooks and hosts are files of `here`."""

    root: Path
    here: Path
    staging: str
    production: str

    def go(self) -> None:
        """Deploy the tag."""
        deploy_tag(TAG, self.staging, self.production, root=self.root)

    @property
    def release(self) -> Path:
        return self.root / "var" / "releases" / RELEASE

    @property
    def story(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / FOLDER / f"{RELEASE}.json").read_text())
        return found

    @property
    def asked(self) -> list[list[Any]]:
        path = self.here / "asked"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def deploys(self) -> list[str]:
        return [each[2] for each in self.asked if each[0] == "deploy"]

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [(each["step"], each["outcome"]) for each in self.story["steps"]]


def make_inventory(folder: Path, groups: dict[str, dict[str, str]]) -> str:
    """An environment's folder: addresses of hosts by group and name."""
    folder.mkdir()
    (folder / "hosts.yml").write_text(json.dumps(groups))
    return str(folder)


def read_inventory(folder: str) -> list[Host]:
    """Its hosts, without the second that Ansible would take."""
    groups = json.loads((Path(folder) / "hosts.yml").read_text())
    found = {name: address for hosts in groups.values() for name, address in hosts.items()}
    common = {"microblog_domain": "site.example", "ansible_user": "deploy"}
    return [
        Host(
            name,
            tuple(group for group, hosts in groups.items() if name in hosts),
            common | {"ansible_host": address},
        )
        for name, address in found.items()
    ]


def make_release(world: World) -> None:
    """As small as can be: whole by its manifest."""
    world.release.mkdir(parents=True)
    (world.release / REQUIREMENTS).write_text("needed==1\n")
    files = {REQUIREMENTS: hash_file(world.release / REQUIREMENTS)}
    (world.release / MANIFEST).write_text(json.dumps({"name": RELEASE, "files": files}))


def make_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """All is well in it, until a test says otherwise."""
    root, here = tmp_path / "checkout", tmp_path / "here"
    root.mkdir()
    here.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "README.md").write_text("One")
    commit(root, "One", "2026-01-02T03:04:05+0100")
    git(root, "tag", TAG)
    staging = make_inventory(tmp_path / "staging", {name: {"one": "192.0.2.1"} for name in ("web", "worker")})
    production = make_inventory(
        tmp_path / "production",
        {"edge": {"lb1": "192.0.2.10"}, "web": {"web1": "192.0.2.11"}, "worker": {"worker1": "192.0.2.12"}},
    )
    made = World(root, here, staging, production)
    make_release(made)
    running = {"running": [{"release": RELEASE}], "current": RELEASE, "serving": RELEASE}
    (here / "releases").write_text(json.dumps(running))
    sums = [f"{hash_file(made.release / name)}  {name}" for name in (MANIFEST, REQUIREMENTS)]
    (here / "sums").write_text("\n".join(sums))
    (here / "smoke").write_text("\n".join(STEPS))
    program(here / "ansible-playbook", PLAYBOOK, here, str(root / FOLDER / f"{RELEASE}.json"))
    program(here / "ssh", SSH, here)
    monkeypatch.setenv("PATH", f"{here}:{os.environ['PATH']}")
    monkeypatch.setattr(playbook_runs, "tool", lambda name: str(here / name))
    monkeypatch.setattr(continuous, "read_hosts", read_inventory)
    monkeypatch.setattr(continuous, "build", lambda _machines, ref, root: RELEASE if ref and root else "")
    return made


def program(path: Path, text: str, here: Path, record: str = "") -> None:
    path.write_text(text.format(python=sys.executable, here=str(here), record=record))
    path.chmod(0o755)
