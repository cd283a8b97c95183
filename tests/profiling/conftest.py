"""A small site for the harnesses, in this process."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import redis

from devstack.servers import Server
from microblog.data.session import Database
from microblog.settings import Settings
from profiling import scenarios
from profiling.scenarios import World, open_world
from profiling.servers import LIMITS, PLENTY, USERNAME, Servers
from tests.factories import PASSWORD, make_account, make_follow, make_status
from tests.unmeasured import unmeasured

__all__ = ["unmeasured"]

POSTS = 45


@pytest.fixture
def world(
    environment: dict[str, str],
    settings: Settings,
    database: Database,
    redis_client: redis.Redis,
    tmp_path: Path,
) -> Iterator[World]:
    """A site on which the visitor and two others follow somebody who posts."""
    limits = {f"MICROBLOG_RATE_LIMIT_{limit}": PLENTY for limit in LIMITS}
    nobody = cast("Server", None)
    servers = Servers(tmp_path, nobody, nobody, environment | limits, PASSWORD)
    with database.unit_of_work() as session:
        author = make_account(session, "author")
        for name in (USERNAME, "other", "third"):
            make_follow(session, make_account(session, name), "author")
    with open_world(servers) as world:
        with database.unit_of_work() as session:
            for number in range(POSTS):
                make_status(session, world.resources.feeds, author, f"In the {scenarios.WORD}, {number}")
        yield world
