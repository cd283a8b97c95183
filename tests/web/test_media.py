"""Pictures: uploaded ones, and drawn initials."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from microblog.bootstrap import Resources
from microblog.data.session import Database
from tests.site import Browser

KEY = "abcdefghijklmnopqrstuvwx"


@pytest.fixture
def stored(site_resources: Resources) -> str:
    site_resources.storage.put(KEY, "96.webp", b"<html><script>alert(1)</script>", "image/webp")
    site_resources.storage.put(KEY, "original", b"as uploaded", "image/png")
    return f"/media/{KEY}/96.webp"


def test_a_picture_is_a_picture_whatever_it_holds(browser: Browser, stored: str) -> None:
    answer = browser.get(stored)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, s-maxage=600, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert browser.get(stored, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_header_is_served_too(browser: Browser, site_resources: Resources) -> None:
    for name in ("600.webp", "1500.webp"):
        site_resources.storage.put(KEY, name, b"a picture", "image/webp")
        assert browser.get(f"/media/{KEY}/{name}").data == b"a picture"


@pytest.mark.parametrize(
    "path",
    [
        f"/media/{KEY}/original",
        f"/media/{KEY}",
        f"/media/{KEY}/400.webp",
        f"/media/{KEY}/96.html",
        "/media/x/96.webp",
        f"/media/../media/{KEY}/original",
        "/media/../../etc/passwd",
        "/media/%2e%2e/%2e%2e/96.webp",
        f"/media/{KEY}/../{KEY}/96.webp",
        "/media/a/b/c/96.webp",
        "/media/%00/96.webp",
        "/media//96.webp",
    ],
)
def test_nothing_else_is_served(browser: Browser, stored: str, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404 or (
        answer.status_code == 308 and browser.get(answer.location).status_code == 404
    )


def test_initials(people: Callable[..., Browser], browser: Browser, database: Database) -> None:
    alice = people("alice", is_confirmed=False)
    alice.submit("/settings/profile", display_name="<b>& \u202e Zoë Åström")
    with database.unit_of_work() as session:
        account_id = session.scalar(text("SELECT id FROM accounts"))
    answer = browser.get(f"/avatars/{account_id}.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "<b>" not in answer.text
    assert "Å</text>" in answer.text
    with database.unit_of_work() as session:
        session.execute(text("UPDATE accounts SET suspended_at = now()"))
    assert browser.get(f"/avatars/{account_id}.svg").status_code == 404


def test_a_store_that_cannot_be_read_is_away(
    browser: Browser, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: str) -> bytes:
        raise PermissionError

    monkeypatch.setattr("microblog.data.storage.DirectoryStorage.read", fail)
    answer = browser.get(stored)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
