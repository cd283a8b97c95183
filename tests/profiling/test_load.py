"""People come to a site of the tests: all their steps work, and what doesn't is counted and told."""

import argparse
import json
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import BaseWSGIServer

from microblog.bootstrap import Resources
from microblog.data.models import Favourite, MediaFile, Status
from microblog.data.session import Database
from profiling import load
from profiling.journeys.pages import Page
from profiling.measuring import MeasuringError
from tests.cli.test_smoke import serving
from tests.factories import PASSWORD, make_account, make_follow, make_status
from tests.ops.test_given_certificate import make_certificate, make_key, pem

POSTS = 45
MEMBERS = ("ada", "grace")
# It ends by itself, however busy the machine is.
REHEARSAL = ("--rehearse", "--minutes", "9")
VISITOR = {
    "public timeline", "a file", "a page, reloaded", "a file, unchanged", "public timeline, next page",
    "a profile", "a thread", "explore",
}  # fmt: skip
MEMBER = {
    "the page to log in", "a file", "log in", "home", "home, next page", "a thread", "reply", "explore",
    "a profile", "follow", "unfollow", "write a post", "notifications", "log out", "public timeline",
}  # fmt: skip
APP = {
    "register", "the page to log in", "a file", "log in", "allow the app?", "allow the app", "a token",
    "who I am", "about the site", "home", "home, what is new", "home, the gap", "home, older",
    "notifications", "a post", "its thread", "a profile", "a profile's posts", "like", "write a post",
    "send a post again", "a new picture",
}  # fmt: skip


@pytest.fixture
def site(app: Flask, database: Database, site_resources: Resources, secret: Callable[[str], str]) -> Flask:
    """A site on which two members follow somebody who posts, and somebody whom they don't know posts, too."""
    secret(PASSWORD)
    with database.unit_of_work() as session:
        author, stranger = make_account(session, "author"), make_account(session, "stranger")
        for name in MEMBERS:
            make_follow(session, make_account(session, name), "author")
        for number in range(POSTS):
            make_status(session, site_resources.feeds, author, f"Post {number}")
        for number in range(POSTS):
            make_status(session, site_resources.feeds, stranger, f"Unheard of {number}")
    return app


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "people.txt"
    path.write_text("# Who may log in\n" + "".join(f"{name} {PASSWORD}\n" for name in MEMBERS))
    return path


@dataclass(frozen=True)
class Secure:
    """A site's name with a certificate that nobody knows."""

    name: str
    authority: Path
    context: ssl.SSLContext

    def place(self, server: BaseWSGIServer) -> tuple[str, ...]:
        """The options that lead to it."""
        url = f"https://{self.name}:{server.server_port}"
        return "--to", url, "--yes-load-this-site", self.name, "--address", "127.0.0.1"


@pytest.fixture
def secure(tmp_path: Path) -> Secure:
    name, key, authority = "blog.example", make_key(), tmp_path / "ca.pem"
    (tmp_path / "key.pem").write_text(pem(key))
    authority.write_text(make_certificate(key, name))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, tmp_path / "key.pem")
    return Secure(name, authority, context)


def come(*words: str | Path, say: Callable[[str], None] | None = None) -> tuple[int, str]:
    """The command's exit code and output."""
    parser = argparse.ArgumentParser()
    load.add_arguments(parser)
    said: list[str] = []
    code = load.run(parser.parse_args([str(word) for word in words]), say or said.append)
    return code, "\n".join(said)


def read_result(folder: Path) -> dict[str, Any]:
    [path] = folder.glob("load-*.json")
    result: dict[str, Any] = json.loads(path.read_text())
    return result


def count_rows(database: Database, model: type) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.usefixtures("site")
def test_everybody_does_everything(
    make_app: Callable[..., Flask],
    database: Database,
    accounts: Path,
    secure: Secure,
    tmp_path: Path,
) -> None:
    results = tmp_path / "results"
    deployed = make_app(base_url=f"https://{secure.name}", trusted_proxies=("127.0.0.1",))

    def as_nginx(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return deployed.wsgi_app({**environ, "HTTP_X_FORWARDED_PROTO": "https"}, start)

    with serving(as_nginx, ssl_context=secure.context) as server:
        people = ("--accounts", accounts, "--ca", secure.authority, "--output", results)
        code, text = come(*REHEARSAL, *secure.place(server), *people)

    assert code == 0, text
    result = read_result(results)
    wanted = {
        f"{kind}: {step}"
        for kind, steps in (("visitor", VISITOR), ("member", MEMBER), ("app", APP))
        for step in steps
    }
    assert {one["step"] for one in result["steps"]} == wanted
    assert result["total"]["failures"] == result["total"]["put_off"] == 0
    assert result["total"]["requests"] == sum(one["requests"] for one in result["steps"])
    # Two by the app, one of them with its picture, none of them twice; a post and a reply by the member.
    assert count_rows(database, Status) == 2 * POSTS + 4
    assert count_rows(database, Favourite) == 1
    assert count_rows(database, MediaFile) == 1
    assert re.search(r"^visitor: public timeline +GET +1 +0 +0 ", text, re.MULTILINE)
    [report], [picture] = results.glob("load-*.html"), results.glob("load-*-steps.png")
    assert "visitor: public timeline" in report.read_text()
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_step_that_fails_is_a_failure(site: Flask, accounts: Path, tmp_path: Path) -> None:
    def front(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/write"):
            start("500 Planted", [("Content-Type", "text/plain")])
            return [b"planted"]
        return site.wsgi_app(environ, start)

    with serving(front) as server:
        url = f"http://localhost:{server.server_port}"
        options = ("--to", url, "--accounts", accounts, "--output", tmp_path / "results")
        code, text = come(*REHEARSAL, "--kind", "Member", *options)

    assert code == 1
    failed = [one["step"] for one in read_result(tmp_path / "results")["steps"] if one["failures"]]
    # Who meets it gives up: the member comes no further than to the first form.
    assert failed == ["member: reply"]
    assert "FAILED 1 times: member: reply: status 500 instead of 303" in text


class Impatient:
    """A site that puts each visitor of a page off, once."""

    def __init__(self) -> None:
        self.asked: dict[str, list[float]] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        times = self.asked.setdefault(environ["PATH_INFO"], [])
        times.append(time.monotonic())
        if environ["PATH_INFO"] == "/" and len(times) == 1:
            start("429 Planted", [("Retry-After", "1"), ("Content-Type", "text/plain")])
            return [b"not now"]
        start("200 OK", [("Content-Type", "text/html")])
        return [b'<a rel="next" href="/?max_id=1">Older</a>']


def test_who_is_put_off_waits_and_asks_again(tmp_path: Path) -> None:
    front = Impatient()
    with serving(front) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        code, text = come(*REHEARSAL, "--to", url, "--output", tmp_path)

    assert code == 0, text
    assert "only strangers come" in text
    result = read_result(tmp_path)
    assert result["total"]["failures"] == 0
    put_off = Counter({one["step"]: one["put_off"] for one in result["steps"] if one["put_off"]})
    assert put_off == {"visitor: public timeline": 1}
    first, second, *_ = front.asked["/"]
    assert second - first >= 1
    # It is no answer: neither its count nor its time is among those of the step.
    assert [one["requests"] for one in result["steps"] if one["step"] == "visitor: public timeline"] == [1]


def test_an_authority_that_is_not_named_is_not_trusted(secure: Secure, tmp_path: Path) -> None:
    with (
        serving(Impatient(), ssl_context=secure.context) as server,
        pytest.raises(MeasuringError, match="certificate verify failed"),
    ):
        come(*REHEARSAL, *secure.place(server), "--output", tmp_path)


def test_ctrl_c_tells_what_was_seen_until_then(tmp_path: Path) -> None:
    heard: list[str] = []

    def hear(line: str) -> None:
        is_first = " requests," in line and not any(" requests," in former for former in heard)
        heard.append(line)
        if is_first:
            raise KeyboardInterrupt

    with serving(Impatient()) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        words = ("--to", url, "--kind", "Visitor", "--people", "1", "--minutes", "9", "--output", tmp_path)
        code, _ = come(*words, say=hear)

    assert code == 130
    assert "Stopping: what was seen until now follows" in heard
    assert read_result(tmp_path)["total"]["requests"] >= 1
    assert len(list(tmp_path.glob("load-*.html"))) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "http://localhost", "--kind", "App"), "nobody can log in"),
        (("--ca", "pyproject.toml"), "need --to URL"),
        (("--ca", "no-file"), "no such file"),
        (("--to", "http://localhost/blog"), "a scheme and a host only"),
        (("--to", "http://127.0.0.1:9"), "http://127.0.0.1:9 does not answer: .*refused"),
        (("--to", "https://localhost", "--ca", "setup.py"), "does not answer: .*certificate"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(MeasuringError, match=message):
        come(*words)


# --- What is judged -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "percentage", "code"),
    [
        ({}, "2", 0),
        ({}, "1.9", 1),
        ({"exceptions": [{"count": 1, "error": "oops", "traceback": "Traceback: oops"}]}, "2", 1),
        ({"is_whole": False}, "2", 1),
    ],
)
def test_too_many_failures_end_by_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, Any], percentage: str, code: int
) -> None:
    step = {
        "step": "visitor: explore", "method": "GET", "requests": 100, "failures": 2, "put_off": 7,
        "p50": 10, "p95": 20, "p99": 30, "most": 31.4, "bytes": 1,
    }  # fmt: skip
    seen = {
        "steps": [step], "total": step, "errors": [], "exceptions": [], "history": [], "is_whole": True,
        "was_too_busy": False, **changes,
    }  # fmt: skip
    monkeypatch.setattr(load, "play", lambda *_: (seen, "a report", False))
    monkeypatch.setattr(load, "knock", lambda _: None)

    found, text = come("--to", "http://localhost", "--failures", percentage, "--output", tmp_path)

    assert found == code
    assert "2.00% of all answers were failures" in text
    assert re.search(r"^visitor: explore +GET +100 +2 +7 +10 +20 +30 +31$", text, re.MULTILINE)


def test_a_page_is_read_as_a_browser_does() -> None:
    text = '<img src="/a.svg?x=1&amp;y=2"><use href="/icons.svg#bell"/><script src="/b.js"></script>'
    page = Page("/", text)

    assert page.files() == ["/a.svg?x=1&y=2", "/icons.svg", "/b.js"]
    assert (page.posts(), page.authors(), page.older(), page.form("/write")) == ([], [], "", None)


@pytest.mark.full
def test_a_site_of_ones_own(tmp_path: Path) -> None:
    code, text = come(*REHEARSAL, "--posts", "100", "--output", tmp_path)

    assert code == 0, text
    kinds = {one["step"].partition(":")[0] for one in read_result(tmp_path)["steps"]}
    assert kinds == {"visitor", "member", "app"}
