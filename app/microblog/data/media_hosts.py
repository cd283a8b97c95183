"""Pictures on several hosts: the same files on each, behind nginx's DAV module on private addresses.

A file is written to all hosts at once and acknowledged when all that can be reached have it, at least one.
It is read from one host after the other. A host that misses a write or a deletion is put right later by
`services/media_repair.py`, which says by which rule.

The hosts speak HTTP as nginx does: PUT, GET, HEAD and DELETE of `/<first two of the key>/<key>/<name>`,
DELETE of a key's folder (with a trailing slash), and autoindex's JSON of a folder, the root included. Neither
proxies nor redirects are followed.
"""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import orjson
import structlog
from structlog.contextvars import get_contextvars

from microblog.data.breaker import Breaker
from microblog.data.storage import StoreAway, key_path
from microblog.observability import metrics

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 1.0
# A request as a whole, its connecting included.
TOTAL_SECONDS: Final = 5.0
# Longer than a request may take: one caller at a time tries whether the host is back.
AWAY_SECONDS: Final = 10.0
# No picture and no folder's list is larger, whatever a host sends.
ANSWER_BYTES: Final = 64 * 1024 * 1024
CHUNK_BYTES: Final = 256 * 1024
OK: Final = frozenset({200, 201, 204})
NOT_FOUND: Final = 404

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Entry:
    """A file or folder in a host's list. `size` is bytes, 0 for folders; `changed_at` the host's time."""

    name: str
    size: int
    changed_at: datetime


class MediaHost:
    """One host's files. Every method raises `StoreAway` where the host doesn't do what was asked."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.name = parts.netloc
        self._make: type[HTTPConnection] = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname or "", parts.port
        self._breaker = Breaker(f"media {self.name}", seconds=AWAY_SECONDS)

    def put(self, key: str, name: str, data: bytes, content_type: str) -> None:
        """Write a file."""
        self._ask("PUT", f"/{key_path(key, name)}", data, {"Content-Type": content_type})

    def read(self, key: str, name: str) -> bytes | None:
        """A file's bytes; None where it isn't there."""
        return self._ask("GET", f"/{key_path(key, name)}")

    def exists(self, key: str, name: str) -> bool:
        """Whether the file is there."""
        return self._ask("HEAD", f"/{key_path(key, name)}") is not None

    def delete(self, key: str) -> None:
        """Delete all files of a key; none there is fine."""
        self._ask("DELETE", f"/{key_path(key)}/")

    def delete_file(self, key: str, name: str) -> None:
        """Delete one file; not there is fine."""
        self._ask("DELETE", f"/{key_path(key, name)}")

    def list_folder(self, path: str) -> list[Entry]:
        """What lies in a folder (`""`, `ab`, `ab/<key>`); nothing where there is none."""
        answer = self._ask("GET", f"/{path}/" if path else "/")
        try:
            return [_read_entry(one) for one in orjson.loads(answer or b"[]")]
        except (ValueError, TypeError, KeyError) as error:
            raise self._failed("list", error) from error

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes | None:
        """The answer's body; None where there is no such thing."""
        if not self._breaker.admits():
            raise StoreAway(f"{self.name} didn't answer a moment ago")
        try:
            status, answer = self._exchange(method, path, body, headers or {})
        except (OSError, HTTPException) as error:
            self._breaker.failed()
            raise self._failed(method, error) from error
        self._breaker.answered()
        if status == NOT_FOUND and method != "PUT":
            return None
        if status not in OK:
            raise self._failed(method, status)
        return answer

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """Status and body. Raises `OSError` or `HTTPException`, and `TimeoutError` once the time is up."""
        end = time.monotonic() + TOTAL_SECONDS
        connection = self._make(self._host, self._port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
            # Kept: the connection forgets it as soon as the answer's head says that the host will close.
            socket = connection.sock
            _limit(socket, end)
            request_id = get_contextvars().get("request_id")
            traced = {"X-Request-ID": str(request_id)} if request_id else {}
            connection.request(method, path, body, {"Connection": "close", **traced, **headers})
            _limit(socket, end)
            with connection.getresponse() as response:
                return response.status, _read_body(response, socket, end)
        finally:
            connection.close()

    def _failed(self, action: str, cause: Exception | int) -> StoreAway:
        """Note a failure; the error to raise."""
        reason = cause if isinstance(cause, int) else type(cause).__name__
        metrics.MEDIA_HOST_FAILURES.labels(self.name, action).inc()
        log.warning("media.host_failed", store=self.name, action=action, reason=reason)
        return StoreAway(f"{self.name} failed at {action}: {reason}")


class MediaHosts:
    """The `Storage` that keeps each file on every host; `copies` are the hosts, for who compares them."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.copies: tuple[MediaHost, ...] = tuple(MediaHost(url) for url in urls)
        # Each process starts elsewhere, or all would ask the first host first.
        self._turns = itertools.count(random.randrange(len(urls)))  # noqa: S311 - spreads load

    def put(self, key: str, name: str, data: bytes, content_type: str) -> None:
        """Write a file to all hosts that can be reached. Raises `StoreAway` where none took it."""
        key_path(key, name)
        self._on_all(lambda host: host.put(key, name, data, content_type))

    def read(self, key: str, name: str) -> bytes:
        """A file's bytes, from the first host that has it.

        Raises `FileNotFoundError` where no host that can be reached has it, `StoreAway` where none can be.
        """
        key_path(key, name)
        has_answer = False
        for host in self._in_turn():
            try:
                data = host.read(key, name)
            except StoreAway:
                continue
            if data is not None:
                return data
            has_answer = True
        if not has_answer:
            raise StoreAway("no media host can be reached")
        raise FileNotFoundError(name)

    def exists(self, key: str, name: str) -> bool:
        """Whether the file is there. Raises `StoreAway` where only a host that is away may have it."""
        key_path(key, name)
        away: StoreAway | None = None
        for host in self._in_turn():
            try:
                if host.exists(key, name):
                    return True
            except StoreAway as error:
                away = error
        if away is not None:
            raise away
        return False

    def delete(self, key: str) -> bool:
        """Delete all files of a key; whether they are gone from all hosts. Raises `StoreAway` as `put`."""
        key_path(key)
        return self._on_all(lambda host: host.delete(key))

    def delete_file(self, key: str, name: str) -> bool:
        """Delete one file; the same."""
        key_path(key, name)
        return self._on_all(lambda host: host.delete_file(key, name))

    def _in_turn(self) -> list[MediaHost]:
        first = next(self._turns) % len(self.copies)
        return [*self.copies[first:], *self.copies[:first]]

    def _on_all(self, act: Callable[[MediaHost], None]) -> bool:
        """Act on all hosts at once; whether all did it. Raises `StoreAway` where none did."""
        answers = zip(self.copies, at_once(self.copies, act), strict=True)
        failures = {host.name: answer for host, answer in answers if isinstance(answer, StoreAway)}
        if len(failures) == len(self.copies):
            raise StoreAway("no media host did it") from next(iter(failures.values()))
        for name in failures:
            metrics.MEDIA_MISSED.labels(name).inc()
            log.warning("media.missed", store=name)
        return not failures


def at_once(hosts: Sequence[MediaHost], act: Callable[[MediaHost], Answer]) -> list[Answer | StoreAway]:
    """What each host answers, in their order; its error where it is away."""

    def attempt(host: MediaHost, context: Context) -> Answer | StoreAway:
        try:
            return context.run(act, host)
        except StoreAway as error:
            return error

    with ThreadPoolExecutor(max(1, len(hosts))) as threads:
        # The log's context goes with each thread.
        return list(threads.map(attempt, hosts, [copy_context() for _ in hosts]))


def _limit(socket: Any, end: float) -> None:
    """Let the next wait of a socket last no longer than until `end`."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    socket.settimeout(left)


def _read_body(response: HTTPResponse, socket: Any, end: float) -> bytes:
    """The whole body. Raises `HTTPException` for half of one, and for more than anybody should send."""
    if response.length is None and not response.chunked:
        raise HTTPException("the answer doesn't say where it ends")
    body = bytearray()
    while part := response.read1(CHUNK_BYTES):
        body += part
        if len(body) > ANSWER_BYTES:
            raise HTTPException("the answer is too large")
        _limit(socket, end)
    if response.length:
        raise IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _read_entry(entry: dict[str, Any]) -> Entry:
    changed_at = parsedate_to_datetime(entry["mtime"])
    return Entry(str(entry["name"]), int(entry.get("size", 0)), changed_at)
