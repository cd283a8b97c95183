"""No line is lost when the log store loses its power: no connection is closed, all fall silent."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from devstack.processes import wait_for
from tests.ops.log_rig import Rig, make_sender, needs_rsyslog

LINES = 380
#: Of a line as written; what RELP and TLS add is little against it.
LINE_BYTES = 1000
#: So many of them that the rest of what an overflowing queue hands to its disk is within a RELP window.
PASSING_BYTES = 80 * LINE_BYTES


class Link:
    """One connection through the wire."""

    def __init__(self, sender: socket.socket, store: socket.socket) -> None:
        self.sender, self.store = sender, store
        self.silent = False


class Wire:
    """What is between a sender and the store: it falls silent as a host without power, with no FIN or RST."""

    def __init__(self, store_port: int) -> None:
        self.links: list[Link] = []
        self.down = False
        self.refused = 0
        self._store_port = store_port
        self._left: int | None = None
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Swallow what the connections that are there say, for good; new ones pass."""
        for link in self.links:
            link.silent = True

    def break_after(self, passing: int) -> None:
        """Let that many bytes of senders pass, then nothing and nobody, until it is mended."""
        self._left = passing

    def mend(self) -> None:
        self._left, self.down = None, False

    def close(self) -> None:
        self._listener.close()
        for link in self.links:
            self._end(link)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sender, _ = self._listener.accept()
                if self.down:
                    self.refused += 1
                    sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sender.close()
                    continue
                link = Link(sender, socket.create_connection(("127.0.0.1", self._store_port)))
                with self._lock:
                    link.silent = self.down
                    self.links.append(link)
                for words in ((link, sender, link.store), (link, link.store, sender)):
                    threading.Thread(target=self._pump, args=words, daemon=True).start()

    def _pump(self, link: Link, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while said := source.recv(4096):
                if source is link.sender and not link.silent:
                    self._count(len(said))
                if not link.silent:
                    target.sendall(said)
        if source is link.sender or not link.silent:
            self._end(link)

    def _count(self, size: int) -> None:
        with self._lock:
            if self._left is not None and not self.down:
                self._left -= size
                if self._left < 0:
                    self.down = True
                    self.silence()

    def _end(self, link: Link) -> None:
        for end in (link.sender, link.store):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def wire(rig: Rig) -> Iterator[Wire]:
    made = Wire(rig.port)
    yield made
    made.close()


@needs_rsyslog
@pytest.mark.slow
def test_no_line_is_lost_when_the_store_falls_silent(rig: Rig, wire: Wire) -> None:
    def came() -> set[int]:
        return {int(line.split(" ", 3)[3].split("-")[0]) for line in rig.kept("web-blue")}

    rig.start_store()
    told = make_sender(log_store_port=wire.port)
    told = told.replace('resumeInterval="5"', 'resumeInterval="1"').replace('timeout="20"', 'timeout="2"')
    rig.start("sender", rig.localize(told, "web1"))
    rig.write("web-blue", "0-")
    wait_for(lambda: came() == {0}, 20, rig.tell)

    # A queue fills behind the silent connection. Were there a second worker, it would send what is on disk,
    # lose the store before the last lines are acknowledged, and end as it has no more to do.
    wire.silence()
    wire.break_after(PASSING_BYTES)
    rig.write("web-blue", *(f"{number}-{'x' * LINE_BYTES}" for number in range(1, LINES + 1)))
    wait_for(lambda: wire.down, 10, rig.tell)
    wait_for(lambda: wire.refused >= 5, 15, rig.tell)
    wire.mend()

    def tell() -> str:
        return f"missing: {sorted(set(range(LINES + 1)) - came())}; {rig.tell()}"

    wait_for(lambda: len(came()) == LINES + 1, 15, tell)
