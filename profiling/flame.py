"""What a live process does: py-spy samples its stacks from outside and draws a flame graph."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from devstack.processes import wait_for
from ops.flame_graphs import name_graph
from profiling.columns import align, clip
from profiling.live import forwarded, start_program, start_web
from profiling.measuring import MeasuringError, UsageError
from profiling.options import add_number, add_output, add_scenario, at_least, introduce
from profiling.results import write_result
from profiling.running import INTERRUPTED, WARM_UP, Prepared, Run, Say, prepare
from profiling.spied import WAITS, Recording, Spied, Spying, add_up, read_frames, record

NAME = "flame"
HELP = "a flame graph of a live process: the web server, the worker, the relay, or any other"
DESCRIPTION = """\
Starts the real web server (or, with --program, worker or relay) as in production, keeps it busy with a
scenario's requests and samples its stacks from outside with py-spy, which hardly slows it. Or looks at a
Python program that runs already: --pid. The graph (SVG, for a browser) can be zoomed and searched. Only what
works is seen: --idle adds what waits, for PostgreSQL say. A worker is kept busy by a scenario that makes
jobs (create).

Stacks are read while the program goes on, so that a few can't be read: --pausing stops it for each look, but
that also wakes what sleeps, and is seen as work. On a machine whose processors are all taken, what waits for
one is seen as work at its system calls: `calls --clock cpu` is not fooled by that."""
EXAMPLES = (
    "flame --scenario home --seconds 30",
    "flame --program worker",
    "flame --scenario front-html --idle --native",
    "flame --pid 4711 --seconds 10",
)
NAME_WIDTH = 88
#: The scenario of each program where none is named.
DEFAULTS = {"web": "public-timeline", "worker": "create", "relay": "create"}
#: What a worker logs of each job.
WORKED = b'"job.ended"'
FIRST_JOBS_SECONDS = 20


@dataclass(frozen=True)
class Target:
    """A process to look at, and what keeps it busy."""

    pid: int
    what: str
    work: Run | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenario(parser, None, ", ".join(f"{name}: {scenario}" for name, scenario in DEFAULTS.items()))
    parser.add_argument("--program", choices=tuple(DEFAULTS), default=None, help="which one (web)")
    parser.add_argument(
        "--pid", type=at_least(1), metavar="PID", help="a Python process that runs already, and its children"
    )
    add_number(parser, "--seconds", 10, "for how long")
    add_number(parser, "--rate", 100, "samples a second")
    parser.add_argument("--idle", action="store_true", help="what waits, too")
    parser.add_argument("--native", action="store_true", help="functions of C libraries, too; pauses")
    parser.add_argument("--gil", action="store_true", help="only what holds the interpreter's lock")
    parser.add_argument("--pausing", action="store_true", help="stop the program for each look")
    parser.add_argument("--by-line", action="store_true", help="a block for each line, not for each function")
    add_number(parser, "--top", 25, "functions in each table")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Record one process; 0 where something was seen."""
    given.output.mkdir(parents=True, exist_ok=True)
    unfinished = given.output / ".flame.svg"
    unfinished.unlink(missing_ok=True)
    spying = Spying(given.seconds, given.rate, _options(given))
    try:
        with open_target(given, say) as target:
            say(
                f"Recording {target.what} (process {target.pid}) for {given.seconds} s; Ctrl-C ends it sooner"
            )
            recording = record(target.pid, unfinished, spying, target.work)
        graph = unfinished.read_text(encoding="utf-8")
        functions = add_up(read_frames(graph), with_waiting=given.idle)
        if not any(one.own for one in functions if given.idle or one.package != WAITS):
            raise MeasuringError("nothing was seen at work: --idle shows what it waits for")
        result = {
            "target": target.what,
            "posts": given.posts,
            "spying": asdict(spying),
            "recording": asdict(recording),
            "functions": [asdict(one) for one in functions],
        }
        path = write_result(given.output, NAME, result)
        title = f"{target.what[0].upper()}{target.what[1:]}, {recording.samples} samples"
        unfinished.write_text(name_graph(graph, title), encoding="utf-8")
        picture = unfinished.rename(path.with_suffix(".svg"))
    finally:
        unfinished.unlink(missing_ok=True)
    for line in describe(functions, recording, given.top, with_waiting=given.idle):
        say(line)
    say(f"Flame graph: {picture}\nAll figures: {path}")
    return 0 if recording.is_whole else INTERRUPTED


def _options(given: argparse.Namespace) -> tuple[str, ...]:
    chosen = {
        "--idle": given.idle,
        "--native": given.native,
        "--gil": given.gil,
        "--nonblocking": not (given.pausing or given.native),
        "--function": not given.by_line,
    }
    return tuple(name for name, is_wanted in chosen.items() if is_wanted)


@contextmanager
def open_target(given: argparse.Namespace, say: Say) -> Iterator[Target]:
    """The process that was asked for; one that this starts ends with the block, if it did its work.

    Raises `UsageError` where a process is named and what to start as well.
    """
    if given.pid is not None:
        if given.scenario or given.program:
            raise UsageError("--pid looks at what runs already: leave out --scenario and --program")
        yield Target(given.pid, "a running program")
        return
    program = given.program or "web"
    name = given.scenario or DEFAULTS[program]
    with prepare(name, given.posts, say) as prepared:
        say(f"Starting {program}")
        opened = open_web(prepared) if program == "web" else open_program(prepared, program)
        with opened as target:
            yield target


@contextmanager
def open_web(prepared: Prepared) -> Iterator[Target]:
    """The web server, answering the scenario's requests. Raises `MeasuringError` where it has none."""
    servers, world, name = prepared.world.servers, prepared.world, prepared.scenario.name
    with start_web(servers) as web, forwarded(world.app, web.socket) as forwarder:
        for _ in range(WARM_UP):
            prepared.run()
        if not forwarder.asked:
            raise MeasuringError(f"the scenario {name} asks no web server: profile it by `calls`")
        yield Target(web.process.pid, f"the web server under {name}", prepared.run)


@contextmanager
def open_program(prepared: Prepared, program: str) -> Iterator[Target]:
    """Worker and relay, doing the jobs that the scenario leaves. Raises `StackError` where there are none."""
    servers, name = prepared.world.servers, prepared.scenario.name
    with ExitStack() as stack:
        running = {
            "relay": stack.enter_context(start_program(servers, "relay")),
            "worker": stack.enter_context(start_program(servers, "worker", "--concurrency", "1")),
        }
        for _ in range(WARM_UP):
            prepared.run()
        log = running["worker"][1]
        wait_for(
            # Each run leaves one at least; a log-in before may have left some, too.
            lambda: log.read_bytes().count(WORKED) >= WARM_UP,
            FIRST_JOBS_SECONDS,
            lambda: f"the scenario {name} gives the worker nothing to do: use create",
        )
        yield Target(running[program][0], f"the {program} under {name}", prepared.run)


def describe(
    functions: Sequence[Spied], recording: Recording, top: int, *, with_waiting: bool = False
) -> list[str]:
    """Tables of packages and functions, in parts of the samples that saw something at work."""
    counted = [one for one in functions if with_waiting or one.package != WAITS]
    whole = sum(one.own for one in counted)
    packages: dict[str, int] = {}
    for one in counted:
        packages[one.package] = packages.get(one.package, 0) + one.own
    rows = [
        [name, str(own), f"{own / whole:.1%}"]
        for name, own in sorted(packages.items(), key=lambda pair: -pair[1])
        if own / whole >= 0.001
    ]
    lines = [
        "",
        (
            f"{recording.samples} samples saw threads at work {whole} times;"
            f" {recording.unread} stacks could not be read"
        ),
        "",
        *align(["by package", "samples", "share"], rows, left=(0,)),
    ]
    for title, key in (("at work itself", "own"), ("with what it calls", "total")):
        first: list[Spied] = sorted(counted, key=lambda one: -int(getattr(one, key)))[:top]
        rows = [
            [clip(one.name, NAME_WIDTH), f"{one.own / whole:.1%}", f"{one.total / whole:.1%}"]
            for one in first
        ]
        lines += ["", *align([title, "own", "with callees"], rows, left=(0,))]
    return [*lines, ""]
