"""What observing costs: CPU of a request with metrics and JSON logs, against the same without."""

import json
import os
import platform
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from profiling.client import Client
from profiling.measuring import MeasuringError, measure_tree
from profiling.pairs import Pair, Summary, add_up, measure_pairs, summarise
from profiling.servers import BIN, USERNAME, Servers, Size, Web, start_servers

#: CPU with observing, as a multiple of CPU without.
BAR = 1.07
TIMELINE = 20
WARM_UP_REQUESTS = 50


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
    """How much is measured: `requests` is what each half of a pair asks."""

    pairs: int = 20
    requests: int = 200
    size: Size = field(default_factory=Size)


def run(plan: Plan, say: Callable[[str], None]) -> dict[str, list[Pair]]:
    """The pairs of each kind, in CPU seconds of the web processes per request, master included."""
    say(f"Starting PostgreSQL and Redis with {plan.size.posts} posts of {plan.size.accounts} accounts")
    with start_servers(plan.size) as servers, ExitStack() as stack:
        observed = stack.enter_context(
            servers.serve(
                "observed",
                [str(BIN / "microblog"), "web"],
                {"MICROBLOG_METRICS_DIR": str(servers.folder / "metrics"), "MICROBLOG_LOG_FORMAT": "json"},
            )
        )
        unobserved = stack.enter_context(
            servers.serve(
                "unobserved",
                [sys.executable, "-m", "profiling.unobserved"],
                {"PYTHONPATH": str(Path(__file__).parents[1])},
            )
        )
        cookies = _log_in(servers, observed)
        found = {kind.name: _measure_kind(kind, plan, (observed, unobserved), cookies, say) for kind in KINDS}
        _check_logs(observed, unobserved, plan)
    return found


def _log_in(servers: Servers, web: Web) -> dict[str, str]:
    with web.connect() as client:
        client.log_in(USERNAME, servers.password)
        return client.cookies


def _measure_kind(
    kind: Kind, plan: Plan, webs: tuple[Web, Web], cookies: dict[str, str], say: Callable[[str], None]
) -> list[Pair]:
    say(f"{kind.name}: {plan.pairs} pairs of {plan.requests} requests each")
    halves = [partial(_measure_half, web, kind, cookies=cookies if kind.signed_in else {}) for web in webs]
    for half in halves:
        half(max(WARM_UP_REQUESTS, plan.requests // 2))
    ours, base = (partial(half, plan.requests) for half in halves)

    def tell(number: int, pair: Pair) -> None:
        say(
            f"  {number:3}/{plan.pairs}  {pair.ours * 1000:6.3f} ms  {pair.base * 1000:6.3f} ms"
            f"  {pair.ratio:7.1%}"
        )

    return measure_pairs(plan.pairs, ours, base, tell)


def _measure_half(web: Web, kind: Kind, requests: int, *, cookies: dict[str, str]) -> float:
    """CPU seconds per request of the server's processes."""
    # One connection for each of the workers, so that they share the work.
    clients = [web.connect() for _ in range(2)]
    for client in clients:
        client.cookies = dict(cookies)
        _ask(client, kind)
    before = measure_tree(web.process.pid)
    for number in range(requests):
        _ask(clients[number % len(clients)], kind)
    used = measure_tree(web.process.pid).since(before)
    for client in clients:
        client.connection.close()
    return used / requests


def _ask(client: Client, kind: Kind) -> None:
    answer = client.get(kind.path)
    posts = answer.body.count(kind.mark)
    if answer.status != 200 or posts < TIMELINE:
        raise MeasuringError(f"{kind.path} was answered by {answer.status} with {posts} posts")


def _check_logs(observed: Web, unobserved: Web, plan: Plan) -> None:
    """A bench that compares the same with the same would always hold. Raises `MeasuringError`."""
    lines = [web.log.read_bytes().count(b'"http.request"') for web in (observed, unobserved)]
    if lines[0] < plan.pairs * plan.requests * len(KINDS) or lines[1]:
        raise MeasuringError(
            f"the servers logged {lines[0]} and {lines[1]} requests: they aren't what they should be"
        )


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


def holds(summaries: dict[str, Summary]) -> bool:
    """Whether every kind is within the bar."""
    return all(found.holds(BAR) for found in summaries.values())


def write_result(
    folder: Path, plan: Plan, found: dict[str, list[Pair]], summaries: dict[str, Summary]
) -> Path:
    """Keep all that was measured as JSON; its file."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = folder / f"observability-{now:%Y%m%dT%H%M%SZ}.json"
    result = {
        "bench": "observability",
        "ended": now.isoformat(timespec="seconds"),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()},
        "plan": asdict(plan),
        "bar": BAR,
        "holds": holds(summaries),
        "unit": "CPU seconds per request of the web processes",
        "summaries": {name: asdict(one) for name, one in summaries.items()},
        "pairs": {name: [asdict(pair) for pair in pairs] for name, pairs in found.items()},
    }
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
