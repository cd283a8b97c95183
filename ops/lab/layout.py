"""Where the lab keeps things, and which hosts it has: those of the inventory `lab`."""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
INVENTORY = REPOSITORY / "ops" / "inventories" / "lab" / "hosts.yml"

#: All that a running lab consists of on disk; gone after `lab.down`.
STATE = Path("/var/lib/microblog-lab")
#: Base systems, kept for the next `lab.up`.
CACHE = Path("/var/cache/microblog-lab")
SSH = STATE / "ssh"
LAYERS = STATE / "layers"
MAIL = STATE / "mail"
HOLDER = STATE / "holder.json"
LOCK = Path("/run/lock/microblog-lab.lock")

BRIDGE = "labbr0"
#: The controller's own address on the bridge, and the lab's network.
CONTROLLER = IPv4Interface("10.77.0.1/24")
SMTP_PORT = 2525
MAILBOX_PORT = 8025
#: A veth is called vb-HOST, and Linux's interface names end at 15 bytes.
LONGEST_NAME = 12
USER = "deploy"


class LabError(Exception):
    """Something the person at the terminal can mend; the message is what happened and the fix."""


@dataclass(frozen=True)
class Host:
    """One host of the lab and where its parts lie."""

    name: str
    address: IPv4Address

    @property
    def folder(self) -> Path:
        """All that the host has written, and its log."""
        return STATE / "hosts" / self.name

    @property
    def upper(self) -> Path:
        """The files that differ from the layers below."""
        return self.folder / "upper"

    @property
    def root(self) -> Path:
        """Where the host's own mount namespace has its root."""
        return self.folder / "root"

    @property
    def layer(self) -> Path:
        """A file that names the layers under the host, topmost first."""
        return self.folder / "layers"

    @property
    def log(self) -> Path:
        """The host's console."""
        return self.folder / "console.log"

    @property
    def link(self) -> str:
        """The controller's end of the host's cable."""
        return f"vb-{self.name}"


@cache
def hosts() -> dict[str, Host]:
    """The hosts by name, as the inventory `lab` gives them.

    Raises `LabError` where a host has no address in the lab's network, or too long a name.
    """
    groups = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["all"]["children"]
    found: dict[str, Host] = {}
    for group in groups.values():
        for name, variables in group["hosts"].items():
            if "ansible_host" in (variables or {}):
                found[name] = Host(name, IPv4Address(variables["ansible_host"]))
    for host in found.values():
        if host.address not in CONTROLLER.network or len(host.name) > LONGEST_NAME:
            raise LabError(
                f"{INVENTORY}: {host.name} needs an address in {CONTROLLER.network} "
                f"and a name of at most {LONGEST_NAME} letters"
            )
    return found


def found_hosts() -> list[Host]:
    """The hosts that are on this machine: another checkout may have made others than the inventory's."""
    folder = STATE / "hosts"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return [hosts().get(name, Host(name, CONTROLLER.ip)) for name in names]


def select_hosts(names: str) -> list[Host]:
    """The hosts that `names` lists, separated by commas; all for an empty one.

    Raises `LabError` for a name that isn't the lab's, so that no verb ever touches another machine.
    """
    known = hosts()
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(known)
    for name in wanted:
        if name not in known:
            raise LabError(f"the lab has no host {name!r}; it has {', '.join(known)}")
    return [known[name] for name in wanted]
