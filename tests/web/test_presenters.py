"""Rows become what templates show."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_babel import Babel
from markupsafe import Markup

from microblog.web.presenters import (
    present_account,
    present_days,
    present_notifications,
    present_sessions,
    present_status,
    present_statuses,
    present_tags,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Reader:
    account_id: int = 3
    time_zone: str = "Asia/Tokyo"
    session_id: int = 8


@pytest.fixture(autouse=True)
def page() -> Iterator[None]:
    app = Flask("presenters")
    Babel(app)
    with app.test_request_context():
        yield


def status_row(**changes: object) -> SimpleNamespace:
    values: dict[str, object] = {
        "id": 99,
        "shown_id": 99,
        "reblog_of_id": None,
        "account_id": 3,
        "spoiler_text": "",
        "content": "<p>Hello</p>",
        "created_at": NOW - timedelta(hours=2, microseconds=5),
        "edited_at": None,
        "visibility": "public",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "in_reply_to_username": None,
        "replies_count": 0,
        "author_username": "ada",
        "author_display_name": "Ada <b>",
        "author_avatar_key": None,
    }
    return SimpleNamespace(**(values | changes))


def account_row(**changes: object) -> SimpleNamespace:
    values: dict[str, object] = {
        "id": 3,
        "username": "ada",
        "display_name": "",
        "note_html": "<p>Numbers</p>",
        "avatar_key": "k1",
        "role": "user",
        "created_at": NOW,
        "statuses_count": 1,
        "followers_count": 2,
        "following_count": 3,
    }
    return SimpleNamespace(**(values | changes))


def test_a_post_for_a_visitor() -> None:
    view = present_status(status_row(), None, NOW)

    assert view.url == "/@ada/99"
    assert view.author.url == "/@ada"
    assert view.author.avatar_url == "/avatars/3.svg"
    assert view.content == Markup("<p>Hello</p>")
    assert view.created_iso == "2026-11-21T09:59:59+00:00"
    assert view.created_relative == "2h"
    assert view.created_exact.endswith("UTC")
    assert (view.in_reply_to_url, view.edited_exact, view.replies_text) == ("", "", "")
    assert view.is_own is False
    assert view.reply_url == view.url


def test_a_post_for_its_author_in_their_time_zone() -> None:
    view = present_status(status_row(edited_at=NOW, replies_count=12_345), Reader(), NOW)

    assert view.is_own is True
    assert view.delete_url == "/@ada/99/delete"
    assert view.reply_url == "/write?in_reply_to=99"
    assert view.created_exact.endswith("JST")
    assert view.edited_exact.endswith("JST")
    assert view.replies_text == "12.3K"


def test_a_reply_leads_to_what_it_answers() -> None:
    view = present_status(status_row(in_reply_to_id=7, in_reply_to_username="bob"), None, NOW)

    assert (view.in_reply_to_url, view.in_reply_to_acct) == ("/@bob/7", "bob")


def test_a_reply_whose_parent_is_gone_links_nowhere() -> None:
    view = present_status(status_row(in_reply_to_username="bob"), None, NOW)

    assert (view.in_reply_to_url, view.in_reply_to_acct) == ("", "")


def test_posts_keep_their_order() -> None:
    views = present_statuses([status_row(id=5), status_row(id=9), status_row(id=1)], None)

    assert [view.id for view in views] == [5, 9, 1]


def test_a_profile() -> None:
    view = present_account(account_row(), Reader())

    assert view.display_name == "ada"
    assert view.avatar_url == "/media/k1/96.webp"
    assert view.avatar_large_url == "/media/k1/400.webp"
    assert view.has_avatar is True
    assert view.note == Markup("<p>Numbers</p>")
    assert view.created_month == "November 2026"
    assert (view.followers_url, view.following_url) == ("/@ada/followers", "/@ada/following")


def test_a_name_in_a_sentence_is_escaped() -> None:
    view = present_status(status_row(), None, NOW)

    assert view.author.link == '<a href="/@ada"><bdi class="name">Ada &lt;b&gt;</bdi></a>'


def test_notifications_know_what_is_new() -> None:
    who = {"id": 4, "username": "bob", "display_name": "Bob", "avatar_key": None}
    rows = [
        (SimpleNamespace(notification_id=12, kind="mention", notified_at=NOW, **who), status_row()),
        (SimpleNamespace(notification_id=11, kind="follow", notified_at=NOW, **who), None),
        (
            SimpleNamespace(notification_id=10, kind="mention", notified_at=NOW, **who),
            status_row(in_reply_to_account_id=Reader().account_id),
        ),
    ]

    mention, follow, reply = present_notifications(rows, Reader(), 11, NOW)
    assert [mention.kind, follow.kind, reply.kind] == ["mention", "follow", "reply"]

    assert (mention.is_unread, follow.is_unread) == (True, False)
    assert mention.status is not None
    assert mention.status.is_own
    assert follow.status is None
    assert mention.account.acct == "bob"


def test_a_boost_shows_the_post_and_who_repeats_it() -> None:
    booster = {"booster_username": "bob", "booster_display_name": "", "booster_avatar_key": None}
    view = present_status(status_row(id=120, reblog_of_id=99, row_account_id=4, **booster), None, NOW)

    assert (view.id, view.url, view.author.acct) == (120, "/@ada/99", "ada")
    assert view.booster is not None
    assert view.booster.link == '<a href="/@bob"><bdi class="name">bob</bdi></a>'


def test_sessions_tell_the_present_one() -> None:
    row = {"created_at": NOW, "last_used_at": NOW}
    rows = [
        SimpleNamespace(id=8, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0", **row),
        SimpleNamespace(id=9, user_agent=None, **row),
    ]

    here, other = present_sessions(rows, Reader())

    assert (here.device, here.is_current) == ("Firefox on Linux", True)
    assert (other.device, other.is_current) == ("Unknown browser", False)
    assert here.last_used_exact.endswith("JST")


def test_tags_lead_to_their_pages() -> None:
    [tag] = present_tags([("caffè", 3)])

    assert (tag.name, tag.url, tag.count) == ("caffè", "/tags/caff%C3%A8", 3)


def test_days_come_oldest_first() -> None:
    figures = {"statuses": 1, "active_accounts": 2, "sign_ups": 3, "mails": 4}
    rows = [SimpleNamespace(day=date(2026, 1, day), **figures) for day in (3, 1, 2)]

    assert [view.day.day for view in present_days(rows)] == [1, 2, 3]
