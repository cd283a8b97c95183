"""On a web host: watches its requests for some seconds and prints figures of them (ops/gates.py).

The request, JSON in the last argument: seconds, at_least (requests), domain, run (the slots' sockets), logs,
nginx_log. Visitors' requests are read from the active slot's log, and those that nginx had to answer for it
from nginx's. Probes go past nginx and its cache, evenly over the time; where visitors are few, more of them.

Prints JSON: release and ready (of /readyz), requests, probes, errors, hung, seconds, ended_early, examples of
errors, and routes by name: requests, errors, milliseconds (of at most 500 that were none). A probe's route is
its own, "probe GET /": visitors may ask for other pages of it, and for those that only they may see.
"""

import http.client
import json
import os
import queue
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

HEALTH = ("/healthz", "/readyz")
#: What a signed-out visitor reads anywhere; a profile, a post and a tag are found by links.
PAGES = ("/", "/explore", "/about", "/log-in")
LINKS = (r"/@\w+", r"/@\w+/[0-9]+", r"/tags/[^\"/?#]+")
PROFILE, POST, TAG = (re.compile(f'href="({path})"', re.ASCII) for path in LINKS)
#: As many probes whatever visitors do: hosts are compared by them, page by page.
PROBES = 200
#: Of each page the first times don't count: the canary's processes have just started.
UNTIMED = 6
IN_HAND, ANSWER_SECONDS = 4, 5
TICK_SECONDS = 0.01
#: A slow host may take so many times longer to have enough.
LONGEST = 3
#: A canary as bad as this fails no further visitors.
HOPELESS_ERRORS, HOPELESS_SHARE = 10, 0.1
DURATIONS = 500


class Answer(NamedTuple):
    """Of a probe: status 0 without an answer, and then why."""

    route: str
    status: int
    milliseconds: float = 0.0
    body: str = ""
    reason: str = ""


class Slot:
    """The site on this host, asked as nginx asks it. Its own requests are known by their ids."""

    def __init__(self, path: Path, domain: str) -> None:
        self.path, self.domain = path, domain
        self.mark = f"gate-{secrets.token_hex(6)}-"

    def ask(self, path: str, route: str = "") -> Answer:
        """The answer to a GET over a connection of its own."""
        headers = {
            "Host": self.domain,
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Proto": "https",
            "X-Request-ID": self.mark + secrets.token_hex(6),
            "Connection": "close",
        }
        began = time.perf_counter()
        connection = http.client.HTTPConnection(self.domain)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.sock.settimeout(ANSWER_SECONDS)
            connection.sock.connect(str(self.path))
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read().decode("utf-8", "replace")
        except TimeoutError:
            return Answer(route, 0, reason=f"no answer in {ANSWER_SECONDS} s")
        except (OSError, http.client.HTTPException) as error:
            return Answer(route, 0, reason=type(error).__name__)
        finally:
            connection.close()
        return Answer(route, response.status, (time.perf_counter() - began) * 1000, body)

    def release(self) -> tuple[str, bool]:
        """What /readyz names, and whether it says that it is ready."""
        answer = self.ask("/readyz")
        try:
            return str(json.loads(answer.body)["release"]), answer.status == 200
        except (ValueError, KeyError, TypeError):
            return "", False

    def find_pages(self) -> dict[str, str]:
        """Paths by their route: of links the lowest, so that all hosts probe the same ones."""
        pages = {path: path for path in PAGES}
        texts: dict[str, str] = {}
        for path in PAGES:
            answer = self.ask(path)
            if not answer.status:
                return pages
            texts[path] = answer.body
            if path != "/" and 300 <= answer.status < 500:
                # This release has it no more.
                del pages[path]
        text = posts = "".join(texts.values())
        if profile := min(PROFILE.findall(text), default=""):
            pages["/@<username>"] = profile
            posts = self.ask(profile).body
        if post := min(POST.findall(posts), default=""):
            pages["/@<username>/<id>"] = post
        if tag := min(TAG.findall(text), default=""):
            pages["/tags/<name>"] = tag
        return pages


class Tail:
    """What is written to a log from now on; after a rotation to the old file too, as may still happen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[BinaryIO] = []
        self._open(os.SEEK_END)

    def read(self) -> Iterator[dict[str, Any]]:
        """The new lines that are JSON objects."""
        self._open(os.SEEK_SET)
        for file in self.files:
            while (line := file.readline()).endswith(b"\n"):
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry
            # The rest of it comes later.
            file.seek(-len(line), os.SEEK_CUR)

    def _open(self, whence: int) -> None:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        if not any(os.path.sameopenfile(file.fileno(), known.fileno()) for known in self.files):
            file.seek(0, whence)
            self.files.append(file)


class Tally:
    """The figures."""

    def __init__(self) -> None:
        self.requests = self.errors = self.hung = 0
        self.routes: dict[str, dict[str, Any]] = {}
        self.examples: dict[str, None] = {}

    def add(self, route: str, milliseconds: float, error: str = "") -> None:
        """Count a request; `error` is what was wrong."""
        counts = self.routes.setdefault(route, {"requests": 0, "errors": 0, "milliseconds": []})
        self.requests += 1
        counts["requests"] += 1
        if error:
            self.errors += 1
            counts["errors"] += 1
            self.examples[f"{route} {error}"] = None
        else:
            counts["milliseconds"].append(round(milliseconds, 2))

    def add_logged(self, entry: dict[str, Any], mark: str) -> None:
        """A line of the slot's log; probes are counted by whoever sent them."""
        if entry.get("event") != "http.request" or str(entry.get("request_id")).startswith(mark):
            return
        route, status = str(entry.get("route")), int(entry.get("status", 0))
        if route not in HEALTH:
            error = str(status) if status >= 500 else ""
            self.add(f"{entry.get('method')} {route}", float(entry.get("duration_ms", 0)), error)

    def add_unanswered(self, entry: dict[str, Any]) -> None:
        """A line of nginx's log, where it answered for the application: with an error page or an old copy."""
        # The application itself answers neither 502 nor 504. Pictures come from other hosts.
        status = str(entry.get("upstream_status", "")).rpartition(" ")[2]
        if status in {"502", "504"} and entry.get("path") != "/media/":
            self.hung += status == "504"
            self.add(f"{entry.get('method')} (nginx)", 0, status)

    def add_probe(self, answer: Answer) -> None:
        """A probe's end. The front page has no reason to answer anything but 200."""
        is_wrong = not 200 <= answer.status < (300 if answer.route == "/" else 500)
        self.hung += answer.reason.startswith("no answer")
        error = (answer.reason or str(answer.status)) if is_wrong else ""
        self.add(f"probe GET {answer.route}", answer.milliseconds, error)

    def is_hopeless(self) -> bool:
        """Whether it can't become good."""
        are_many = self.errors >= HOPELESS_ERRORS or self.hung >= IN_HAND
        return are_many and self.errors >= HOPELESS_SHARE * self.requests

    def figures(self) -> dict[str, Any]:
        """All of it, thinned out where it is much."""
        for route, counts in self.routes.items():
            times = counts["milliseconds"][UNTIMED if route.startswith("probe ") else 0 :]
            counts["milliseconds"] = times[:: -(-len(times) // DURATIONS) or 1]
        told = {"requests": self.requests, "errors": self.errors, "hung": self.hung, "routes": self.routes}
        return told | {"examples": [*self.examples][:3]}


class Prober:
    """Sends probes, each page in its turn, from threads that nobody waits for in the end."""

    def __init__(self, slot: Slot, pages: dict[str, str]) -> None:
        self.slot, self.pages = slot, list(pages.items())
        self.wanted: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.sent = self.in_hand = 0
        for _ in range(IN_HAND):
            threading.Thread(target=self._work, daemon=True).start()

    def send(self) -> None:
        """One more."""
        self.wanted.put(self.pages[self.sent % len(self.pages)])
        self.sent += 1
        self.in_hand += 1

    def ended(self) -> Iterator[Answer]:
        """Those that have ended since."""
        while not self.answers.empty():
            self.in_hand -= 1
            yield self.answers.get()

    def _work(self) -> None:
        while True:
            route, path = self.wanted.get()
            self.answers.put(self.slot.ask(path, route))


class Watch:
    """The time in which requests are counted."""

    def __init__(self, slot: Slot, prober: Prober, log: Tail, nginx_log: Tail) -> None:
        self.slot, self.prober, self.log, self.nginx_log = slot, prober, log, nginx_log
        self.tally = Tally()

    def look(self) -> None:
        """Take in what has come."""
        for answer in self.prober.ended():
            self.tally.add_probe(answer)
        for entry in self.log.read():
            self.tally.add_logged(entry, self.slot.mark)
        for entry in self.nginx_log.read():
            self.tally.add_unanswered(entry)

    def run(self, seconds: float, at_least: int) -> None:
        """Probe and count until the time is over and there are enough; a bad host is given up early."""
        began, next_at = time.monotonic(), 0.0
        while not self.tally.is_hopeless():
            passed = time.monotonic() - began
            missing = max(at_least - self.tally.requests - self.prober.in_hand, PROBES - self.prober.sent)
            if passed >= seconds and (missing <= 0 or passed >= LONGEST * seconds):
                break
            if missing > 0 and passed >= next_at and self.prober.in_hand < IN_HAND:
                self.prober.send()
                next_at = max(next_at, passed - 1) + max(seconds - passed, 0) / missing
            else:
                time.sleep(TICK_SECONDS)
            self.look()

    def finish(self) -> None:
        """Wait for what is under way, where it matters; what doesn't end is hung."""
        deadline = time.monotonic() + ANSWER_SECONDS + 1
        while self.prober.in_hand and not self.tally.is_hopeless():
            if time.monotonic() > deadline:
                self.tally.add_probe(Answer("(unfinished)", 0, reason="no answer in time"))
                self.prober.in_hand -= 1
            time.sleep(TICK_SECONDS)
            self.look()


def main(seconds: float, at_least: int, domain: str, run: str, logs: str, nginx_log: str) -> dict[str, Any]:
    """The figures of this host; none where no slot serves."""
    began = time.monotonic()
    current = Path(run, "current.sock")
    nothing = {"release": "", "ready": False, "probes": 0, "seconds": 0, "ended_early": False}
    if not current.is_symlink():
        return nothing | Tally().figures()
    slot = Slot(current, domain)
    prober = Prober(slot, slot.find_pages())
    log = Path(logs, f"web-{current.readlink().stem}.log")
    watch = Watch(slot, prober, Tail(log), Tail(Path(nginx_log)))
    watch.run(seconds, at_least)
    watch.finish()
    release, is_ready = slot.release()
    ended = {"probes": prober.sent, "ended_early": watch.tally.is_hopeless()}
    told = watch.tally.figures() | ended | {"release": release, "ready": is_ready}
    return told | {"seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[-1]))))
