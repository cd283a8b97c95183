"""A terminal for programs that talk to people: types, and reads what they show."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack.processes import wait_for

#: What moves the cursor, colours, and names the window (ECMA-48, and xterm's operating system commands).
CONTROLS = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[=>78]|[\x0e\x0f\r]"
)
SECONDS = 60


class Terminal:
    """One program in a terminal of its own. `text`: all that it has shown, without colours."""

    def __init__(
        self, command: list[str], environment: dict[str, str], rows: int = 40, columns: int = 120
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=Path("/"),
        )
        os.close(slave)
        self.raw = b""
        self._seen = 0

    @property
    def text(self) -> str:
        return CONTROLS.sub("", self.raw.decode("utf-8", "replace"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until this is shown, after what was found before."""
        found = self.find(pattern)
        assert found, f"{pattern!r} was not shown, but:\n{self.text[-2000:]}"
        return found

    def find(self, pattern: str) -> re.Match[str] | None:
        """The same; None where the program ends without showing it."""
        deadline = time.monotonic() + SECONDS
        while True:
            if found := re.compile(pattern).search(self.text, self._seen):
                self._seen = found.end()
                return found
            if not self._read(deadline - time.monotonic()):
                return None

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def press(self, key: str) -> None:
        """Strike a key once the program listens to single ones: until then its terminal would drop it."""
        wait_for(self._takes_keys, SECONDS, lambda: f"it does not wait for a key:\n{self.text[-2000:]}")
        self.send(key)

    def wait(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + SECONDS
        while self._read(deadline - time.monotonic()):
            pass
        return self.process.wait(SECONDS)

    def _takes_keys(self) -> bool:
        return not termios.tcgetattr(self.master)[3] & termios.ICANON

    def _read(self, seconds: float) -> bool:
        """Take what comes within this time; False where nothing does, or the program ended."""
        if seconds <= 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            read = os.read(self.master, 65536)
        except OSError:  # Linux's way of saying that nobody has the other end open any more
            return False
        self.raw += read
        return bool(read)
