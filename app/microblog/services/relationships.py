"""Following and being followed."""

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import relationships as queries
from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.pages import Page, PageRequest
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services.accounts import get_account
from microblog.services.notifications import notify_followed


def follow(session: Session, *, account_id: int, target_username: str) -> None:
    """Follow somebody; nothing happens where one does already. Raises NotFound, or
    ValidationError for oneself.
    """
    target = get_account(session, username=target_username)
    if target.id == account_id:
        raise ValidationError({"username": Message(N_("You can't follow yourself."))})
    if queries.insert_follow(session, account_id, target.id):
        notify_followed(session, target.id, follower_id=account_id)
        enqueue(session, names.FOLLOW_MAIL, account_id=target.id, from_account_id=account_id)


def unfollow(session: Session, *, account_id: int, target_username: str) -> None:
    """Stop following somebody; nothing happens where one doesn't. Raises NotFound."""
    target = get_account(session, username=target_username)
    queries.delete_follow(session, account_id, target.id)


def get_relationship(session: Session, *, account_id: int, target_id: int) -> AnyRow:
    """`following` and `followed_by` between two accounts."""
    return queries.get_relationship(session, account_id, target_id)


def list_followers(session: Session, *, account_id: int, page: PageRequest) -> Page[AnyRow]:
    """Who follows the account, the latest first; cursors are ids of follows."""
    return queries.read_relationships(session, queries.FOLLOWERS, page, account_id)


def list_following(session: Session, *, account_id: int, page: PageRequest) -> Page[AnyRow]:
    """Whom the account follows, the latest first; cursors are ids of follows."""
    return queries.read_relationships(session, queries.FOLLOWING, page, account_id)
