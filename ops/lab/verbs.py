"""What can be done with the lab as a whole; `fab lab.*` and the tests call these."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from ops.lab import access, base, cgroups, holder, machines, mailbox, network
from ops.lab.layout import STATE, Host, LabError, found_hosts, hosts, select_hosts


def require_ours() -> None:
    """Raise `LabError` where this checkout holds no lab."""
    require_root_on_linux()
    holder.require_ours()


def require_root_on_linux() -> None:
    """Raise `LabError` where the lab can't be."""
    if not sys.platform.startswith("linux"):
        raise LabError("the lab needs Linux: its hosts are systemd-nspawn containers")
    if os.geteuid() != 0:
        raise LabError("the lab needs root: sudo make lab")


def up(*, take: bool = False) -> None:
    """Make and boot every host that doesn't run.

    Raises `LabError` where another checkout holds the lab, unless told to `take` it over.
    """
    require_root_on_linux()
    with holder.locked():
        if holder.read_holder() is not None and not holder.is_ours():
            if not take:
                holder.require_ours()
            _remove_all()
        base.install_tools()
        base.make_base()
        STATE.mkdir(parents=True, exist_ok=True)
        if not holder.is_ours():
            holder.take()
        network.make_network()
        mailbox.start()
        access.make_keys()
        for host in hosts().values():
            if not host.upper.exists():
                machines.create(host)
            mend(host)
            machines.boot(host)
        in_parallel(machines.wait_until_up, hosts().values())


def mend(host: Host) -> None:
    """Plug a pulled cable in again and thaw a frozen host: `up` means up."""
    if cgroups.is_alive(host.name):
        cgroups.freeze(host.name, frozen=False)
        network.join_cable(host)


def down() -> None:
    """Stop and delete the lab; the cached base stays. Nothing where there is none."""
    require_root_on_linux()
    with holder.locked():
        if holder.read_holder() is not None:
            holder.require_ours()
        _remove_all()


def _remove_all() -> None:
    found = found_hosts()
    in_parallel(machines.cut_power, found)
    for host in found:
        machines.delete(host)
    mailbox.stop()
    network.remove_network()
    shutil.rmtree(STATE, ignore_errors=True)


def reset(names: str = "", layers: str = "") -> None:
    """Give hosts back as bare as they were, or as they were when `layers` were saved, and boot them."""
    chosen = _select_ours(names)
    in_parallel(machines.cut_power, chosen)
    for host in chosen:
        machines.create(host, layers)
        machines.boot(host)
    in_parallel(machines.wait_until_up, chosen)


def save(name: str, names: str = "") -> None:
    """Keep what hosts are now as the layer `name`, and go on from there."""
    chosen = _select_ours(names)
    in_parallel(machines.stop, chosen)
    for host in chosen:
        machines.save_layer(host, name)
        machines.boot(host)
    in_parallel(machines.wait_until_up, chosen)


def kill(names: str) -> None:
    """Cut the power of hosts."""
    for host in _select_named(names):
        machines.cut_power(host)


def freeze(names: str) -> None:
    """Stop hosts where they stand: they neither answer nor refuse."""
    for host in _select_running(names):
        cgroups.freeze(host.name, frozen=True)


def thaw(names: str) -> None:
    """Let frozen hosts go on."""
    for host in _select_running(names):
        cgroups.freeze(host.name, frozen=False)


def cut(name: str, peer: str = "") -> None:
    """Pull the cable of a host, or the one between it and `peer`."""
    host, other = _select_ends(name, peer)
    if other:
        network.cut_pair(host, other)
    else:
        network.cut_cable(host)


def join(name: str, peer: str = "") -> None:
    """Mend what `cut` cut."""
    host, other = _select_ends(name, peer)
    if other:
        network.join_pair(host, other)
    else:
        network.join_cable(host)


def status() -> list[tuple[str, str, str]]:
    """Name, address and state of every host."""
    if holder.read_holder() is None:
        raise LabError("there is no lab: fab lab.up")
    return [(host.name, str(host.address), _state(host)) for host in hosts().values()]


def _state(host: Host) -> str:
    if not cgroups.is_alive(host.name):
        return "off"
    if cgroups.is_frozen(host.name):
        return "frozen"
    state = "cable cut" if network.is_cable_cut(host) else "up"
    lost = sorted({second.removeprefix("vb-") for first, second in network.list_cuts() if first == host.link})
    return f"{state}, cut from {', '.join(lost)}" if lost else state


def in_parallel(action: Callable[[Host], object], chosen: Iterable[Host]) -> None:
    """Do it to all hosts at once; the first error is raised when all have ended."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        for future in [pool.submit(action, host) for host in chosen]:
            future.result()


def _select_ours(names: str) -> list[Host]:
    require_ours()
    return select_hosts(names)


def _select_named(names: str) -> list[Host]:
    if not names:
        raise LabError(f"name a host: one of {', '.join(hosts())}")
    return _select_ours(names)


def _select_running(names: str) -> list[Host]:
    chosen = _select_named(names)
    for host in chosen:
        if not cgroups.is_alive(host.name):
            raise LabError(f"{host.name} is off: fab lab.up")
    return chosen


def _select_ends(name: str, peer: str) -> tuple[Host, Host | None]:
    """The running host whose cable it is, and the one at its other end where it is named."""
    for end in (name, peer):
        if "," in end or (end and name == peer):
            raise LabError(
                f"a cable has two ends: name one host{', and another one' if peer else ''}, not {end}"
            )
    (host,) = _select_running(name)
    return host, _select_running(peer)[0] if peer else None
