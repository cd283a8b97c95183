"""Daily figures: computed from the other tables, and computable again at any time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import statistics as queries

TOP_TAGS = 10
# Bounds the work of a page that shows the tags in use.
NEWEST_USES = 2_000
# Up to here the site's size is counted, above it is estimated.
COUNTED_EXACTLY = 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """How large the site is. `users`: confirmed and not suspended. `statuses`: without boosts.
    `active_month`, `active_half_year`: accounts that posted in the last 30 and 180 days.

    Exact on a small site. From `COUNTED_EXACTLY` on `users` and `statuses` are PostgreSQL's estimates, and
    the active ones those of the best day of that time.
    """

    users: int
    statuses: int
    active_month: int
    active_half_year: int


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


def read_size(session: Session) -> Size:
    """How large the site is, cheap enough for each request. One statement."""
    row = queries.read_size(session, exact=COUNTED_EXACTLY)
    return Size(row.users, row.statuses, row.active_month, row.active_half_year)
