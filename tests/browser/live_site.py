"""The real site for browsers and clients: gunicorn, worker and relay as processes, on servers and data of
their own.
"""

import random
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from subprocess import STDOUT, Popen
from types import TracebackType
from typing import Self

import pytest

from devstack import processes, servers, valkey
from devstack.mailbox import Mailbox, MailFolder
from microblog.bootstrap import Resources, bootstrap
from microblog.services import sessions
from microblog.settings import load_settings
from tests.addresses import DatabaseUrls, unmeasured_environment
from tests.factories import PASSWORD, make_account, make_follow, make_status

START_SECONDS = 60
#: The ports from here to Linux's own choices, which begin at 32768 (ip_local_port_range).
PORTS = range(20_000, 32_768)
#: None of these tests is about the limits.
PLENTY = "10000 per minute"
LIMITS = ("LOG_IN", "LOG_IN_TOTAL", "SIGN_UP", "POST", "RESET", "API", "APP")
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class LiveSite:
    """A running site: its address, its mails, and a way to its data for preparing a test."""

    url: str
    port: int
    mails: MailFolder
    resources: Resources

    def add_account(self, username: str, *, is_confirmed: bool = True) -> int:
        """Make an account whose password is `tests.factories.PASSWORD`; its id."""
        with self.resources.database.unit_of_work() as session:
            return make_account(session, username, is_confirmed=is_confirmed)

    def add_post(self, author_id: int, text: str, *, in_reply_to_id: int | None = None) -> int:
        """Write a post as the account; its id."""
        with self.resources.database.unit_of_work() as session:
            return make_status(session, self.resources.feeds, author_id, text, in_reply_to_id=in_reply_to_id)

    def add_follow(self, account_id: int, username: str) -> None:
        """Let the account follow somebody."""
        with self.resources.database.unit_of_work() as session:
            make_follow(session, account_id, username)

    def log_in(self, username: str) -> str:
        """Start a session from an unknown device; the token for its cookie."""
        with self.resources.database.unit_of_work() as session:
            new = sessions.log_in(
                session,
                self.resources.hasher,
                identifier=username,
                password=PASSWORD,
                user_agent=USER_AGENT,
                lifetime_days=1,
            )
        return new.token


def find_free_port() -> int:
    """A port that nobody listens on, out of those that the system never hands out itself."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise OSError(f"no free port among a hundred of {PORTS}")


def is_ready(port: int) -> bool:
    """Whether the site answers that it is ready."""
    connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class Programs:
    """The site's programs as processes; leaving it stops them all, at the same time."""

    def __init__(self, environment: dict[str, str], logs: Path, name: str) -> None:
        self.environment = {**unmeasured_environment(), **environment}
        self.logs = logs
        self.name = name
        self.running: dict[str, servers.Server] = {}

    def __enter__(self) -> Self:
        for program in ("web", "relay", "worker"):
            code = f"from microblog.cli import main; main([{program!r}], prog_name='microblog')"
            with self.log(program).open("ab") as log:
                process = Popen([sys.executable, "-c", code], env=self.environment, stdout=log, stderr=STDOUT)
            self.running[program] = servers.Server(process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.running.values():
            if server.process.poll() is None:
                server.process.terminate()
        for server in self.running.values():
            server.stop()

    def log(self, program: str) -> Path:
        """Where one's output is."""
        return self.logs / f"{self.name}-{program}.log"

    def wait_for_web(self, port: int) -> None:
        """Wait until the site answers that it is ready."""
        process = self.running["web"].process
        processes.wait_for(
            lambda: is_ready(port) or process.poll() is not None,
            START_SECONDS,
            lambda: f"the site does not answer:\n{processes.tail(self.log('web'))}",
        )
        assert process.poll() is None, processes.tail(self.log("web"))


@contextmanager
def run_site(
    name: str, home: Path, urls: DatabaseUrls, environment: dict[str, str], logs: Path
) -> Iterator[LiveSite]:
    """Run the site's programs in a folder and on a database of their own, under a name for their logs."""
    port = find_free_port()
    with ExitStack() as stack:
        # A Redis of its own: other tests empty theirs, and their jobs are none of this worker's.
        redis, redis_socket = servers.start_redis(home)
        stack.enter_context(redis)
        mailbox = stack.enter_context(Mailbox(home / "mail"))
        (home / "media").mkdir()
        changes = {
            "MICROBLOG_BASE_URL": f"http://localhost:{port}",
            "MICROBLOG_WEB_BIND": f"127.0.0.1:{port}",
            "MICROBLOG_DATABASE_URL": urls.app,
            "MICROBLOG_OWNER_DATABASE_URL": urls.owner,
            "MICROBLOG_BROKER_URL": valkey.url(redis_socket, 0),
            "MICROBLOG_CACHE_URL": valkey.url(redis_socket, 1),
            "MICROBLOG_SMTP_URL": mailbox.smtp_url,
            "MICROBLOG_MEDIA_DIR": str(home / "media"),
            "MICROBLOG_LOG_FORMAT": "json",
            "MICROBLOG_WEB_WORKERS": "1",
            "MICROBLOG_RELAY_POLL_SECONDS": "0.05",
            **{f"MICROBLOG_RATE_LIMIT_{name}": PLENTY for name in LIMITS},
        }
        variables = {**environment, **changes}
        resources = bootstrap(load_settings(variables), application=f"{name} tests")
        stack.callback(resources.close)
        stack.enter_context(Programs(variables, logs, name)).wait_for_web(port)
        yield LiveSite(changes["MICROBLOG_BASE_URL"], port, mailbox.folder, resources)


@pytest.fixture(scope="session")
def live_site(
    make_database: Callable[..., DatabaseUrls],
    environment: dict[str, str],
    worker_folder: Path,
    worker_name: str,
    process_logs: Path,
    secret: Callable[[str], str],
) -> Iterator[LiveSite]:
    """The site, running until the end of the run. Nothing of it is emptied: tests use names of their own."""
    secret(PASSWORD)
    urls = make_database(f"browser_{worker_name}")
    name = f"browser-{worker_name}"
    with run_site(name, worker_folder / "browser", urls, environment, process_logs) as site:
        yield site
