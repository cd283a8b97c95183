"""What observing costs: CPU of a request with metrics and JSON logs, against the same without."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from profiling.charts import Bar, draw_bars
from profiling.client import Client
from profiling.measuring import MeasuringError, Meter
from profiling.options import LEAST_POSTS, add_number, add_output, introduce
from profiling.pairs import (
    LEAST_PAIRS,
    PIECE_REQUESTS,
    Amount,
    Found,
    Pair,
    Side,
    Summary,
    add_up,
    share_out,
    summarise,
)
from profiling.results import write_result
from profiling.servers import BIN, USERNAME, Servers, Size, Web, start_servers

NAME = "observability"
HELP = "what metrics and logs cost a request"
#: CPU with observing, as a multiple of CPU without.
BAR = 1.07
DESCRIPTION = f"""\
Compares the CPU per request of the real web server, with metrics and JSON logs, with that of the same server
without either, in turns. Exit code 1 where a kind of request takes more than {BAR:.0%}."""
EXAMPLES = ("observability", "observability --pairs 6 --rounds 2")
TIMELINE = 20
WARM_UP_PIECES = 10


@dataclass(frozen=True)
class Kind:
    """A kind of request; `mark` stands in its answer once for each post."""

    name: str
    path: str
    mark: bytes
    signed_in: bool = False


KINDS = (
    Kind("public timeline, HTML", "/", b"<article"),
    Kind("public timeline, JSON", f"/api/v1/timelines/public?limit={TIMELINE}", b'"replies_count"'),
    Kind("home timeline, signed in, HTML", "/home", b"<article", signed_in=True),
)


@dataclass(frozen=True)
class Plan:
    """How much is measured: `pairs` of each kind, shared out to `rounds` with new processes in each.

    Two processes of the same program differ by some percent as long as they live; with few of them that
    would be taken for the cost of observing. `requests` is what each half of a pair asks.
    """

    pairs: int = 20
    rounds: int = 5
    requests: int = 200
    size: Size = field(default_factory=Size)

    def pairs_of(self, number: int) -> int:
        """How many pairs of each kind a round measures."""
        return share_out(self.pairs, self.rounds, number)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    plan = Plan()
    introduce(parser, DESCRIPTION, EXAMPLES)
    numbers = {
        "pairs": (LEAST_PAIRS, plan.pairs, "pairs of each kind of request"),
        "rounds": (1, plan.rounds, "times that the processes are started anew"),
        "requests": (PIECE_REQUESTS, plan.requests, "requests of each half of a pair"),
        "accounts": (20, plan.size.accounts, "accounts in the database"),
        "posts": (LEAST_POSTS, plan.size.posts, "posts in the database"),
    }
    for name, (lowest, default, text) in numbers.items():
        add_number(parser, f"--{name}", default, text, lowest)
    add_output(parser)


def run(given: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Run the bench; 0 where it holds."""
    plan = Plan(given.pairs, given.rounds, given.requests, Size(given.accounts, given.posts))
    found = measure(plan, say)
    summaries = judge(found)
    path = write_result(given.output, NAME, describe_all(plan, found, summaries))
    for line in ["", *describe(summaries)]:
        say(line)
    picture = draw(summaries, path.with_suffix(".svg"))
    say(f"All figures: {path}\nPicture: {picture}")
    return 0 if holds(summaries) else 1


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, list[Pair]]:
    """The pairs of each kind, in CPU seconds of the web processes per request, master included."""
    say(f"Starting PostgreSQL and Redis with {plan.size.posts} posts of {plan.size.accounts} accounts")
    found: dict[str, list[Pair]] = {kind.name: [] for kind in KINDS}
    with start_servers(plan.size) as servers:
        cookies: dict[str, str] = {}
        for number in range(plan.rounds):
            say(f"Round {number + 1} of {plan.rounds}, with new processes")
            with start_variants(servers, number) as (observed, unobserved):
                if not cookies:
                    cookies = _log_in(servers, observed)
                for kind in KINDS:
                    found[kind.name] += _measure_kind(
                        kind, plan, plan.pairs_of(number), (observed, unobserved), cookies, say
                    )
                _check_logs(observed, unobserved, plan.pairs_of(number) * plan.requests * len(KINDS))
    return found


@contextmanager
def start_variants(servers: Servers, number: int) -> Iterator[tuple[Web, Web]]:
    """The web server that is ours, and the one that observes nothing."""
    # One process each: two would share the work by chance. The same order in all sets and dictionaries.
    common = {"MICROBLOG_WEB_WORKERS": "1", "PYTHONHASHSEED": str(number)}
    metrics = servers.folder / f"metrics-{number}"
    with (
        servers.serve(
            "observed",
            [str(BIN / "microblog"), "web"],
            common | {"MICROBLOG_METRICS_DIR": str(metrics), "MICROBLOG_LOG_FORMAT": "json"},
        ) as observed,
        servers.serve(
            "unobserved",
            [sys.executable, "-m", "profiling.unobserved"],
            common | {"PYTHONPATH": str(Path(__file__).parents[1])},
        ) as unobserved,
    ):
        yield observed, unobserved


def _log_in(servers: Servers, web: Web) -> dict[str, str]:
    with web.connect() as client:
        client.log_in(USERNAME, servers.password)
        return client.cookies


def _measure_kind(
    kind: Kind,
    plan: Plan,
    pairs: int,
    webs: tuple[Web, Web],
    cookies: dict[str, str],
    say: Callable[[str], None],
) -> list[Pair]:
    amount = Amount(pairs, max(1, plan.requests // PIECE_REQUESTS), warm_up=WARM_UP_PIECES)
    measured = Found()

    def tell(pair: Pair) -> None:
        say(f"  {kind.name}: {pair.ours * 1000:.3f} ms, {pair.base * 1000:.3f} ms: {pair.ratio:.1%}")

    with webs[0].connect() as first, webs[1].connect() as second:
        for client in (first, second):
            client.cookies = dict(cookies) if kind.signed_in else {}
        ours, base = (
            Side(partial(_ask_some, client, kind), Meter(web.process.pid).read)
            for client, web in ((first, webs[0]), (second, webs[1]))
        )
        measured.measure(ours, base, amount, tell)
    return measured.pairs


def _ask_some(client: Client, kind: Kind) -> None:
    for _ in range(PIECE_REQUESTS):
        _ask(client, kind)


def _ask(client: Client, kind: Kind) -> None:
    answer = client.get(kind.path)
    posts = answer.body.count(kind.mark)
    if answer.status != 200 or posts < TIMELINE:
        raise MeasuringError(f"{kind.path} was answered by {answer.status} with {posts} posts")


def _check_logs(observed: Web, unobserved: Web, requests: int) -> None:
    """A bench that compares the same with the same would always hold. Raises `MeasuringError`."""
    lines = [web.log.read_bytes().count(b'"http.request"') for web in (observed, unobserved)]
    if lines[0] < requests or lines[1]:
        raise MeasuringError(f"the servers logged {lines[0]} and {lines[1]} requests: not what they are for")


def judge(found: dict[str, list[Pair]]) -> dict[str, Summary]:
    """A summary for each kind, and for all together."""
    return {name: summarise(pairs) for name, pairs in found.items()} | {
        "all": summarise(add_up(list(found.values())))
    }


def describe(summaries: dict[str, Summary]) -> list[str]:
    """The table, and as the last line the verdict."""
    width = max(len(name) for name in summaries)
    lines = [f"{'':{width}}  observed  without    ratio  middle half         pairs"]
    for name, found in summaries.items():
        lines.append(
            f"{name:{width}}  {found.ours * 1000:5.3f} ms  {found.base * 1000:5.3f} ms  {found.ratio:6.1%}"
            f"  {found.low:6.1%} to {found.high:6.1%}  {found.pairs:5}"
        )
    above = [name for name, found in summaries.items() if not found.holds(BAR)]
    verdict = (
        f"above the bar of {BAR:.0%}: {', '.join(above)}" if above else f"all within the bar of {BAR:.0%}"
    )
    return [*lines, "", f"Observing: {verdict}"]


def draw(summaries: dict[str, Summary], path: Path) -> Path:
    """What each kind costs with observing, and without."""
    bars = [
        Bar(f"{name}, {how}", seconds * 1000, how)
        for name, found in summaries.items()
        for how, seconds in (("observed", found.ours), ("without", found.base))
    ]
    return draw_bars(bars, path, title=f"What observing costs; the bar is {BAR:.0%}", unit="ms of CPU")


def holds(summaries: dict[str, Summary]) -> bool:
    """Whether every kind is within the bar."""
    return all(found.holds(BAR) for found in summaries.values())


def describe_all(plan: Plan, found: dict[str, list[Pair]], summaries: dict[str, Summary]) -> dict[str, Any]:
    """All that was measured."""
    return {
        "plan": asdict(plan),
        "bar": BAR,
        "holds": holds(summaries),
        "unit": "CPU seconds per request of the web processes",
        "summaries": {name: asdict(one) for name, one in summaries.items()},
        "pairs": {name: [asdict(pair) for pair in pairs] for name, pairs in found.items()},
    }
