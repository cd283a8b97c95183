"""One request for each route, and what PostgreSQL is asked for it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from microblog.bootstrap import Resources
from profiling.explaining import Statement, explained
from tests.api.conftest import Client
from tests.site import Browser

NOBODY = ""
MACHINES = ("/oauth/token", "/oauth/revoke")


@dataclass
class World:
    """The site, who asks it (`""`: somebody without an account), and ids and names of what they ask for."""

    app: Flask
    resources: Resources
    clients: dict[str, Client]
    browsers: dict[str, Browser]
    things: dict[str, str] = field(default_factory=dict)

    def named(self, value: Any) -> Any:
        """The value with things for their names in braces."""
        if isinstance(value, Mapping):
            return {key: self.named(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.named(one) for one in value]
        if not isinstance(value, str):
            return value
        return re.sub(r"\{(\w+)\}", lambda found: self.things[found[1]], value)


@dataclass(frozen=True)
class Ask:
    """A request to a route, and its `statements`: the budget, besides BEGIN, COMMIT and ROLLBACK.

    `by`: who asks. `at`: things for the rule's arguments by their names, others than those called like them.
    `query`, `body` (JSON for the API, else a form): what is sent, with names of things in braces.
    """

    statements: int
    by: str = "alice"
    at: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    #: Does what a request needs once more each time, such as a new code; makes things.
    before: Callable[[World], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Asked:
    """What an `Ask` came to."""

    answer: TestResponse
    statements: int
    explained: list[Statement]


def ask(world: World, route: str, one: Ask) -> Asked:
    """Ask `VERB rule`; its statements are counted by the request's log line, as in life."""
    verb, rule = route.split(" ", 1)
    world.things.update(one.before(world) if one.before else {})
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: world.things[one.at.get(found[1], found[1])], rule)
    options: dict[str, Any] = {
        "query_string": world.named(one.query),
        "headers": world.named(one.headers),
    }
    if rule.startswith("/api/"):
        send: Callable[..., TestResponse] = partial(world.clients[one.by].open, verb)
        options |= {"json": world.named(one.body)} if one.body is not None else {}
    else:
        send = partial(world.browsers[one.by].client.open, method=verb)
        if verb == "POST":
            token = {} if rule in MACHINES else {"csrf_token": find_form_token(world.browsers[one.by])}
            options["data"] = {**token, **world.named(one.body or {})}
    with capture_logs() as lines, explained(world.resources.database.engine, analyze=True) as found:
        answer = send(path, **options)
    count = next(int(line["db_statements"]) for line in lines if line["event"] == "http.request")
    return Asked(answer, count, list(found.values()))


def find_form_token(browser: Browser) -> str:
    """What the browser's forms prove themselves by."""
    page = "/settings/preferences" if browser.cookie("session") else "/log-in"
    return next(form.fields["csrf_token"] for form in browser.forms(page) if "csrf_token" in form.fields)
