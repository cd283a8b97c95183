"""Data that stay for all tests of a file: making them takes longer than looking at them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis

from tests.conftest import empty_tables


@contextmanager
def standing_data(owner_url: str, redis_urls: Sequence[str]) -> Iterator[None]:
    """Begin with an empty Redis; at the end database and Redis are empty, as for every test."""
    clients = [redis.Redis.from_url(url) for url in redis_urls]
    for client in clients:
        client.flushdb()
    try:
        yield
    finally:
        empty_tables(owner_url)
        for client in clients:
            client.flushdb()
            client.close()
