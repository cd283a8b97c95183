"""Limits on tries, held in Redis by moving windows; keys are keyed hashes: no address is stored.

While Redis is away, log-in and reset are counted in PostgreSQL by fixed windows (guessing passwords must not
become free), and the others go unlimited; a metric tells of both.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network

import redis
import structlog
from flask import request
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from microblog.data.queries import rate_limits
from microblog.data.session import Database
from microblog.domain.errors import RateLimited
from microblog.observability import metrics
from microblog.settings import Settings

# One household or one attacker usually holds a whole /64.
IPV6_PREFIX = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """How often something may be tried. `falls_back`: counted in PostgreSQL while Redis is away."""

    name: str
    rate: RateLimitItem
    falls_back: bool


@dataclass(frozen=True, slots=True)
class Window:
    """What is left of a limit on requests: `used` of `limit` until `reset_at` (seconds since 1970)."""

    limit: int
    used: int
    reset_at: int

    @property
    def remaining(self) -> int:
        """How many more requests are answered."""
        return max(0, self.limit - self.used)

    @property
    def is_over(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.limit

    @property
    def seconds_left(self) -> int:
        """How long to wait for the next one."""
        return max(1, self.reset_at - int(time.time()))


class RateLimiter:
    """All limits of the site. Opens nothing until used."""

    def __init__(self, settings: Settings, database: Database, cache: redis.Redis) -> None:
        self.key = settings.secret_key.encode()
        self.database = database
        self.limits = {
            limit.name: limit
            for limit in (
                Limit("log_in", parse(settings.rate_limit_log_in), falls_back=True),
                Limit("log_in_total", parse(settings.rate_limit_log_in_total), falls_back=True),
                Limit("reset", parse(settings.rate_limit_reset), falls_back=True),
                Limit("sign_up", parse(settings.rate_limit_sign_up), falls_back=False),
                Limit("post", parse(settings.rate_limit_post), falls_back=False),
                Limit("app", parse(settings.rate_limit_app), falls_back=False),
            )
        }
        self.requests = parse(settings.rate_limit_api)
        # The pool brings timeouts and breaker with it; of the URL only the scheme counts beside it.
        self.storage = RedisStorage("redis://", connection_pool=cache.connection_pool, key_prefix="limits")
        self.windows = MovingWindowRateLimiter(self.storage)

    def use(self, name: str, **subjects: str) -> None:
        """Count one try of `name` for each subject, such as `address="192.0.2.1"`.

        Raises `RateLimited` where one has had its tries.
        """
        self._ask_each(name, subjects, is_use=True)

    def check(self, name: str, **subjects: str) -> None:
        """Raise `RateLimited` as `use` would, and count nothing: for limits on what fails."""
        self._ask_each(name, subjects, is_use=False)

    def count_request(self, kind: str, value: str) -> Window:
        """Count one request to the API, in a fixed window: one round trip. Unlimited while Redis is away."""
        seconds = self.requests.get_expiry()
        number = int(time.time()) // seconds
        reset_at = (number + 1) * seconds
        try:
            used = self.storage.incr(f"{self._hash('api', kind, value)}:{number}", seconds)
        except redis.RedisError:
            metrics.RATE_LIMITER_AWAY.labels("api").inc()
            used = 0
        return Window(self.requests.amount, used, reset_at)

    def open_window(self) -> Window:
        """The window of somebody who isn't counted."""
        seconds = self.requests.get_expiry()
        return Window(self.requests.amount, 0, (int(time.time()) // seconds + 1) * seconds)

    def _ask_each(self, name: str, subjects: dict[str, str], *, is_use: bool) -> None:
        limit = self.limits[name]
        for kind, value in subjects.items():
            retry_after = self._ask(limit, self._hash(limit.name, kind, value), is_use=is_use)
            if retry_after is not None:
                metrics.RATE_LIMITED.labels(name).inc()
                log.info("rate_limit.refused", limit=name, subject=kind)
                raise RateLimited(retry_after)

    def _hash(self, name: str, kind: str, value: str) -> str:
        return hmac.new(self.key, f"limit:{name}:{kind}:{value}".encode(), hashlib.sha256).hexdigest()

    def _ask(self, limit: Limit, key: str, *, is_use: bool) -> int | None:
        """Seconds to wait where the limit is used up; else None."""
        ask = self.windows.hit if is_use else self.windows.test
        try:
            if ask(limit.rate, key):
                return None
            reset_at = self.windows.get_window_stats(limit.rate, key).reset_time
            return max(1, round(reset_at - time.time()))
        except redis.RedisError:
            metrics.RATE_LIMITER_AWAY.labels(limit.name).inc()
            return self._ask_database(limit, key, is_use=is_use) if limit.falls_back else None

    def _ask_database(self, limit: Limit, key: str, *, is_use: bool) -> int | None:
        seconds = limit.rate.get_expiry()
        now = int(time.time())
        ends = now - now % seconds + seconds
        # A transaction of its own: a refused try is rolled back, its count must stay.
        with self.database.unit_of_work() as session:
            ask = rate_limits.count_use if is_use else rate_limits.foresee_use
            uses = ask(session, key, datetime.fromtimestamp(ends, UTC))
        return ends - now if uses > limit.rate.amount else None


def client_subject() -> str:
    """What a limit by address counts: the client's IPv4 address or IPv6 network."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "local"
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)
