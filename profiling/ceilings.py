"""Ours against the bare ceiling: CPU per request of web server, PostgreSQL and Redis, in turns in one run."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from devstack import postgres
from profiling import bare
from profiling.client import Client
from profiling.kinds import Kind, Member, ask, find_member, make_request
from profiling.measuring import Meter, tree_seconds
from profiling.pairs import PIECE_REQUESTS, Amount, Found, Pair, Side, share_out
from profiling.recorded import record, unprepared
from profiling.servers import BIN, Servers, Web
from profiling.worlds import open_world


@dataclass(frozen=True)
class Plan:
    """How much is measured: `pairs` of each kind, shared out to `rounds` with new processes in each.

    Two processes of the same program differ by some percent as long as they live. `requests` is what each
    half of a pair asks. `prepared`: bare prepares what ours prepares.
    """

    kinds: tuple[Kind, ...]
    pairs: int
    rounds: int
    requests: int
    prepared: bool = False

    def amount(self, number: int) -> Amount:
        """How much of each kind the round of this number measures."""
        pairs = share_out(self.pairs, self.rounds, number)
        return Amount(pairs, max(1, self.requests // PIECE_REQUESTS))


def measure(servers: Servers, plan: Plan, say: Callable[[str], None]) -> dict[str, Found]:
    """Pairs of CPU seconds for a request, ours against bare, by the kind's name."""
    found = {kind.name: Found() for kind in plan.kinds}
    member = prepare(servers, plan.kinds, prepared=plan.prepared)
    for number in range(plan.rounds):
        say(f"Round {number + 1} of {plan.rounds}, with new processes")
        with start_both(servers, number) as webs:
            for kind in plan.kinds:
                with undone(servers) if kind.is_new else nullcontext():
                    turn = Turn(kind, servers, webs, member)
                    measure_kind(turn, plan.amount(number), found[kind.name], say)
    return found


def prepare(servers: Servers, kinds: tuple[Kind, ...], *, prepared: bool = False) -> Member:
    """Write down what our own requests ask of the database; who sends them."""
    with open_world(servers) as world:
        member = find_member(world)
        requests = {kind.name: make_request(world, kind, member) for kind in kinds}
        with undone(servers):
            recorded = record(requests)
    kept = recorded if prepared else unprepared(recorded)
    statements_path(servers).write_text(json.dumps(kept), encoding="utf-8")
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
    webs: Sequence[Web]
    member: Member


def measure_kind(turn: Turn, amount: Amount, found: Found, say: Callable[[str], None]) -> None:
    """Add a round's pairs of one kind."""
    with turn.webs[0].connect() as first, turn.webs[1].connect() as second:
        ours, base = make_side(turn, first, turn.webs[0]), make_side(turn, second, turn.webs[1])
        found.measure(ours, base, amount, partial(tell, say, turn.kind))


def tell(say: Callable[[str], None], kind: Kind, pair: Pair) -> None:
    """A pair as a line of progress."""
    ours, base = (f"{seconds * 1000:.2f} ms" for seconds in (pair.ours, pair.base))
    say(f"  {kind.name}: {ours}, bare {base}: {pair.ratio:.2f} times")


def make_side(turn: Turn, client: Client, web: Web) -> Side:
    """A server with its share of what PostgreSQL and Redis do."""
    client.headers = turn.member.headers(turn.kind)
    meter = Meter(web.process.pid)

    def work() -> None:
        for _ in range(PIECE_REQUESTS):
            ask(client, turn.kind, turn.member)

    return Side(work, lambda: meter.read() + sum(tree_seconds(root) for root in turn.servers.pids))
