"""What is between two accounts, from rows of data/queries/relationships.py."""

from typing import Any

from microblog.api.entities.accounts import Relationship


def present_relationship(row: Any) -> Relationship:
    """What is between the viewer and somebody else."""
    return Relationship(
        id=str(row.id),
        following=row.following,
        showing_reblogs=row.showing_reblogs,
        notifying=row.notifying,
        followed_by=row.followed_by,
        blocking=row.blocking,
        blocked_by=row.blocked_by,
        muting=row.muting,
        muting_notifications=row.muting_notifications,
        requested=row.requested,
        requested_by=row.requested_by,
        note=row.note,
    )
