"""The load of the lab's tests: whatever a visitor would notice is a failure, and nothing is asked twice."""

import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devstack.mailbox import MailFolder
from devstack.processes import wait_for
from tests.lab.ledger import find_repeated_mails, find_wrong
from tests.lab.load import Account, Load, Orders, Post, Report
from tests.ops.test_given_certificate import make_certificate, make_key, pem

NAME = "site.example.org"
PAGE = (
    b'<html><link rel="stylesheet" href="/static/%s/site.css"><input name="csrf_token" value="token"></html>'
)
ENOUGH = 40
SECONDS = 30


class Site(ThreadingHTTPServer):
    """A small site over TLS; `behave(handler)` may answer in its place, by being true."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behave: Callable[[Handler], bool] = lambda _handler: False
        self.asked: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.closed = 0
        self.style = b"first"


class Handler(BaseHTTPRequestHandler):
    """Answers as the site does."""

    server: Site
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def do_GET(self) -> None:
        self.server.asked.append(("GET", self.path))
        if not self.server.behave(self):
            self.answer(200, PAGE % self.server.style)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(("POST", self.path))
        if self.headers["Cookie"] != "session=ada" or form["csrf_token"] != ["token"]:
            self.answer(403, b"")
        elif not self.server.behave(self):
            self.server.texts += form["text"]
            self.answer(303, b"", location="/home")

    def answer(self, status: int, body: bytes, *, location: str = "", length: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(length or len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    key = make_key()
    certificate = tmp_path / "site.pem"
    certificate.write_text(make_certificate(key, NAME) + pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Site()
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda _request, _client: None  # type: ignore[method-assign, assignment]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def orders(site: Site, tmp_path: Path) -> Orders:
    """Two readers and ten posters; every other one keeps its connection."""
    pairs = [("ada", "grace"), ("grace", "ada")] * 5
    accounts = [Account(name, mentioned, {"session": "ada"}) for name, mentioned in pairs]
    port = int(site.server_address[1])
    authority = (tmp_path / "site.pem").read_text().partition("-----BEGIN PRIVATE")[0]
    return Orders("127.0.0.1", NAME, authority, accounts, "run", port, 2, 40.0, 1.0)


def play(orders: Orders, *, enough: Callable[[Load], bool] = lambda load: load.requests >= ENOUGH) -> Report:
    with Load(orders) as load:
        wait_for(lambda: enough(load), SECONDS, lambda: f"{load.requests} requests, {load.failed} failed")
    return load.report


def test_all_is_well_where_all_is_answered(site: Site, orders: Orders) -> None:
    report = play(orders, enough=lambda load: load.requests >= ENOUGH and len(site.texts) >= 2)

    assert report.failures == [], report.summary
    assert report.requests == len(site.asked) == sum(len(each) for each in report.seconds.values())
    assert {post.marker for post in report.acknowledged} == {text.split()[0] for text in site.texts}
    assert {text.split(" ", 1)[1] for text in site.texts} == {"for @grace", "for @ada"}
    pages = [path for method, path in site.asked if "load=" in path]
    assert len(set(pages)) == len(pages)
    assert {urlsplit(page).path for page in pages} >= {"/", "/explore", "/@ada"}
    assert report.reopened == 0
    assert f"{report.requests} requests, 0 failed" in report.summary


def test_a_style_sheet_is_loaded_when_a_page_names_another(site: Site, orders: Orders) -> None:
    def enough(load: Load) -> bool:
        if load.requests >= ENOUGH:
            site.style = b"second"
        return ("GET", "/static/second/site.css") in site.asked

    play(replace(orders, accounts=[]), enough=enough)

    sheets = Counter(path for _, path in site.asked if path.startswith("/static/"))
    assert set(sheets) == {"/static/first/site.css", "/static/second/site.css"}
    assert max(sheets.values()) <= 2


def send_error(handler: Handler) -> None:
    handler.answer(500, b"<html>sorry</html>")


def send_nothing(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def send_half_the_length(handler: Handler) -> None:
    handler.answer(200, b"<html>", length=1000)
    send_nothing(handler)


def send_half_a_page(handler: Handler) -> None:
    handler.answer(200, b"<html><p>The")


def send_elsewhere(handler: Handler) -> None:
    handler.answer(303, b"", location="/log-in")


@pytest.mark.parametrize(
    ("misbehave", "said"),
    [
        (send_error, "500"),
        (send_nothing, "Remote end closed connection|EOF|reset"),
        (send_half_the_length, "IncompleteRead|EOF"),
        (send_half_a_page, "half a page"),
        (send_elsewhere, "303 /log-in"),
    ],
)
def test_what_a_reader_would_notice_is_a_failure_and_asked_once(
    site: Site, orders: Orders, misbehave: Callable[[Handler], None], said: str
) -> None:
    def behave(handler: Handler) -> bool:
        is_bad = handler.path.startswith("/explore")
        if is_bad:
            misbehave(handler)
        return is_bad

    site.behave = behave
    report = play(replace(orders, accounts=[]), enough=lambda load: load.failed >= 4)

    bad = [path for _, path in site.asked if path.startswith("/explore")]
    assert len(set(bad)) == len(bad)
    assert sorted(each.path for each in report.failures) == sorted(bad)
    assert {each.connection.partition(",")[0] for each in report.failures} == {"fresh", "kept"}
    for each in report.failures:
        assert re.search(said, each.failure), each


@pytest.mark.parametrize("misbehave", [send_error, send_nothing, send_elsewhere])
def test_a_post_without_its_answer_is_sent_once_and_not_acknowledged(
    site: Site, orders: Orders, misbehave: Callable[[Handler], None]
) -> None:
    def behave(handler: Handler) -> bool:
        if handler.command == "POST":
            misbehave(handler)
        return handler.command == "POST"

    site.behave = behave
    report = play(orders, enough=lambda load: load.failed >= 2)

    assert {each.method for each in report.failures} == {"POST"}
    assert len(report.failures) == len(report.posts) == sum(method == "POST" for method, _ in site.asked)
    assert report.acknowledged == []


def test_a_connection_closed_between_two_requests_is_opened_again(site: Site, orders: Orders) -> None:
    def behave(handler: Handler) -> bool:
        handler.answer(200, PAGE % b"first")
        # Without a word about it, as a proxy does whose wait for the next request is over.
        handler.close_connection = True
        return True

    site.behave = behave
    report = play(replace(orders, accounts=[], readers=1, readers_per_second=20.0))

    assert report.failures == [], report.summary
    assert report.reopened >= ENOUGH - 5


def test_a_site_that_refuses_connections_fails(site: Site, orders: Orders) -> None:
    with Load(orders) as load:
        wait_for(lambda: load.requests >= 2, SECONDS, lambda: "nothing is asked")
        site.socket.close()
        wait_for(lambda: load.failed >= 4, SECONDS, lambda: "nobody notices")

    assert "fresh" in {each.connection for each in load.report.failures}


@pytest.mark.parametrize("fault", ["no certificate", "no cookie"])
def test_a_client_that_breaks_is_no_load_without_failures(orders: Orders, fault: str) -> None:
    broken: dict[str, dict[str, Any]] = {
        "no certificate": {"authority": "none"},
        "no cookie": {
            "accounts": [Account("ada", "grace", {"session": "two\nlines"})],
            "posters_per_second": 0.1,
        },
    }
    load = Load(replace(orders, **broken[fault]))
    load.start()
    process = load._process
    assert process is not None
    wait_for(lambda: process.poll() is not None, SECONDS, lambda: "the load runs on")

    with pytest.raises(AssertionError, match="the load's process failed"):
        load.stop()


def test_accounts_that_would_post_too_often_are_refused(orders: Orders) -> None:
    with pytest.raises(AssertionError, match="refuse so many"):
        Load(replace(orders, posters_per_second=1.1))


POSTS = [
    Post("runx1", "ada", "grace", is_acknowledged=True),
    Post("runx2", "grace", "ada", is_acknowledged=False),
]


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([["runx1", "1", "1"]], []),
        ([["runx1", "1", "1"], ["runx2", "1", "1"]], []),
        ([], ["runx1 of ada is there 0 times"]),
        ([["runx1", "1", "1"], ["runx1", "1", "1"]], ["runx1 of ada is there 2 times"]),
        ([["runx1", "1", "1"], *[["runx2", "1", "1"]] * 2], ["runx2 of grace is there 2 times"]),
        ([["runx1", "0", "2"]], ["runx1 has 0 rows of notification", "runx1 has 2 rows of mail"]),
        ([["runx1", "1", "1"], ["runx2", "1", "0"]], ["runx2 has 0 rows of mail"]),
        ([["runx1", "1", "1"], ["runx3", "1", "1"]], ["runx3 was never sent"]),
    ],
)
def test_the_ledger_names_what_is_wrong(rows: list[list[str]], problems: list[str]) -> None:
    assert find_wrong(POSTS, rows, ("notification", "mail")) == problems


def test_mails_about_a_post_that_differ_are_too_many(tmp_path: Path) -> None:
    mails = MailFolder(tmp_path)

    def send(message_id: str, text: str) -> None:
        message = EmailMessage()
        message["To"], message["Message-ID"] = "ada@example.org", message_id
        message.set_content(text)
        mails.add(bytes(message), ["ada@example.org"])

    for message_id, text in (("<1>", "runx1 for @ada"), ("<1>", "runx1 for @ada"), ("<2>", "runx2 for @ada")):
        send(message_id, text)
    assert find_repeated_mails(mails, "run") == []

    send("<3>", "runx2 for @ada")
    assert find_repeated_mails(mails, "run") == ["ada@example.org has 2 mails about runx2"]
