import pytest
import redis

from microblog.data.cache import make_client
from microblog.data.feeds import Feeds
from microblog.services.links import LinkSigner


@pytest.fixture
def feeds(redis_client: redis.Redis, redis_urls: tuple[str, str]) -> Feeds:
    return Feeds(make_client(redis_urls[1]), length=5)


@pytest.fixture
def no_redis(tmp_path: object) -> Feeds:
    """Feeds whose Redis is away."""
    return Feeds(make_client(f"unix://{tmp_path}/nothing?db=0"), length=5)


@pytest.fixture
def links() -> LinkSigner:
    return LinkSigner("a secret key of the tests, long enough")
