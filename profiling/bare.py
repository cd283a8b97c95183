"""`python -m profiling.bare`: the ceiling, a view of Flask and psycopg2 for each kind of request and no more.

The same server, worker class, threads, pool size, JSON library and rows as ours, and the same SQL in the same
transaction (recorded from ours by profiling/recorded.py, in the file that MICROBLOG_BARE_STATEMENTS names).
Left out is what a site needs besides: forms, sessions' rules, limits, headers, logs, metrics, errors,
translation.
"""

import gc
import hashlib
import html
import json
import os
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import redis
from flask import Flask, Response, request
from psycopg2 import extensions
from psycopg2.extensions import UNICODE, new_type, register_type
from psycopg2.extras import Json, register_default_jsonb
from psycopg2.pool import ThreadedConnectionPool

from microblog.cli.web import Site, make_options
from microblog.data.prepared import Prepared
from microblog.settings import Settings, load_settings
from profiling import bare_posts
from profiling.bare_posts import Parts, Row

STATEMENTS = "MICROBLOG_BARE_STATEMENTS"
PAGE = 20
#: The type's number in PostgreSQL.
TIMESTAMPTZ = 1184
#: As many ids as ours asks for at once: some may be hidden.
BATCH = 41
JOB = {"name": "statuses.fan_out", "queue": "feeds", "request_id": None}

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
MOMENT = new_type((TIMESTAMPTZ,), "MOMENT", UNICODE)


class Connection(extensions.connection):
    """Leaves moments as PostgreSQL writes them, as they are only written out again; quicker JSON."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        register_type(MOMENT, self)
        register_default_jsonb(self, loads=decode)
        self.prepared = Prepared()


def make_row(cursor: Any) -> Callable[[Any], Row]:
    """What makes a row of a tuple that `cursor` got; of a name that stands twice the first one counts."""
    names = [column.name for column in cursor.description]
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the statements name its columns
    make: Callable[[Any], Row] = row._make
    return make


class Transaction:
    """The statements of one request, in their order."""

    #: By statement: reading its columns' names for each request would take longer than making its rows.
    makers: ClassVar[dict[str, Callable[[Any], Row]]] = {}

    def __init__(self, cursor: Any, statements: list[Any]) -> None:
        self.cursor = cursor
        self.waiting = iter(statements)

    def run(self, **values: Any) -> list[Row]:
        """Execute the next one, with `values` in the place of recorded ones; its rows."""
        sql, given, label = next(self.waiting)
        cursor = self.cursor
        if label:
            cursor.connection.prepared.execute(cursor, label, sql, {**given, **values})
        else:
            cursor.execute(sql, {**given, **values})
        if cursor.description is None:
            return []
        make = self.makers.get(sql)
        if make is None:
            make = self.makers[sql] = make_row(cursor)
        return [make(row) for row in cursor.fetchall()]


class Bare:
    """The bare views with what they share: a pool, Redis, and the recorded statements by kind of request."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base = settings.base_url
        self.recorded = json.loads(Path(os.environ[STATEMENTS]).read_text(encoding="utf-8"))
        self.cache = redis.Redis.from_url(settings.cache_url, decode_responses=True)
        url = settings.database_url.replace("postgresql+psycopg2:", "postgresql:", 1)
        size = settings.web_threads + 1
        self.pool = ThreadedConnectionPool(
            1, size, url, connection_factory=Connection, options="-c timezone=UTC"
        )

    @contextmanager
    def transaction(self, kind: str) -> Iterator[Transaction]:
        """One transaction of the recorded statements."""
        connection = self.pool.getconn()
        try:
            with connection, connection.cursor() as cursor:
                transaction = Transaction(cursor, self.recorded[kind])
                yield transaction
                if left := list(transaction.waiting):
                    raise RuntimeError(f"{kind}: ours executes {len(left)} statements more")
        finally:
            self.pool.putconn(connection)

    def encode_posts(self, transaction: Transaction, rows: list[Row], viewer_id: int | None) -> bytes:
        """The JSON of posts; one more statement."""
        found = read_parts(transaction, rows)
        return encode([bare_posts.status(row, found, self.base, viewer_id=viewer_id) for row in rows])

    def public(self) -> Response:
        """The public timeline."""
        with self.transaction("public timeline, JSON") as transaction:
            rows = transaction.run()
            body = self.encode_posts(transaction, rows[:PAGE], None)
        older = f'<{self.base}/api/v1/timelines/public?limit={PAGE}&max_id={rows[PAGE - 1].id}>; rel="next"'
        return Response(body, content_type="application/json; charset=utf-8", headers={"Link": older})

    def home(self) -> Response:
        """The home timeline of who holds the token."""
        with self.transaction("home timeline, JSON") as transaction:
            person = transaction.run(token_hash=token_hash())[0]
            rows = transaction.run(ids=self.read_feed(person), viewer_id=person.account_id)
            body = self.encode_posts(transaction, rows[:PAGE], person.account_id)
        older = f'<{self.base}/api/v1/timelines/home?limit={PAGE}&max_id={rows[PAGE - 1].id}>; rel="next"'
        return Response(body, content_type="application/json; charset=utf-8", headers={"Link": older})

    def create(self) -> Response:
        """A new post."""
        text = request.form["status"]
        with self.transaction("new post, JSON") as transaction:
            person = transaction.run(token_hash=token_hash())[0]
            new = transaction.run(text=text, content=f"<p>{html.escape(text)}</p>")[0]
            transaction.run(rows=Json([JOB | {"arguments": {"status_id": new.id}}]))
            key = f"feed:{person.account_id}:{person.feed_version}"
            pipe = self.cache.pipeline(transaction=False)
            pipe.lpushx(key, new.id)
            pipe.ltrim(key, 0, self.settings.feed_length - 1)
            pipe.execute()
            row = transaction.run(status_id=new.id, viewer_id=person.account_id)[0]
            found = read_parts(transaction, [row])
            made = bare_posts.status(row, found, self.base, viewer_id=person.account_id)
        return Response(encode(made), content_type="application/json; charset=utf-8")

    def public_page(self) -> str:
        """The front page."""
        with self.transaction("public timeline, HTML") as transaction:
            rows = transaction.run()
        return bare_posts.page.render(
            title="Latest posts", posts=map(bare_posts.post, rows[:PAGE]), older=rows[PAGE - 1].id
        )

    def profile_page(self, username: str) -> str:
        """Somebody's posts."""
        with self.transaction("profile, HTML") as transaction:
            account = transaction.run(username=username)[0]
            rows = transaction.run(account_id=account.id)
        shown = {
            "title": account.display_name,
            "account": account,
            "posts": map(bare_posts.post, rows[:PAGE]),
        }
        return bare_posts.page.render(**shown, older=rows[-1].id)

    def home_page(self) -> str:
        """The home timeline of who is logged in."""
        cookie = next(value for name, value in request.cookies.items() if name.endswith("session"))
        with self.transaction("home timeline, HTML") as transaction:
            person = transaction.run(token_hash=hashlib.sha256(cookie.encode()).digest())[0]
            rows = transaction.run(ids=self.read_feed(person), viewer_id=person.account_id)
        shown = {"title": "Home", "posts": map(bare_posts.post, rows[:PAGE]), "viewer_id": person.account_id}
        return bare_posts.page.render(**shown, token="x" * 90, older=rows[PAGE - 1].id)

    def read_feed(self, person: Row) -> list[int]:
        """The newest ids of a feed."""
        ids: Any = self.cache.lrange(f"feed:{person.account_id}:{person.feed_version}", 0, BATCH - 1)
        return [int(one) for one in ids]


def token_hash() -> bytes:
    """What is stored of the request's token."""
    return hashlib.sha256(request.headers["Authorization"].removeprefix("Bearer ").encode()).digest()


def read_parts(transaction: Transaction, rows: list[Row]) -> Parts:
    """Whom posts name and which tags they use."""
    parts: Parts = {}
    for found in transaction.run(ids=[row.shown_id for row in rows]):
        mentions, tags = parts.setdefault(found.status_id, ([], []))
        if found.account_id is None:
            tags.append(found.name)
        else:
            mentions.append((found.account_id, found.name))
    return parts


def make_app(settings: Settings) -> Flask:
    """The bare application."""
    app, bare = Flask("bare", static_folder=None), Bare(settings)
    views: list[tuple[str, str, Callable[..., Any]]] = [
        ("GET", "/readyz", lambda: "ready"),
        ("GET", "/", bare.public_page),
        ("GET", "/home", bare.home_page),
        ("GET", "/@<username>", bare.profile_page),
        ("GET", "/api/v1/timelines/public", bare.public),
        ("GET", "/api/v1/timelines/home", bare.home),
        ("POST", "/api/v1/statuses", bare.create),
    ]
    for method, rule, view in views:
        app.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
    return app


class BareSite(Site):
    """Our server around the bare application."""

    def load(self) -> Flask:
        """The application; what it shares with its worker is frozen, as ours is."""
        app = make_app(load_settings(os.environ))
        gc.collect()
        gc.freeze()
        return app


def main() -> int:
    """Serve on MICROBLOG_WEB_BIND until TERM."""
    options = make_options(load_settings(os.environ)) | {"post_worker_init": lambda _worker: None}
    BareSite(options).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
