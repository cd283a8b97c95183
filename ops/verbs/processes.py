"""fab dump and memory: looking into the processes of a running program."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from fabric import Connection

from ops.backups import describe_size
from ops.inventory import Answer, Host, ask_hosts, read_hosts
from ops.verbs.ask import remote_program
from ops.verbs.logs import PROGRAM, make_harmless
from ops.verbs.remote.processes import NO_SUCH_PROGRAM, NOT_RUNNING
from ops.verbs.terminal import TO, VerbError, print_table, verb

#: Besides the seconds that were asked for: py-spy takes a second or two for each process.
ANSWER_SECONDS = 120
#: strace slows down what it looks at: enough to see what is asked, and no longer.
MOST_SECONDS = {"seconds": 300, "strace": 60}
#: Of each thread, the innermost ones: below them is how the program began.
FRAMES = 12
STATES = {
    "R": "runs",
    "S": "sleeps",
    "D": "waits for a disk",
    "T": "is stopped",
    "t": "is traced",
    "Z": "is dead",
}
HELP = TO | {"host": "the host", "program": "a program of Supervisor's: web-blue, worker-mail, relay, beat…"}


@verb(
    positional=["host", "program"],
    help=HELP
    | {
        "native": "also the frames of libraries written in C",
        "seconds": "look again after so many seconds, and say who still stands in the same place",
        "strace": "then count the system calls of so many seconds, which slows all of them down",
        "frames": "how many frames of each thread, the innermost ones",
    },
)
def dump(
    _context: Connection,
    host: str,
    program: str,
    to: str = "lab",
    native: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --native
    seconds: str = "0",
    strace: str = "0",
    frames: str = str(FRAMES),
) -> None:
    """Show where each thread of a program is, and what it waits for; no variable's value is read."""
    waits = {name: read_seconds(name, given) for name, given in (("seconds", seconds), ("strace", strace))}
    if not frames.isdecimal():
        raise VerbError(f"--frames takes a number, not {frames!r}")
    answer = ask_program(to, host, program, "dump", native=native, **waits)
    for line in describe_dump(answer["looks"], waits["seconds"], int(frames)):
        print(make_harmless(line))
    if waits["strace"]:
        print(f"\nSystem calls of {waits['strace']:g} s:\n")
        for line in answer["strace"].splitlines():
            print(make_harmless(line))


@verb(
    positional=["host", "program"],
    help=HELP | {"seconds": "look again after so many seconds, and say what grew meanwhile"},
)
def memory(_context: Connection, host: str, program: str, to: str = "lab", seconds: str = "0") -> None:
    """Show a program's memory by process, how it grew, and what the biggest one's consists of."""
    answer = ask_program(to, host, program, "memory", seconds=read_seconds("seconds", seconds))
    print_memory(answer["looks"], time.time())
    print(f"\nWhat the memory of {answer['biggest']} is, its share of what others map too included:")
    for name, size in answer["mappings"]:
        print(f"  {describe_size(size):>9}  {make_harmless(name)}")


def read_seconds(option: str, given: str) -> float:
    """A number of seconds. Raises `VerbError` for another thing, and for more than anybody waits."""
    most = MOST_SECONDS[option]
    if not given.isdecimal() or int(given) > most:
        raise VerbError(f"--{option} takes a number of seconds up to {most}, not {given!r}")
    return float(given)


def choose_program(to: str, host: str, program: str) -> Host:
    """The host that is named. Raises `VerbError` for not just one host, and for what is no program's name."""
    if not program or not PROGRAM.fullmatch(program):
        raise VerbError(f"{program!r} is no program's name; fab status lists them")
    hosts = read_hosts(to, host)
    if not host or len(hosts) != 1:
        raise VerbError(f"name one host, not {host!r}")
    return hosts[0]


def ask_program(to: str, host: str, program: str, what: str, **options: Any) -> dict[str, Any]:
    """What the host says of a program (remote/processes.py). Raises `VerbError`."""
    chosen = choose_program(to, host, program)
    request = {"native": False, "seconds": 0, "strace": 0} | options
    command, text = remote_program("processes", program=program, what=what, **request)
    patience = ANSWER_SECONDS + request["seconds"] + request["strace"]
    (answer,) = ask_hosts([chosen], command, seconds=patience, stdin=text)
    return read_answer(answer, program)


def read_answer(answer: Answer, program: str) -> dict[str, Any]:
    """What the host said. Raises `VerbError` where it has no such program, or none that runs."""
    name = answer.host.name
    if answer.code == NO_SUCH_PROGRAM:
        names = ", ".join(answer.output.split()) or "none: Supervisor runs on web and worker hosts"
        raise VerbError(f"{name} has no program {program!r}; it has {names}")
    if answer.code == NOT_RUNNING:
        raise VerbError(f"{program} is {answer.output} on {name}: there is nothing to look into")
    if answer.failed:
        raise VerbError(f"{name}: {answer.last_line or 'no answer'}")
    found: dict[str, Any] = json.loads(answer.output)
    return found


def describe_dump(looks: list[list[dict[str, Any]]], seconds: float, most: int = FRAMES) -> Iterator[str]:
    """The lines about each process of the last look; threads that stand alike are told once."""
    before = {
        (process["pid"], thread["id"]): thread["frames"]
        for process in looks[0]
        for thread in process["threads"]
    }
    for process in looks[-1]:
        state = STATES.get(process["state"], process["state"])
        up = timedelta(seconds=process["seconds"])
        yield f"{'  ' * process['depth']}{process['pid']}  {process['command']}  (up {up}, {state})"
        indent = "  " * (process["depth"] + 1)
        if process["error"]:
            yield f"{indent}no Python to be seen: {process['error']}"
        if process["wait"]:
            yield f"{indent}{process['wait']}"
        alike: dict[tuple[str, ...], list[str]] = {}
        for thread in process["threads"]:
            stayed = seconds and before.get((process["pid"], thread["id"])) == thread["frames"]
            note = f", as {seconds:g} s before" if stayed else ""
            place = (f"{thread['wait'] or 'no system call'}{note}", *thread["frames"])
            alike.setdefault(place, []).append(thread["name"] or str(thread["id"]))
        for (wait, *frames), names in alike.items():
            yield f"{indent}{', '.join(names)}: {wait}"
            yield from (f"{indent}    {frame}" for frame in frames[:most])
            if len(frames) > most:
                yield f"{indent}    … called by {len(frames) - most} more: --frames {len(frames)}"


def print_memory(looks: list[list[dict[str, Any]]], now: float) -> None:
    """A table of the processes, and the sum of what they take from the host."""
    before = {process["pid"]: process["rss"] for process in looks[0]}
    again = len(looks) > 1
    rows = [
        (
            f"{'  ' * process['depth']}{process['pid']}",
            str(timedelta(seconds=process["seconds"])),
            *(describe_size(process[name]) for name in ("rss", "pss", "own", "peak")),
            describe_growth(process, now),
            *(
                [describe_difference(process["rss"] - before.get(process["pid"], process["rss"]))]
                if again
                else []
            ),
            process["threads"],
            process["files"],
            process["sockets"],
        )
        for process in looks[-1]
    ]
    heads = ("process", "up", "rss", "pss", "own", "peak", "grew since the first look")
    print_table((*heads, *(["meanwhile"] if again else []), "threads", "files", "sockets"), rows)
    print(f"\nTogether (pss): {describe_size(sum(process['pss'] for process in looks[-1]))}")


def describe_growth(process: dict[str, Any], now: float) -> str:
    """How much more it has than when it was first looked at; `-` at the first look."""
    seconds = int(now - process["first_at"])
    if seconds < 1:
        return "-"
    return f"{describe_difference(process['rss'] - process['first_rss'])} in {timedelta(seconds=seconds)}"


def describe_difference(size: int) -> str:
    """A size with its sign."""
    return f"{'-' if size < 0 else '+'}{describe_size(abs(size))}"
