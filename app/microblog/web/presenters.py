"""What templates show: light objects made from rows, so that a template has loops and conditions only.

Rows are read by attribute (SQLAlchemy Core rows of the data package, shapes in its queries). Addresses are
put together here rather than by ``url_for``: that would cost more than the rest of a post.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from urllib.parse import quote

from markupsafe import Markup

from microblog.domain.pictures import avatar_url
from microblog.web.devices import device_name
from microblog.web.filters import Clock, clock_for, short_number

# Core rows carry no static type per column.
Row = Any


class ViewerLike(Protocol):
    """The part of the signed-in viewer that presenting needs."""

    @property
    def account_id(self) -> int:
        """Id of the viewer's account."""

    @property
    def time_zone(self) -> str:
        """IANA name of the viewer's time zone."""

    @property
    def session_id(self) -> int:
        """Id of the session the viewer came with."""


@dataclass(slots=True)
class AuthorView:
    """Who wrote a post: names, and addresses of profile and picture (96 px)."""

    id: int
    username: str
    acct: str
    display_name: str
    url: str
    avatar_url: str

    @property
    def link(self) -> Markup:
        """The name as a link to the profile, for use inside a translated sentence."""
        return Markup('<a href="{}"><bdi class="name">{}</bdi></a>').format(self.url, self.display_name)


@dataclass(slots=True)
class AccountView(AuthorView):
    """A profile. ``note`` is stored sanitised HTML; ``created_month`` reads like ``November 2026``."""

    avatar_large_url: str
    has_avatar: bool
    followers_url: str
    following_url: str
    note: Markup
    created_at: datetime
    created_month: str
    statuses_count: int
    followers_count: int
    following_count: int
    role: str


@dataclass(slots=True)
class StatusView:
    """A post, or ``booster``'s boost of one. ``content`` is stored sanitised HTML; times come with texts."""

    id: int
    url: str
    author: AuthorView
    content: Markup
    created_at: datetime
    created_iso: str
    created_exact: str
    created_relative: str
    edited_at: datetime | None
    edited_exact: str
    visibility: str
    in_reply_to_url: str
    in_reply_to_acct: str
    replies_count: int
    replies_text: str
    is_own: bool
    delete_url: str
    reply_url: str
    spoiler_text: str
    booster: AuthorView | None


@dataclass(slots=True)
class NotificationView:
    """Something that happened to the viewer: ``kind`` as in services/notifications.py, or ``reply``."""

    id: int
    kind: str
    created_at: datetime
    created_iso: str
    created_exact: str
    created_relative: str
    account: AuthorView
    status: StatusView | None
    is_unread: bool


@dataclass(slots=True)
class SessionView:
    """One log-in of the viewer. ``device`` reads like ``Firefox on Linux``."""

    id: int
    device: str
    created_at: datetime
    created_exact: str
    last_used_at: datetime
    last_used_exact: str
    is_current: bool


@dataclass(slots=True)
class TagView:
    """A hashtag without its ``#``, its page, and how often it was used."""

    name: str
    url: str
    count: int


@dataclass(slots=True)
class DayView:
    """The figures of one UTC day."""

    day: date
    statuses: int
    active_accounts: int
    sign_ups: int
    mails: int


def present_statuses(
    rows: Iterable[Row], viewer: ViewerLike | None, now: datetime | None = None
) -> list[StatusView]:
    """Return the posts of a page, in order, with times in the viewer's time zone (UTC when signed out)."""
    clock = clock_for(viewer.time_zone if viewer else None, now)
    viewer_id = viewer.account_id if viewer else 0
    return [_status(row, viewer_id, clock) for row in rows]


def present_status(row: Row, viewer: ViewerLike | None, now: datetime | None = None) -> StatusView:
    """Return one post; see ``present_statuses``."""
    return present_statuses((row,), viewer, now)[0]


def present_accounts(rows: Iterable[Row], viewer: ViewerLike | None = None) -> list[AccountView]:
    """Return the accounts of a page, in order."""
    clock = clock_for(viewer.time_zone if viewer else None)
    return [_account(row, clock) for row in rows]


def present_account(row: Row, viewer: ViewerLike | None = None) -> AccountView:
    """Return one account; see ``present_accounts``."""
    return present_accounts((row,), viewer)[0]


def present_notifications(
    pairs: Iterable[tuple[Row, Row | None]],
    viewer: ViewerLike,
    last_read_id: int = 0,
    now: datetime | None = None,
) -> list[NotificationView]:
    """Return notifications from pairs (notification row, status row or None); newer than
    ``last_read_id`` is unread.
    """
    clock = clock_for(viewer.time_zone, now)
    return [_notification(row, status, viewer.account_id, last_read_id, clock) for row, status in pairs]


def present_sessions(rows: Iterable[Row], viewer: ViewerLike) -> list[SessionView]:
    """Return sessions from rows with ``id user_agent created_at last_used_at``."""
    clock = clock_for(viewer.time_zone)
    return [
        SessionView(
            id=row.id,
            device=device_name(row.user_agent),
            created_at=row.created_at,
            created_exact=clock.exact(row.created_at),
            last_used_at=row.last_used_at,
            last_used_exact=clock.exact(row.last_used_at),
            is_current=row.id == viewer.session_id,
        )
        for row in rows
    ]


def present_tags(rows: Iterable[Row]) -> list[TagView]:
    """Return tags from (name, count) pairs, in order."""
    return [TagView(name, f"/tags/{quote(name)}", count) for name, count in rows]


def present_days(rows: Iterable[Row]) -> list[DayView]:
    """Return daily figures, oldest first, from rows with ``day statuses active_accounts sign_ups mails``."""
    days = [DayView(row.day, row.statuses, row.active_accounts, row.sign_ups, row.mails) for row in rows]
    return sorted(days, key=lambda view: view.day)


def _author(account_id: int, username: str, display_name: str, avatar_key: str | None) -> AuthorView:
    return AuthorView(
        account_id,
        username,
        username,
        display_name or username,
        f"/@{username}",
        avatar_url(account_id, avatar_key),
    )


def _account(row: Row, clock: Clock) -> AccountView:
    url = f"/@{row.username}"
    return AccountView(
        id=row.id,
        username=row.username,
        acct=row.username,
        display_name=row.display_name or row.username,
        url=url,
        avatar_url=avatar_url(row.id, row.avatar_key),
        avatar_large_url=avatar_url(row.id, row.avatar_key, 400),
        has_avatar=row.avatar_key is not None,
        followers_url=f"{url}/followers",
        following_url=f"{url}/following",
        note=Markup(row.note_html or ""),  # noqa: S704 - stored sanitised
        created_at=row.created_at,
        created_month=clock.month(row.created_at),
        statuses_count=row.statuses_count,
        followers_count=row.followers_count,
        following_count=row.following_count,
        role=row.role,
    )


def _status(row: Row, viewer_id: int, clock: Clock) -> StatusView:
    author = _author(row.account_id, row.author_username, row.author_display_name, row.author_avatar_key)
    url = f"{author.url}/{row.shown_id}"
    created, edited, replied = row.created_at, row.edited_at, row.in_reply_to_username
    # Whose parent is deleted keeps the name it answered, with nothing to link to.
    is_reply = bool(replied and row.in_reply_to_id)
    return StatusView(
        row.id,
        url,
        author,
        Markup(row.content),  # noqa: S704 - stored sanitised
        created,
        created.isoformat(timespec="seconds"),
        clock.exact(created),
        clock.relative(created),
        edited,
        clock.exact(edited) if edited else "",
        row.visibility,
        f"/@{replied}/{row.in_reply_to_id}" if is_reply else "",
        replied if is_reply else "",
        row.replies_count,
        short_number(row.replies_count, clock.locale) if row.replies_count else "",
        row.account_id == viewer_id,
        f"{url}/delete",
        f"/write?in_reply_to={row.shown_id}" if viewer_id else url,
        row.spoiler_text,
        _booster(row),
    )


def _booster(row: Row) -> AuthorView | None:
    if row.reblog_of_id is None:
        return None
    return _author(row.row_account_id, row.booster_username, row.booster_display_name, row.booster_avatar_key)


def _notification(
    row: Row, status: Row | None, viewer_id: int, last_read_id: int, clock: Clock
) -> NotificationView:
    is_answer = status is not None and status.in_reply_to_account_id == viewer_id
    return NotificationView(
        id=row.notification_id,
        kind="reply" if is_answer and row.kind == "mention" else row.kind,
        created_at=row.notified_at,
        created_iso=row.notified_at.isoformat(timespec="seconds"),
        created_exact=clock.exact(row.notified_at),
        created_relative=clock.relative(row.notified_at),
        account=_author(row.id, row.username, row.display_name, row.avatar_key),
        status=_status(status, viewer_id, clock) if status is not None else None,
        is_unread=row.notification_id > last_read_id,
    )
