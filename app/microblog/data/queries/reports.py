"""Reports, and which posts they can be about."""

from collections.abc import Sequence

from sqlalchemy import and_, exists, insert, or_, select
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Follow, Mention, Report, Status
from microblog.domain.visibility import OPEN, Visibility


def find_statuses(
    session: Session, status_ids: Sequence[int], *, author_id: int, reader_id: int
) -> list[int]:
    """Those of the posts that the account wrote for a readership to which the reader belongs, oldest first.

    Blocks are no matter: one may report whom one has blocked, and who has blocked one.
    """
    follows = exists().where(Follow.account_id == reader_id, Follow.target_account_id == author_id)
    is_mentioned = exists().where(Mention.status_id == Status.id, Mention.account_id == reader_id)
    statement = select(Status.id).where(
        Status.id.in_(status_ids),
        Status.account_id == author_id,
        or_(
            Status.visibility.in_(OPEN),
            and_(Status.visibility == Visibility.PRIVATE, follows),
            is_mentioned,
        ),
    )
    return list(session.scalars(statement.order_by(Status.id)))


def insert_report(
    session: Session,
    *,
    account_id: int,
    target_account_id: int,
    category: str,
    comment: str,
    status_ids: Sequence[int],
    rule_ids: Sequence[int],
) -> AnyRow:
    """Write a report; its columns."""
    statement = insert(Report).values(
        account_id=account_id,
        target_account_id=target_account_id,
        category=category,
        comment=comment,
        status_ids=list(status_ids),
        rule_ids=list(rule_ids),
    )
    return session.execute(statement.returning(*Report.__table__.c)).one()
