"""How far a core goes, and how many of them a site needs: from measured costs and named assumptions."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from devstack import postgres
from devstack.layout import DATABASE
from microblog.data.feeds import feed_key
from profiling.charts import Curve, Panel, draw_curves
from profiling.columns import align
from profiling.costs import Place, Point, Run, measure
from profiling.databases import database
from profiling.options import LEAST_POSTS, add_number, add_output, introduce
from profiling.results import write_result
from profiling.scenarios import SCENARIOS, fan_out_to
from profiling.servers import Servers
from profiling.worlds import World, open_world

NAME = "capacity"
HELP = "requests, posts and fan-outs per core and second, and the cores of larger sites"
DESCRIPTION = """\
Measures what requests and jobs cost the web or worker process, PostgreSQL and Redis, and what a post and a
feed take of disk and memory. From that: how much a core of each tier does in a second, and what sites from
10,000 to 10,000,000 accounts need under the assumptions below the tables."""
EXAMPLES = ("capacity", "capacity --posts 1000000 --rounds 6")
READS = ("public-timeline", "home", "home-html", "front-html", "profile-html", "search")
WRITES = ("create", "thumbnail")
FAN_OUT = "fan-out"
#: A fan-out is measured at about so many followers, and told for one.
FOLLOWERS = 1_000
SITES = (10_000, 100_000, 1_000_000, 10_000_000)
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Assumptions:
    """How a site is used. None of it is measured: put your own figures in their place."""

    #: Of all accounts, on a day.
    active: float = 0.2
    #: Of an active account on a day: pages, and what its apps ask.
    reads: float = 60
    #: Boosts among them.
    posts: float = 1.5
    #: Of whoever posts, counted by posts.
    followers: float = 150
    #: The busiest hour's rate, in those of the mean hour.
    peak: float = 4
    #: Of a core, in the busiest hour: queues grow without end towards 1.
    busy: float = 0.5
    #: Accounts whose feed Redis holds: those that read within 14 days.
    feeds: float = 0.4
    #: How reads divide. Visitors' pages are what nginx's micro-cache lets through.
    mix: tuple[tuple[str, float], ...] = (
        ("home", 0.5),
        ("home-html", 0.2),
        ("profile-html", 0.15),
        ("public-timeline", 0.08),
        ("search", 0.05),
        ("front-html", 0.02),
    )


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one run by tier: `python` is the web or worker process."""

    python: float
    postgresql: float
    redis: float

    def times(self, number: float) -> "Cost":
        """So many runs."""
        return Cost(self.python * number, self.postgresql * number, self.redis * number)


@dataclass(frozen=True)
class Sizes:
    """Bytes: of PostgreSQL for a post with all that belongs to it, of Redis for a full feed."""

    post: float
    feed: float


@dataclass(frozen=True)
class Need:
    """What a site of so many accounts needs in its busiest hour; cores may be parts of one."""

    accounts: int
    reads: float
    posts: float
    deliveries: float
    web: float
    worker: float
    postgresql: float
    redis: float
    gigabytes_a_year: float
    feed_gigabytes: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_number(parser, "--posts", 100_000, "posts in the database", LEAST_POSTS)
    add_number(parser, "--rounds", 4, "times that each is measured")
    add_output(parser)


def run(given: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Measure, tell and keep; 0. Raises `MeasuringError`, `StackError`."""
    assumed = Assumptions()
    with database(given.posts, say=say) as servers:
        post_bytes = measure_post(servers, given.posts)
        with open_world(servers) as world:
            costs = measure_costs(world, given.rounds, say)
            sizes = Sizes(post_bytes, measure_feed(world))
    needs = [plan(accounts, costs, sizes, assumed) for accounts in SITES]
    result = {
        "unit": "CPU seconds of a run; bytes",
        "posts": given.posts,
        "costs": {name: asdict(cost) for name, cost in costs.items()},
        "sizes": asdict(sizes),
        "assumptions": asdict(assumed),
        "needs": [asdict(need) for need in needs],
    }
    path = write_result(given.output, NAME, result)
    for line in ["", *describe_costs(costs), "", *describe_needs(needs), "", *describe_assumptions(assumed)]:
        say(line)
    picture = draw(needs, path.with_suffix(".svg"))
    say(f"All figures: {path}\nPicture: {picture}")
    return 0


def measure_costs(world: World, rounds: int, say: Callable[[str], None]) -> dict[str, Cost]:
    """What each scenario costs, and a follower of a fan-out."""
    costs: dict[str, Cost] = {}
    # Reads first: what is written shows in their lists.
    for names in (READS, WRITES):
        say(f"Measuring {', '.join(names)}")
        points = measure([_place(world, SCENARIOS[name].prepare(world)) for name in names], rounds)
        costs |= {name: _cost(point) for name, point in zip(names, points, strict=True)}
    say(f"Measuring {FAN_OUT}")
    # After all else: it begins its followers' feeds anew, and so the reader's.
    followers, work = fan_out_to(world, FOLLOWERS)
    (delivered,) = measure([_place(world, work)], rounds)
    return costs | {FAN_OUT: _cost(delivered).times(1 / followers)}


def _place(world: World, work: Run) -> Place:
    return Place(0, world, lambda: work)


def _cost(point: Point) -> Cost:
    return Cost(point.middle("python"), point.middle("postgresql"), point.middle("redis"))


def measure_post(servers: Servers, posts: int) -> float:
    """Bytes of the database for each post in it, with accounts, follows and indexes."""
    cluster = postgres.Cluster(servers.folder, servers.folder / "postgres", None)
    with postgres.autocommit_cursor(cluster.superuser_url(), DATABASE) as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        ((size,),) = cursor.fetchall()
    return float(size) / posts


def measure_feed(world: World) -> float:
    """Bytes of Redis for a feed as long as they get."""
    resources, key = world.resources, feed_key(0, 0)
    resources.cache.rpush(key, *(2**56 + number for number in range(resources.feeds.length)))
    used: int = resources.cache.memory_usage(key, samples=0)  # type: ignore[assignment]
    resources.cache.delete(key)
    return float(used)


def plan(accounts: int, costs: Mapping[str, Cost], sizes: Sizes, assumed: Assumptions) -> Need:
    """What a site of this size needs."""
    active = accounts * assumed.active
    peak = assumed.peak / DAY_SECONDS
    reads, posts = active * assumed.reads * peak, active * assumed.posts * peak
    deliveries = posts * assumed.followers
    read = [costs[name].times(reads * share) for name, share in assumed.mix]
    created, delivered = costs["create"].times(posts), costs[FAN_OUT].times(deliveries)
    by_web, by_all = [*read, created], [*read, created, delivered]
    return Need(
        accounts=accounts,
        reads=reads,
        posts=posts,
        deliveries=deliveries,
        web=sum(cost.python for cost in by_web) / assumed.busy,
        worker=delivered.python / assumed.busy,
        postgresql=sum(cost.postgresql for cost in by_all) / assumed.busy,
        redis=sum(cost.redis for cost in by_all) / assumed.busy,
        gigabytes_a_year=active * assumed.posts * 365 * sizes.post / 1e9,
        feed_gigabytes=accounts * assumed.feeds * sizes.feed / 1e9,
    )


def describe_costs(costs: Mapping[str, Cost]) -> list[str]:
    """The table of costs, and of what a core does in a second."""
    rows = [
        [name if name != FAN_OUT else "fan-out, each follower"]
        + [f"{part * 1000:.3f}" for part in (cost.python, cost.postgresql, cost.redis)]
        + [rate(part) for part in (cost.python, cost.postgresql, cost.redis)]
        for name, cost in costs.items()
    ]
    header = ["CPU ms and runs a second of a core", "web or worker", "PostgreSQL", "Redis", "", "", ""]
    return align(header, rows, left=[0])


def rate(seconds: float) -> str:
    """How many runs a core does in a second."""
    return f"{1 / seconds:,.0f}/s" if seconds > 1e-7 else "any"


def describe_needs(needs: Sequence[Need]) -> list[str]:
    """The table of sites."""
    header = (
        *("accounts", "reads/s", "posts/s", "into feeds/s", "web", "worker", "PostgreSQL", "Redis"),
        *("GB a year", "GB of feeds"),
    )
    rows = [
        [
            *(f"{need.accounts:,}", f"{need.reads:,.0f}", f"{need.posts:,.1f}", f"{need.deliveries:,.0f}"),
            *(f"{cores:,.1f}" for cores in (need.web, need.worker, need.postgresql, need.redis)),
            *(f"{size:,.1f}" for size in (need.gigabytes_a_year, need.feed_gigabytes)),
        ]
        for need in needs
    ]
    return align(header, rows)


def draw(needs: Sequence[Need], path: Path) -> Path:
    """What sites need, by their accounts."""
    panels = [
        Panel(
            "cores in the busiest hour",
            [
                Curve("web", [need.web for need in needs]),
                Curve("worker", [need.worker for need in needs]),
                Curve("PostgreSQL", [need.postgresql for need in needs]),
                Curve("Redis", [need.redis for need in needs]),
            ],
        ),
        Panel(
            "GB",
            [
                Curve("PostgreSQL, a year", [need.gigabytes_a_year for need in needs]),
                Curve("feeds in Redis", [need.feed_gigabytes for need in needs]),
            ],
        ),
    ]
    accounts = [need.accounts for need in needs]
    return draw_curves(
        accounts, panels, path, title="What a site needs", unit="accounts", is_logarithmic=True
    )


def describe_assumptions(assumed: Assumptions) -> list[str]:
    """What the table of sites takes for granted."""
    mix = ", ".join(f"{name} {share:.0%}" for name, share in assumed.mix)
    feeds = f"{assumed.feeds:.0%} have a feed in Redis"
    use = f"read {assumed.reads:g} times and post {assumed.posts:g} times to {assumed.followers:g} followers"
    return [
        f"Cores in the busiest hour, {assumed.busy:.0%} busy; it has {assumed.peak:g} times the mean's work.",
        f"On a day {assumed.active:.0%} of the accounts are active, {use}; {feeds}.",
        f"Reads: {mix}.",
    ]
