"""Ours against the bare ceiling: CPU per request of web server, PostgreSQL and Redis, in turns in one run."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import redis

from devstack import postgres
from profiling import bare
from profiling.client import Client
from profiling.databases import database
from profiling.kinds import KINDS, Kind, Member, ask, find_member, make_request
from profiling.measuring import Meter, tree_seconds
from profiling.options import LEAST_POSTS, add_number, add_output, introduce
from profiling.pairs import LEAST_PAIRS, Pair, Side, Summary, measure_pair, summarise
from profiling.recorded import record
from profiling.results import write_result
from profiling.servers import BIN, Servers, Web
from profiling.worlds import open_world

NAME = "bench"
HELP = "ours against a bare view of Flask and psycopg2 that does the same SQL"
DESCRIPTION = """\
Asks our web server and a bare one (profiling/bare.py: the same server, worker class, threads, pool, JSON
library, SQL and rows) for the same things in turns, and compares the CPU that web server, PostgreSQL and
Redis take for a request. Exit code 1 where a kind of request is above its bar."""
EXAMPLES = ("bench", "bench --pairs 6 --rounds 2 --posts 10000", "bench --kind home")
#: So few in turns, that what disturbs the machine disturbs both.
PIECE_REQUESTS = 10
WARM_UP_PIECES = 5


@dataclass(frozen=True)
class Plan:
    """How much is measured: `pairs` of each kind, shared out to `rounds` with new processes in each.

    Two processes of the same program differ by some percent as long as they live. `requests` is what each
    half of a pair asks.
    """

    pairs: int = 20
    rounds: int = 4
    requests: int = 50
    posts: int = 100_000
    kinds: tuple[Kind, ...] = KINDS

    def pairs_of(self, number: int) -> int:
        """How many pairs of each kind a round measures."""
        return self.pairs // self.rounds + (number < self.pairs % self.rounds)


@dataclass
class Found:
    """What was measured of a kind: pairs in CPU seconds per request; all requests' seconds of each side."""

    pairs: list[Pair] = field(default_factory=list)
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    requests: int = 0

    def rates(self) -> tuple[float, float]:
        """Requests per second of one client that waits for each answer, ours and bare."""
        return self.requests / self.seconds[0], self.requests / self.seconds[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    plan = Plan()
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_number(parser, "--pairs", plan.pairs, "pairs of each kind of request", LEAST_PAIRS)
    add_number(parser, "--rounds", plan.rounds, "times that the processes are started anew")
    add_number(parser, "--requests", plan.requests, "requests of each half of a pair", PIECE_REQUESTS)
    add_number(parser, "--posts", plan.posts, "posts in the database", LEAST_POSTS)
    parser.add_argument("--kind", default="", metavar="TEXT", help="only kinds with this in their name")
    add_output(parser)


def run(given: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Measure, print the table, keep all figures; 0 where every bar is met."""
    kinds = tuple(kind for kind in KINDS if given.kind in kind.name)
    if not kinds:
        say(f"No kind of request has {given.kind!r} in its name: {'; '.join(kind.name for kind in KINDS)}")
        return 2
    plan = Plan(given.pairs, given.rounds, given.requests, given.posts, kinds)
    found = measure(plan, say)
    summaries = {name: summarise(one.pairs) for name, one in found.items()}
    above = [kind.name for kind in kinds if not summaries[kind.name].holds(kind.bar)]
    path = write_result(given.output, NAME, describe_all(plan, found, summaries, above))
    for line in ["", *describe(plan, found, summaries)]:
        say(line)
    say(f"Above the bar: {', '.join(above)}" if above else "All bars hold")
    say(f"All figures: {path}")
    return 1 if above else 0


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, Found]:
    """The pairs of each kind."""
    found = {kind.name: Found() for kind in plan.kinds}
    with database(plan.posts, say=say) as servers:
        member = prepare(servers, plan.kinds)
        for number in range(plan.rounds):
            say(f"Round {number + 1} of {plan.rounds}, with new processes")
            with start_both(servers, number) as webs:
                for kind in plan.kinds:
                    with undone(servers) if kind.is_new else nullcontext():
                        pairs = plan.pairs_of(number)
                        measure_kind(Turn(kind, servers, webs, member), plan, pairs, found[kind.name], say)
    return found


def prepare(servers: Servers, kinds: tuple[Kind, ...]) -> Member:
    """Write down what our own requests ask of the database; who sends them."""
    with open_world(servers) as world:
        member = find_member(world)
        requests = {kind.name: make_request(world, kind, member) for kind in kinds}
        with undone(servers):
            statements_path(servers).write_text(json.dumps(record(requests)), encoding="utf-8")
    return member


def statements_path(servers: Servers) -> Path:
    """Where the bare server reads what to execute."""
    return servers.folder / "statements.json"


@contextmanager
def start_both(servers: Servers, number: int) -> Iterator[tuple[Web, Web]]:
    """Our web server, as it is in production, and the bare one."""
    # One process each: two would share the work by chance. The same order in all sets and dictionaries.
    common = {"MICROBLOG_WEB_WORKERS": "1", "PYTHONHASHSEED": str(number)}
    ours = common | {
        "MICROBLOG_METRICS_DIR": str(servers.folder / f"metrics-{number}"),
        "MICROBLOG_LOG_FORMAT": "json",
    }
    base = common | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        bare.STATEMENTS: str(statements_path(servers)),
    }
    with (
        servers.serve("ours", [str(BIN / "microblog"), "web"], ours) as first,
        servers.serve("bare", [sys.executable, "-m", "profiling.bare"], base) as second,
    ):
        yield first, second


@contextmanager
def undone(servers: Servers) -> Iterator[None]:
    """Take back what is posted meanwhile: later rounds are to read what earlier ones read."""
    with postgres.autocommit_cursor(servers.environment["MICROBLOG_OWNER_DATABASE_URL"]) as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM statuses")
        ((last,),) = cursor.fetchall()
        yield
        cursor.execute("DELETE FROM statuses WHERE id > %s", (last,))
        cursor.execute("DELETE FROM jobs")
        # Feeds hold the ids of what is gone; ours, which is asked first, builds them anew.
        with redis.Redis.from_url(servers.environment["MICROBLOG_CACHE_URL"]) as cache:
            cache.flushdb()
        cursor.execute("VACUUM (ANALYZE) statuses, jobs, accounts")


@dataclass(frozen=True)
class Turn:
    """A kind of request, the two servers that answer it, and who asks."""

    kind: Kind
    servers: Servers
    webs: tuple[Web, Web]
    member: Member


def measure_kind(turn: Turn, plan: Plan, pairs: int, one: Found, say: Callable[[str], None]) -> None:
    """Add a round's pairs of one kind."""
    pieces = max(1, plan.requests // PIECE_REQUESTS)
    requests = pieces * PIECE_REQUESTS
    with turn.webs[0].connect() as first, turn.webs[1].connect() as second:
        seconds = [0.0, 0.0]
        ours, base = (
            make_side(turn, client, web, partial(add_time, seconds, number))
            for number, (client, web) in enumerate(zip((first, second), turn.webs, strict=True))
        )
        measure_pair(ours, base, WARM_UP_PIECES)
        seconds[:] = [0.0, 0.0]
        for _ in range(pairs):
            used = measure_pair(ours, base, pieces)
            pair = Pair(used.ours / requests, used.base / requests)
            say(
                f"  {turn.kind.name}: {pair.ours * 1000:.2f} ms, bare {pair.base * 1000:.2f} ms:"
                f" {pair.ratio:.2f} times"
            )
            one.pairs.append(pair)
    one.requests += pairs * requests
    one.seconds = [before + new for before, new in zip(one.seconds, seconds, strict=True)]


def make_side(turn: Turn, client: Client, web: Web, took: Callable[[float], None]) -> Side:
    """A server with its share of what PostgreSQL and Redis do; `took` is told how long each piece took."""
    client.headers = turn.member.headers(turn.kind)
    meter = Meter(web.process.pid)
    roots = turn.servers.postgres.process.pid, turn.servers.redis.process.pid

    def work() -> None:
        started = perf_counter()
        for _ in range(PIECE_REQUESTS):
            ask(client, turn.kind, turn.member)
        took(perf_counter() - started)

    return Side(work, lambda: meter.read() + sum(tree_seconds(root) for root in roots))


def add_time(seconds: list[float], number: int, took: float) -> None:
    """Add to one side's time."""
    seconds[number] += took


def describe(plan: Plan, found: dict[str, Found], summaries: dict[str, Summary]) -> list[str]:
    """The table."""
    width = max(len(kind.name) for kind in plan.kinds)
    lines = [f"{'':{width}}      ours      bare  times  middle half     bar          requests/s"]
    for kind in plan.kinds:
        summary, rates = summaries[kind.name], found[kind.name].rates()
        verdict = "holds" if summary.holds(kind.bar) else "ABOVE"
        lines.append(
            f"{kind.name:{width}}  {summary.ours * 1000:5.2f} ms  {summary.base * 1000:5.2f} ms"
            f"  {summary.ratio:5.2f}  {summary.low:.2f} to {summary.high:.2f}  {kind.bar:4.1f} {verdict:5}"
            f"  {rates[0]:6.0f} of {rates[1]:.0f}"
        )
    return lines


def describe_all(
    plan: Plan, found: dict[str, Found], summaries: dict[str, Summary], above: list[str]
) -> dict[str, Any]:
    """All that was measured."""
    return {
        "plan": asdict(plan) | {"kinds": [kind.name for kind in plan.kinds]},
        "unit": "CPU seconds per request of the web processes, PostgreSQL and Redis",
        "bars": {kind.name: kind.bar for kind in plan.kinds},
        "above": above,
        "summaries": {name: asdict(one) for name, one in summaries.items()},
        "requests per second": {name: one.rates() for name, one in found.items()},
        "pairs": {name: [asdict(pair) for pair in one.pairs] for name, one in found.items()},
    }
