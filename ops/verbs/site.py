"""fab provision, operators, drift, remove and maintenance: an environment as a whole."""

import sys

from fabric import Connection

from ops.inventory import REPOSITORY, Host, ask_hosts, inventory_path, read_hosts
from ops.playbook_runs import find_differences, make_command, run_playbook
from ops.verbs.terminal import TO, VerbError, verb

#: nginx shows the maintenance page while this file is there.
MAINTENANCE = "/var/lib/microblog/maintenance"
SHOWN_LINES = 12
ANSWER_SECONDS = 12
ROLES = REPOSITORY / "ops" / "roles"


@verb(
    help=TO
    | {
        "limit": "only these hosts, or groups",
        "tags": "only these roles",
        "check": "say what would change, with differences, and change nothing",
        "verbose": "all that Ansible says, also of what is right already",
    }
)
def provision(
    _context: Connection,
    to: str = "lab",
    limit: str = "",
    tags: str = "",
    check: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --check
    verbose: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --verbose
) -> None:
    """Bring hosts from bare to serving; again at any time."""
    _require_tags(tags)
    # Says in one line what Ansible would say in many: no such environment, no vault password.
    read_hosts(to)
    command = make_command("site", to, limit=limit, tags=tags)
    run_playbook([*command, "--check", "--diff"] if check else command, verbose=verbose)


def _require_tags(tags: str) -> None:
    roles = sorted(path.name for path in ROLES.iterdir() if (path / "tasks").is_dir())
    for tag in tags.split(",") if tags else []:
        if tag.strip() not in roles:
            raise VerbError(f"no role is called {tag.strip()!r}; there are {', '.join(roles)}")


@verb(
    help=TO
    | {
        "user": "whom the hosts' images let in: root, or a user with sudo",
        "limit": "only these hosts, or groups",
    }
)
def operators(_context: Connection, to: str = "lab", user: str = "root", limit: str = "") -> None:
    """Make the operators on fresh hosts whose image lets only root in; then fab provision."""
    hosts = read_hosts(to)
    command = make_command("operators", to, limit=limit, extra=f"ansible_user={user}")
    run_playbook(command)
    for answer in ask_hosts(
        hosts if not limit else _named(hosts, limit), "sudo -n true", seconds=ANSWER_SECONDS
    ):
        if answer.failed:
            raise VerbError(
                f"{answer.host.name} does not let its operator in and be root: {answer.last_line}"
            )
    print(f"The operators are there. Next: fab provision --to {to}")


def _named(hosts: list[Host], limit: str) -> list[Host]:
    """The hosts that a limit of names and groups is about."""
    wanted = {part.strip() for part in limit.replace(":", ",").split(",")}
    return [host for host in hosts if wanted & {host.name, *host.groups}]


@verb(help=TO | {"limit": "only these hosts, or groups"})
def drift(_context: Connection, to: str = "lab", limit: str = "") -> None:
    """Tell what on the hosts differs from this checkout; exit code 1 where something does."""
    read_hosts(to)
    print(f"Comparing {to} with this checkout, changing nothing…", flush=True)
    count = 0
    for difference in find_differences(make_command("site", to, limit=limit), _tell_play):
        count += 1
        print(f"{difference.host}: {difference.role}: {difference.task}")
        for line in difference.lines[:SHOWN_LINES]:
            print(f"    {line}")
        if len(difference.lines) > SHOWN_LINES:
            print(f"    … and {len(difference.lines) - SHOWN_LINES} lines more", flush=True)
    if count:
        found, them = ("1 difference", "it") if count == 1 else (f"{count} differences", "them")
        raise VerbError(f"{found}; fab provision --to {to} removes {them}")
    print("Nothing differs")


def _tell_play(name: str) -> None:
    # Not among the differences: they may go into a file.
    print(f"… {name}", file=sys.stderr, flush=True)


@verb(positional=["host"], help=TO | {"host": "the web or worker host that is to leave"})
def remove(_context: Connection, host: str, to: str = "lab") -> None:
    """Let a host finish what it has in hand and serve no more."""
    for found in read_hosts(to, host):
        if not {"web", "worker"} & set(found.groups):
            raise VerbError(
                f"{host} is in {' and '.join(found.groups) or 'no group'}: only web and worker hosts leave"
            )
    run_playbook(make_command("remove", to, extra=f"leaving={host}"))
    print(f"Now take {host} out of {inventory_path(to)}/hosts.yml, then: fab provision --to {to}")


@verb(positional=["host"], help=TO | {"host": "the web host that is to be stopped or rebooted"})
def drain(_context: Connection, host: str, to: str = "lab") -> None:
    """Let a web host finish its requests and send it no more, until fab undrain."""
    _move_visitors(host, to)
    print(f"Nobody is sent to {host} any more. Once it may serve again: fab undrain {host} --to {to}")


@verb(positional=["host"], help=TO | {"host": "the web host that may serve again"})
def undrain(_context: Connection, host: str, to: str = "lab") -> None:
    """Send a web host visitors again, once it is ready."""
    _move_visitors(host, to, " back=true")
    print(f"{host} serves again")


def _move_visitors(host: str, to: str, more: str = "") -> None:
    for found in read_hosts(to, host):
        if "web" not in found.groups:
            raise VerbError(
                f"{host} is in {' and '.join(found.groups) or 'no group'}: only web hosts have visitors"
            )
    if not read_hosts(to, group="edge"):
        raise VerbError(f"{to} has no edge that could send visitors elsewhere: fab maintenance on")
    run_playbook(make_command("drain", to, extra=f"drained={host}{more}"))


@verb(positional=["state"], help=TO | {"state": "on or off"})
def maintenance(_context: Connection, state: str, to: str = "lab") -> None:
    """Show visitors the maintenance page, or the site again."""
    commands = {"on": f"sudo -n touch {MAINTENANCE}", "off": f"sudo -n rm -f {MAINTENANCE}"}
    if state not in commands:
        raise VerbError(f"say on or off, not {state!r}")
    answers = ask_hosts(read_hosts(to, group="web"), commands[state], seconds=ANSWER_SECONDS)
    for answer in answers:
        print(
            f"{answer.host.name}: maintenance {f'UNCHANGED: {answer.last_line}' if answer.failed else state}"
        )
    failed = [answer.host.name for answer in answers if answer.failed]
    if failed:
        raise VerbError(
            f"unchanged on {', '.join(failed)}: fab maintenance {state} --to {to} again when they answer"
        )
