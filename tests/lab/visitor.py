"""A visitor of the lab's site: TLS by the environment's own authority, cookies, forms as pages have them."""

import mimetypes
import secrets
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPSConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from tests.site import Form, read_forms

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """A response: its status, headers by small name, and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body of a page."""
        return self.body.decode()


class _Connection(HTTPSConnection):
    """To an address, by a name that need not lead there."""

    def __init__(self, address: str, name: str, context: ssl.SSLContext) -> None:
        super().__init__(name, timeout=TIMEOUT_SECONDS, context=context)
        self._address, self._context_of_name = address, context

    def connect(self) -> None:
        """Connect to the address and prove the name."""
        plain = socket.create_connection((self._address, 443), timeout=TIMEOUT_SECONDS)
        self.sock = self._context_of_name.wrap_socket(plain, server_hostname=self.host)


class Visitor:
    """Somebody before the site, with cookies of their own."""

    def __init__(self, address: str, name: str, authority: str) -> None:
        self.address, self.name = address, name
        self.context = ssl.create_default_context(cadata=authority)
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request over a connection of its own; redirects are not followed."""
        sent = {"User-Agent": "lab", "Accept-Encoding": "identity", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = _Connection(self.address, self.name, self.context)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            small = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, small, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        """Load a page."""
        return self.ask("GET", path)

    def submit(self, page: str, action: str = "", /, **values: str | tuple[str, bytes]) -> Answer:
        """Load a page, fill the form that goes to `action` (default: the page itself), send it, follow once.

        A file is given as its name and bytes.
        """
        loaded = self.get(page)
        assert loaded.status == 200, f"{page}: {loaded.status}"
        form = self._find_form(read_forms(loaded.text, page), action or page, set(values))
        answer = self._send(form, page, {**form.fields, **values})
        if answer.status in {302, 303}:
            target = urlsplit(answer.headers["location"])
            return self.get(target.path + (f"?{target.query}" if target.query else ""))
        return answer

    def _find_form(self, forms: list[Form], action: str, names: set[str]) -> Form:
        wanted = urlsplit(action).path
        for form in forms:
            if urlsplit(form.action).path == wanted and names <= {*form.fields, *form.files}:
                return form
        raise AssertionError(f"no form for {wanted} with {names}: {[each.action for each in forms]}")

    def _send(self, form: Form, page: str, values: dict[str, str | tuple[str, bytes]]) -> Answer:
        headers = {"Origin": f"https://{self.name}", "Referer": f"https://{self.name}{page}"}
        if any(isinstance(value, tuple) for value in values.values()):
            boundary = secrets.token_hex(16)
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            body = b"".join(_part(boundary, name, value) for name, value in values.items())
            body += f"--{boundary}--\r\n".encode()
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(values).encode()
        return self.ask("POST", form.action, body, headers)


def _part(boundary: str, name: str, value: str | tuple[str, bytes]) -> bytes:
    if isinstance(value, str):
        return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    file, content = value
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
    return f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
