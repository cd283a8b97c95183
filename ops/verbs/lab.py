"""fab lab.*: hosts to rehearse on."""

import time

from fabric import Connection

from ops import environments
from ops.lab import access, mailbox, verbs
from ops.lab.layout import select_hosts
from ops.verbs.terminal import VerbError, print_table, verb

NAMES = "hosts between commas, such as web1,web2"


@verb(help={"take": "take the lab over from another checkout, which loses it"})
def up(_context: Connection, take: bool = False) -> None:  # noqa: FBT001, FBT002 - fabric makes it --take
    """Make and boot the lab's hosts; those that run stay as they are."""
    started = time.monotonic()
    verbs.up(take=take)
    if not environments.vault_file("lab").exists():
        environments.write_vault("lab")
    print(f"The lab is up, after {time.monotonic() - started:.1f} s:")
    print_table(("host", "address", "state"), verbs.status())
    print(f"Mails that its hosts send: {mailbox.URL}")
    print("Next: fab provision")


@verb()
def down(_context: Connection) -> None:
    """Stop and delete the lab; only the cached base system stays."""
    verbs.down()
    print("The lab is gone")


@verb()
def status(_context: Connection) -> None:
    """Show the lab's hosts and what drills did to them."""
    print_table(("host", "address", "state"), verbs.status())


@verb(help={"hosts": f"{NAMES}; all where none is named"})
def reset(_context: Connection, hosts: str = "") -> None:
    """Give hosts back as bare as they were."""
    verbs.reset(hosts)
    print(f"Bare again: {', '.join(host.name for host in select_hosts(hosts))}")


@verb(
    positional=["host"],
    help={"host": "a host of the lab", "peer": "the host at the cable's other end; all where none is named"},
)
def cut(_context: Connection, host: str, peer: str = "") -> None:
    """Cut a host's cable, or the one between two hosts."""
    verbs.cut(host, peer)
    print(f"Cut: {host} from {peer or 'all'}; fab lab.join mends it")


@verb(positional=["host"], help={"host": "a host of the lab", "peer": "the host at the cable's other end"})
def join(_context: Connection, host: str, peer: str = "") -> None:
    """Mend what cut has cut."""
    verbs.join(host, peer)
    print(f"Mended: {host} to {peer or 'all'}")


@verb(positional=["hosts"], help={"hosts": NAMES})
def kill(_context: Connection, hosts: str) -> None:
    """Cut the power of hosts; fab lab.up switches them on again."""
    verbs.kill(hosts)
    print(f"Without power: {hosts}; fab lab.up gives it back")


@verb(positional=["hosts"], help={"hosts": NAMES})
def freeze(_context: Connection, hosts: str) -> None:
    """Stop hosts where they stand: they neither answer nor refuse."""
    verbs.freeze(hosts)
    print(f"Frozen: {hosts}; fab lab.thaw lets go on")


@verb(positional=["hosts"], help={"hosts": NAMES})
def thaw(_context: Connection, hosts: str) -> None:
    """Let frozen hosts go on."""
    verbs.thaw(hosts)
    print(f"Going on: {hosts}")


@verb(
    positional=["host"], help={"host": "a host of the lab", "command": "what to run there instead of a shell"}
)
def ssh(_context: Connection, host: str, command: str = "") -> None:
    """Enter a host as its operator."""
    verbs.require_ours()
    chosen = select_hosts(host)
    if len(chosen) != 1:
        raise VerbError(f"name one host, not {host}")
    access.enter(chosen[0], command)
