"""Jobs that send mail."""

from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.services import mail
from microblog.services.mail import Outgoing
from microblog.worker.base import Run


def mention(session: Session, resources: Resources, run: Run, *, status_id: int, account_id: int) -> None:
    """Tell somebody by mail that a post names or answers them."""
    mail.send_mention(session, _outgoing(resources, run), status_id=status_id, account_id=account_id)


def follow(
    session: Session, resources: Resources, run: Run, *, account_id: int, from_account_id: int
) -> None:
    """Tell somebody by mail that they have a new follower."""
    mail.send_follow(
        session, _outgoing(resources, run), account_id=account_id, from_account_id=from_account_id
    )


def confirmation(session: Session, resources: Resources, run: Run, *, token_id: int) -> None:
    """Mail the link that confirms an address."""
    mail.send_confirmation(session, _outgoing(resources, run), token_id=token_id)


def address_change(session: Session, resources: Resources, run: Run, *, token_id: int) -> None:
    """Tell by mail that an account's address is about to change, or did."""
    mail.send_address_change(session, _outgoing(resources, run), token_id=token_id)


def password_changed(session: Session, resources: Resources, run: Run, *, account_id: int) -> None:
    """Tell by mail that an account's password did change."""
    mail.send_password_changed(session, _outgoing(resources, run), account_id=account_id)


def reset_password(session: Session, resources: Resources, run: Run, *, token_id: int) -> None:
    """Mail the link that allows a new password."""
    mail.send_password_reset(session, _outgoing(resources, run), token_id=token_id)


def _outgoing(resources: Resources, run: Run) -> Outgoing:
    settings = resources.settings
    return Outgoing(
        mailer=resources.mailer,
        links=resources.links,
        site_name=settings.site_name,
        base_url=settings.base_url,
        message_id=mail.make_message_id(run.job_id, run.request_id, settings.base_url),
        enqueued_at=run.created_at,
    )
