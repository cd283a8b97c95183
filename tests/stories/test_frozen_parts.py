"""The running site while PostgreSQL or Redis are frozen: they refuse nothing and answer nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, socket

import pytest

from devstack import postgres, servers, valkey
from devstack.processes import tail, wait_for
from tests.frozen import frozen, frozen_postgres
from tests.run_servers import PASSWORDS, migrate

pytestmark = pytest.mark.slow
SECONDS = 60
THREADS = 2


@dataclass(frozen=True)
class FrozenSite:
    """A site on servers of its own."""

    path: Path
    log: Path
    postgres: tuple[servers.Server, postgres.Cluster]
    redis: servers.Server

    def get(self, page: str) -> tuple[int, str]:
        """Status and text of a page."""
        with closing(socket(AF_UNIX)) as plain:
            plain.settimeout(SECONDS)
            plain.connect(str(self.path))
            connection = HTTPConnection("localhost")
            connection.sock = plain
            connection.request("GET", page)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def answers(self, page: str, status: int = 200) -> bool:
        """Whether a page comes with that status; no site, no answer."""
        with suppress(OSError):
            return self.get(page)[0] == status
        return False

    def wait_for(self, page: str, status: int = 200) -> None:
        """Wait until a page comes with that status."""
        wait_for(
            lambda: self.answers(page, status), SECONDS, lambda: f"no {status} for {page}\n{tail(self.log)}"
        )


@pytest.fixture(scope="module")
def frozen_site(environment: dict[str, str], process_logs: Path) -> Iterator[FrozenSite]:
    """`microblog web` with two threads."""
    folder = servers.short_folder("mb-story-")
    with ExitStack() as stack:
        stack.callback(servers.remove_folder, folder)
        server, cluster = servers.start_postgres(folder / "postgres")
        stack.enter_context(server)
        cache, redis_socket = servers.start_redis(folder / "redis")
        stack.enter_context(cache)
        postgres.provision(cluster.superuser_url(), PASSWORDS, "microblog")
        owner, app = (cluster.url(role, password, "microblog") for role, password in PASSWORDS.items())
        migrate(owner)
        changes = {
            "MICROBLOG_DATABASE_URL": app,
            "MICROBLOG_CACHE_URL": valkey.url(redis_socket, 1),
            # Nothing listens there: no page asks the broker.
            "MICROBLOG_BROKER_URL": valkey.url(folder / "nothing", 0),
            "MICROBLOG_WEB_BIND": f"unix:{folder}/web.sock",
            "MICROBLOG_WEB_WORKERS": "1",
            "MICROBLOG_WEB_THREADS": str(THREADS),
        }
        log = process_logs / f"frozen-{os.getpid()}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", "from microblog.cli import main; main(['web'])"],
                env=os.environ | environment | changes,
                stdout=output,
                stderr=output,
            )
        stack.enter_context(servers.Server(process))
        site = FrozenSite(folder / "web.sock", log, (server, cluster), cache)
        site.wait_for("/readyz")
        yield site


def test_a_frozen_postgres_leaves_threads_for_others_and_is_back_when_thawed(frozen_site: FrozenSite) -> None:
    frozen_site.wait_for("/explore")
    with ThreadPoolExecutor(2 * THREADS) as visitors, frozen_postgres(*frozen_site.postgres):
        pages = [visitors.submit(frozen_site.get, "/explore") for _ in range(2 * THREADS)]
        answers = [page.result() for page in pages]
        assert frozen_site.get("/healthz")[0] == 200
        degraded = frozen_site.get("/readyz")
    assert {status for status, _ in answers} == {503}
    assert all("Back in a moment" in text for _, text in answers)
    assert degraded[0] == 200
    assert '"database":"away"' in degraded[1]
    frozen_site.wait_for("/explore")


def test_a_frozen_redis_is_noticed_once(frozen_site: FrozenSite) -> None:
    frozen_site.wait_for("/explore")
    with frozen(frozen_site.redis.process.pid):
        assert '"redis":"away"' in frozen_site.get("/readyz")[1]
        for _ in range(3):
            assert frozen_site.get("/explore")[0] == 200
            assert frozen_site.get("/readyz")[0] == 200
    wait_for(lambda: '"redis":"up"' in frozen_site.get("/readyz")[1], SECONDS, lambda: tail(frozen_site.log))
    lines = [line for line in frozen_site.log.read_text().splitlines() if "part.away" in line]
    assert len([line for line in lines if "redis" in line]) == 1
