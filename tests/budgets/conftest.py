"""The site on a database of some size."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest
import redis

from microblog.bootstrap import bootstrap
from microblog.factory import create_app
from microblog.settings import Settings
from profiling.explaining import read_sizes
from tests.addresses import Addresses, DatabaseUrls
from tests.api.conftest import Client, make_token
from tests.budgets import crowd
from tests.budgets.asking import NOBODY, World
from tests.budgets.cast import PEOPLE, make_cast
from tests.budgets.things import find_things
from tests.factories import HASHER, PASSWORD
from tests.site import Browser


@pytest.fixture(scope="session")
def crowd_urls(
    make_database: Callable[..., DatabaseUrls], addresses: Addresses, worker_name: str
) -> DatabaseUrls:
    """A database of its own: nothing of it is taken back."""
    urls = make_database(f"microblog_crowd_{worker_name}")
    statements = [*crowd.STATEMENTS, *make_cast(HASHER.hash(PASSWORD))]
    crowd.fill(addresses.superuser_url, urls.name, statements)
    return urls


@pytest.fixture(scope="session")
def world(
    crowd_urls: DatabaseUrls,
    site_settings: Settings,
    redis_urls: tuple[str, str],
    secret: Callable[[str], str],
) -> Iterator[World]:
    """Who asks, and for what."""
    secret(PASSWORD)
    settings = replace(site_settings, database_url=crowd_urls.app)
    cache = redis.Redis.from_url(redis_urls[1])
    cache.flushdb()
    resources = bootstrap(settings, application="tests of budgets")
    app = create_app(settings, resources)
    made = World(app, resources, {NOBODY: Client(app)}, {NOBODY: Browser(app), "late": Browser(app)})
    with resources.database.unit_of_work() as session:
        for number, name in enumerate(PEOPLE, 1):
            made.clients[name] = Client(app, secret(make_token(session, number)), number)
    for name in ("alice", "carol", "newcomer"):
        made.browsers[name] = Browser(app)
        made.browsers[name].log_in(name)
        secret(made.browsers[name].cookie("session") or "")
    made.things.update(find_things(resources, secret))
    # Builds the feed.
    made.clients["alice"].get("/api/v1/timelines/home")
    yield made
    resources.close()
    cache.flushdb()
    cache.close()


@pytest.fixture(scope="session")
def sizes(world: World) -> Mapping[str, int]:
    """Rows of each table."""
    return read_sizes(world.resources.database.engine)
