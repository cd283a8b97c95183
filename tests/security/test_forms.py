"""Every field of every form takes what attackers write: nothing breaks, nothing comes back unescaped."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import text

from microblog.bootstrap import Resources
from microblog.data.session import Database
from tests.factories import PASSWORD
from tests.site import Browser, Form, mailed_token, read_forms

# Each is recognised in a page where it stands unescaped or was evaluated.
PROBES = {
    "markup": ("<xss-probe>&", ["<xss-probe"]),
    "script": ("<script>probe()</script>", ["<script>probe"]),
    "attribute": ("x\" onprobe='1' y=\"", []),
    "textarea": ("</textarea><xss-probe>", ["<xss-probe", "</textarea><xss"]),
    "url": ('javascript:probe() http://a.example/"onprobe=1 https://<xss-probe>', ["<xss-probe"]),
    "template": ("{{ 6133 * 7919 }}{% probe %}${6133*7919}#{6133*7919}", ["48567227"]),
    "format": ("%(name)s %s %n {0} {name.__class__} %", ["&lt;class", "<class"]),
    "control": ("a\x00b\x08c\x1b[31md\r\nSet-Cookie: probe=1\u2028e\x7ff", ["\x00", "\x08", "\x1b"]),
    "bidi": ("safe\u202egnp.exe\u2066\u200b", []),
    "sql": ("'; DROP TABLE accounts; -- \\'", []),
    "unicode": ("\ufeff\ud7ff\U0010ffff\u0300\u0301" * 20, []),
    "long": ("x" * 1_000_000, []),
    "pattern": ("http://" * 8_000 + "@a#b" * 2_000, []),
}
READING = [
    "/",
    "/explore",
    "/@alice",
    "/@alice/followers",
    "/home",
    "/notifications",
    "/settings/profile",
    "/settings/account",
    "/settings/preferences",
    "/settings/sessions",
    "/settings/applications",
    "/settings/authorized",
    "/write",
    "/statistics",
    "/about",
]
CONTROLS = [chr(code) for code in (0, 1, 8, 27, 127, 0x202E, 0x2066)]


def find_forms(visitor: Browser, pages: list[str]) -> Iterator[tuple[str, Form]]:
    """Each different form on these pages, with the page that it stands on."""
    seen = set()
    for page in pages:
        answer = visitor.get(page)
        if answer.status_code != 200:
            continue
        for form in read_forms(answer.text, page):
            key = (urlsplit(form.action).path, *sorted({*form.fields, *form.files}), *form.buttons)
            if key not in seen:
                seen.add(key)
                yield page, form


def fields_of(form: Form) -> list[str]:
    return [name for name in form.fields if name != "csrf_token"]


class Danger(HTMLParser):
    """Finds attributes and addresses that nobody of the site wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            is_script = name in ("href", "src", "action") and (value or "").strip().lower().startswith(
                "javascript"
            )
            if "probe" in name or "probe" in tag or name.startswith("on") or is_script:
                self.found.append(f"<{tag} {name}={value}>")


def is_clean(page: str, marks: list[str]) -> bool:
    reader = Danger()
    reader.feed(page)
    return not reader.found and not any(mark in page for mark in marks)


@pytest.fixture
def links(people: Callable[..., Browser], database: Database, site_resources: Resources) -> list[str]:
    """Pages behind mailed links, of somebody else than alice."""
    people("carol", is_confirmed=False)
    visitor = people("dora")
    visitor.submit("/reset-password", email="dora@example.org")
    with database.unit_of_work() as session:
        account_id = session.scalar(text("SELECT id FROM accounts WHERE username = 'dora'")) or 0
    reset = mailed_token(database, site_resources, "dora", "reset_password")
    stop = site_resources.links.sign_unsubscribe(account_id, "mentions")
    return [f"/reset-password/new?token={reset}", f"/unsubscribe?token={stop}"]


@pytest.mark.parametrize("probe", PROBES)
def test_forms_of_visitors(app: Flask, people: Callable[..., Browser], links: list[str], probe: str) -> None:
    people("alice")
    value, marks = PROBES[probe]
    pages = ["/", "/sign-up", "/log-in?next=/home", "/reset-password", "/about", *links]
    forms = list(find_forms(Browser(app), pages))
    assert {urlsplit(form.action).path for _page, form in forms} >= {
        "/sign-up",
        "/log-in",
        "/reset-password",
        "/theme",
    }
    for page, form in forms:
        for name in fields_of(form):
            visitor = Browser(app)
            fresh = next(one for one in visitor.forms(page) if set(one.fields) == set(form.fields))
            filled = {
                "username": "somebody",
                "email": "s@example.org",
                "password": PASSWORD,
                "identifier": "alice",
            }
            fresh.fields.update({key: filled.get(key, present) for key, present in fresh.fields.items()})
            answer = visitor.post(form.action, {**fresh.fields, name: value})
            assert answer.status_code in (200, 303, 400, 403, 413, 422), (form.action, name)
            assert is_clean(answer.text, marks), (form.action, name)
            assert_stays_here(answer.location)


def assert_stays_here(location: str | None) -> None:
    assert location is None or (location.startswith("/") and not location.startswith(("//", "/\\")))


@pytest.mark.parametrize("probe", PROBES)
def test_forms_of_people(people: Callable[..., Browser], browser: Browser, probe: str) -> None:
    alice, bob = people("alice"), people("bob")
    alice.submit("/write", text="A first one for @bob")
    address = alice.get("/home").text.split('class="post-time" href="', 1)[1].split('"', 1)[0]
    value, marks = PROBES[probe]
    forms = list(find_forms(bob, [*READING, address, "/@alice"]))
    actions = {urlsplit(form.action).path for _page, form in forms}
    assert actions >= {"/write", "/log-out", "/theme", "/@alice/follow", *settings_pages()}
    for _page, form in forms:
        if form.action == "/log-out":
            continue
        for name in [*fields_of(form), *(button for button, _value in form.buttons)]:
            data = {**form.fields, **dict(form.buttons), name: value}
            answer = bob.post(form.action, data)
            assert answer.status_code in (200, 303, 400, 403, 404, 413, 422), (form.action, name)
            assert is_clean(answer.text, marks), (form.action, name)
            assert_stays_here(answer.location)
    for reader in (bob, alice, browser):
        for page in (*READING, "/@bob", address):
            answer = reader.get(page)
            assert answer.status_code < 500, page
            assert is_clean(answer.text, [*marks, *CONTROLS]), page


def settings_pages() -> set[str]:
    return {"/settings/profile", "/settings/account", "/settings/preferences", "/settings/applications"}


@pytest.mark.parametrize("probe", [name for name in PROBES if name not in ("long", "pattern")])
def test_addresses_and_headers(people: Callable[..., Browser], probe: str) -> None:
    alice = people("alice")
    value, marks = PROBES[probe]
    headers = {
        "User-Agent": value,
        "Accept-Language": value,
        "X-Request-ID": value,
        "X-Forwarded-For": value,
        "Referer": value,
    }
    plain = {name: "".join(c for c in text if 31 < ord(c) < 127) for name, text in headers.items()}
    for page in (
        "/",
        "/@alice",
        "/tags/x",
        "/write",
        "/log-in",
        "/confirm-email",
        "/reset-password/new",
        "/unsubscribe",
    ):
        for name in ("max_id", "min_id", "in_reply_to", "next", "token", "theme", "_external", "lang"):
            answer = alice.client.get(page, query_string={name: value}, headers=plain)
            assert answer.status_code < 500, (page, name)
            assert is_clean(answer.text, marks), (page, name)
            assert_stays_here(answer.location)
    for path in ("/@", "/tags/", "/media/", "/static/x/", "/", "/api/"):
        answer = alice.get(path + value.replace("%", "%25").replace("#", "%23").replace("?", "%3F"))
        assert answer.status_code < 500, path
        assert is_clean(answer.text, marks), path
    other = Browser(alice.client.application)
    other.client.environ_base["HTTP_USER_AGENT"] = plain["User-Agent"]
    other.log_in("alice")
    assert is_clean(other.get("/settings/sessions").text, marks)
