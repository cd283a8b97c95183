"""Following and being followed, and what one person notes of another.

Whatever changes what is between two people locks both first (`lock_target`): a follow, a block and an answer
to a request at the same moment come one after the other, and the later one sees what the earlier one did.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import account_notes, addressing, follow_requests
from microblog.data.queries import relationships as queries
from microblog.domain.errors import N_, Forbidden, Message, NotFound, ValidationError
from microblog.domain.limits import ACCOUNT_NOTE_CHARACTERS
from microblog.domain.pages import Page, PageRequest
from microblog.domain.text import clean_text
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services.notifications import notify_follow_requested, notify_followed


def follow(
    session: Session,
    *,
    account_id: int,
    target_id: int,
    shows_reblogs: bool | None = None,
    notifies: bool | None = None,
) -> None:
    """Follow somebody, or ask a locked one for it; where one does already, only the options change.

    `shows_reblogs`: their boosts are in the home timeline too; `notifies`: each of their posts is a
    notification; None leaves what there was, and at first means yes and no.
    Raises NotFound, Forbidden where a block stands between the two, ValidationError for oneself.
    """
    if account_id == target_id:
        raise ValidationError({"account": Message(N_("You can't follow yourself."))})
    target = lock_target(session, account_id, target_id)
    present = queries.read_relationships(session, account_id, [target_id])[0]
    if present.blocking or present.blocked_by:
        raise Forbidden
    is_new = not (present.following or present.requested)
    options = {
        "shows_reblogs": (is_new or present.showing_reblogs) if shows_reblogs is None else shows_reblogs,
        "notifies": present.notifying if notifies is None else notifies,
    }
    if present.following:
        _change_options(session, account_id, target_id, present, **options)
    elif target.locked:
        follow_requests.insert_request(session, account_id, target_id, **options)
        notify_follow_requested(session, target_id, follower_id=account_id)
    else:
        if present.requested:
            follow_requests.delete_requests(session, (account_id, target_id))
        begin_to_follow(session, account_id, target_id, **options)


def lock_target(session: Session, account_id: int, target_id: int, *, public_only: bool = True) -> AnyRow:
    """Keep others from changing what is between the two until the commit; the target's `locked`.

    Raises NotFound, and with `public_only` also for who is suspended or not confirmed.
    """
    target = queries.lock_pair(session, account_id, target_id)
    if target is None or (public_only and not target.is_public):
        raise NotFound
    return target


def _change_options(
    session: Session, account_id: int, target_id: int, present: AnyRow, *, shows_reblogs: bool, notifies: bool
) -> None:
    if (shows_reblogs, notifies) == (present.showing_reblogs, present.notifying):
        return
    queries.update_follow(session, account_id, target_id, shows_reblogs=shows_reblogs, notifies=notifies)
    if shows_reblogs != present.showing_reblogs:
        queries.raise_feed_version(session, account_id)


def begin_to_follow(
    session: Session, account_id: int, target_id: int, *, shows_reblogs: bool, notifies: bool
) -> None:
    """Write the follow of two who are locked; tell and mail whom it is about, if they want to hear of it."""
    queries.insert_follow(session, account_id, target_id, shows_reblogs=shows_reblogs, notifies=notifies)
    if not addressing.wants_to_hear(session, target_id, sender_id=account_id, conversation_id=None):
        return
    notify_followed(session, target_id, follower_id=account_id)
    enqueue(session, names.FOLLOW_MAIL, account_id=target_id, from_account_id=account_id)


def unfollow(session: Session, *, account_id: int, target_id: int) -> None:
    """Stop following somebody, or take a request back; nothing happens where there is neither.

    Raises NotFound.
    """
    lock_target(session, account_id, target_id, public_only=False)
    queries.delete_follows(session, (account_id, target_id))
    follow_requests.delete_requests(session, (account_id, target_id))


def remove_follower(session: Session, *, account_id: int, follower_id: int) -> None:
    """Have somebody follow one no more; nothing happens where they don't. Raises NotFound."""
    lock_target(session, account_id, follower_id, public_only=False)
    queries.delete_follows(session, (follower_id, account_id))


def set_note(session: Session, *, account_id: int, target_id: int, comment: str) -> None:
    """Note something about somebody, which nobody else sees; an empty note deletes the former one.

    Raises NotFound, ValidationError for `comment` and for oneself.
    """
    comment = clean_text(comment)
    if account_id == target_id:
        raise ValidationError({"account": Message(N_("You can't note anything about yourself."))})
    if len(comment) > ACCOUNT_NOTE_CHARACTERS:
        message = Message(N_("Use at most %(count)s characters."), {"count": ACCOUNT_NOTE_CHARACTERS})
        raise ValidationError({"comment": message})
    lock_target(session, account_id, target_id)
    if comment:
        account_notes.save_note(session, account_id, target_id, comment)
    else:
        account_notes.delete_note(session, account_id, target_id)


def read_relationships(session: Session, *, account_id: int, target_ids: Sequence[int]) -> list[AnyRow]:
    """What is between the account and others, each once and in order, left out where there is none.

    One statement. Columns: id, following, showing_reblogs, notifying, followed_by, blocking, blocked_by,
    muting, muting_notifications, requested, requested_by, note.
    """
    return queries.read_relationships(session, account_id, list(dict.fromkeys(target_ids)))


def get_relationship(session: Session, *, account_id: int, target_id: int) -> AnyRow:
    """The same of one other. Raises NotFound."""
    found = queries.read_relationships(session, account_id, [target_id])
    if not found:
        raise NotFound
    return found[0]


def list_followers(
    session: Session, *, account_id: int, viewer_id: int | None, page: PageRequest
) -> Page[AnyRow]:
    """Who follows the account, the latest first; cursors are ids of follows.

    Those whom a block keeps from the viewer are left out.
    """
    return queries.read_accounts(session, queries.FOLLOWERS, page, account_id=account_id, viewer_id=viewer_id)


def list_following(
    session: Session, *, account_id: int, viewer_id: int | None, page: PageRequest
) -> Page[AnyRow]:
    """Whom the account follows, the latest first; otherwise as `list_followers`."""
    return queries.read_accounts(session, queries.FOLLOWING, page, account_id=account_id, viewer_id=viewer_id)
