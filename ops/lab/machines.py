"""One host of the lab: made, booted, stopped, cut from power, saved and reset."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from ops.lab import access, cgroups
from ops.lab.base import base_folder
from ops.lab.commands import run, wait_for
from ops.lab.layout import BRIDGE, CONTROLLER, LAYERS, Host, LabError, hosts

BOOT = Path(__file__).with_name("boot")
BOOT_SECONDS = 60
STOP_SECONDS = 30

NETWORK = """\
[Match]
Name=host0
[Network]
Address={address}/{prefix}
Gateway={gateway}
LinkLocalAddressing=no
"""


def create(host: Host, layers: str = "") -> None:
    """The host's own files on top of the base, or of saved layers; what it had written before is gone."""
    shutil.rmtree(host.folder, ignore_errors=True)
    for folder in (host.upper, host.folder / "work", host.root):
        folder.mkdir(parents=True)
    host.layer.write_text(layers, encoding="utf-8")
    network = host.upper / "etc" / "systemd" / "network" / "10-lab.network"
    network.parent.mkdir(parents=True)
    network.write_text(
        NETWORK.format(address=host.address, prefix=CONTROLLER.network.prefixlen, gateway=CONTROLLER.ip)
    )
    names = (f"{other.address} {other.name}\n" for other in hosts().values())
    etc = host.upper / "etc"
    (etc / "hostname").write_text(f"{host.name}\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(names))
    (etc / "resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
    access.write_host_key(host)
    # A saved layer has the keys that playbooks left: they are part of what is rehearsed.
    if not layers.split():
        access.write_operator_key(host)


def boot(host: Host) -> None:
    """Switch the host on; nothing where it runs. It boots while this returns: see `wait_until_up`."""
    if cgroups.is_alive(host.name):
        return
    saved = [str(LAYERS / name / host.name) for name in host.layer.read_text().split()]
    lower = ":".join([*saved, str(base_folder())])
    # On its own from the first moment: it outlives this process.
    command = ["setsid", "--fork", "unshare", "--mount", "--propagation", "private", str(BOOT)]
    # A power cut leaves overlayfs' work folder behind; the kernel empties it itself at the next mount.
    places = [lower, str(host.upper), str(host.folder / "work"), str(host.root)]
    with host.log.open("ab") as log:
        subprocess.run(
            [*command, host.name, str(cgroups.make(host.name)), BRIDGE, *places],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )
    wait_for(lambda: cgroups.is_alive(host.name), 5, lambda: f"{host.name} does not start: see {host.log}")


def wait_until_up(host: Host) -> None:
    """Wait until the host's systemd says that it has booted and its sshd answers.

    Raises `LabError` where it ends meanwhile, or takes longer than `BOOT_SECONDS`.
    """

    def has_booted() -> bool:
        if not cgroups.is_alive(host.name):
            raise LabError(f"{host.name} ended while booting: see {host.log}")
        if cgroups.init(host.name) is None:
            return False
        return (
            run_inside(host, "systemctl", "is-active", "multi-user.target", check=False).strip() == "active"
        )

    wait_for(has_booted, BOOT_SECONDS, lambda: f"{host.name} has not booted: see {host.log}")
    state = run_inside(host, "systemctl", "is-system-running", "--wait", check=False).strip()
    if state not in {"running", "degraded"}:
        raise LabError(f"{host.name} is {state or 'silent'} after booting: see {host.log}")


def run_inside(host: Host, *command: str, check: bool = True, seconds: float = 60) -> str:
    """Run a program in the host by its console, with no network needed; its standard output."""
    leader = cgroups.init(host.name)
    if leader is None:
        raise LabError(f"{host.name} isn't running: fab lab.up")
    return run("nsenter", "-a", "-t", str(leader), *command, check=check, seconds=seconds)


def stop(host: Host) -> None:
    """Shut the host down in order; a power cut where it takes longer than `STOP_SECONDS`."""
    if not cgroups.is_alive(host.name):
        return
    cgroups.freeze(host.name, frozen=False)
    for process in cgroups.supervisors(host.name):
        os.kill(process, signal.SIGTERM)
    try:
        wait_for(lambda: not cgroups.is_alive(host.name), STOP_SECONDS, lambda: "")
    except LabError:
        cut_power(host)


def cut_power(host: Host) -> None:
    """End the host at once, as a power cut would. What it had not synced is in the page cache and stays."""
    if not cgroups.is_alive(host.name):
        return
    # First the cable: a killed host's may stay for seconds, and be in the way of the next boot.
    run("ip", "link", "delete", host.link, check=False)
    cgroups.kill(host.name)
    wait_for(lambda: not cgroups.is_alive(host.name), 10, lambda: f"{host.name}'s processes do not end")


def save_layer(host: Host, name: str) -> None:
    """Keep what the stopped host has written as the layer `name` below it."""
    target = LAYERS / name / host.name
    if target.exists():
        raise LabError(f"there is a layer {name} of {host.name} already: choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    layers = f"{name} {host.layer.read_text()}"
    host.upper.rename(target)
    create(host, layers)


def delete(host: Host) -> None:
    """Remove the stopped host's files and its control group."""
    cgroups.remove(host.name)
    shutil.rmtree(host.folder, ignore_errors=True)
