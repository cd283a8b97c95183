"""What answers on Supervisor's socket may be another one: root, who asks there, is not to be had by it."""

import gzip
import socket
import tempfile
import threading
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.parsers.expat import ExpatError

import pytest

from ops.host_facts import programs
from ops.host_facts.programs import ask_supervisor


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder with a short name: a socket may have 107 letters."""
    with tempfile.TemporaryDirectory(prefix="facts-") as folder:
        yield Path(folder)


@contextmanager
def serve(path: Path, *parts: bytes, pause: float = 0) -> Iterator[None]:
    """Whoever holds Supervisor's socket: says the first part, then the last 100 times."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            with suppress(OSError):
                while True:
                    accepted, _ = listening.accept()
                    with accepted, suppress(OSError):
                        asked = b""
                        while b"</methodCall>" not in asked and (part := accepted.recv(10_000)):
                            asked += part
                        accepted.sendall(parts[0])
                        for _ in range(100):
                            if not ended.wait(pause):
                                accepted.sendall(parts[-1])

        ended = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_answer_that_comes_byte_by_byte_holds_nothing_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SECONDS", 1)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<methodResponse>"

    with serve(root / "s", head, b" ", pause=0.1), pytest.raises(OSError, match=r"too slow|timed out"):
        ask_supervisor(root / "s")


def test_an_answer_without_end_is_not_taken_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "SECONDS", 60)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<methodResponse>"

    with serve(root / "s", head, b" " * 100_000), pytest.raises(OSError, match="too long"):
        ask_supervisor(root / "s")


def test_a_packed_answer_is_not_unpacked(root: Path) -> None:
    packed = gzip.compress(xmlrpc.client.dumps(([],), methodresponse=True).encode())
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    )

    with serve(root / "s", head % len(packed) + packed, b""), pytest.raises(ExpatError, match="line 1"):
        ask_supervisor(root / "s")
