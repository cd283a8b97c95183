"""Who may enter the lab's hosts: keys, known hosts, and the ssh settings that use them."""

import os
from pathlib import Path

from ops.lab.base import base_folder
from ops.lab.commands import run
from ops.lab.layout import SSH, USER, Host, hosts

KEY = SSH / "id_ed25519"
KNOWN_HOSTS = SSH / "known_hosts"
CONFIG = SSH / "config"

OPTIONS = f"""\
Host *
  User {USER}
  IdentityFile {KEY}
  IdentitiesOnly yes
  UserKnownHostsFile {KNOWN_HOSTS}
  StrictHostKeyChecking yes
  # A cut host is noticed within seconds, not hung upon.
  ConnectTimeout 3
  ServerAliveInterval 2
  ServerAliveCountMax 2
"""


def make_keys() -> None:
    """The operator's key, and a key of each host, made where missing: known before the first connection."""
    SSH.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_key(KEY)
    for host in hosts().values():
        _make_key(host_key(host))
    known = (f"{host.address},{host.name} {_public(host_key(host))}\n" for host in hosts().values())
    KNOWN_HOSTS.write_text("".join(known), encoding="utf-8")
    names = (f"Host {host.name}\n  HostName {host.address}\n" for host in hosts().values())
    CONFIG.write_text("".join(names) + OPTIONS, encoding="utf-8")


def host_key(host: Host) -> Path:
    """The file of the host's private key."""
    return SSH / f"host_{host.name}"


def write_host_key(host: Host) -> None:
    """Put the host's own key among its files."""
    ssh = host.upper / "etc" / "ssh"
    ssh.mkdir(parents=True, exist_ok=True)
    for suffix, mode in (("", 0o600), (".pub", 0o644)):
        target = ssh / f"ssh_host_ed25519_key{suffix}"
        target.write_text(Path(f"{host_key(host)}{suffix}").read_text())
        target.chmod(mode)


def write_operator_key(host: Host) -> None:
    """Let the operator in as a provider's image does: by a key in the home folder, which playbooks manage."""
    home = base_folder() / "home" / USER
    owner = home.stat()
    folder = host.upper / "home" / USER
    ssh = folder / ".ssh"
    ssh.mkdir(parents=True)
    keys = ssh / "authorized_keys"
    keys.write_text(f"{_public(KEY)}\n")
    # A folder of the upper layer hides the mode and owner that the same one has below.
    for path, mode in ((folder, owner.st_mode & 0o777), (ssh, 0o700), (keys, 0o600)):
        path.chmod(mode)
        os.chown(path, owner.st_uid, owner.st_gid)


def enter(host: Host, command: str = "") -> None:
    """Become an ssh to the host; does not return."""
    words = ["ssh", "-F", str(CONFIG), host.name, *([command] if command else [])]
    os.execvp("ssh", words)  # noqa: S606 - the terminal is handed over


def _make_key(path: Path) -> None:
    if not path.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path)


def _public(path: Path) -> str:
    return Path(f"{path}.pub").read_text(encoding="utf-8").strip()
