import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from devstack import servers, valkey
from microblog.jobs.broker import BrokerAway, Publisher, celery, configure_broker
from microblog.jobs.names import QUEUES
from microblog.settings import Settings


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    yield publisher
    publisher.close()


@pytest.fixture
def broker(settings: Settings, redis_client: redis.Redis) -> Iterator[redis.Redis]:
    """A client of the broker that the instance is pointed at."""
    configure_broker(settings)
    with redis.Redis.from_url(settings.broker_url) as client:
        yield client


def messages(client: redis.Redis, queue: str) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in client.lrange(queue, 0, -1)]  # type: ignore[union-attr]


def test_a_message_carries_the_id_and_nothing_else(publisher: Publisher, broker: redis.Redis) -> None:
    publisher.check()
    publisher.publish(job_id=7, name="mail.mention", queue="mail", request_id="req-1")
    (message,) = messages(broker, "mail")
    assert message["content-type"] == "application/json"
    arguments, keywords, _ = json.loads(base64.b64decode(message["body"]))
    assert (arguments, keywords) == ([7], {})
    assert message["headers"]["task"] == "mail.mention"
    assert message["headers"]["request_id"] == "req-1"


def test_the_instance_keeps_the_promises_of_the_design(settings: Settings) -> None:
    celery = configure_broker(replace(settings, job_time_limit_seconds=60, job_visibility_seconds=90))
    conf = celery.conf
    assert conf.accept_content == ["json"]
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_soft_time_limit < conf.task_time_limit == 60
    options = conf.broker_transport_options
    assert conf.task_time_limit < options["visibility_timeout"] == 90
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 30
    assert {queue.name for queue in conf.task_queues} == set(QUEUES)
    assert conf.broker_url == settings.celery_broker_url


def test_a_broker_that_is_away_is_told_at_once(
    publisher: Publisher, settings: Settings, tmp_path: Path
) -> None:
    for url in (f"unix://{tmp_path}/nothing.sock?db=0", "redis://127.0.0.1:1/0"):
        configure_broker(replace(settings, broker_url=url))
        with pytest.raises(BrokerAway):
            publisher.check()
        with pytest.raises(BrokerAway):
            publisher.publish(job_id=7, name="mail.mention", queue="mail", request_id=None)


@pytest.fixture
def own_broker(settings: Settings) -> Iterator[Callable[[], servers.Server]]:
    """Starts a broker that may be killed or starved, at an address of its own."""
    folder = servers.short_folder("mb-broker-")
    configure_broker(replace(settings, broker_url=valkey.url(folder / "redis" / "redis.sock", 0)))
    started: list[servers.Server] = []

    def start() -> servers.Server:
        started.append(servers.start_redis(folder / "redis")[0])
        return started[-1]

    yield start
    for server in started:
        server.stop()
    servers.remove_folder(folder)


def test_a_broker_that_comes_back_is_used_again(
    publisher: Publisher, own_broker: Callable[[], servers.Server]
) -> None:
    server = own_broker()
    publisher.publish(job_id=1, name="mail.mention", queue="mail", request_id=None)
    server.kill()
    with pytest.raises(BrokerAway):
        publisher.publish(job_id=2, name="mail.mention", queue="mail", request_id=None)
    own_broker()
    publisher.publish(job_id=3, name="mail.mention", queue="mail", request_id=None)


def test_a_broker_that_takes_no_writes_counts_as_away(
    publisher: Publisher, own_broker: Callable[[], servers.Server]
) -> None:
    own_broker()
    publisher.check()
    with redis.Redis.from_url(configured_url()) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
    with pytest.raises(BrokerAway):
        publisher.publish(job_id=7, name="mail.mention", queue="mail", request_id=None)


def configured_url() -> str:
    return str(celery.conf.broker_url).replace("redis+socket", "unix").partition("?")[0]


def test_a_closed_publisher_may_be_closed_again_and_used_again(
    publisher: Publisher, broker: redis.Redis
) -> None:
    publisher.check()
    publisher.close()
    publisher.close()
    assert publisher._connection is None
    publisher.publish(job_id=7, name="mail.mention", queue="mail", request_id=None)
    assert len(messages(broker, "mail")) == 1
