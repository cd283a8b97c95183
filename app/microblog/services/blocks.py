"""Blocking: two people neither follow, read nor reach each other any more."""

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import blocks as queries
from microblog.data.queries import follow_requests, relationships
from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.pages import Page, PageRequest
from microblog.services.relationships import lock_target


def block(session: Session, *, account_id: int, target_id: int) -> None:
    """Block somebody: follows and requests between the two go, and what one was told of the other.

    What the other was told of oneself is only hidden while the block lasts: it is theirs.
    Nothing happens where one blocks already. Raises NotFound, ValidationError for oneself.
    """
    if account_id == target_id:
        raise ValidationError({"account": Message(N_("You can't block yourself."))})
    lock_target(session, account_id, target_id)
    if not queries.insert_block(session, account_id, target_id):
        return
    both = ((account_id, target_id), (target_id, account_id))
    relationships.delete_follows(session, *both)
    follow_requests.delete_requests(session, *both)
    queries.delete_notifications(session, account_id, target_id)


def unblock(session: Session, *, account_id: int, target_id: int) -> None:
    """Take a block back; what it took away stays away. Raises NotFound."""
    lock_target(session, account_id, target_id, public_only=False)
    queries.delete_block(session, account_id, target_id)


def list_blocked(session: Session, *, account_id: int, page: PageRequest) -> Page[AnyRow]:
    """Whom the account blocks, the latest first; cursors are ids of blocks."""
    return queries.read_blocked(session, page, account_id)
