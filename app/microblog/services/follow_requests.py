"""Answering those who would like to follow a locked account."""

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import follow_requests as queries
from microblog.domain.errors import NotFound
from microblog.domain.pages import Page, PageRequest
from microblog.services.relationships import begin_to_follow, lock_target


def list_requests(session: Session, *, account_id: int, page: PageRequest) -> Page[AnyRow]:
    """Accounts that wait for an answer, the latest first; cursors are ids of requests."""
    return queries.read_requests(session, page, account_id)


def authorize(session: Session, *, account_id: int, requester_id: int) -> None:
    """Let somebody follow who asked for it. Raises NotFound where they didn't."""
    request = _take(session, account_id, requester_id)
    begin_to_follow(
        session,
        requester_id,
        account_id,
        shows_reblogs=request.shows_reblogs,
        notifies=request.notifies,
    )


def reject(session: Session, *, account_id: int, requester_id: int) -> None:
    """Refuse somebody who asked; they aren't told. Raises NotFound where they didn't ask."""
    _take(session, account_id, requester_id)


def _take(session: Session, account_id: int, requester_id: int) -> AnyRow:
    lock_target(session, account_id, requester_id, public_only=False)
    gone = queries.delete_requests(session, (requester_id, account_id))
    if not gone:
        raise NotFound
    return gone[0]


def accept_all(session: Session, *, account_id: int) -> int:
    """Let everybody follow who waits, as an account does that is no longer locked; how many.

    The notifications of the requests tell of the follows from now on; nothing is mailed.
    """
    return queries.accept_all(session, account_id)
