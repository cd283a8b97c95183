"""A process with all of Microblog in it, on real servers, and requests to it that cost nothing themselves."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from microblog.bootstrap import Resources, bootstrap
from microblog.data import deadlines
from microblog.factory import SPARE_CONNECTIONS, STATEMENT_TIMEOUT_SECONDS, create_app
from microblog.http.cookies import log_in_cookie_name
from microblog.observability import logs
from microblog.services import applications, sessions, tokens
from microblog.settings import Settings, load_settings
from microblog.web.warming import warm_up
from profiling.measuring import MeasuringError
from profiling.servers import USERNAME, Servers

SCOPES = "read write"
NEXT = re.compile(r'<https?://[^/]+([^>]+)>; rel="next"')
LOG = "world.log"


@dataclass
class World:
    """One process with all of Microblog in it, on the servers' data.

    `client` is signed out, `member` has the log-in cookie of the account USERNAME (`account_id`), and `token`
    is an access token of theirs with all that reading and writing needs.
    """

    app: Flask
    resources: Resources
    client: FlaskClient
    member: FlaskClient
    token: str = field(repr=False)
    account_id: int
    servers: Servers

    @property
    def bearer(self) -> dict[str, str]:
        """The header of the member's API requests."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def cookie(self) -> dict[str, str]:
        """The header of the member's browser."""
        name = log_in_cookie_name(self.resources.settings)
        cookie = self.member.get_cookie(name)
        return {"Cookie": f"{name}={cookie.value}"} if cookie else {}


@dataclass(frozen=True)
class Answer:
    """What a request was answered."""

    status: int
    headers: Headers
    body: bytes


class Visit:
    """A request, put together once and sent as often as it is called: the client's own work costs nothing."""

    def __init__(
        self,
        world: World,
        path: str,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> None:
        base_url = world.resources.settings.base_url
        method = "GET" if json is None else "POST"
        builder = EnvironBuilder(
            path, base_url=base_url, method=method, headers=Headers(dict(headers or {})), json=json
        )
        self.app = world.app
        self.path = path
        self.environ = builder.get_environ()
        self.body = self.environ["wsgi.input"].read()
        builder.close()

    def __call__(self) -> Answer:
        """Send it. Raises `MeasuringError` unless it is answered by 200."""
        environ = {**self.environ, "wsgi.input": BytesIO(self.body)}
        parts, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        answer = Answer(int(status[:3]), headers, b"".join(parts))
        if answer.status != 200:
            raise MeasuringError(f"{self.path} was answered by {status}")
        return answer


def walk_pages(world: World, path: str, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """The paths of a list's pages, from this first one on, as its `Link` headers name them."""
    while path:
        yield path
        found = NEXT.search(Visit(world, path, headers)().headers.get("Link", ""))
        path = found[1] if found else ""


@contextmanager
def open_world(servers: Servers) -> Iterator[World]:
    """The application as a web process has it, in this process, its log in a file of the servers' folder.

    COPY doesn't work in this process meanwhile.
    """
    settings = load_settings(servers.environment | {"MICROBLOG_LOG_FORMAT": "json"})
    with ExitStack() as stack:
        stack.enter_context(_logging_to(servers.folder / LOG, settings))
        stack.enter_context(deadlines.switched_on())
        resources = bootstrap(
            settings,
            application="microblog web",
            pool_size=settings.web_threads + SPARE_CONNECTIONS,
            statement_timeout_seconds=STATEMENT_TIMEOUT_SECONDS,
        )
        stack.callback(resources.close)
        app = create_app(settings, resources)
        warm_up(app)
        yield _sign_in(app, resources, servers)


@contextmanager
def _logging_to(path: Path, settings: Settings) -> Iterator[None]:
    """Log to a file as a web process does; this process's own logging is as before afterwards."""
    root, former = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    with path.open("a", encoding="utf-8") as file:
        logs.configure_logs(settings, service="web", stream=file)
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.configure(**former)
            logs.clear_context()


def _sign_in(app: Flask, resources: Resources, servers: Servers) -> World:
    settings = resources.settings
    with resources.database.unit_of_work() as session:
        logged_in = sessions.log_in(
            session,
            resources.hasher,
            identifier=USERNAME,
            password=servers.password,
            user_agent="profiling",
            lifetime_days=1,
        )
        client = applications.register_application(
            session,
            name="profiling",
            redirect_uris="urn:ietf:wg:oauth:2.0:oob",
            scopes=SCOPES,
            is_secure=settings.is_secure,
        )
        token = tokens.issue_token(
            session,
            application_id=client.row.id,
            account_id=logged_in.account_id,
            scopes=SCOPES.split(),
        )
    member = app.test_client()
    member.set_cookie(log_in_cookie_name(settings), logged_in.token)
    return World(app, resources, app.test_client(), member, token.token, logged_in.account_id, servers)
