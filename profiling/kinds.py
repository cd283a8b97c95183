"""The kinds of request that the bench compares, how each is sent, and who sends it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from microblog.data.models import Account
from profiling.client import HOST, Client
from profiling.measuring import MeasuringError
from profiling.worlds import World

POSTS = 20
TEXT = "What a bench writes, again and again, to see what it takes."
BASE_URL = f"http://{HOST}"
HTML_POST = b"<article"
JSON_POST = b'"replies_count"'


@dataclass(frozen=True)
class Kind:
    """A kind of request; `mark` stands in its answer once for each of `posts`.

    `bar`: at most so many times as much CPU as bare. `sender`: who sends it: a visitor, a browser that is
    logged in, or a client with a token. `is_new`: it writes a post.
    """

    name: str
    path: str
    bar: float
    mark: bytes
    sender: str = "visitor"
    posts: int = POSTS
    is_new: bool = False


#: The last one writes: what it leaves would be in the others' way.
KINDS = (
    Kind("public timeline, JSON", f"/api/v1/timelines/public?limit={POSTS}", 2.0, JSON_POST),
    Kind("home timeline, JSON", f"/api/v1/timelines/home?limit={POSTS}", 2.0, JSON_POST, "client"),
    Kind("public timeline, HTML", "/", 2.5, HTML_POST),
    Kind("profile, HTML", "/@{author}", 2.5, HTML_POST),
    Kind("home timeline, HTML", "/home", 2.5, HTML_POST, "browser"),
    Kind("new post, JSON", "/api/v1/statuses", 2.5, JSON_POST, "client", posts=1, is_new=True),
)


@dataclass(frozen=True)
class Member:
    """Who sends what needs somebody, by a cookie or a token; and whose profile is asked for."""

    token: str = field(repr=False)
    cookie: str = field(repr=False)
    author: str

    def headers(self, kind: Kind) -> dict[str, str]:
        """What a request of this kind is sent with."""
        if kind.sender == "client":
            return {"Authorization": f"Bearer {self.token}"}
        return {"Cookie": self.cookie} if kind.sender == "browser" else {}

    def path(self, kind: Kind) -> str:
        """The path that a request of this kind asks for."""
        return kind.path.format(author=self.author)


def find_member(world: World) -> Member:
    """The world's member, and the author of most posts."""
    with world.resources.database.unit_of_work() as session:
        author = session.scalars(
            select(Account.username).order_by(Account.statuses_count.desc(), Account.id).limit(1)
        ).one()
    return Member(world.token, world.cookie["Cookie"], author)


def make_request(world: World, kind: Kind, member: Member) -> Callable[[], TestResponse]:
    """A request of this kind to the application in this process."""
    client: Any = world.app.test_client(use_cookies=False)
    send = client.post if kind.is_new else client.get
    data = {"status": TEXT} if kind.is_new else None
    return partial(send, member.path(kind), base_url=BASE_URL, headers=member.headers(kind), data=data)


def ask(client: Client, kind: Kind, member: Member) -> None:
    """Send one request of this kind to a server. Raises `MeasuringError` where its answer is another."""
    path = member.path(kind)
    answer = client.post(path, {"status": TEXT}) if kind.is_new else client.get(path)
    posts = answer.body.count(kind.mark)
    if answer.status != 200 or posts < kind.posts:
        raise MeasuringError(f"{path} was answered by {answer.status} with {posts} posts")
