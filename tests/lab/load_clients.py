"""The process of a load (load.py): clients that send each request once, over kept and over fresh connections.

    python -m tests.lab.load_clients     orders in the first line of standard input, stops at its end

Twice a second, and at last with all that it knows, it prints a line of JSON. It imports nothing of ours: the
machine has better things to do.
"""

import itertools
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
import traceback
from collections import defaultdict
from functools import partial
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

#: A visitor's patience, above the slowest page and below the edge's own.
PATIENCE_SECONDS = 20
PROGRESS_SECONDS = 0.5
TOKEN = re.compile(rb'name="csrf_token"[^>]* value="([^"]+)"')
STYLE = re.compile(rb'<link rel="stylesheet" href="(/static/[^"]+)"')
#: For signed-out visitors; a query of its own makes each of them a page that no cache holds.
PAGES = ("/", "/explore", "/about", "/statistics", "/log-in", "/@{name}")


class Failed(Exception):
    """What is wrong with an answer that came whole."""


class Notes:
    """What all clients saw."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.failures: list[dict[str, Any]] = []
        self.posts: dict[str, dict[str, Any]] = {}
        self.reopened = 0

    def note(self, kind: str, seconds: float, failure: dict[str, Any] | None) -> None:
        """One request: how long it took, and how it failed."""
        with self._lock:
            self.seconds[kind].append(seconds)
            if failure is not None:
                self.failures.append(failure)

    def progress(self) -> dict[str, Any]:
        """How many requests were sent and failed."""
        with self._lock:
            return {"requests": sum(map(len, self.seconds.values())), "failed": len(self.failures)}

    def report(self) -> dict[str, Any]:
        """All of it."""
        fields = {"seconds": self.seconds, "failures": self.failures, "posts": self.posts}
        return self.progress() | fields | {"reopened": self.reopened}


class Connection(HTTPSConnection):
    """To an address, by a name that need not lead there."""

    def __init__(self, orders: dict[str, Any], context: ssl.SSLContext) -> None:
        super().__init__(orders["name"], timeout=PATIENCE_SECONDS, context=context)
        self._target, self._tls = (orders["address"], orders["port"]), context

    def connect(self) -> None:
        """Connect to the address and prove the name."""
        plain = socket.create_connection(self._target, timeout=PATIENCE_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)

    def is_open(self) -> bool:
        """Whether the server hasn't closed it since its last answer."""
        if self.sock is None:
            return False
        self.sock.setblocking(False)
        try:
            self.sock.recv(1)
        except (ssl.SSLWantReadError, BlockingIOError):
            return True
        except OSError:
            return False
        else:
            # Its end, or what nobody asked for.
            return False
        finally:
            self.sock.settimeout(PATIENCE_SECONDS)


class Client:
    """A visitor with cookies of their own, who asks for one thing after the other."""

    def __init__(
        self, orders: dict[str, Any], notes: Notes, *, context: ssl.SSLContext, is_kept: bool
    ) -> None:
        self.orders, self.notes, self.context, self.is_kept = orders, notes, context, is_kept
        self.cookies: dict[str, str] = {}
        self._connection: Connection | None = None
        self._style = b""

    def ask(self, kind: str, path: str, form: dict[str, str] | None = None) -> bytes | None:
        """One request, noted; the body, None where it failed: a page must be whole, a form lead home."""
        begun, method = time.monotonic(), "GET" if form is None else "POST"
        number = self._open()
        failure, body = "", None
        try:
            body = self._exchange(method, path, form)
        except (OSError, HTTPException, Failed) as error:
            failure = f"{type(error).__name__}: {error}"
            self._close()
        seconds = time.monotonic() - begun
        told = {
            "kind": kind,
            "method": method,
            "path": path,
            "failure": failure,
            "connection": f"kept, request {number}" if self.is_kept else "fresh",
            "at": time.time(),
            "seconds": seconds,
        }
        self.notes.note(kind, seconds, told if failure else None)
        if not self.is_kept:
            self._close()
        return body

    def _open(self) -> int:
        """See to a connection; the number of the request on it. Closed between two requests is no failure."""
        if self._connection is not None and not self._connection.is_open():
            self.notes.reopened += 1
            self._close()
        if self._connection is None:
            self._connection, self._used = Connection(self.orders, self.context), 0
        self._used += 1
        return self._used

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, path: str, form: dict[str, str] | None) -> bytes:
        assert self._connection is not None
        headers = {"User-Agent": "load", "Accept-Encoding": "identity"}
        if not self.is_kept:
            headers["Connection"] = "close"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"https://{self.orders['name']}"
        self._connection.request(
            method, path, urlencode(form).encode() if form is not None else None, headers
        )
        response = self._connection.getresponse()
        body = response.read()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        check(response, body, is_form=form is not None)
        if response.will_close:
            self._close()
        return body

    def load_page(self, kind: str, path: str) -> bytes:
        """A page, with its style sheet where that is another than the last page's; empty where it failed."""
        body = self.ask(kind, path) or b""
        found = STYLE.search(body)
        if found and found[1] != self._style:
            self._style = found[1]
            self.ask("style", found[1].decode())
        return body


def check(response: HTTPResponse, body: bytes, *, is_form: bool) -> None:
    """Raises `Failed` for what isn't the answer that a visitor waits for."""
    request_id = response.headers.get("X-Request-ID", "")
    if response.status != (303 if is_form else 200):
        raise Failed(f"{response.status} {response.headers.get('Location', '')} {request_id}")
    if is_form and not response.headers.get("Location", "").endswith("/home"):
        raise Failed(f"went to {response.headers.get('Location')} {request_id}")
    if response.headers.get_content_type() == "text/html" and not is_form and b"</html>" not in body:
        raise Failed(f"half a page {request_id}")


class Pace:
    """When a client's next round is due: at a set rate, without catching up what was missed."""

    def __init__(self, stop: threading.Event, seconds: float, place: float) -> None:
        self._stop, self._seconds = stop, seconds
        self._due = time.monotonic() + seconds * place

    def waits(self) -> bool:
        """Wait until it is due; not true where it is time to stop."""
        self._stop.wait(max(self._due - time.monotonic(), 0))
        self._due = max(self._due + self._seconds, time.monotonic())
        return not self._stop.is_set()


def read(client: Client, pace: Pace, numbers: "itertools.count[int]") -> None:
    """A signed-out reader."""
    names = [account["name"] for account in client.orders["accounts"]] or ["nobody"]
    while pace.waits():
        number = next(numbers)
        page = PAGES[number % len(PAGES)].format(name=names[number // len(PAGES) % len(names)])
        client.load_page("read", f"{page}?load={number}")


def post(client: Client, pace: Pace, account: dict[str, Any], numbers: "itertools.count[int]") -> None:
    """Somebody who is logged in: reads what is at home, then writes."""
    client.cookies = dict(account["cookies"])
    while pace.waits():
        found = TOKEN.search(client.load_page("home", "/home"))
        if found is None:
            continue
        marker = f"{client.orders['run']}x{next(numbers)}"
        note = {"author": account["name"], "mentions": account["mentions"], "is_acknowledged": False}
        client.notes.posts[marker] = note
        text = f"{marker} for @{account['mentions']}"
        form = {"csrf_token": found[1].decode(), "text": text, "in_reply_to_id": ""}
        note["is_acknowledged"] = client.ask("post", "/write", form) is not None


def run(orders: dict[str, Any], stop: threading.Event, notes: Notes) -> list[threading.Thread]:
    """Start all clients; every other one keeps its connection."""
    context = ssl.create_default_context(cadata=orders["authority"])
    numbers, threads = itertools.count(1), []
    for kind, count in (("readers", orders["readers"]), ("posters", len(orders["accounts"]))):
        for place in range(count):
            client = Client(orders, notes, context=context, is_kept=place % 2 == 0)
            pace = Pace(stop, count / orders[f"{kind}_per_second"], place / count)
            if kind == "readers":
                work = partial(read, client, pace, numbers)
            else:
                work = partial(post, client, pace, orders["accounts"][place], numbers)
            threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    return threads


def crash(told: threading.ExceptHookArgs) -> None:
    """A fault of ours must not look like a load without failures."""
    traceback.print_exception(told.exc_type, told.exc_value, told.exc_traceback)
    os._exit(1)


def tell(found: dict[str, Any]) -> None:
    """A line for who started this."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main() -> None:
    """What the first lines of this file say."""
    threading.excepthook = crash
    orders = json.loads(sys.stdin.readline())
    stop, notes = threading.Event(), Notes()
    threads = run(orders, stop, notes)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    while not stop.wait(PROGRESS_SECONDS):
        tell(notes.progress())
    for thread in threads:
        thread.join()
    tell(notes.report())


if __name__ == "__main__":
    main()
