"""`servers`: the same application under several web servers: CPU per request, memory, and a stop."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from profiling import charts, kinds
from profiling.ceilings import Turn, make_side
from profiling.client import Client
from profiling.columns import align
from profiling.contenders import OTHERS, OURS, Contender, Crew, serve
from profiling.databases import database
from profiling.kinds import Kind, Member, find_member
from profiling.measuring import find_tree, tree_bytes
from profiling.options import LEAST_POSTS, add_number, add_output, introduce
from profiling.pairs import (
    LEAST_PAIRS,
    PIECE_REQUESTS,
    Pair,
    Side,
    Summary,
    measure_sides,
    share_out,
    summarise,
)
from profiling.results import write_result
from profiling.servers import Servers, Web
from profiling.stops import Stop, stop_under_load
from profiling.worlds import open_world

NAME = "servers"
HELP = "our web server against others, with the same application"
DESCRIPTION = f"""\
Asks the application under each web server for the same things in turns, and compares the CPU that web server,
PostgreSQL and Redis take for a request with what they take under {OURS.name}, which production runs. Each
request has a connection of its own, as from nginx in production; with --keep-alive a client keeps one (of
which gunicorn's sync workers know nothing: they close it). Then each is told to stop while requests run and
wait, and somebody keeps a connection open.

A server that isn't installed is left out and named: `make profile-servers` installs all."""
EXAMPLES = ("servers", "servers --keep-alive", "servers --server granian --turns 6 --rounds 2")
MIB = 1024 * 1024
WARM_UP_PIECES = 5
#: Without work of its own.
HEALTH = Kind("health", "/healthz", inf, b'"alive"', posts=1)
NAMES = ("public timeline, JSON", "home timeline, JSON", "public timeline, HTML")
KINDS = (HEALTH, *(kind for kind in kinds.KINDS if kind.name in NAMES))


@dataclass(frozen=True)
class Plan:
    """How much is measured: `turns` of each kind, shared out to `rounds` with new processes in each.

    `requests` is what each server is asked in a turn.
    """

    turns: int = 12
    rounds: int = 3
    requests: int = 50
    posts: int = 100_000
    crew: Crew = field(default_factory=Crew)

    def turns_of(self, number: int) -> int:
        """How many turns of each kind a round has."""
        return share_out(self.turns, self.rounds, number)


@dataclass
class Found:
    """What was measured of a server: pairs with ours and seconds by kind; bytes after each round."""

    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)
    processes: int = 0
    stop: Stop | None = None

    def rate(self, kind: Kind) -> float:
        """Requests per second of one client that waits for each answer."""
        return self.requests[kind.name] / self.seconds[kind.name]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    plan = Plan()
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_number(parser, "--turns", plan.turns, "turns of each kind of request", LEAST_PAIRS)
    add_number(parser, "--rounds", plan.rounds, "times that the processes are started anew")
    add_number(parser, "--requests", plan.requests, "requests to each server in a turn", PIECE_REQUESTS)
    add_number(parser, "--posts", plan.posts, "posts in the database", LEAST_POSTS)
    add_number(parser, "--workers", plan.crew.workers, "processes of each server")
    add_number(parser, "--threads", plan.crew.threads, "threads of each process")
    parser.add_argument("--keep-alive", action="store_true", help="a client keeps its connection")
    parser.add_argument("--server", default="", metavar="TEXT", help="only servers with this in their name")
    add_output(parser)


def run(given: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Measure, print the tables, keep all figures and a picture."""
    chosen = [one for one in OTHERS if given.server in one.name]
    if not chosen:
        say(f"No server has {given.server!r} in its name: {', '.join(one.name for one in OTHERS)}")
        return 2
    crew = Crew(given.workers, given.threads, given.keep_alive)
    plan = Plan(given.turns, given.rounds, given.requests, given.posts, crew)
    missing = [one for one in chosen if one.version is None]
    contenders = [OURS, *(one for one in chosen if one.version is not None)]
    found = measure(plan, contenders, say)
    path = write_result(given.output, NAME, describe_all(plan, contenders, missing, found))
    picture = draw(contenders, found, path.with_suffix(".svg"), name_connections(plan))
    for line in ["", *describe(plan, contenders, missing, found)]:
        say(line)
    say(f"All figures: {path}, a picture: {picture}")
    return 0


def measure(plan: Plan, contenders: Sequence[Contender], say: Callable[[str], None]) -> dict[str, Found]:
    """What each server takes, by its name."""
    found = {one.name: Found() for one in contenders}
    with database(plan.posts, say=say) as servers:
        with open_world(servers) as world:
            member = find_member(world)
        for number in range(plan.rounds):
            say(f"Round {number + 1} of {plan.rounds}, with new processes")
            measure_round(plan, number, servers, member, contenders, found, say)
        for one in contenders:
            say(f"Stopping {one.name}")
            found[one.name].stop = stop_under_load(servers, one, plan.crew)
    return found


def measure_round(
    plan: Plan,
    number: int,
    servers: Servers,
    member: Member,
    contenders: Sequence[Contender],
    found: dict[str, Found],
    say: Callable[[str], None],
) -> None:
    """Add a round's turns of all kinds, and the memory after it."""
    ones = [found[one.name] for one in contenders]
    with ExitStack() as stack:
        webs = [stack.enter_context(serve(servers, one, plan.crew, str(number))) for one in contenders]
        for kind in KINDS:
            turns = plan.turns_of(number)
            measure_kind(Turn(kind, servers, webs, member), plan, turns, ones)
            last = (
                f"{one.name} {found[one.name].pairs[kind.name][-1].ours * 1000:.2f}" for one in contenders
            )
            say(f"  {kind.name}, ms: {', '.join(last)}")
        for one, web in zip(ones, webs, strict=True):
            one.memory.append(tree_bytes(web.process.pid))
            one.processes = len(find_tree(web.process.pid))


def measure_kind(turn: Turn, plan: Plan, turns: int, ones: Sequence[Found]) -> None:
    """Add a round's turns of one kind: a pair with ours for each server, CPU seconds per request."""
    pieces = max(1, plan.requests // PIECE_REQUESTS)
    requests, name = pieces * PIECE_REQUESTS, turn.kind.name
    with ExitStack() as stack:
        clients = [stack.enter_context(web.connect()) for web in turn.webs]
        sides = [
            prepare_side(turn, client, web, is_kept=plan.crew.is_kept)
            for client, web in zip(clients, turn.webs, strict=True)
        ]
        measure_sides(sides, WARM_UP_PIECES)
        for side in sides:
            side.seconds = 0.0
        for _ in range(turns):
            used = [one / requests for one in measure_sides(sides, pieces)]
            for one, mine in zip(ones, used, strict=True):
                one.pairs.setdefault(name, []).append(Pair(mine, used[0]))
    for one, side in zip(ones, sides, strict=True):
        one.seconds[name] = one.seconds.get(name, 0.0) + side.seconds
        one.requests[name] = one.requests.get(name, 0) + turns * requests


def prepare_side(turn: Turn, client: Client, web: Web, *, is_kept: bool) -> Side:
    """A server, asked over a connection that is kept or over new ones, as nginx asks."""
    side = make_side(turn, client, web)
    if not is_kept:
        client.headers["Connection"] = "close"
    return side


def summarise_all(found: dict[str, Found]) -> dict[str, dict[str, Summary]]:
    """The figures of each server by kind."""
    return {
        name: {kind: summarise(pairs) for kind, pairs in one.pairs.items()} for name, one in found.items()
    }


def name_connections(plan: Plan) -> str:
    """How the clients asked."""
    return "a connection kept" if plan.crew.is_kept else "a connection for each request"


def describe(
    plan: Plan, contenders: Sequence[Contender], missing: Sequence[Contender], found: dict[str, Found]
) -> list[str]:
    """A table of each kind, and one of the servers."""
    summaries = summarise_all(found)
    lines = [f"CPU of a request, {name_connections(plan)}; times: of what it is under {OURS.name}", ""]
    for kind in KINDS:
        header = [kind.name, "CPU", "times", "middle half", "requests/s"]
        rows = [
            _row(one.name, summaries[one.name][kind.name], found[one.name].rate(kind)) for one in contenders
        ]
        lines += [*align(header, rows, left=(0,)), ""]
    header = ["server", "memory", "answered at a stop", "stopped in", "release"]
    rows = [[one.name, *_describe_server(found[one.name]), one.release] for one in contenders]
    rows += [[one.name, "", "", "", one.release] for one in missing]
    lines += [*align(header, rows, left=(0, 4)), ""]
    return lines + [f"{one.name}: {one.about}" for one in contenders]


def _row(name: str, summary: Summary, rate: float) -> list[str]:
    half = f"{summary.low:.2f} to {summary.high:.2f}"
    return [name, f"{summary.ours * 1000:.2f} ms", f"{summary.ratio:.2f}", half, f"{rate:.0f}"]


def _describe_server(one: Found) -> list[str]:
    memory = f"{max(one.memory) / MIB:.0f} MiB in {one.processes}"
    if one.stop is None:
        return [memory, "", ""]
    return [memory, f"{one.stop.answered} of {one.stop.asked}", f"{one.stop.seconds:.1f} s"]


def draw(contenders: Sequence[Contender], found: dict[str, Found], path: Path, connections: str) -> Path:
    """Bars of each kind below each other."""
    summaries = summarise_all(found)
    bars = [
        charts.Bar(f"{kind.name}: {one.name}", summaries[one.name][kind.name].ours * 1000, one.name)
        for kind in KINDS
        for one in contenders
    ]
    title = f"CPU of a request, {connections}: web server, PostgreSQL and Redis"
    return charts.draw_bars(bars, path, title=title, unit="ms")


def describe_all(
    plan: Plan, contenders: Sequence[Contender], missing: Sequence[Contender], found: dict[str, Found]
) -> dict[str, Any]:
    """All that was measured."""
    return {
        "plan": asdict(plan),
        "unit": "CPU seconds per request of the web processes, PostgreSQL and Redis; memory: PSS in bytes",
        "releases": {one.name: one.release for one in (*contenders, *missing)},
        "missing": [one.name for one in missing],
        "summaries": {
            name: {kind: asdict(one) for kind, one in by_kind.items()}
            for name, by_kind in summarise_all(found).items()
        },
        "requests per second": {
            name: {kind.name: one.rate(kind) for kind in KINDS} for name, one in found.items()
        },
        "servers": {name: asdict(one) for name, one in found.items()},
    }
