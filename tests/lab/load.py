"""A load of clients that never retry, as a process of its own, and what it saw.

accounts = make_accounts(site)                      once: they post, and log in here
with Load.of(site, accounts) as load:
    ...
    wait_for(lambda: load.requests > 5000, ...)
assert load.report.failures == [], load.report.summary
assert settle(site, load.report.posts) == []        ledger.py
"""

import json
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from ops.inventory import REPOSITORY
from tests.lab.sites import Site

#: Enough for the site's limit of posts, few enough for its limit of an address's log-ins in an hour.
ACCOUNTS = 12
#: What nginx takes of one client is 50 a second, and at times one web host serves all.
READS_PER_SECOND = 16.0
POSTS_PER_SECOND = 1.0
READERS = 24
#: At the same time: each costs the site a hash.
LOG_INS = 4
#: The product's limit is 30 in 5 minutes.
POSTS_OF_AN_ACCOUNT_PER_SECOND = 30 / 300
#: For the requests in hand, and then some.
STOP_SECONDS = 60


@dataclass(frozen=True)
class Account:
    """Who posts, logged in, and whom their posts mention."""

    name: str
    mentions: str
    cookies: dict[str, str]


@dataclass(frozen=True)
class Orders:
    """What the process is to do; both rates are those of all together."""

    address: str
    name: str
    authority: str
    accounts: list[Account]
    #: What each post's marker begins with.
    run: str
    port: int = 443
    readers: int = READERS
    readers_per_second: float = READS_PER_SECOND
    posters_per_second: float = POSTS_PER_SECOND


@dataclass(frozen=True)
class Failure:
    """A request that failed: `at` in seconds since 1970, `connection` "fresh" or "kept, request N"."""

    kind: str
    method: str
    path: str
    failure: str
    connection: str
    at: float
    seconds: float


@dataclass(frozen=True)
class Post:
    """A post that was sent; without an answer nobody knows whether it is there."""

    marker: str
    author: str
    mentions: str
    is_acknowledged: bool


@dataclass(frozen=True)
class Report:
    """What all clients saw. `seconds`: by kind (read, style, home, post) how long each request took."""

    requests: int
    failures: list[Failure]
    posts: list[Post]
    seconds: dict[str, list[float]]
    reopened: int

    @classmethod
    def read(cls, found: dict[str, Any]) -> Self:
        """Out of what the process said last."""
        return cls(
            found["requests"],
            [Failure(**each) for each in found["failures"]],
            [Post(marker, **each) for marker, each in found["posts"].items()],
            found["seconds"],
            found["reopened"],
        )

    @property
    def acknowledged(self) -> list[Post]:
        """The posts that have to be there."""
        return [post for post in self.posts if post.is_acknowledged]

    @property
    def summary(self) -> str:
        """Figures, and the first failures with their times (UTC), for an assertion's message."""
        lines = [f"{self.requests} requests, {len(self.failures)} failed, {len(self.acknowledged)} posts"]
        for kind, seconds in sorted(self.seconds.items()):
            ordered = sorted(seconds)
            shown = (
                f"{share:.0%} {ordered[int((len(ordered) - 1) * share)] * 1000:.0f} ms"
                for share in (0.5, 0.99, 1)
            )
            lines.append(f"  {kind}: {len(ordered)}, {', '.join(shown)}")
        for each in self.failures[:20]:
            when = time.strftime("%H:%M:%S", time.gmtime(each.at))
            where = f"{each.method} {each.path} ({each.connection})"
            lines.append(f"  {when} after {each.seconds:.2f} s: {where}: {each.failure}")
        return "\n".join(lines)


class Load:
    """The process: `start()`, `stop()`, or both as a context; afterwards its `report` is there."""

    def __init__(self, orders: Orders) -> None:
        most = len(orders.accounts) * POSTS_OF_AN_ACCOUNT_PER_SECOND
        assert not orders.accounts or orders.posters_per_second <= most, "the site would refuse so many posts"
        self.orders = orders
        self._process: subprocess.Popen[str] | None = None
        self._last: dict[str, Any] = {"requests": 0, "failed": 0}
        self._report: Report | None = None

    @classmethod
    def of(cls, site: Site, accounts: list[Account], **changes: Any) -> Self:
        """On the lab's site, by its edge."""
        place, run = site.visitor().place, f"load{secrets.token_hex(4)}"
        name = place.parts.hostname or ""
        return cls(Orders(place.address, name, place.authority, accounts, run, **changes))

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def requests(self) -> int:
        """How many were sent until half a second ago."""
        return int(self._last["requests"])

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return int(self._last["failed"])

    @property
    def report(self) -> Report:
        """What it saw; there once it has stopped."""
        assert self._report is not None, "the load runs, or never did"
        return self._report

    def start(self) -> None:
        """Have all clients begin."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.lab.load_clients"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(self.orders)) + "\n")
        self._process.stdin.flush()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> Report:
        """Let each client finish what it asked for; what they saw. An error where the process failed."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
        assert code == 0, f"the load's process failed with {code}: its standard error says why"
        self._report = Report.read(self._last)
        return self._report

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                self._last = json.loads(line)


def make_accounts(site: Site, count: int = ACCOUNTS) -> list[Account]:
    """Accounts made on the workers and logged in by the site's form; each mentions the next."""
    names = [f"load_{secrets.token_hex(3)}_{number}" for number in range(count)]
    password = secrets.token_urlsafe(15)
    workers = [host.name for host in site.hosts.values() if "worker" in host.groups]
    with ThreadPoolExecutor(len(workers)) as pool:
        shares = [names[place :: len(workers)] for place in range(len(workers))]
        list(pool.map(lambda worker, share: _create(site, worker, share, password), workers, shares))
    with ThreadPoolExecutor(LOG_INS) as pool:
        cookies = list(pool.map(lambda name: _log_in(site, name, password), names))
    return [Account(name, names[(place + 1) % count], cookies[place]) for place, name in enumerate(names)]


def _create(site: Site, worker: str, names: list[str], password: str) -> None:
    run = "sudo -u microblog /opt/microblog/bin/microblog-run current account create"
    site.sudo(
        worker,
        f"set -e; for name in {' '.join(names)}; do"
        f" echo {password} | {run} $name --email $name@example.org --password-stdin; done",
    )


def _log_in(site: Site, name: str, password: str) -> dict[str, str]:
    visitor = site.visitor()
    visitor.submit("/log-in", identifier=name, password=password)
    return visitor.cookies
