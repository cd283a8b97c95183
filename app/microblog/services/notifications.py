"""Notifications: telling people, listing, and what they have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import notifications as queries
from microblog.data.queries import statuses as status_queries
from microblog.data.queries.statuses import StatusRow
from microblog.domain.pages import Page, PageRequest

MENTION = "mention"
FOLLOW = "follow"
FOLLOW_REQUEST = "follow_request"
TIMELINE = "notifications"


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One notification. `account` caused it: `account_id`, `username`, `display_name`, `avatar_key`."""

    id: int
    kind: str
    created_at: datetime
    account: AnyRow
    status: StatusRow | None


def notify_mentioned(session: Session, account_ids: Sequence[int], *, author_id: int, status_id: int) -> None:
    """Tell these accounts that a status names them."""
    queries.insert_notifications(
        session, account_ids, from_account_id=author_id, kind=MENTION, status_id=status_id
    )


def notify_followed(session: Session, account_id: int, *, follower_id: int) -> None:
    """Tell an account of its new follower, once."""
    queries.insert_notifications(
        session, [account_id], from_account_id=follower_id, kind=FOLLOW, status_id=None
    )


def notify_follow_requested(session: Session, account_id: int, *, follower_id: int) -> None:
    """Tell a locked account of who would like to follow it, once."""
    queries.insert_notifications(
        session, [account_id], from_account_id=follower_id, kind=FOLLOW_REQUEST, status_id=None
    )


def list_notifications(session: Session, *, account_id: int, page: PageRequest) -> Page[NotificationRow]:
    """A page of notifications, newest first. Two statements. Those of posts that may not be seen any
    more are out.
    """
    found = queries.read_notifications(session, page, account_id)
    ids = [row.status_id for row in found.items if row.status_id is not None]
    statuses = {row.id: row for row in status_queries.get_statuses(session, ids, account_id)} if ids else {}
    items = [
        NotificationRow(row.id, row.kind, row.created_at, row, statuses.get(row.status_id))
        for row in found.items
        if row.status_id is None or row.status_id in statuses
    ]
    return Page(items, found.older, found.newer)


def last_read_id(session: Session, *, account_id: int) -> int:
    """Up to which notification the person has read."""
    return queries.get_last_read_id(session, account_id, TIMELINE)


def mark_read(session: Session, *, account_id: int, up_to_id: int) -> None:
    """Note that the person has read all notifications up to this one."""
    queries.move_marker(session, account_id, TIMELINE, up_to_id)
