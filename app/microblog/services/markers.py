"""Up to where a person has read their timelines, for all their clients."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import markers as queries
from microblog.data.queries.notifications import move_marker
from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.ids import MAX_ID

TIMELINES: Final = ("home", "notifications")


def read_markers(session: Session, *, account_id: int, timelines: Sequence[str]) -> list[AnyRow]:
    """The markers of these timelines (`home`, `notifications`) as far as there are: timeline, last_read_id,
    version, updated_at. Unknown timelines have none.
    """
    return queries.read_markers(session, account_id, timelines)


def move_markers(session: Session, *, account_id: int, last_read_ids: Mapping[str, int]) -> list[AnyRow]:
    """Note up to which item the person has read; markers only move forward. Those markers as they are then.

    Raises ValidationError for an unknown timeline or an id that none can be.
    """
    for timeline, last_read_id in last_read_ids.items():
        if timeline not in TIMELINES:
            raise ValidationError({timeline: Message(N_("There is no such timeline."))})
        if not 0 <= last_read_id <= MAX_ID:
            raise ValidationError({timeline: Message(N_("This is no id."))})
    # In order, so that two clients of one person can't wait for each other.
    for timeline in sorted(last_read_ids):
        move_marker(session, account_id, timeline, last_read_ids[timeline])
    return queries.read_markers(session, account_id, list(last_read_ids))
