"""Reading markers; data/queries/notifications.py moves them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Marker


def read_markers(session: Session, account_id: int, timelines: Sequence[str]) -> list[AnyRow]:
    """Up to where an account has read these timelines: timeline, last_read_id, version, updated_at."""
    statement = (
        select(Marker.timeline, Marker.last_read_id, Marker.version, Marker.updated_at)
        .where(Marker.account_id == account_id, Marker.timeline.in_(timelines))
        .order_by(Marker.timeline)
    )
    return list(session.execute(statement))
