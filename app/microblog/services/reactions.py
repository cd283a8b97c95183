"""What people do with statuses: boosts, favourites, bookmarks, pins, muted conversations."""

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.feeds import Feeds, feed_key
from microblog.data.queries import addressing, posting
from microblog.data.queries import reactions as queries
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.errors import N_, Forbidden, Message, ValidationError
from microblog.domain.limits import PINS
from microblog.domain.pages import Page, PageRequest
from microblog.domain.visibility import OPEN, Visibility, visibility_of_boost
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services import notifications
from microblog.services.statuses import get_status


def boost(
    session: Session,
    feeds: Feeds,
    *,
    account_id: int,
    feed_version: int,
    status_id: int,
    visibility: Visibility = Visibility.PUBLIC,
) -> int:
    """Repeat a post for one's followers, never to more people than may see it; the boost's id.

    Boosting twice answers with the first one's id. Raises NotFound; Forbidden for other people's posts that
    are not for everybody, and for direct ones.
    """
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    if status.visibility not in OPEN and not (
        status.visibility == Visibility.PRIVATE and status.account_id == account_id
    ):
        raise Forbidden(N_("This post is not for everybody: it can't be boosted."))
    audience = visibility_of_boost(Visibility(status.visibility), visibility)
    made = posting.insert_boost(
        session, account_id=account_id, reblog_of_id=status.shown_id, visibility=audience
    )
    if made is None:
        return posting.find_boost(session, account_id=account_id, reblog_of_id=status.shown_id) or 0
    _tell_author(session, status, account_id, notifications.REBLOG)
    enqueue(session, names.FAN_OUT, status_id=made)
    feeds.push([feed_key(account_id, feed_version)], made)
    return made


def unboost(session: Session, *, account_id: int, status_id: int) -> int:
    """Take one's boost back, named by the post or by itself; the post's id. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    made = posting.find_boost(session, account_id=account_id, reblog_of_id=status.shown_id)
    if made is not None:
        posting.delete_status(session, made, account_id)
        _take_back(session, status, account_id, notifications.REBLOG)
    return int(status.shown_id)


def favourite(session: Session, *, account_id: int, status_id: int) -> None:
    """Like a post; nothing happens where one does already. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    if queries.insert_favourite(session, account_id, status.shown_id):
        _tell_author(session, status, account_id, notifications.FAVOURITE)


def unfavourite(session: Session, *, account_id: int, status_id: int) -> None:
    """Like a post no more. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    if queries.delete_favourite(session, account_id, status.shown_id):
        _take_back(session, status, account_id, notifications.FAVOURITE)


def bookmark(session: Session, *, account_id: int, status_id: int) -> None:
    """Keep a post for later; nobody is told. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    queries.insert_bookmark(session, account_id, status.shown_id)


def unbookmark(session: Session, *, account_id: int, status_id: int) -> None:
    """Keep a post no more. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    queries.delete_bookmark(session, account_id, status.shown_id)


def pin(session: Session, *, account_id: int, status_id: int) -> None:
    """Put a post of one's own at the top of the profile. Raises NotFound, ValidationError."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    problem = _find_pin_problem(status, account_id)
    if problem:
        raise ValidationError({"status_id": Message(problem)})
    # The post before the account, as deleting it locks them. Whoever pins at the same moment waits here: a
    # count that nobody holds would be no limit.
    queries.insert_pin(session, account_id, status.shown_id)
    queries.lock_pins(session, account_id)
    if queries.count_pins(session, account_id) > PINS:
        raise ValidationError(
            {"status_id": Message(N_("You have already pinned the maximum number of posts."))}
        )


def _find_pin_problem(status: StatusRow, account_id: int) -> str | None:
    if status.account_id != account_id:
        return N_("Only one's own posts can be pinned.")
    if status.reblog_of_id is not None:
        return N_("A boost can't be pinned.")
    if status.visibility == Visibility.DIRECT:
        return N_("A direct post can't be pinned.")
    return None


def unpin(session: Session, *, account_id: int, status_id: int) -> None:
    """Take a post of one's own from the top of the profile. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    queries.delete_pin(session, account_id, status.shown_id)


def mute_conversation(session: Session, *, account_id: int, status_id: int) -> None:
    """Be told no more of what is said in a post's conversation. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    queries.insert_conversation_mute(session, account_id, status.conversation_id or status.shown_id)


def unmute_conversation(session: Session, *, account_id: int, status_id: int) -> None:
    """Be told of a post's conversation again. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=account_id)
    queries.delete_conversation_mute(session, account_id, status.conversation_id or status.shown_id)


def list_favourites(session: Session, *, account_id: int, page: PageRequest) -> Page[StatusRow]:
    """What one favourited, the latest first; cursors are ids of the favourites."""
    return queries.read_kept(session, queries.FAVOURITES, page, account_id)


def list_bookmarks(session: Session, *, account_id: int, page: PageRequest) -> Page[StatusRow]:
    """What one bookmarked, the latest first; cursors are ids of the bookmarks."""
    return queries.read_kept(session, queries.BOOKMARKS, page, account_id)


def list_favourited_by(
    session: Session, *, status_id: int, viewer_id: int | None, page: PageRequest
) -> Page[AnyRow]:
    """Who favourited a post, the latest first: account rows. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=viewer_id)
    return queries.read_people(
        session, queries.FAVOURITED_BY, page, status_id=status.shown_id, viewer_id=viewer_id
    )


def list_reblogged_by(
    session: Session, *, status_id: int, viewer_id: int | None, page: PageRequest
) -> Page[AnyRow]:
    """Who boosted a post, as far as the viewer may know, the latest first: account rows. Raises NotFound."""
    status = get_status(session, status_id=status_id, viewer_id=viewer_id)
    return queries.read_people(
        session, queries.REBLOGGED_BY, page, status_id=status.shown_id, viewer_id=viewer_id
    )


def _tell_author(session: Session, status: StatusRow, account_id: int, kind: str) -> None:
    author_id, conversation_id = status.account_id, status.conversation_id or status.shown_id
    if author_id != account_id and addressing.wants_to_hear(
        session, author_id, sender_id=account_id, conversation_id=conversation_id
    ):
        notifications.notify(
            session, [author_id], from_account_id=account_id, kind=kind, status_id=status.shown_id
        )


def _take_back(session: Session, status: StatusRow, account_id: int, kind: str) -> None:
    notifications.take_back(
        session, status.account_id, from_account_id=account_id, kind=kind, status_id=status.shown_id
    )
