"""Notifications and read markers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, all_, any_, bindparam, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, Follow, Marker, Notification, Status
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.data.queries.visibility import is_silenced, may_see
from microblog.domain.pages import Page, PageRequest

_ME = bindparam("account_id", type_=BigInteger)
_NAMES: Any = ARRAY(TEXT)
_notifications = Notification.__table__
# A post that may not be seen any more tells nothing.
_statuses, _authors = Status.__table__.alias("status"), Account.__table__.alias("author")
_is_of_visible = or_(
    _notifications.c.status_id.is_(None),
    select(literal(1))
    .select_from(_statuses.join(_authors, _authors.c.id == _statuses.c.account_id))
    .where(_statuses.c.id == _notifications.c.status_id, may_see(_statuses, _authors))
    .exists(),
)
_VISIBLE = (
    select(
        _notifications.c.id.label("notification_id"),
        _notifications.c.kind,
        _notifications.c.created_at.label("notified_at"),
        _notifications.c.status_id,
        *ACCOUNT_COLUMNS,
    )
    .join(accounts, accounts.c.id == _notifications.c.from_account_id)
    .where(
        _notifications.c.account_id == _ME,
        accounts.c.suspended_at.is_(None),
        ~is_silenced(_ME, accounts.c.id),
        _is_of_visible,
    )
)
LIST: PagedSelect = paged(
    _VISIBLE.where(
        or_(
            ~bindparam("is_chosen", type_=Boolean),
            _notifications.c.kind == any_(bindparam("kinds", type_=_NAMES)),
        ),
        _notifications.c.kind != all_(bindparam("left_out", type_=_NAMES)),
        or_(
            bindparam("from_id", type_=BigInteger).is_(None),
            _notifications.c.from_account_id == bindparam("from_id", type_=BigInteger),
        ),
    ),
    _notifications.c.id,
    "notification_id",
)
_ONE = _VISIBLE.where(_notifications.c.id == bindparam("notification_id", type_=BigInteger))
_LAST_READ = select(Marker.last_read_id).where(
    Marker.account_id == _ME, Marker.timeline == bindparam("timeline")
)


def insert_notifications(
    session: Session, account_ids: Sequence[int], *, from_account_id: int, kind: str, status_id: int | None
) -> None:
    """Tell these accounts once; repeated ones are left out."""
    values = [
        {"account_id": one, "from_account_id": from_account_id, "kind": kind, "status_id": status_id}
        for one in account_ids
    ]
    session.execute(upsert(Notification).values(values).on_conflict_do_nothing())


def notify_followers(session: Session, *, from_account_id: int, kind: str, status_id: int) -> None:
    """Tell those followers who asked to be told of each post; repeated ones are left out."""
    who = select(Follow.account_id, literal(from_account_id), literal(kind), literal(status_id)).where(
        Follow.target_account_id == from_account_id, Follow.notifies
    )
    columns = ["account_id", "from_account_id", "kind", "status_id"]
    session.execute(upsert(Notification).from_select(columns, who).on_conflict_do_nothing())


def notify_boosters(session: Session, *, from_account_id: int, kind: str, status_id: int) -> None:
    """Tell those who boosted a post, but not its author; repeated ones are left out."""
    who = select(Status.account_id, literal(from_account_id), literal(kind), literal(status_id)).where(
        Status.reblog_of_id == status_id, Status.account_id != from_account_id
    )
    columns = ["account_id", "from_account_id", "kind", "status_id"]
    session.execute(upsert(Notification).from_select(columns, who).on_conflict_do_nothing())


def delete_notification_of(
    session: Session, account_id: int, *, from_account_id: int, kind: str, status_id: int | None
) -> None:
    """Take back what an account was told: it isn't so any more."""
    session.execute(
        delete(Notification).where(
            Notification.account_id == account_id,
            Notification.from_account_id == from_account_id,
            Notification.kind == kind,
            Notification.status_id == status_id if status_id else Notification.status_id.is_(None),
        )
    )


def read_notifications(
    session: Session,
    page: PageRequest,
    account_id: int,
    *,
    kinds: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    from_account_id: int | None = None,
) -> Page[AnyRow]:
    """A page of an account's notifications: `notification_id`, `kind`, `notified_at`, `status_id`, and the
    columns of the account that caused each.

    `kinds`: only these; `left_out`: none of these; `from_account_id`: only what this one caused.
    """
    parameters = {
        "account_id": account_id,
        "viewer_id": account_id,
        "is_chosen": kinds is not None,
        "kinds": list(kinds or ()),
        "left_out": list(left_out),
        "from_id": from_account_id,
    }
    return read_page(session, LIST, page, parameters)


def get_notification(session: Session, account_id: int, notification_id: int) -> AnyRow | None:
    """One of an account's notifications, with the columns of `read_notifications`."""
    parameters = {"account_id": account_id, "viewer_id": account_id, "notification_id": notification_id}
    return session.execute(_ONE, parameters).one_or_none()


def delete_notification(session: Session, account_id: int, notification_id: int) -> bool:
    """Delete one of an account's notifications; whether there was one."""
    statement = delete(Notification).where(
        Notification.id == notification_id, Notification.account_id == account_id
    )
    return session.execute(statement.returning(Notification.id)).one_or_none() is not None


def delete_notifications(session: Session, account_id: int) -> None:
    """Delete all of an account's notifications."""
    session.execute(delete(Notification).where(Notification.account_id == account_id))


def get_last_read_id(session: Session, account_id: int, timeline: str) -> int:
    """Up to where the account has read a timeline; 0 where it never did."""
    return session.scalar(_LAST_READ, {"account_id": account_id, "timeline": timeline}) or 0


def move_marker(session: Session, account_id: int, timeline: str, last_read_id: int) -> None:
    """Move a read marker forward; it never goes back."""
    statement = upsert(Marker).values(account_id=account_id, timeline=timeline, last_read_id=last_read_id)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "timeline"],
            set_={
                "last_read_id": statement.excluded.last_read_id,
                "version": Marker.version + 1,
                "updated_at": func.now(),
            },
            where=Marker.last_read_id < statement.excluded.last_read_id,
        )
    )
