"""The figures of a day, and reading them. Ids are time-ordered, so a span of ids is a span of time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, func, select, text, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, DailyStatistic, Follow, Mail, Status, StatusTag, Tag, User
from microblog.domain.ids import make_id
from microblog.domain.visibility import Visibility


def _within(column: InstrumentedAttribute[int], begin: datetime, end: datetime) -> ColumnElement[bool]:
    return column.between(make_id(begin), make_id(end) - 1)


def count_statuses(session: Session, begin: datetime, end: datetime) -> int:
    """Posts written from `begin` until before `end`, boosts left out."""
    statement = select(func.count()).where(_within(Status.id, begin, end), Status.reblog_of_id.is_(None))
    return session.scalar(statement) or 0


def count_active_accounts(session: Session, begin: datetime, end: datetime) -> int:
    """Accounts that posted, boosted or followed in that time."""
    active = union(
        select(Status.account_id).where(_within(Status.id, begin, end)),
        select(Follow.account_id).where(_within(Follow.id, begin, end)),
    ).subquery("active")
    return session.scalar(select(func.count()).select_from(active)) or 0


def count_sign_ups(session: Session, begin: datetime, end: datetime) -> int:
    """Accounts made in that time that have confirmed their address by now."""
    statement = select(func.count()).join_from(Account, User, User.account_id == Account.id)
    return (
        session.scalar(statement.where(_within(Account.id, begin, end), User.confirmed_at.is_not(None))) or 0
    )


def count_mails(session: Session, begin: datetime, end: datetime) -> int:
    """Mails sent in that time."""
    return session.scalar(select(func.count(Mail.id)).where(Mail.sent_at >= begin, Mail.sent_at < end)) or 0


def top_tags(session: Session, begin: datetime, end: datetime, limit: int) -> Sequence[AnyRow]:
    """The tags most used in public posts of that time: name, uses."""
    used = (
        select(StatusTag.status_id, StatusTag.tag_id)
        .where(_within(StatusTag.status_id, begin, end))
        .subquery("used")
    )
    return _count_tags(session, used, limit)


def top_recent_tags(session: Session, begin: datetime, limit: int, *, newest: int) -> Sequence[AnyRow]:
    """The tags most used in public posts since `begin`, judged by the `newest` uses only: name, uses."""
    used = (
        select(StatusTag.status_id, StatusTag.tag_id)
        .where(StatusTag.status_id >= make_id(begin))
        .order_by(StatusTag.status_id.desc())
        .limit(newest)
        .subquery("used")
    )
    return _count_tags(session, used, limit)


def _count_tags(session: Session, used: FromClause, limit: int) -> Sequence[AnyRow]:
    uses = func.count().label("uses")
    statement = (
        select(Tag.name, uses)
        .join_from(used, Status, Status.id == used.c.status_id)
        .join(Account, Account.id == Status.account_id)
        .join(Tag, Tag.id == used.c.tag_id)
        .where(Status.visibility == Visibility.PUBLIC, Account.suspended_at.is_(None))
        .group_by(Tag.name)
        .order_by(uses.desc(), Tag.name)
        .limit(limit)
    )
    return session.execute(statement).all()


def save_day(session: Session, **figures: object) -> None:
    """Insert the figures of a day (columns of `daily_statistics`) in the place of earlier ones."""
    statement = insert(DailyStatistic).values(**figures)
    new = {name: statement.excluded[name] for name in figures if name != "day"}
    session.execute(
        statement.on_conflict_do_update(index_elements=["day"], set_={**new, "computed_at": func.now()})
    )


def list_days(session: Session, *, limit: int) -> Sequence[AnyRow]:
    """The newest days, newest first: day, statuses, active_accounts, sign_ups, mails, top_tags."""
    statement = (
        select(
            DailyStatistic.day,
            DailyStatistic.statuses,
            DailyStatistic.active_accounts,
            DailyStatistic.sign_ups,
            DailyStatistic.mails,
            DailyStatistic.top_tags,
        )
        .order_by(DailyStatistic.day.desc())
        .limit(limit)
    )
    return session.execute(statement).all()


# Counting is bounded: what is more than :exact is PostgreSQL's own estimate (VACUUM and ANALYZE keep it), and
# of the active ones the best day of the time, which at least as many were in all of it.
_SIZE = text("""
    WITH people AS (
        SELECT account.last_status_at FROM users
        JOIN accounts AS account ON account.id = users.account_id
        WHERE users.confirmed_at IS NOT NULL AND account.suspended_at IS NULL LIMIT :exact
    ), posts AS (
        SELECT FROM statuses WHERE reblog_of_id IS NULL LIMIT :exact
    ), counted AS (
        SELECT (SELECT count(*) FROM people) AS users, (SELECT count(*) FROM posts) AS statuses
    )
    SELECT
        CASE WHEN users < :exact THEN users ELSE greatest(
            users, (SELECT reltuples::bigint FROM pg_class WHERE oid = 'users'::regclass)
        ) END AS users,
        CASE WHEN statuses < :exact THEN statuses ELSE greatest(
            statuses, (SELECT reltuples::bigint FROM pg_class WHERE oid = 'statuses'::regclass)
        ) END AS statuses,
        CASE WHEN users < :exact THEN (
            SELECT count(*) FROM people WHERE last_status_at >= now() - interval '30 days'
        ) ELSE (
            SELECT coalesce(max(active_accounts), 0) FROM daily_statistics WHERE day >= current_date - 30
        ) END AS active_month,
        CASE WHEN users < :exact THEN (
            SELECT count(*) FROM people WHERE last_status_at >= now() - interval '180 days'
        ) ELSE (
            SELECT coalesce(max(active_accounts), 0) FROM daily_statistics WHERE day >= current_date - 180
        ) END AS active_half_year
    FROM counted
""")


def read_size(session: Session, *, exact: int) -> AnyRow:
    """How large the site is: users, statuses, active_month, active_half_year; counted up to `exact`,
    estimated above. One statement of bounded work.
    """
    return session.execute(_SIZE, {"exact": exact}).one()
