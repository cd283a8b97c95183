"""The mailbox's web pages: a list of mails, and one mail with its text and its HTML part in a sandbox.

What a mail holds is somebody's input: it is escaped, and its HTML runs no script and fetches nothing.
"""

import re
from email.message import EmailMessage
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

#: Mails on the list's page.
LISTED = 100
#: Characters of a mail's text or HTML that are shown.
SHOWN = 200_000
LINK = re.compile(r"https?://[^\s<>\"']+")
LOCAL_HOSTS = ("localhost", "127.0.0.1")
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'"
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
HTML_POLICY = f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-inline-size: 60rem; margin: 2rem auto; padding: 0 1rem }
table { inline-size: 100%; border-collapse: collapse }
th, td { text-align: start; padding: .4rem .75rem .4rem 0; border-block-end: 1px solid #8885 }
td, pre { overflow-wrap: anywhere }
pre { white-space: pre-wrap; padding: 1rem; border: 1px solid #8885; border-radius: .5rem }
iframe { inline-size: 100%; block-size: 34rem; border: 1px solid #8885; background: #fff }
"""


class Folder(Protocol):
    """Where the mails come from."""

    def names(self) -> list[str]:
        """All names, newest first."""

    def read(self, name: str) -> EmailMessage | None:
        """One mail, or None."""


def page(title: str, body: str, refresh: str = "") -> str:
    """A whole page; `body` is HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{refresh}'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )


def header(message: EmailMessage, name: str) -> str:
    """One header, escaped."""
    return escape(str(message.get(name, "")))


def list_page(folder: Folder) -> str:
    """The newest mails; it reloads itself, as a person waits here for a mail to arrive."""
    names = folder.names()
    rows = []
    for name in names[:LISTED]:
        message = folder.read(name)
        if message is None:
            continue
        subject = header(message, "Subject") or "(no subject)"
        rows.append(
            f'<tr><td><a href="/{quote(name)}">{subject}</a></td>'
            f"<td>{header(message, 'To')}</td><td>{header(message, 'Date')}</td></tr>"
        )
    empty = "<p>No mail yet. Sign up, reset a password, or mention somebody, and it arrives here.</p>"
    table = f"<table><tr><th>Subject</th><th>To</th><th>Date</th></tr>{''.join(rows)}</table>"
    more = f"<p>The newest {LISTED} of {len(names)}.</p>" if len(names) > LISTED else ""
    refresh = '<meta http-equiv="refresh" content="5">'
    return page("Mailbox", f"<h1>Mailbox</h1>{table if rows else empty}{more}", refresh)


def part(message: EmailMessage, kind: str) -> str | None:
    """The mail's text of a kind ("plain", "html"), None where it has none."""
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return None
    return str(body.get_content())[:SHOWN]


def with_links(text: str) -> str:
    """The text, escaped, its links clickable."""
    pieces = []
    last = 0
    for found in LINK.finditer(text):
        link = escape(found.group())
        pieces.append(escape(text[last : found.start()]))
        pieces.append(f'<a href="{link}" target="_blank" rel="noopener noreferrer">{link}</a>')
        last = found.end()
    return "".join([*pieces, escape(text[last:])])


def mail_page(name: str, message: EmailMessage) -> str:
    """One mail: its headers, its text, and its HTML in a frame that runs nothing."""
    rows = "".join(
        f"<tr><th>{label}</th><td>{header(message, label)}</td></tr>"
        for label in ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
        if message.get(label)
    )
    text, html = part(message, "plain"), part(message, "html")
    blocks = [
        f'<p><a href="/">All mails</a> · <a href="/{quote(name)}/raw">Source</a></p>',
        f"<table>{rows}</table>",
    ]
    if text is not None:
        blocks.append(f"<h2>Text</h2><pre>{with_links(text)}</pre>")
    if html is not None:
        blocks.append(
            f'<h2>HTML</h2><iframe src="/{quote(name)}/html" title="HTML part of the mail"'
            f' sandbox="{SANDBOX}"></iframe>'
        )
    return page(str(message.get("Subject", "Mail")), "".join(blocks))


def answer(folder: Folder, path: str) -> tuple[HTTPStatus, str, str, str]:
    """The status, content type, policy and content for a path."""
    plain, markup = "text/plain; charset=utf-8", "text/html; charset=utf-8"
    name, _, view = unquote(urlsplit(path).path).strip("/").partition("/")
    if not name:
        return HTTPStatus.OK, markup, PAGE_POLICY, list_page(folder)
    message = folder.read(name)
    if message is None or view not in ("", "html", "raw"):
        return (
            HTTPStatus.NOT_FOUND,
            markup,
            PAGE_POLICY,
            page("No such mail", '<p>No such mail. <a href="/">All mails</a></p>'),
        )
    if view == "raw":
        return HTTPStatus.OK, plain, PAGE_POLICY, message.as_bytes().decode("utf-8", "replace")[:SHOWN]
    if view == "html":
        return HTTPStatus.OK, markup, HTML_POLICY, f'<base target="_blank">{part(message, "html") or ""}'
    return HTTPStatus.OK, markup, PAGE_POLICY, mail_page(name, message)


def make_handler(folder: Folder, address: str) -> type[BaseHTTPRequestHandler]:
    """The request handler of the mailbox's web server, which is asked for as `address` or as localhost."""

    class Handler(BaseHTTPRequestHandler):
        """Answers GET; logs nothing, for a mail's page is asked for by a name that holds an address."""

        server_version = "mailbox"
        timeout = 10

        def do_GET(self) -> None:
            """Show the list, a mail, its HTML part or its source."""
            host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
            if host not in {*LOCAL_HOSTS, address}:
                # Another name that leads here is a page elsewhere that wants the mails (DNS rebinding).
                self.send_error(HTTPStatus.FORBIDDEN, "Open it as localhost")
                return
            status, kind, policy, content = answer(folder, self.path)
            body = content.encode("utf-8", "replace")
            self.send_response(status)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", policy),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    return Handler
