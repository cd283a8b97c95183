"""Ours against the bare ceiling: CPU per request of web server, PostgreSQL and Redis, in turns in one run."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from devstack import postgres
from devstack.layout import DATABASE
from werkzeug.test import TestResponse

from profiling import bare
from profiling.client import HOST, Client
from profiling.measuring import MeasuringError, Meter, SharedMeter
from profiling.pairs import Pair, Side, Summary, measure_pair, summarise
from profiling.recorded import record
from profiling.scenarios import World, open_world
from profiling.servers import BIN, Servers, Size, Web, start_servers

PIECE_REQUESTS = 10
WARM_UP_PIECES = 5
POSTS = 20
TEXT = "What a bench writes, again and again, to see what it takes."
BASE_URL = f"http://{HOST}"


@dataclass(frozen=True)
class Kind:
    """A kind of request; `mark` stands in its answer once for each of `posts`.

    `bar`: at most so many times as much CPU as bare. `sends`: a new post is sent by POST.
    """

    name: str
    path: str
    bar: float
    mark: bytes
    posts: int = POSTS
    is_post: bool = False
    is_by_token: bool = False
    is_by_cookie: bool = False


#: The last one writes: what it leaves would be in the others' way.
KINDS = (
    Kind("public timeline, JSON", f"/api/v1/timelines/public?limit={POSTS}", 2.0, b'"replies_count"'),
    Kind(
        "home timeline, JSON",
        f"/api/v1/timelines/home?limit={POSTS}",
        2.0,
        b'"replies_count"',
        is_by_token=True,
    ),
    Kind("public timeline, HTML", "/", 2.5, b"<article"),
    Kind("profile, HTML", "/@{author}", 2.5, b"<article"),
    Kind("home timeline, HTML", "/home", 2.5, b"<article", is_by_cookie=True),
    Kind(
        "new post, JSON",
        "/api/v1/statuses",
        2.5,
        b'"replies_count"',
        posts=1,
        is_post=True,
        is_by_token=True,
    ),
)


@dataclass(frozen=True)
class Member:
    """Who asks where a kind of request needs somebody, and whose profile is asked for."""

    token: str = field(repr=False)
    cookies: dict[str, str] = field(repr=False)
    author: str


@dataclass(frozen=True)
class Plan:
    """How much is measured: `pairs` of each kind, shared out to `rounds` with new processes in each.

    `requests` is what each half of a pair asks.
    """

    pairs: int = 20
    rounds: int = 4
    requests: int = 100
    size: Size = field(default_factory=lambda: Size(1000, 100_000))

    def pairs_of(self, number: int) -> int:
        """How many pairs of each kind a round measures."""
        return self.pairs // self.rounds + (number < self.pairs % self.rounds)


@dataclass
class Found:
    """What was measured of a kind: pairs in CPU seconds per request, and requests per second of each side."""

    pairs: list[Pair] = field(default_factory=list)
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    requests: int = 0

    def rates(self) -> tuple[float, float]:
        """Requests per second of one client that waits for each answer, ours and bare."""
        return self.requests / self.seconds[0], self.requests / self.seconds[1]


def run(plan: Plan, say: Callable[[str], None]) -> dict[str, Found]:
    """Measure all kinds."""
    say(f"Starting PostgreSQL and Redis with {plan.size.posts} posts of {plan.size.accounts} accounts")
    found = {kind.name: Found() for kind in KINDS}
    with start_servers(plan.size) as servers:
        member = prepare(servers)
        for number in range(plan.rounds):
            say(f"Round {number + 1} of {plan.rounds}, with new processes")
            with start_both(servers, number) as webs:
                for kind in KINDS:
                    with undone(servers) if kind.is_post else ExitStack():
                        measure_kind(kind, plan, plan.pairs_of(number), servers, webs, member, found, say)
    return found


def prepare(servers: Servers) -> Member:
    """Write down what our own requests ask the database; who asks."""
    with open_world(servers) as world:
        cookies = {cookie.key: cookie.value for cookie in world.member._cookies.values()}
        member = Member(world.token, cookies, find_author(world))
        requests = {kind.name: partial(send_in_process, world, kind, member) for kind in KINDS}
        statements_path(servers).write_text(json.dumps(record(requests)), encoding="utf-8")
    with postgres.autocommit_cursor(servers.superuser_url, DATABASE) as cursor:
        cursor.execute("VACUUM ANALYZE")
    return member


def statements_path(servers: Servers) -> Path:
    """Where the bare server reads what to execute."""
    return servers.folder / "statements.json"


def find_author(world: World) -> str:
    """Somebody with a page full of posts."""
    names = re.findall(r'href="/@(\w+)"', world.client.get("/", base_url=BASE_URL).text)
    return next(name for name in names if world.client.get(f"/@{name}", base_url=BASE_URL).text.count("<article") >= POSTS)


def send_in_process(world: World, kind: Kind, member: Member) -> TestResponse:
    """One request of a kind, as the bench sends it to a server."""
    path = kind.path.format(author=member.author)
    if kind.is_by_token:
        headers = {"Authorization": f"Bearer {member.token}"}
        ask = world.client.post if kind.is_post else world.client.get
        return ask(path, base_url=BASE_URL, headers=headers, data={"status": TEXT} if kind.is_post else None)
    return (world.member if kind.is_by_cookie else world.client).get(path, base_url=BASE_URL)


@contextmanager
def start_both(servers: Servers, number: int) -> Iterator[tuple[Web, Web]]:
    """Our web server, as it is in production, and the bare one."""
    # One process each: two would share the work by chance. The same order in all sets and dictionaries.
    common = {"MICROBLOG_WEB_WORKERS": "1", "PYTHONHASHSEED": str(number)}
    metrics = {"MICROBLOG_METRICS_DIR": str(servers.folder / f"metrics-{number}")}
    root = {"PYTHONPATH": str(Path(__file__).parents[1]), bare.STATEMENTS: str(statements_path(servers))}
    with (
        servers.serve(
            "ours", [str(BIN / "microblog"), "web"], common | metrics | {"MICROBLOG_LOG_FORMAT": "json"}
        ) as ours,
        servers.serve("bare", [sys.executable, "-m", "profiling.bare"], common | root) as base,
    ):
        yield ours, base


@contextmanager
def undone(servers: Servers) -> Iterator[None]:
    """Take back what is posted meanwhile: later rounds are to read what earlier ones read."""
    with postgres.autocommit_cursor(servers.superuser_url, DATABASE) as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM statuses")
        ((last,),) = cursor.fetchall()
        yield
        cursor.execute("DELETE FROM statuses WHERE id > %s", (last,))
        cursor.execute("DELETE FROM jobs")
        for table in ("statuses", "jobs", "accounts"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def measure_kind(
    kind: Kind,
    plan: Plan,
    pairs: int,
    servers: Servers,
    webs: tuple[Web, Web],
    member: Member,
    found: dict[str, Found],
    say: Callable[[str], None],
) -> None:
    """Add a round's pairs of one kind."""
    pieces = max(1, plan.requests // PIECE_REQUESTS)
    requests = pieces * PIECE_REQUESTS
    one = found[kind.name]
    shared = SharedMeter(servers.pids)
    with webs[0].connect() as first, webs[1].connect() as second:
        sides, seconds = [], [0.0, 0.0]
        for number, (client, web) in enumerate(((first, webs[0]), (second, webs[1]))):
            dress(client, kind, member)
            work = partial(ask_some, client, kind, member, seconds, number)
            sides.append(Side(work, add_meters(Meter(web.process.pid), shared)))
        ours, base = sides
        measure_pair(ours, base, WARM_UP_PIECES)
        seconds[:] = [0.0, 0.0]
        for _ in range(pairs):
            used = measure_pair(ours, base, pieces)
            pair = Pair(used.ours / requests, used.base / requests)
            say(f"  {kind.name}: {pair.ours * 1000:.3f} ms, bare {pair.base * 1000:.3f} ms: {pair.ratio:.2f}x")
            one.pairs.append(pair)
        one.requests += pairs * requests
        one.seconds = [before + new for before, new in zip(one.seconds, seconds, strict=True)]


def add_meters(web: Meter, shared: SharedMeter) -> Callable[[], float]:
    """CPU seconds of a web server and of what both share."""
    return lambda: web.read() + shared.read()


def dress(client: Client, kind: Kind, member: Member) -> None:
    """Give a client what the kind of request needs: a token, a cookie or nothing."""
    if kind.is_by_token:
        client.headers = {"Authorization": f"Bearer {member.token}"}
    elif kind.is_by_cookie:
        client.cookies = dict(member.cookies)


def ask_some(client: Client, kind: Kind, member: Member, seconds: list[float], number: int) -> None:
    """One piece of work."""
    started = perf_counter()
    for _ in range(PIECE_REQUESTS):
        ask(client, kind, member)
    seconds[number] += perf_counter() - started


def ask(client: Client, kind: Kind, member: Member) -> None:
    """One request, and a look at its answer."""
    path = kind.path.format(author=member.author)
    answer = client.post(path, {"status": TEXT}) if kind.is_post else client.get(path)
    posts = answer.body.count(kind.mark)
    if answer.status != 200 or posts < kind.posts:
        raise MeasuringError(f"{path} was answered by {answer.status} with {posts} posts")


def describe(found: dict[str, Found]) -> list[str]:
    """The table."""
    width = max(len(kind.name) for kind in KINDS)
    lines = [f"{'':{width}}      ours      bare   ratio  middle half    bar  verdict   requests/s"]
    for kind in KINDS:
        one = found[kind.name]
        summary, rates = summarise(one.pairs), one.rates()
        lines.append(
            f"{kind.name:{width}}  {summary.ours * 1000:5.3f} ms  {summary.base * 1000:5.3f} ms  {summary.ratio:5.2f}x"
            f"  {summary.low:.2f} to {summary.high:.2f}  {kind.bar:.1f}x  {verdict(summary, kind):7}"
            f"  {rates[0]:4.0f} of {rates[1]:4.0f}"
        )
    return lines


def verdict(summary: Summary, kind: Kind) -> str:
    """Whether the bar is met."""
    return "holds" if summary.holds(kind.bar) else "ABOVE"
