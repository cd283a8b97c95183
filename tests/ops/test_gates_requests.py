"""The program that counts a web host's requests, run as on a host, against a slot made for the test."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

import pytest

from devstack.servers import remove_folder, short_folder
from ops import gates
from ops.verbs.ask import REMOTE

R = "0.2.0-20261121T200000Z"
LINKS = '<a href="/@bob">b</a> <a href="/@alice">a</a> <a href="/tags/tea">t</a>'
POSTS = '<a href="/@alice/32">new</a> <a href="/@alice/31">old</a>'
#: What is asked before anything counts: the four pages, and the profile.
FIRST = 5
PAGES = {"/", "/explore", "/about", "/log-in", "/@<username>", "/@<username>/<id>", "/tags/<name>"}
NEVER = threading.Event()


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    # More than a gunicorn has by default, and than are ever in hand.
    request_queue_size = 64


@dataclass
class Host:
    """A web host's folders and its slot, blue, which answers as a test says."""

    folder: Path
    answer: Callable[[str, int], int] = lambda _path, _number: 200
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def log(self) -> Path:
        return self.folder / "web-blue.log"

    @property
    def nginx_log(self) -> Path:
        return self.folder / "access.log"

    def write(
        self, route: str, status: int, request_id: str = "a-visitor", milliseconds: float = 3.0
    ) -> None:
        """A request's line in the slot's log."""
        line = {"event": "http.request", "method": "GET", "route": route, "status": status}
        with self.log.open("a") as log:
            log.write(json.dumps(line | {"request_id": request_id, "duration_ms": milliseconds}) + "\n")

    def write_nginx(self, path: str, status: int, upstream_status: str) -> None:
        line = {"method": "GET", "path": path, "status": status, "upstream_status": upstream_status}
        with self.nginx_log.open("a") as log:
            log.write(json.dumps(line) + "\n")

    def watch(self, *, seconds: float = 0.5, at_least: int = 1, **replaced: str) -> Any:
        """What the program prints."""
        text = (REMOTE / "requests.py").read_text(encoding="ascii")
        for old, new in replaced.items():
            line = next(line for line in text.splitlines() if line.startswith(old))
            text = text.replace(line, new)
        asked = {"seconds": seconds, "at_least": at_least, "domain": "microblog.lab", "run": str(self.folder)}
        asked |= {"logs": str(self.folder), "nginx_log": str(self.nginx_log)}
        command = [sys.executable, "-", json.dumps(asked)]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=True)
        assert done.stderr == ""
        return json.loads(done.stdout)


def make_handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with host.lock:
                host.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                number = len(host.asked)
            status = 200 if self.path == "/readyz" else host.answer(self.path, number)
            host.write(self.path, status, self.headers["X-Request-ID"])
            body = {"/readyz": json.dumps({"release": R}), "/@alice": POSTS}.get(self.path, LINKS).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def serve(host: Host) -> Iterator[None]:
    with Server(str(host.folder / "blue.sock"), make_handler(host)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield
        server.shutdown()


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host(short_folder("mb-gate-"))
    (made.folder / "current.sock").symlink_to("blue.sock")
    made.log.write_text("")
    made.nginx_log.write_text("")
    with serve(made):
        yield made
    remove_folder(made.folder)


def test_probes_make_up_for_visitors_that_are_missing(host: Host) -> None:
    host.write("/", 500)
    host.write_nginx("/", 502, "502")

    said = host.watch(at_least=200)

    # What was in the logs before is not of this time.
    assert (said["requests"], said["probes"], said["errors"]) == (200, 200, 0)
    assert (said["release"], said["ready"], said["ended_early"]) == (R, True, False)
    assert set(said["routes"]) == {f"probe GET {page}" for page in PAGES}
    counts = [counts["requests"] for counts in said["routes"].values()]
    assert max(counts) - min(counts) <= 1
    # A process that has just started is slow at first, and no worse for it.
    assert {each["requests"] - len(each["milliseconds"]) for each in said["routes"].values()} == {6}
    assert said.keys() >= gates.FIELDS
    # Of several links the lowest: other hosts take the same.
    assert {path for path, _ in host.asked} == {
        *("/", "/explore", "/about", "/log-in", "/@alice", "/@alice/31", "/tags/tea", "/readyz")
    }


def test_probes_are_what_the_web_server_would_hand_on(host: Host) -> None:
    host.watch()

    for _, headers in host.asked:
        assert (headers["host"], headers["x-forwarded-proto"]) == ("microblog.lab", "https")
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["connection"] == "close"
        assert len(headers["x-request-id"]) <= 64
        assert "cookie" not in headers
    ids = [headers["x-request-id"] for _, headers in host.asked]
    assert len(set(ids)) == len(ids)


def at_number(wanted: int, act: Callable[[], None]) -> Callable[[str, int], int]:
    """Act once, when a counted probe is under way: before its answer nothing ends."""

    def answer(_path: str, number: int) -> int:
        if number == wanted:
            act()
        return 200

    return answer


def test_visitors_requests_count_and_spare_probes(host: Host) -> None:
    def visit() -> None:
        for number in range(300):
            host.write("/@<username:username>", 500 if number < 3 else 404, milliseconds=number)
        host.write("/readyz", 503)
        with host.log.open("a") as log:
            log.write('Traceback (most recent call last)\n["no object"]\n{"event": "part.away"}\n')

    host.answer = at_number(FIRST + 1, visit)
    said = host.watch(at_least=300)

    visitors = said["routes"]["GET /@<username:username>"]
    assert (visitors["requests"], visitors["errors"], len(visitors["milliseconds"])) == (300, 3, 297)
    assert max(visitors["milliseconds"]) == 299.0
    assert said["examples"] == ["GET /@<username:username> 500"]
    assert (said["probes"], said["requests"], said["errors"]) == (200, 500, 3)


def test_lines_come_through_a_rotation_and_in_pieces(host: Host) -> None:
    def rotate() -> None:
        host.write("/old", 500)
        held = host.log.open("a")
        host.log.rename(host.folder / "web-blue.log.1")
        host.write("/new", 500)
        with held:
            held.write('{"event": "http.request", "method": "GET", "route": "/late", ')

    def write_on(path: str, number: int) -> int:
        if number == FIRST + 50:
            with (host.folder / "web-blue.log.1").open("a") as log:
                log.write('"status": 500, "duration_ms": 1.0}\n')
        return first(path, number)

    first = at_number(FIRST + 1, rotate)
    host.answer = write_on

    assert sorted(host.watch()["examples"]) == ["GET /late 500", "GET /new 500", "GET /old 500"]


def test_what_nginx_answers_for_a_dead_application_counts(host: Host) -> None:
    def die() -> None:
        host.write_nginx("/", 502, "502")
        host.write_nginx("/", 200, "502")
        host.write_nginx("/", 504, "502, 504")
        # Told in the application's own log, a media host's, nobody's.
        host.write_nginx("/", 503, "503")
        host.write_nginx("/media/", 502, "502")
        host.write_nginx("/", 429, "")

    host.answer = at_number(FIRST + 1, die)
    said = host.watch()

    assert said["routes"]["GET (nginx)"] == {"requests": 3, "errors": 3, "milliseconds": []}
    assert (said["errors"], said["hung"]) == (3, 1)


def test_many_durations_are_thinned_out_evenly(host: Host) -> None:
    def visit() -> None:
        for number in range(1100):
            host.write("/", 200, milliseconds=number)

    host.answer = at_number(FIRST + 1, visit)
    kept = host.watch()["routes"]["GET /"]

    assert kept["requests"] == 1100
    assert kept["milliseconds"] == [float(number) for number in range(0, 1100, 3)]


def test_a_canary_that_fails_is_watched_no_further(host: Host) -> None:
    host.answer = lambda _path, number: 500 if number > 20 and number % 3 == 0 else 200

    said = host.watch(seconds=4, at_least=200)

    assert said["ended_early"]
    assert 10 <= said["errors"] <= 14
    assert said["requests"] < 60
    assert said["examples"][0].startswith("probe GET /")


def test_a_canary_that_hangs_is_given_up(host: Host) -> None:
    host.answer = lambda _path, _number: 200 if NEVER.wait(60) else 500

    said = host.watch(seconds=20, at_least=200, IN_HAND="IN_HAND, ANSWER_SECONDS = 4, 0.3")

    assert said["ended_early"]
    assert said["requests"] == said["errors"] == said["hung"]
    assert 4 <= said["hung"] < 10
    assert "probe GET / no answer in 0.3 s" in said["examples"]


def test_a_page_that_is_gone_is_not_probed_and_the_front_page_must_be_there(host: Host) -> None:
    host.answer = lambda path, _number: {"/about": 404, "/log-in": 302, "/explore": 500, "/": 302}.get(
        path, 200
    )

    said = host.watch()

    assert not {"probe GET /about", "probe GET /log-in"} & said["routes"].keys()
    assert sorted(said["examples"]) == ["probe GET / 302", "probe GET /explore 500"]


def test_where_no_slot_serves_there_are_no_figures(host: Host) -> None:
    (host.folder / "current.sock").unlink()

    said = host.watch()

    assert (said["release"], said["ready"], said["requests"]) == ("", False, 0)
    assert said.keys() >= gates.FIELDS


def test_a_dead_slot_has_errors_only(host: Host) -> None:
    (host.folder / "blue.sock").unlink()

    said = host.watch(seconds=20, at_least=200)

    assert (said["release"], said["ready"], said["ended_early"]) == ("", False, True)
    assert said["requests"] == said["errors"] >= 10
    assert said["examples"][0] == "probe GET / FileNotFoundError"
