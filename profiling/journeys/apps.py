"""The journey of members with an app: it asks for news by itself, and sometimes somebody looks at it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import gevent.lock
from locust.contrib.fasthttp import FastResponse
from locust.env import Environment
from PIL import Image

from microblog.cli.visiting import encode
from profiling.journeys import habits
from profiling.journeys.browsers import FORM, Browser
from profiling.journeys.pages import Broken, Page
from profiling.journeys.people import PLAN, take_account, write_text

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = "read write follow"
PAGE = 40
PICTURE_SIDE = 240


@dataclass
class _Registration:
    """The client that all of these apps are: a site lets one address register few."""

    lock: Any = field(default_factory=gevent.lock.BoundedSemaphore)
    client: dict[str, str] = field(default_factory=dict)


_REGISTERED = _Registration()


class App(Browser):
    """An app that lies open; its browser is used once, to allow it."""

    journey = "app"
    weight = habits.APPS
    between = habits.ROUND

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.account = take_account()
        self.token = self.account.token
        self.account_id = ""
        self.newest_post = self.newest_notification = ""

    def act(self) -> None:
        """News; and what somebody does who looks at them."""
        if not self.token:
            self.token = self.get_token()
        if not self.account_id:
            self.account_id = self.call("who I am", "GET", "/api/v1/accounts/verify_credentials")["id"]
            self.call("about the site", "GET", "/api/v2/instance")
        posts = self.poll_home()
        if self.may(habits.APP_NOTIFICATIONS):
            self.poll_notifications()
        if self.may(habits.LOOKED_AT):
            self.look_around(posts)

    # --- News ---------------------------------------------------------------------------------------------

    def poll_home(self) -> list[dict[str, Any]]:
        """What is new on the home timeline; the whole first page at first, and a gap that is too large."""
        path = "/api/v1/timelines/home"
        if not self.newest_post:
            posts = self.list("home", path)
        else:
            posts = self.list("home, what is new", path, since_id=self.newest_post)
            if len(posts) == PAGE or PLAN.is_rehearsal:
                self.list("home, the gap", path, min_id=self.newest_post)
        if posts:
            self.newest_post = posts[0]["id"]
        self.show_pictures(posts)
        return posts

    def poll_notifications(self) -> None:
        """What is new of them."""
        known = {"since_id": self.newest_notification} if self.newest_notification else {}
        found = self.list("notifications", "/api/v1/notifications", **known)
        if found:
            self.newest_notification = found[0]["id"]

    def show_pictures(self, posts: list[dict[str, Any]]) -> None:
        """The pictures of those who wrote, where the site itself has them."""
        for address in dict.fromkeys(post["account"]["avatar"] for post in posts):
            parts = urlsplit(address)
            if parts.hostname == urlsplit(self.host or "").hostname:
                self.get_file(parts.path)

    # --- Somebody looks -----------------------------------------------------------------------------------

    def look_around(self, posts: list[dict[str, Any]]) -> None:
        """Older posts, a conversation, a profile, a like, a post; each sometimes."""
        if self.may(habits.APP_OLDER):
            self.think(habits.TOUCH)
            older = {"max_id": posts[-1]["id"]} if posts else {}
            posts = self.list("home, older", "/api/v1/timelines/home", **older) or posts
        if posts:
            self.read_post(random.choice(posts))  # noqa: S311 - no secret
        if self.may(habits.APP_WRITE):
            self.think(habits.TOUCH)
            self.write(write_text())
            self.poll_home()
        if self.may(habits.NEW_PICTURE):
            self.think(habits.TOUCH)
            self.change_picture()

    def read_post(self, post: dict[str, Any]) -> None:
        """What was said about it, who wrote it; perhaps they like it."""
        path = f"/api/v1/statuses/{post['id']}"
        if self.may(habits.APP_THREAD):
            self.think(habits.TOUCH)
            self.call("a post", "GET", path)
            self.call("its thread", "GET", f"{path}/context")
        if self.may(habits.APP_PROFILE):
            self.think(habits.TOUCH)
            whose = f"/api/v1/accounts/{post['account']['id']}"
            self.call("a profile", "GET", whose)
            self.list("a profile's posts", f"{whose}/statuses")
        if self.may(habits.FAVOURITE):
            self.think(habits.TOUCH)
            self.call("like", "POST", f"{path}/favourite")

    def write(self, text: str) -> None:
        """A post; sent again under its key, it must be the same one."""
        path, key = "/api/v1/statuses", {"Idempotency-Key": str(uuid4())}
        post = self.call("write a post", "POST", path, json={"status": text}, headers=key)

        def look(answer: FastResponse) -> None:
            if _decode(answer)["id"] != post["id"]:
                raise Broken("the same key made another post")

        if self.may(habits.SEND_AGAIN):
            self.ask("send a post again", "POST", path, look, json={"status": text}, headers=self.sign(key))

    def change_picture(self) -> None:
        """A new picture of oneself, and a post that tells of it: posts take no pictures yet."""
        body, kind = encode({"avatar": ("picture.png", draw_picture())})
        headers = {"Content-Type": kind}
        path = "/api/v1/accounts/update_credentials"
        self.call("a new picture", "PATCH", path, data=body, headers=headers)
        self.write(write_text())

    # --- Asking -------------------------------------------------------------------------------------------

    def call(
        self, step: str, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Any:
        """A request to the API in the member's name; its answer decoded."""
        return self.ask(step, method, path, _decode, headers=self.sign(headers or {}), **options)

    def list(self, step: str, path: str, **cursor: str) -> list[dict[str, Any]]:
        """A page of a list, the newest first."""
        found: list[dict[str, Any]] = self.call(step, "GET", f"{path}?{urlencode({'limit': PAGE, **cursor})}")
        return found

    def sign(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with whose request it is."""
        return {"Authorization": f"Bearer {self.token}", **headers}

    # --- A token (RFC 6749, 4.1) --------------------------------------------------------------------------

    def get_token(self) -> str:
        """Let the member allow the app in a browser, and redeem the code that they are shown."""
        client = self.register()
        self.log_in(self.account.name, self.account.password)
        question = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": OUT_OF_BAND,
            "scope": SCOPES,
        }
        page = self.open("allow the app?", f"/oauth/authorize?{urlencode(question)}", "/oauth/authorize")
        form = page.need_form("/oauth/authorize")
        body = urlencode({**form.fields, "decision": "allow"})
        code = self.ask("allow the app", "POST", form.action, _read_code, data=body, headers=FORM)
        answer = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": OUT_OF_BAND,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        token = self.ask("a token", "POST", "/oauth/token", _decode, data=urlencode(answer), headers=FORM)
        return str(token["access_token"])

    def register(self) -> dict[str, str]:
        """The client; the first app registers it."""
        with _REGISTERED.lock:
            if not _REGISTERED.client:
                wanted = {"client_name": "Load test", "redirect_uris": OUT_OF_BAND, "scopes": SCOPES}
                path = "/api/v1/apps"
                _REGISTERED.client = self.ask("register", "POST", path, _decode, json=wanted)
        return _REGISTERED.client


def _decode(answer: FastResponse) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise Broken("the answer is no JSON") from error


def _read_code(answer: FastResponse) -> str:
    return Page("/oauth/authorize", answer.text or "").code()


def draw_picture() -> bytes:
    """A small picture, each in a colour of its own."""
    colour = tuple(random.choices(range(256), k=3))  # noqa: S311 - no secret
    written = BytesIO()
    Image.new("RGB", (PICTURE_SIDE, PICTURE_SIDE), colour).save(written, "PNG")
    return written.getvalue()
