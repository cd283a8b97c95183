"""The Redis client while Redis is frozen, gone or well."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from devstack import servers, valkey
from microblog.data.breaker import Breaker
from microblog.data.cache import BreakerRetry, make_client
from microblog.data.feeds import Feeds
from microblog.data.session import Database
from microblog.http.ratelimit import RateLimiter
from microblog.settings import Settings
from tests.frozen import frozen

AWAY = "a moment ago"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def own_redis() -> Iterator[tuple[servers.Server, str]]:
    """A server of the test's own, to be frozen and stopped, and its URL."""
    folder = servers.short_folder("mb-cache-")
    server, socket = servers.start_redis(folder / "redis")
    with server:
        yield server, valkey.url(socket, 0)
    servers.remove_folder(folder)


def test_a_frozen_redis_is_waited_for_once(own_redis: tuple[servers.Server, str]) -> None:
    (server, url), clock = own_redis, Clock()
    with make_client(url, breaker=Breaker("redis", seconds=2, clock=clock)) as client:
        assert client.ping()
        with frozen(server.process.pid):
            with pytest.raises(redis.TimeoutError):
                client.get("x")
            for _ in range(3):
                with pytest.raises(redis.ConnectionError, match=AWAY):
                    client.get("x")
            clock.now += 2
            with pytest.raises(redis.TimeoutError):
                client.get("x")
            with pytest.raises(redis.ConnectionError, match=AWAY):
                client.pipeline().get("x").execute()
        with pytest.raises(redis.ConnectionError, match=AWAY):
            client.get("x")
        clock.now += 2
        assert client.get("x") is None
        assert client.ping()


def test_a_stopped_redis_is_asked_again_after_a_moment(own_redis: tuple[servers.Server, str]) -> None:
    (server, url), clock = own_redis, Clock()
    with make_client(url, breaker=Breaker("redis", seconds=2, clock=clock)) as client:
        server.stop()
        with pytest.raises(redis.ConnectionError) as error:
            client.ping()
        assert AWAY not in str(error.value)
        with pytest.raises(redis.ConnectionError, match=AWAY):
            client.ping()


def test_an_answer_that_says_no_is_an_answer(redis_client: redis.Redis, settings: Settings) -> None:
    with make_client(settings.cache_url) as client:
        client.set("x", "text")
        with pytest.raises(redis.ResponseError):
            client.lrange("x", 0, -1)
        assert client.get("x") == "text"


def test_a_process_has_one_breaker(
    own_redis: tuple[servers.Server, str], settings: Settings, database: Database
) -> None:
    server, url = own_redis
    with make_client(url, breaker=Breaker("redis", seconds=3600)) as client:
        limiter = RateLimiter(replace(settings, rate_limit_log_in="2 per hour"), database, client)
        feeds = Feeds(client, 10, 1_000)
        limiter.use("log_in", address="192.0.2.1")
        with frozen(server.process.pid):
            limiter.use("post", account="1")
            retry = client.connection_pool.connection_kwargs["retry"]
            assert isinstance(retry, BreakerRetry)
            assert not retry.breaker.admits(), "the limiter found it away, for feeds too"
            assert feeds.read(1, 1) is None
            assert not feeds.push(["feed:1:1"], 7)
