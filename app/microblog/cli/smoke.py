"""`microblog smoke`: the release's own proof that a running site does what it is for."""

import base64
import json
import re
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from microblog.cli.connections import open_database
from microblog.cli.support import Failed, examples, read_settings
from microblog.cli.visiting import Place, VisitFailed, Visitor
from microblog.data.session import Database
from microblog.environment import parse_site_url
from microblog.services.accounts import create_account
from microblog.services.hashers import make_hasher
from microblog.services.removal import remove_accounts
from microblog.settings import Settings

# One pixel: a worker makes all sizes of it.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4EaUBAAM4AUuENdDFAAAAAElFTkSuQmCC"
)
PICTURE_SECONDS = 60
PAUSE_SECONDS = 0.3
ASSET = re.compile(r'(?:href|src)="(/static/[^"#]+)')
AVATAR = re.compile(r'src="(/media/[^"]+)"')
# What a web server in front answers for /readyz to whoever isn't meant to ask.
NOT_FOR_US = (403, 404)


class Story:
    """What the test's person does, step by step; each step raises `VisitFailed` where the site doesn't."""

    def __init__(self, place: Place, username: str, password: str) -> None:
        self.person, self.stranger = Visitor(place), Visitor(place)
        self.username, self.password = username, password
        self.profile = f"/@{username}"
        self.text = f"A smoke test writes {secrets.token_hex(8)}"
        self.post = ""
        self.release = "that it doesn't tell this host"

    def steps(self, *, with_assets: bool, with_jobs: bool) -> list[tuple[str, Callable[[], None]]]:
        """Each step with its name, in their order."""
        return [
            ("reach the site", self.reach),
            ("log in", self.log_in),
            ("write a post", self.write),
            ("find it on home", self.find_on_home),
            ("find it on the profile, signed out", self.find_signed_out),
            *([("load the pages' static files", self.load_assets)] if with_assets else []),
            *([("upload a picture and see it", self.upload_picture)] if with_jobs else []),
            ("delete the post", self.delete),
            ("log out", self.log_out),
        ]

    def reach(self) -> None:
        """Ask which release is there, where this host may."""
        answer = self.stranger.ask("GET", "/readyz")
        if answer.status in NOT_FOR_US:
            return
        if answer.status != 200:
            raise VisitFailed(f"GET /readyz: status {answer.status}: {answer.text.strip()[:200]}")
        self.release = json.loads(answer.body)["release"]

    def log_in(self) -> None:
        """By the form, as everybody."""
        _expect(self.person.submit("/log-in", identifier=self.username, password=self.password), "/home")

    def write(self) -> None:
        """By the form on home."""
        _expect(self.person.submit("/home", "/write", text=self.text), "/home")

    def find_on_home(self) -> None:
        """The post has the way to its deletion: there it gets its address from."""
        page = self.person.get("/home").text
        found = re.search(rf'href="({re.escape(self.profile)}/[0-9]+)/delete"', page)
        if self.text not in page or found is None:
            raise VisitFailed("GET /home: the post isn't there")
        self.post = found[1]

    def find_signed_out(self) -> None:
        """As everybody sees it: on the profile, and by itself."""
        for path in (self.profile, self.post):
            if self.text not in self.stranger.get_anew(path).text:
                raise VisitFailed(f"GET {path}: the post isn't there")

    def load_assets(self) -> None:
        """All that pages name: style sheets, scripts, signs."""
        pages = [self.person.get("/home").text, self.stranger.get_anew(self.profile).text]
        found = sorted({path for page in pages for path in ASSET.findall(page)})
        if not found:
            raise VisitFailed("GET /home: the page names no static file")
        for path in found:
            if not self.stranger.get(path).body:
                raise VisitFailed(f"GET {path}: the file is empty")

    def upload_picture(self) -> None:
        """By the form; then a worker makes its sizes, and the profile shows it."""
        self.person.submit("/settings/profile", avatar=("smoke.png", PICTURE))
        deadline = time.monotonic() + PICTURE_SECONDS
        while not (found := AVATAR.search(self.person.get("/settings/profile").text)):
            if time.monotonic() > deadline:
                raise VisitFailed(f"no worker made the picture's sizes within {PICTURE_SECONDS} s")
            time.sleep(PAUSE_SECONDS)
        kind = self.stranger.get(found[1]).headers.get("content-type")
        if kind != "image/webp":
            raise VisitFailed(f"GET {found[1]}: {kind} instead of image/webp")

    def delete(self) -> None:
        """By the form; then it is gone for everybody."""
        _expect(self.person.submit(f"{self.post}/delete"), self.profile)
        self.stranger.get_anew(self.post, status=404)

    def log_out(self) -> None:
        """By the form; then home is closed."""
        _expect(self.person.submit("/home", "/log-out"), "/")
        self.person.get("/home", status=303)


def _expect(target: str, wanted: str) -> None:
    if target != wanted:
        raise VisitFailed(f"the site goes on with {target or 'nothing'} instead of {wanted}")


def _parse_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return value and parse_site_url(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}; give one such as https://example.org") from error


@click.command(
    epilog=examples(
        "microblog smoke",
        "microblog smoke --socket /var/lib/microblog/run/blue.sock --without-jobs",
        "microblog smoke --url https://example.org --address 192.0.2.10 --ca authority.pem",
    )
)
@click.option("--url", callback=_parse_url, help="The site.  [default: MICROBLOG_BASE_URL]")
@click.option("--socket", "socket_path", type=click.Path(path_type=Path), help="Ask gunicorn's own socket.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust these certificates only.",
)
@click.option("--address", default="", help="Connect to this IP address, whatever the name leads to.")
@click.option("--without-jobs", is_flag=True, help="Leave out what needs a worker.")
def command(
    url: str | None, socket_path: Path | None, ca: Path | None, address: str, *, without_jobs: bool
) -> None:
    """Play a person on the running site, and stop at the first thing that doesn't work.

    Makes an account of its own for it, which goes in the end with all that it made, also after a failure.
    Static files are left out with --socket: there the web server in front serves them.
    """
    settings = read_settings()
    authority = "" if ca is None else ca.read_text(encoding="utf-8")
    place = Place(url or settings.base_url, socket_path, address, authority)
    with (
        _stopped_in_order(),
        open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database,
        _account(database, settings) as (username, password),
    ):
        story = Story(place, username, password)
        steps = story.steps(with_assets=socket_path is None, with_jobs=not without_jobs)
        for name, step in steps:
            _play(name, step)
    click.echo(f"smoke: {len(steps)} steps passed by release {story.release}")


def _play(name: str, step: Callable[[], None]) -> None:
    started = time.monotonic()
    try:
        step()
    except VisitFailed as error:
        raise Failed(f"smoke: {name}: {error}") from error
    click.echo(f"{name}: {(time.monotonic() - started) * 1000:.0f} ms")


@contextmanager
def _account(database: Database, settings: Settings) -> Iterator[tuple[str, str]]:
    """A confirmed account for as long as it is needed: name and password."""
    username, password = f"smoke_{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    with database.unit_of_work() as session:
        account_id = create_account(
            session,
            make_hasher(settings),
            username=username,
            email=f"{username}@smoke.example",
            password=password,
        )
    try:
        yield username, password
    finally:
        with database.unit_of_work() as session:
            remove_accounts(session, account_ids=[account_id])


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """TERM ends the test by an exception, so that the account goes."""
    former = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(1)
