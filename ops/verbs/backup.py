"""fab backup and backup.*: making backups, and seeing whether they are good."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fabric import Connection

from ops import backups
from ops.inventory import Answer, Host, ask_hosts, read_hosts
from ops.playbook_runs import make_command, run_playbook
from ops.verbs.ask import remote_program
from ops.verbs.terminal import TO, VerbError, print_table, verb

ANSWER_SECONDS = 90


@verb(
    default=True, help=TO | {"full": "all of the database, not only what differs from the last full backup"}
)
def backup(
    _context: Connection,
    to: str = "lab",
    full: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --full
) -> None:
    """Back up database, pictures and inventory now."""
    host = backups.backup_host(to, read_hosts(to))
    run_playbook(make_command("backup", to, extra=f"backup_type={'full' if full else 'diff'}"))
    print(f"Backed up to {host.name}: fab backup.status --to {to} lists what there is")


@verb(help=TO | {"host": "the host of group spare to restore on; the first where none is named"})
def verify(_context: Connection, to: str = "lab", host: str = "") -> None:
    """Restore the last backup on a spare host, compare it with the database, and report."""
    hosts = read_hosts(to)
    backups.backup_host(to, hosts)
    spare = [each.name for each in hosts if "spare" in each.groups and host in {"", each.name}]
    if not spare:
        raise VerbError(
            f"{to} has no host {host or 'at all'} in the group `spare`: put one there, then provision"
        )
    run_playbook(make_command("backup_verify", to, extra=f"backup_verify_host={spare[0]}"))
    print(f"The last backup of {to} is good")


@verb(help=TO)
def status(_context: Connection, to: str = "lab") -> None:
    """Show backups, their age and size, and the log's way; exit code 1 where something is wrong."""
    hosts = read_hosts(to)
    keeper = backups.backup_host(to, hosts).name
    answers = _ask(hosts, keeper)
    remarks = [f"{each.host.name}: no answer: {each.last_line}" for each in answers if each.failed]
    said = {each.host.name: json.loads(each.output) for each in answers if not each.failed}
    remarks += [
        f"{name}: {unit} failed or does not run: systemctl status {unit} there says why"
        for name, found in said.items()
        for unit in found["failed_units"]
    ]
    if keeper in said:
        _print_backups(said[keeper])
        remarks += backups.judge_hosts(said, keeper)
    if remarks:
        print("\nNot as it should be:")
        for remark in remarks:
            print(f"  {remark}")
        raise VerbError(f"{len(remarks)} not as it should be, see above; what is to be typed wants --to {to}")


def _ask(hosts: list[Host], keeper: str) -> list[Answer]:
    """What each host knows of the backups: that which keeps them, the database's and those with pictures."""
    keeping = [keeper, *backups.picture_hosts(hosts)]
    asked = [host for host in hosts if host.name in keeping or backups.parts_of(host)]

    def ask(host: Host) -> Answer:
        command, text = remote_program("backups", parts=backups.parts_of(host), stanza=backups.STANZA)
        return ask_hosts([host], command, seconds=ANSWER_SECONDS, stdin=text)[0]

    with ThreadPoolExecutor(max_workers=20) as pool:
        return list(pool.map(ask, asked))


def _print_backups(found: dict[str, Any]) -> None:
    """What the backup host has: the database's backups, the pictures', the last verification."""
    now = found["now"]
    repository, snapshots = found.get("repository"), found["snapshots"]
    if repository:
        heads = ("backup", "kind", "ended", "age", "database", "stored")
        print_table(heads, backups.list_backups(repository["info"], now))
        size, free = (backups.describe_size(repository[name]) for name in ("size", "free"))
        print(f"\ndatabase: {size} with the log between the backups; {free} are free")
        print(f"verified: {backups.describe_verification(repository['verified'])}")
    print(f"pictures: {backups.describe_snapshots(snapshots, now)}")
