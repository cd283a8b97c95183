"""fab status: hosts, their programs with versions and uptimes, and the queues."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fabric import Connection

from ops.inventory import Answer, Host, ask_hosts, read_hosts
from ops.verbs.ask import microblog_command, remote_program
from ops.verbs.terminal import TO, VerbError, print_table, verb

ANSWER_SECONDS = 12
#: What a host of a group runs under systemd.
UNITS = {
    "edge": ("haproxy",),
    "web": ("nginx", "supervisord"),
    "worker": ("supervisord",),
    "media": ("nginx",),
    "database": ("redis-broker", "redis-cache"),
    "backup": ("microblog-pictures",),
    "monitoring": ("prometheus", "prometheus-alertmanager", "microblog-log-store", "nginx"),
}
SLOTS = ("web-blue", "web-green")
#: Runs during deploys alone.
DEPLOYS_WORKER = "worker-next"


@dataclass(frozen=True)
class Row:
    """A program of a host; `remark` is what is not as it should be, `release` the site's that it runs."""

    host: str
    program: str
    state: str
    version: str = "-"
    uptime: str = "-"
    remark: str = ""
    release: str = ""


@verb(help=TO)
def status(_context: Connection, to: str = "lab") -> None:
    """Show hosts, programs, versions, uptimes and queues; exit code 1 where something is wrong."""
    command, text = remote_program("state")
    answers = ask_hosts(read_hosts(to), command, seconds=ANSWER_SECONDS, stdin=text)
    rows = [row for answer in answers for row in read_answer(answer)]
    print_table(
        ("host", "program", "state", "version", "uptime"),
        [(row.host, row.program, row.state, row.version, row.uptime) for row in rows],
    )
    remarks = [f"{row.host}: {row.remark}" for row in rows if row.remark]
    remarks += [*find_mixture(rows), *print_queues(answers)]
    if remarks:
        print("\nNot as it should be:")
        for remark in remarks:
            print(f"  {remark}")
        raise VerbError(f"{to}: {len(remarks)} not as it should be, see above")


def read_answer(answer: Answer) -> Iterator[Row]:
    """The rows of a host."""
    host = answer.host
    if answer.failed:
        yield Row(host.name, "-", "no answer", remark=answer.last_line or "no answer")
        return
    state = json.loads(answer.output)
    rows = [*read_units(host, state["units"]), *read_programs(host, state["programs"], state["slot"])]
    yield from rows or [Row(host.name, "-", "up", uptime=state["uptime"])]
    if state["maintenance"]:
        yield Row(
            host.name, "-", "maintenance", remark="visitors see the maintenance page: fab maintenance off"
        )
    if state["reboot"]:
        yield Row(host.name, "-", "wants reboot", remark="an update of the system wants a reboot")


def read_units(host: Host, units: list[dict[str, str]]) -> Iterator[Row]:
    """The programs that systemd runs, and those that it should and has not."""
    expected = [name for group in host.groups for name in UNITS.get(group, ())]
    if "microblog_database_url" not in host.variables:
        expected += ["postgresql"] * ("database" in host.groups) + ["pgbackrest"] * ("backup" in host.groups)
    for unit in units:
        name, state = unit["name"], unit["state"]
        wrong = state != "running" and name in expected
        remark = f"{name} is {state}: journalctl -u {unit['unit']} there says why" if wrong else ""
        yield Row(host.name, name, state, unit["version"], unit["uptime"], remark)
    for name in dict.fromkeys(expected):
        if name not in {unit["name"] for unit in units}:
            remark = f"{name} is not there: fab provision --limit {host.name}"
            yield Row(host.name, name, "absent", remark=remark)


def read_programs(host: Host, programs: list[dict[str, str]], slot: str) -> Iterator[Row]:
    """Supervisor's programs; of the two web slots one serves (`slot`: blue or green), the other may rest."""
    for program in programs:
        name, state, version = program["name"], program["state"], program["version"]
        if state == "running":
            yield Row(host.name, name, state, version, program["uptime"], release=version)
        elif name in SLOTS and name != f"web-{slot}" and state == "stopped":
            yield Row(host.name, name, "idle slot")
        elif name == "web-boot" and state == "exited":
            yield Row(host.name, name, "done")
        elif name == DEPLOYS_WORKER and state in {"stopped", "exited"}:
            yield Row(host.name, name, "rests")
        else:
            remark = f"{name} is {state}: fab logs --host {host.name} --program {name} may say why"
            yield Row(host.name, name, state, remark=remark)


def find_mixture(rows: list[Row]) -> Iterator[str]:
    """Which programs run another release than most do: normal during a deploy, and not after it."""
    releases = Counter(row.release for row in rows if row.release)
    usual = next((release for release, _ in releases.most_common(1)), "")
    for row in rows:
        if row.release and row.release != usual:
            runs = f"{row.program} runs release {row.release}, most run {usual}"
            yield f"{row.host}: {runs}: a deploy is under way, or was cut off"


def print_queues(answers: list[Answer]) -> Iterator[str]:
    """Print how much waits in the queues, asked on one host that answers; what is wrong with it."""
    groups = ("worker", "web")
    able = [
        each.host for group in groups for each in answers if group in each.host.groups and not each.failed
    ]
    if not able:
        yield "queues: no worker or web host answers"
        return
    command, text = microblog_command("jobs", "queues")
    (answer,) = ask_hosts(able[:1], command, seconds=ANSWER_SECONDS, stdin=text)
    if answer.failed:
        yield f"queues: {answer.host.name}: {answer.last_line}"
    else:
        print(f"\n{answer.output}")
