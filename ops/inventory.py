"""Reading an environment's inventory through Ansible itself, and reaching its hosts as Ansible does."""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.environments import EXAMPLE, INVENTORIES, password_file

REPOSITORY = INVENTORIES.parents[1]
#: Groups that say nothing about a host's tier.
GENERAL = ("all", "ungrouped")
#: The variables that an ssh is made of. Ansible's listing shows them as they are written.
CONNECTION = (
    *("ansible_host", "ansible_user", "ansible_port"),
    *("ansible_ssh_private_key_file", "ansible_ssh_common_args"),
)


class InventoryError(Exception):
    """An environment or host that isn't there; the message is what is wrong and the fix."""


@dataclass(frozen=True)
class Host:
    """A host of an environment: its groups, and its variables as Ansible has them."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, Any]

    @property
    def address(self) -> str:
        """Where SSH reaches it."""
        return str(self.variables.get("ansible_host", self.name))

    def ssh_command(self, *, terminal: bool = False) -> list[str]:
        """The words of an ssh to this host, as Ansible itself would connect."""
        for name in CONNECTION:
            if "{{" in str(self.variables.get(name, "")):
                raise InventoryError(
                    f"{self.name}: {name} is a template; give it as plain text in the inventory"
                )
        # Nobody sits before the many at once who could be asked for a passphrase or an unknown host's key.
        # LogLevel: the news that a connection is closed belongs to no command's output.
        quiet = ["-t", "-o", "LogLevel=ERROR"] if terminal else ["-T", "-o", "BatchMode=yes"]
        words = ["ssh", *quiet, "-o", "ConnectTimeout=5"]
        words += shlex.split(str(self.variables.get("ansible_ssh_common_args", "")))
        if "ansible_ssh_private_key_file" in self.variables:
            words += ["-i", str(self.variables["ansible_ssh_private_key_file"])]
        if "ansible_port" in self.variables:
            words += ["-p", str(self.variables["ansible_port"])]
        user = f"{self.variables['ansible_user']}@" if "ansible_user" in self.variables else ""
        return [*words, f"{user}{self.address}"]


@dataclass(frozen=True)
class Answer:
    """What a command said on a host; `failed` also where the host could not be reached."""

    host: Host
    failed: bool
    output: str
    #: The command's exit code; None where there was no answer in time. SSH's own errors are 255.
    code: int | None = None

    @property
    def last_line(self) -> str:
        """The end of what it said: the error, where there was one."""
        return self.output.splitlines()[-1] if self.output else ""


def tool(name: str) -> str:
    """The path of a program of this checkout's environment, such as ansible-playbook."""
    return str(Path(sys.executable).with_name(name))


def inventory_path(environment: str) -> Path:
    """The folder of an environment's inventory. Raises `InventoryError` where there is none."""
    folder = INVENTORIES / environment
    if not environment or not (folder / "hosts.yml").is_file():
        known = sorted(path.parent.name for path in INVENTORIES.glob("*/hosts.yml") if path.parent != EXAMPLE)
        raise InventoryError(
            f"there is no environment {environment!r} in {INVENTORIES}; there are {', '.join(known)}; "
            f"fab env.new {environment} makes one"
        )
    return folder


def read_hosts(environment: str, names: str = "", group: str = "") -> list[Host]:
    """The hosts of an environment: those named, those of a group, or all.

    Raises `InventoryError` for a name that isn't there.
    """
    done = subprocess.run(
        [tool("ansible-inventory"), "-i", str(inventory_path(environment)), "--list"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise InventoryError(explain_failure(environment, done.stderr))
    hosts = parse_inventory(json.loads(done.stdout))
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in hosts:
            raise InventoryError(f"{environment} has no host {name!r}; it has {', '.join(hosts)}")
    return [
        host
        for host in hosts.values()
        if (not wanted or host.name in wanted) and (not group or group in host.groups)
    ]


def explain_failure(environment: str, said: str) -> str:
    """One line for what `ansible-inventory` said on standard error: what is wrong and the fix."""
    if "There is no vault password" in said:
        return (
            f"there is no vault password in {password_file()}: copy your team's there, or name its file in "
            "MICROBLOG_VAULT_PASSWORD_FILE"
        )
    if "Decryption failed" in said:
        return (
            f"the vault password in {password_file()} does not open the vault of {environment}: use its own"
        )
    lines = [line for line in said.splitlines() if line.strip()]
    return f"{environment} can't be read: {' '.join(' '.join(lines).split()) or 'Ansible said nothing'}"


def parse_inventory(listing: dict[str, Any]) -> dict[str, Host]:
    """The hosts by name out of what `ansible-inventory --list` prints."""
    groups: dict[str, list[str]] = {}
    for group, content in listing.items():
        for name in content.get("hosts", []) if group not in {"_meta", *GENERAL} else []:
            groups.setdefault(name, []).append(group)
    variables = listing["_meta"]["hostvars"]
    return {name: Host(name, tuple(groups.get(name, ())), variables[name]) for name in variables}


def ask_hosts(hosts: list[Host], command: str, seconds: float = 30, stdin: str = "") -> list[Answer]:
    """Run a shell command on each host at once, as the operator; the answers in the hosts' order."""

    def ask(host: Host) -> Answer:
        words = [*host.ssh_command(), command]
        try:
            done = subprocess.run(
                words,
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            return Answer(host, failed=True, output=f"no answer within {seconds:g} s")
        failed = done.returncode != 0
        output = done.stderr.strip() if failed and done.stderr else done.stdout.strip()
        return Answer(host, failed, output, done.returncode)

    with ThreadPoolExecutor(max_workers=20) as pool:
        return list(pool.map(ask, hosts))
