"""A visitor over HTTP: cookies, and forms as pages have them. Knows nothing of the site but its address."""

import secrets
import socket
import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import SplitResult, urlencode, urlsplit

TIMEOUT_SECONDS = 15
File = tuple[str, bytes]


class VisitFailed(Exception):
    """The site can't be reached, or a page isn't what it should be; the message says which and how."""


@dataclass(frozen=True)
class Place:
    """Where a site is: its public address, and the way there where it isn't what the name says.

    `socket_path`: the application's own socket, which believes what a proxy would tell; `address`: an IP
    address; `authority`: the certificates (PEM) to trust instead of the machine's own.
    """

    url: str
    socket_path: Path | None = None
    address: str = ""
    authority: str = ""

    @property
    def parts(self) -> SplitResult:
        """The parts of the public address."""
        return urlsplit(self.url)

    def connect(self) -> HTTPConnection:
        """A connection to the site, not open yet."""
        host, is_secure = self.parts.hostname or "", self.parts.scheme == "https"
        if self.socket_path is not None:
            return _Connection(host, socket_path=self.socket_path)
        port = self.parts.port or (443 if is_secure else 80)
        if not is_secure:
            return _Connection(host, port, address=self.address)
        context = ssl.create_default_context(cadata=self.authority or None)
        return _SecureConnection(host, port, address=self.address, context=context)


class _Connection(HTTPConnection):
    """To a socket or an address, whatever the name leads to."""

    def __init__(
        self, host: str, port: int | None = None, *, socket_path: Path | None = None, address: str = ""
    ) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self.socket_path = socket_path
        self.address = address or host

    def connect(self) -> None:
        """Connect there."""
        if self.socket_path is None:
            self.sock = socket.create_connection((self.address, self.port), TIMEOUT_SECONDS)
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(str(self.socket_path))


class _SecureConnection(HTTPSConnection):
    """The same by TLS, for the site's name."""

    def __init__(self, host: str, port: int, *, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=context)
        self.address, self.context = address or host, context

    def connect(self) -> None:
        """Connect there, and let the host prove the name."""
        plain = socket.create_connection((self.address, self.port), TIMEOUT_SECONDS)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


@dataclass(frozen=True)
class Answer:
    """An answer: its status, headers by small name, and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body of a page."""
        return self.body.decode(errors="replace")


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with the values they came with."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Visitor:
    """Somebody before the site, with cookies of their own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request over a connection of its own; redirects are not followed. Raises `VisitFailed`."""
        sent = {"Host": self.place.parts.netloc, "User-Agent": "microblog-smoke", **(headers or {})}
        if self.place.socket_path is not None:
            sent["X-Forwarded-Proto"] = self.place.parts.scheme
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection = self.place.connect()
            try:
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                small = {name.lower(): value for name, value in response.headers.items()}
                self._keep_cookies(response.headers.get_all("Set-Cookie") or [])
                return Answer(response.status, small, response.read())
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise VisitFailed(f"{method} {path}: {type(error).__name__}: {error}") from error

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def get(self, path: str, *, status: int = 200) -> Answer:
        """Load a page. Raises `VisitFailed` for another status."""
        return _expect(self.ask("GET", path), f"GET {path}", status)

    def get_anew(self, path: str, *, status: int = 200) -> Answer:
        """Load a page under an address that no cache has seen. Raises `VisitFailed` for another status."""
        return self.get(f"{path}?anew={secrets.token_hex(8)}", status=status)

    def send(self, page: str, action: str = "", /, **values: str | File) -> Answer:
        """Load a page, fill the form that goes to `action` (default: the page itself) and send it.

        A file is its name and bytes. Raises `VisitFailed` where there is no such page or form.
        """
        loaded = _expect(self.ask("GET", page), f"GET {page}", 200).text
        wanted = urlsplit(action or page).path
        forms = [form for form in read_forms(loaded, page) if urlsplit(form.action).path == wanted]
        if not forms:
            raise VisitFailed(f"GET {page}: no form that goes to {wanted}")
        body, kind = encode({**forms[0].fields, **values})
        headers = {"Content-Type": kind, "Origin": self.place.url}
        return self.ask("POST", forms[0].action, body, headers)

    def submit(self, page: str, action: str = "", /, **values: str | File) -> str:
        """As `send`; answers where the site sends its visitor then. Raises `VisitFailed` if it does not."""
        answer = _expect(self.send(page, action, **values), f"POST {action or page}", 303)
        return urlsplit(answer.headers.get("location", "")).path


def _expect(answer: Answer, what: str, status: int) -> Answer:
    if answer.status != status:
        raise VisitFailed(f"{what}: status {answer.status} instead of {status}")
    return answer


def encode(values: dict[str, str | File]) -> tuple[bytes, str]:
    """The body of a form, and its type."""
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    files = {name: value for name, value in values.items() if not isinstance(value, str)}
    if not files:
        return urlencode(texts).encode(), "application/x-www-form-urlencoded"
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in texts.items()
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, (file, content) in files.items()
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class _FormReader(HTMLParser):
    """Collects forms with the fields that hold a value of their own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a form, or a field of the last one."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action") or self.page))
        elif self.forms and tag == "textarea":
            self._area = values.get("name", "")
            self.forms[-1].fields[self._area] = ""
        elif self.forms and tag == "input" and values.get("type") not in ("checkbox", "radio", "file"):
            self.forms[-1].fields[values.get("name", "")] = values.get("value", "")

    def handle_data(self, data: str) -> None:
        """Take in what a text area holds."""
        if self._area:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        """End a text area; a browser drops the line break that follows its beginning."""
        if tag == "textarea" and self._area:
            self.forms[-1].fields[self._area] = self.forms[-1].fields[self._area].removeprefix("\n")
            self._area = ""


def read_forms(html: str, page: str) -> list[Form]:
    """The forms of a page whose path is `page`."""
    reader = _FormReader(page)
    reader.feed(html)
    return reader.forms
