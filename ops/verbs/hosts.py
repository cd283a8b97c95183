"""fab status, logs, shell and run: what goes on on the hosts."""

import os
import shlex
import subprocess
from collections.abc import Iterator

from fabric import Connection

from ops.inventory import Host, ask_hosts, read_hosts
from ops.verbs.terminal import TO, VerbError, print_table, verb

LOGS = "/var/log/microblog"
#: The installed command, as the user that the programs run as.
MICROBLOG = "sudo -u microblog /opt/microblog/bin/microblog-run current"
#: Each program's state, then the release that each was started with.
PROGRAMS = (
    "sudo -u microblog sh -c 'supervisorctl status; "
    'cd /run/supervisor; for file in *.started; do read -r release rest < "$file"; '
    "echo started ${file%.started} $release; done; true'"
)
HOST = {"host": "the host; the first worker host where none is named"}


@verb(help=TO)
def status(_context: Connection, to: str = "lab") -> None:
    """Show each host's programs, their releases and uptimes, and the queues."""
    hosts = [host for host in read_hosts(to) if {"web", "worker"} & set(host.groups)]
    answers = ask_hosts(hosts, PROGRAMS)
    rows: list[tuple[str, ...]] = []
    for answer in answers:
        found = list(read_programs(answer.output)) if not answer.failed else []
        rows += [(answer.host.name, *program) for program in found]
        if not found:
            rows.append(
                (answer.host.name, "-", answer.output.splitlines()[-1] if answer.output else "-", "-", "-")
            )
    print_table(("host", "program", "state", "release", "uptime"), rows)
    queues = ask_hosts([_choose_host(to, "")], f"{MICROBLOG} jobs queues")[0]
    print(f"\n{queues.output}")
    if queues.failed or any(answer.failed for answer in answers):
        raise VerbError("a host did not answer as it should: see above")


def read_programs(output: str) -> Iterator[tuple[str, str, str, str]]:
    """Program, state, release and uptime, out of what `PROGRAMS` prints."""
    lines = [line.split() for line in output.splitlines() if line.strip()]
    releases = {words[1]: words[2] for words in lines if words[0] == "started" and len(words) == 3}
    for words in lines:
        if words[0] == "started" or len(words) < 2:
            continue
        uptime = " ".join(words[words.index("uptime") + 1 :]) if "uptime" in words else "-"
        name = words[0].rpartition(":")[2]
        yield name, words[1], releases.get(name, "-") if words[1] == "RUNNING" else "-", uptime


@verb(
    help=TO
    | {
        "host": "only these hosts, between commas",
        "program": "only this program's log, such as worker-mail",
        "lines": "how many of each log",
        "follow": "go on as lines come, until Ctrl-C",
    }
)
def logs(
    _context: Connection,
    to: str = "lab",
    host: str = "",
    program: str = "*",
    lines: int = 20,
    follow: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --follow
) -> None:
    """Show the programs' logs of all hosts, each line with its host and program."""
    if not all(letter.isalnum() or letter in "-*" for letter in program):
        raise VerbError(f"{program!r} is no program's name")
    # -F follows through rotation; awk tells the file that tail announces.
    command = (
        f"sudo sh -c 'tail -v -n {int(lines)} {'-F' if follow else ''} {LOGS}/{program}.log' 2>/dev/null"
        """ | awk '/^==> .* <==$/ {n = split($2, parts, "/"); name = parts[n]; sub(".log", "", name); next}"""
        """ NF {print name ": " $0; fflush()}'"""
    )
    hosts = [each for each in read_hosts(to, host) if {"web", "worker"} & set(each.groups) or host]
    if not follow:
        for answer in ask_hosts(hosts, command):
            for line in answer.output.splitlines():
                print(f"{answer.host.name} {line}")
        return
    follow_logs(hosts, command)


def follow_logs(hosts: list[Host], command: str) -> None:
    """Print what the command says on all hosts, until Ctrl-C."""
    started = [
        subprocess.Popen(
            ["sh", "-c", f"{shlex.join([*host.ssh_command(), command])} | sed -u 's/^/{host.name} /'"]
        )
        for host in hosts
    ]
    try:
        for process in started:
            process.wait()
    except KeyboardInterrupt:
        for process in started:
            process.terminate()


@verb(help=TO | HOST)
def shell(_context: Connection, host: str = "", to: str = "lab") -> None:
    """Enter a host as its operator."""
    words = _choose_host(to, host).ssh_command(terminal=True)
    os.execvp(words[0], words)  # noqa: S606 - the terminal is handed over


@verb(positional=["command"], help=TO | HOST | {"command": 'the command, such as "microblog jobs list"'})
def run(_context: Connection, command: str, host: str = "", to: str = "lab") -> None:
    """Run a microblog command on a host: fab run "microblog jobs dead"."""
    words = shlex.split(command)
    if words[:1] != ["microblog"]:
        raise VerbError('only microblog commands: fab run "microblog …"; for others there is fab shell')
    chosen = _choose_host(to, host)
    done = subprocess.run([*chosen.ssh_command(), f"{MICROBLOG} {shlex.join(words[1:])}"], check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def _choose_host(environment: str, name: str) -> Host:
    hosts = read_hosts(environment, name) if name else read_hosts(environment, group="worker")
    if len(hosts) != 1 and name:
        raise VerbError(f"name one host, not {name}")
    if not hosts:
        raise VerbError(f"{environment} has no worker host: name one by --host")
    return hosts[0]
