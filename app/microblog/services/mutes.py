"""Muting: not reading somebody, who isn't told."""

from datetime import timedelta

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import mutes as queries
from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.pages import Page, PageRequest
from microblog.services.relationships import lock_target

# A century: what is longer is for good.
LONGEST_SECONDS = 100 * 365 * 86_400


def mute(
    session: Session,
    *,
    account_id: int,
    target_id: int,
    hides_notifications: bool = True,
    duration: int = 0,
) -> None:
    """Mute somebody for `duration` seconds (0: for good), or change the mute that there is.

    Raises NotFound, ValidationError for a negative duration and for oneself.
    """
    if account_id == target_id:
        raise ValidationError({"account": Message(N_("You can't mute yourself."))})
    if duration < 0:
        raise ValidationError({"duration": Message(N_("This can't be less than nothing."))})
    lock_target(session, account_id, target_id)
    lasts = timedelta(seconds=duration) if 0 < duration <= LONGEST_SECONDS else None
    queries.save_mute(session, account_id, target_id, hides_notifications=hides_notifications, lasts=lasts)


def unmute(session: Session, *, account_id: int, target_id: int) -> None:
    """Take a mute back. Raises NotFound."""
    lock_target(session, account_id, target_id, public_only=False)
    queries.delete_mute(session, account_id, target_id)


def list_muted(session: Session, *, account_id: int, page: PageRequest) -> Page[AnyRow]:
    """Whom the account mutes now, the latest first; cursors are ids of mutes, and rows have `expires_at`."""
    return queries.read_muted(session, page, account_id)
