"""Notifications: telling people, listing, and what they have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import notifications as queries
from microblog.data.queries import statuses as status_queries
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.errors import NotFound
from microblog.domain.pages import Page, PageRequest

MENTION = "mention"
# Somebody whose posts one asked to be told of has written one.
STATUS = "status"
REBLOG = "reblog"
FOLLOW = "follow"
FOLLOW_REQUEST = "follow_request"
FAVOURITE = "favourite"
# A post that one boosted was edited.
UPDATE = "update"
KINDS = (MENTION, STATUS, REBLOG, FOLLOW, FOLLOW_REQUEST, FAVOURITE, UPDATE)
TIMELINE = "notifications"


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One notification. `account`: the row of who caused it (data/queries/accounts.py's columns)."""

    id: int
    kind: str
    created_at: datetime
    account: AnyRow
    status: StatusRow | None


def notify(
    session: Session, account_ids: Sequence[int], *, from_account_id: int, kind: str, status_id: int | None
) -> None:
    """Tell these accounts that somebody did something; a second time tells nothing new."""
    queries.insert_notifications(
        session, account_ids, from_account_id=from_account_id, kind=kind, status_id=status_id
    )


def take_back(
    session: Session, account_id: int, *, from_account_id: int, kind: str, status_id: int | None
) -> None:
    """What an account was told isn't so any more."""
    queries.delete_notification_of(
        session, account_id, from_account_id=from_account_id, kind=kind, status_id=status_id
    )


def notify_followed(session: Session, account_id: int, *, follower_id: int) -> None:
    """Tell an account of its new follower, once."""
    notify(session, [account_id], from_account_id=follower_id, kind=FOLLOW, status_id=None)


def notify_follow_requested(session: Session, account_id: int, *, follower_id: int) -> None:
    """Tell a locked account that somebody would like to follow it."""
    notify(session, [account_id], from_account_id=follower_id, kind=FOLLOW_REQUEST, status_id=None)


def notify_posted(session: Session, *, author_id: int, status_id: int) -> None:
    """Tell those who asked to be told of each post of this author."""
    queries.notify_followers(session, from_account_id=author_id, kind=STATUS, status_id=status_id)


def notify_edited(session: Session, *, author_id: int, status_id: int) -> None:
    """Tell those who boosted a post that it says something else now."""
    queries.notify_boosters(session, from_account_id=author_id, kind=UPDATE, status_id=status_id)


def list_notifications(
    session: Session,
    *,
    account_id: int,
    page: PageRequest,
    kinds: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    from_account_id: int | None = None,
) -> Page[NotificationRow]:
    """A page of notifications, newest first. Two statements. Those of posts that may not be seen any
    more are out.

    `kinds`: only these; `left_out`: none of these; `from_account_id`: only what this account caused.
    """
    found = queries.read_notifications(
        session, page, account_id, kinds=kinds, left_out=left_out, from_account_id=from_account_id
    )
    return Page(_with_statuses(session, found.items, account_id), found.older, found.newer, found.newest)


def get_notification(session: Session, *, account_id: int, notification_id: int) -> NotificationRow:
    """One notification of one's own. Raises NotFound."""
    row = queries.get_notification(session, account_id, notification_id)
    found = _with_statuses(session, [row], account_id) if row is not None else []
    if not found:
        raise NotFound
    return found[0]


def _with_statuses(session: Session, rows: Sequence[AnyRow], account_id: int) -> list[NotificationRow]:
    ids = [row.status_id for row in rows if row.status_id is not None]
    statuses = {row.id: row for row in status_queries.get_statuses(session, ids, account_id)} if ids else {}
    return [
        NotificationRow(row.notification_id, row.kind, row.notified_at, row, statuses.get(row.status_id))
        for row in rows
        if row.status_id is None or row.status_id in statuses
    ]


def dismiss(session: Session, *, account_id: int, notification_id: int) -> None:
    """Take one notification away. Raises NotFound."""
    if not queries.delete_notification(session, account_id, notification_id):
        raise NotFound


def clear(session: Session, *, account_id: int) -> None:
    """Take all notifications away."""
    queries.delete_notifications(session, account_id)


def last_read_id(session: Session, *, account_id: int) -> int:
    """Up to which notification the person has read."""
    return queries.get_last_read_id(session, account_id, TIMELINE)


def mark_read(session: Session, *, account_id: int, up_to_id: int) -> None:
    """Note that the person has read all notifications up to this one."""
    queries.move_marker(session, account_id, TIMELINE, up_to_id)
