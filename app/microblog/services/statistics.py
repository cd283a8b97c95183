"""Daily figures: computed from the other tables, and computable again at any time."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import statistics as queries

TOP_TAGS = 10
# Bounds the work of a page that shows the tags in use.
NEWEST_USES = 2_000


def compute_day(session: Session, *, day: date) -> None:
    """Compute the figures of a UTC day from what is there now, and store them in place of earlier ones."""
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    tags = queries.top_tags(session, begin, end, TOP_TAGS)
    queries.save_day(
        session,
        day=day,
        statuses=queries.count_statuses(session, begin, end),
        active_accounts=queries.count_active_accounts(session, begin, end),
        sign_ups=queries.count_sign_ups(session, begin, end),
        mails=queries.count_mails(session, begin, end),
        top_tags=[{"name": row.name, "uses": row.uses} for row in tags],
    )


def list_days(session: Session, *, limit: int = 30) -> list[AnyRow]:
    """The newest days that were computed, the newest first.

    Columns: day, statuses, active_accounts, sign_ups, mails, top_tags (`{"name", "uses"}`, most used first).
    """
    return list(queries.list_days(session, limit=limit))


def top_tags(session: Session, *, days: int = 7, limit: int = 10) -> list[tuple[str, int]]:
    """The tags in use in these last days: name and number of public posts, most used first."""
    begin = datetime.now(UTC) - timedelta(days=days)
    rows = queries.top_recent_tags(session, begin, limit, newest=NEWEST_USES)
    return [(row.name, row.uses) for row in rows]
