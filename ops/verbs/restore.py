"""fab restore: putting backups in place."""

import json

from fabric import Connection

from ops.backups import STANZA, backup_host
from ops.environments import INVENTORIES
from ops.inventory import ask_hosts, read_hosts
from ops.playbook_runs import make_command, run_playbook
from ops.restores import EXAMPLE, LATEST, Target, describe_loss, find_target
from ops.verbs.ask import remote_program
from ops.verbs.terminal import VerbError, verb

ANSWER_SECONDS = 60
WHAT = ("database", "pictures", "all")


@verb(
    help={
        "host": "the host that gets what is restored",
        "to": f"the moment: a time such as '{EXAMPLE}', a restore point's name, or {LATEST}",
        "again": "the host once more, where it has a database in use",
        "what": "database, pictures, or all",
        "forget": "remove the data that former restores have put aside on the host",
        "env": "the environment, a folder of ops/inventories; the lab where none is named",
    }
)
def restore(
    _context: Connection,
    host: str,
    to: str = "",
    again: str = "",
    what: str = "database",
    env: str = "lab",
    forget: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --forget
) -> None:
    """Put a host's database or pictures back to a chosen second; what it has stays aside."""
    (chosen,) = read_hosts(env, host) if "," not in host else (None,)
    if chosen is None:
        raise VerbError(f"name one host, not {host}")
    if to and (forget or (INVENTORIES / to).is_dir()):
        raise VerbError(f"--to is the moment to restore; the environment is --env {to}")
    variables = {"restore_host": host, "restore_what": "forget"}
    if not forget:
        if what not in WHAT:
            raise VerbError(f"--what is {', '.join(WHAT)}, not {what!r}")
        if not to:
            raise VerbError(f"say which moment: --to '{EXAMPLE}', a restore point's name, or --to {LATEST}")
        target = _find(to, host, env, database=what != "pictures")
        variables |= target.variables | {"restore_what": what, "restore_again": again}
    run_playbook(make_command("restore", env, extra=json.dumps(variables)))


def _find(to: str, host: str, env: str, *, database: bool) -> Target:
    """The target, looked up on the backup host; says what restoring it means."""
    keeper = backup_host(env, read_hosts(env))
    command, text = remote_program("backups", parts=["targets"], stanza=STANZA)
    (answer,) = ask_hosts([keeper], command, seconds=ANSWER_SECONDS, stdin=text)
    if answer.failed:
        raise VerbError(f"{keeper.name}, which keeps the backups, does not answer: {answer.last_line}")
    found = json.loads(answer.output)
    target = find_target(to, found["targets"], found["now"], database=database)
    if database:
        print(f"{env}: {describe_loss(target, host, found['now'])}", flush=True)
    return target
