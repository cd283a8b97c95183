"""The development mailbox: takes every mail by SMTP, keeps it as a file, and shows it in the browser.

It listens on one private address, sends nothing on, and keeps the newest mails only.
"""

import asyncio
import os
import re
import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack.mailbox_pages import make_handler

#: Where it listens unless told otherwise.
ADDRESS = "127.0.0.1"
#: Mails kept; the oldest go first.
KEPT = 1000
#: The largest mail taken, in bytes (RFC 1870's SIZE).
LARGEST = 10_000_000

Result = TypeVar("Result")


class MailFolder:
    """Mails as `.eml` files whose names sort by time of arrival."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """The names of all mails, newest first."""
        return sorted(
            (entry.name for entry in os.scandir(self.path) if entry.name.endswith(".eml")), reverse=True
        )

    def read(self, name: str) -> EmailMessage | None:
        """One mail by its file's name; None where there is no such mail."""
        if name not in self.names():
            return None
        return message_from_bytes((self.path / name).read_bytes(), policy=policy.default)

    def messages(self) -> list[EmailMessage]:
        """All mails, oldest first."""
        found = [self.read(name) for name in reversed(self.names())]
        return [message for message in found if message is not None]

    def add(self, content: bytes, recipients: list[str]) -> None:
        """Keep one mail; a reader never sees half of it."""
        who = re.sub(r"[^a-z0-9]+", "-", recipients[0].lower() if recipients else "nobody")[:40]
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{who}"
        half = self.path / f"{name}.part"
        half.write_bytes(content)
        half.rename(self.path / f"{name}.eml")
        for old in self.names()[KEPT:]:
            (self.path / old).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all mails."""
        for name in self.names():
            (self.path / name).unlink(missing_ok=True)


class _Receiver:
    """aiosmtpd's handler: its method's name and arguments are aiosmtpd's."""

    def __init__(self, folder: MailFolder) -> None:
        self.folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        self.folder.add(
            content if isinstance(content, bytes) else (content or "").encode(), envelope.rcpt_tos
        )
        return "250 Message accepted for delivery"


class Mailbox:
    """The mailbox's SMTP server and web page, each in a thread; port 0 takes a free one."""

    def __init__(
        self, path: Path, *, smtp_port: int = 0, web_port: int | None = None, address: str = ADDRESS
    ) -> None:
        path.mkdir(parents=True, exist_ok=True)
        # Mails hold links that open accounts.
        path.chmod(0o700)
        self.folder = MailFolder(path)
        self.address = address
        self.smtp_port = smtp_port
        self.web_port = web_port
        self._loop = asyncio.new_event_loop()
        self._smtp: asyncio.Server | None = None
        self._web: ThreadingHTTPServer | None = None
        self._threads: list[threading.Thread] = []

    @property
    def smtp_url(self) -> str:
        """The URL that the site's settings take."""
        return f"smtp://{self.address}:{self.smtp_port}"

    def start(self) -> None:
        """Listen; raises OSError when a port is taken."""
        if self.web_port is not None:
            handler = make_handler(self.folder, self.address)
            self._web = ThreadingHTTPServer((self.address, self.web_port), handler)
            self._web.daemon_threads = True
            self.web_port = self._web.server_port
            self._run(self._web.serve_forever)
        # In a thread of its own from the first moment: the caller's may have a running loop already.
        self._run(self._loop.run_forever)
        try:
            self._smtp = self._wait_for(self._open_smtp())
        except OSError:
            self.stop()
            raise
        self.smtp_port = self._smtp.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop listening; the mails stay."""
        if self._web is not None:
            self._web.shutdown()
            self._web.server_close()
        self._wait_for(self._close_smtp())
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(timeout=10)
        self._loop.close()

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _wait_for(self, work: Coroutine[None, None, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _open_smtp(self) -> asyncio.Server:
        receiver = _Receiver(self.folder)

        def session() -> SMTP:
            return SMTP(receiver, hostname="localhost", data_size_limit=LARGEST, loop=self._loop)

        return await self._loop.create_server(session, self.address, self.smtp_port)

    async def _close_smtp(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
