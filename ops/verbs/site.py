"""fab provision, drift and maintenance: an environment as a whole."""

import sys

from fabric import Connection

from ops.inventory import ask_hosts, inventory_path, read_hosts
from ops.playbook_runs import find_differences, make_command, run_playbook
from ops.verbs.terminal import TO, VerbError, verb

#: nginx shows the maintenance page while this file is there.
MAINTENANCE = "/var/lib/microblog/maintenance"
SHOWN_LINES = 12


@verb(
    help=TO
    | {
        "limit": "only these hosts, or groups",
        "tags": "only these roles",
        "check": "say what would change, with differences, and change nothing",
    }
)
def provision(
    _context: Connection,
    to: str = "lab",
    limit: str = "",
    tags: str = "",
    check: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --check
) -> None:
    """Bring hosts from bare to serving; again at any time."""
    command = make_command("site", to, limit=limit, tags=tags)
    run_playbook([*command, "--check", "--diff"] if check else command)


@verb(help=TO | {"limit": "only these hosts, or groups"})
def drift(_context: Connection, to: str = "lab", limit: str = "") -> None:
    """Tell what on the hosts differs from this checkout; exit code 1 where something does."""
    print(f"Comparing {to} with this checkout, changing nothing…", flush=True)
    count = 0
    for difference in find_differences(make_command("site", to, limit=limit)):
        count += 1
        print(f"{difference.host}: {difference.role}: {difference.task}")
        for line in difference.lines[:SHOWN_LINES]:
            print(f"    {line}")
        if len(difference.lines) > SHOWN_LINES:
            print(f"    … and {len(difference.lines) - SHOWN_LINES} lines more")
    if count:
        raise VerbError(f"{count} differences; fab provision --to {to} removes them")
    print("Nothing differs")


@verb(positional=["host"], help=TO | {"host": "the web or worker host that is to leave"})
def remove(_context: Connection, host: str, to: str = "lab") -> None:
    """Let a host finish what it has in hand and serve no more."""
    read_hosts(to, host)
    run_playbook(make_command("remove", to, extra=f"leaving={host}"))
    print(f"Now take {host} out of {inventory_path(to)}/hosts.yml, then: fab provision --to {to}")


@verb(positional=["state"], help=TO | {"state": "on or off"})
def maintenance(_context: Connection, state: str, to: str = "lab") -> None:
    """Show visitors the maintenance page, or the site again."""
    commands = {"on": f"sudo touch {MAINTENANCE}", "off": f"sudo rm -f {MAINTENANCE}"}
    if state not in commands:
        raise VerbError(f"say on or off, not {state!r}")
    answers = ask_hosts(read_hosts(to, group="web"), commands[state])
    for answer in answers:
        print(
            f"{answer.host.name}: maintenance {state if not answer.failed else 'UNCHANGED: ' + answer.output}"
        )
    if any(answer.failed for answer in answers):
        sys.exit(1)
