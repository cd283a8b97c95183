"""What proves who somebody is: confirmed addresses, passwords, and the links in mails."""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import accounts as account_queries
from microblog.data.queries import sessions as queries
from microblog.domain.errors import N_, Conflict, InvalidToken, Message, NotFound, ValidationError
from microblog.domain.limits import EMAIL_CHARACTERS
from microblog.domain.mail_purposes import CHANGE, CONFIRM, NOTICE_CHANGED, NOTICE_CHANGING, RESET
from microblog.domain.scheduling import OUTAGE_PATIENCE
from microblog.domain.text import clean_line, is_email
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services.hashers import PasswordHasher
from microblog.services.links import LinkSigner
from microblog.services.passwords import check_password
from microblog.services.tokens import revoke_access

CONFIRMATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(hours=2)
# For how long a notice keeps the addresses it needs: longer than its job waits for the mail server.
NOTICE_LIFETIME = OUTAGE_PATIENCE + timedelta(days=1)
# The mail job for an address without an account: it does nothing, but the request costs the same.
NO_TOKEN = 0
PREFERENCE_OF_KIND = {"mentions": "mail_mentions", "follows": "mail_follows"}


def find_email_problem(email: str) -> Message | None:
    """Why this can't be an e-mail address, or None."""
    if len(email) > EMAIL_CHARACTERS or not is_email(email):
        return Message(N_("Give an e-mail address such as name@example.org."))
    return None


def send_confirmation(session: Session, *, account_id: int, email: str, purpose: str = CONFIRM) -> None:
    """Have a link mailed to `email` that proves it to be the account's."""
    token_id = queries.insert_token(
        session, account_id=account_id, purpose=purpose, email=email, lifetime=CONFIRMATION_LIFETIME
    )
    enqueue(session, names.CONFIRMATION_MAIL, token_id=token_id)


def resend_confirmation(session: Session, *, account_id: int) -> None:
    """Mail the confirmation link again; the earlier one is dead then. Does nothing where all is confirmed."""
    user = account_queries.get_user(session, account_id)
    if user is None:
        raise NotFound
    if user.confirmed_at is None:
        send_confirmation(session, account_id=account_id, email=user.email)


def is_token_valid(session: Session, links: LinkSigner, *, token: str, purpose: str) -> bool:
    """Whether a link would still work; using it is another matter."""
    try:
        return queries.get_token(session, links.read_token(token, purpose), purpose) is not None
    except InvalidToken:
        return False


def is_confirmation_valid(session: Session, links: LinkSigner, *, token: str) -> bool:
    """Whether a confirmation link (of a sign-up or of a new address) would still work."""
    return any(is_token_valid(session, links, token=token, purpose=purpose) for purpose in (CONFIRM, CHANGE))


def confirm_email(session: Session, links: LinkSigner, *, token: str) -> str:
    """Use a confirmation link of a sign-up or of a new address; the account's name.

    Raises InvalidToken, or Conflict where another account has confirmed the address meanwhile.
    """
    purpose = CHANGE if is_token_valid(session, links, token=token, purpose=CHANGE) else CONFIRM
    found = queries.get_token(session, links.read_token(token, purpose), purpose, for_update=True)
    user = account_queries.get_user(session, found.account_id) if found else None
    if found is None or user is None:
        raise InvalidToken
    # Reset links went to the former address.
    queries.delete_tokens(session, found.account_id, CONFIRM, CHANGE, RESET)
    try:
        with session.begin_nested():
            account_queries.confirm_user(session, found.account_id, found.email)
    except IntegrityError:
        raise Conflict(N_("Another account has confirmed this address already.")) from None
    _tell_owner(session, user, NOTICE_CHANGED, other_email=found.email)
    return str(user.username)


def _tell_owner(session: Session, user: AnyRow, purpose: str, *, other_email: str) -> None:
    """Have a change to `other_email` told to the address that `user` has, if it is a proven one."""
    if user.confirmed_at is None or user.email.lower() == other_email.lower():
        return
    # Both addresses wait in a row that only time deletes: jobs hold no personal data, and whoever took the
    # account over must not keep its owner from learning of it.
    token_id = queries.insert_notice(
        session,
        account_id=user.account_id,
        purpose=purpose,
        email=user.email,
        other_email=other_email,
        lifetime=NOTICE_LIFETIME,
    )
    enqueue(session, names.ADDRESS_CHANGE_MAIL, token_id=token_id)


def request_email_change(
    session: Session, hasher: PasswordHasher, *, account_id: int, current_password: str, email: str
) -> None:
    """Have a link mailed to the new address; it becomes the account's when the link is used.

    The present address is told first: a new password ends the change.
    Raises ValidationError by field (`current_password`, `email`).
    """
    user = _check_current_password(session, hasher, account_id, current_password)
    email = clean_line(email)
    if problem := find_email_problem(email):
        raise ValidationError({"email": problem})
    _tell_owner(session, user, NOTICE_CHANGING, other_email=email)
    send_confirmation(session, account_id=account_id, email=email, purpose=CHANGE)


def get_pending_email(session: Session, *, account_id: int) -> str | None:
    """The new address that still waits for its confirmation."""
    return queries.get_pending_email(session, account_id)


def request_password_reset(session: Session, *, email: str) -> None:
    """Have a reset link mailed to the address if it is an account's confirmed one; the caller can't tell."""
    # One statement and one job in both cases, so that the time taken tells nothing either.
    token_id = queries.insert_reset_token(session, email=clean_line(email), lifetime=RESET_LIFETIME)
    enqueue(session, names.RESET_MAIL, token_id=token_id or NO_TOKEN)


def reset_password(
    session: Session, hasher: PasswordHasher, links: LinkSigner, *, token: str, password: str
) -> int:
    """Use a reset link: set the password, end all sessions and what applications may do; the account's id.

    Raises InvalidToken, or ValidationError for `password` (the link stays good then).
    """
    found = queries.get_token(session, links.read_token(token, RESET), RESET, for_update=True)
    if found is None:
        raise InvalidToken
    _set_password(session, hasher, found.account_id, password)
    _end_all_access(session, found.account_id)
    return int(found.account_id)


def change_password(
    session: Session,
    hasher: PasswordHasher,
    *,
    account_id: int,
    current_password: str,
    new_password: str,
    keep_session_id: int,
) -> None:
    """Set a new password and end all other sessions; applications stay. Raises ValidationError by field."""
    _check_current_password(session, hasher, account_id, current_password)
    _set_password(session, hasher, account_id, new_password, field="new_password")
    queries.delete_sessions(session, account_id, but_session_id=keep_session_id)


def set_password(session: Session, hasher: PasswordHasher, *, username: str, password: str) -> None:
    """An operator's way: set the password and end all access. Raises NotFound or ValidationError."""
    account = account_queries.get_account(session, username)
    if account is None:
        raise NotFound(N_("There is no account named %(name)s."), name=username)
    _set_password(session, hasher, account.id, password)
    _end_all_access(session, account.id)


def _end_all_access(session: Session, account_id: int) -> None:
    # The sessions first: a consent given in this moment holds its session until its code is written.
    queries.delete_sessions(session, account_id)
    revoke_access(session, account_id=account_id)


def unsubscribe(session: Session, links: LinkSigner, *, token: str) -> None:
    """Use a mail's unsubscribe link. Raises InvalidToken. May be used again."""
    account_id, kind = links.read_unsubscribe(token)
    account_queries.update_user(session, account_id, **{PREFERENCE_OF_KIND[kind]: False})


def _check_current_password(
    session: Session, hasher: PasswordHasher, account_id: int, password: str
) -> AnyRow:
    """The user whose password it is, held until the commit."""
    user = account_queries.get_user(session, account_id)
    if (
        user is None
        or not hasher.verify(user.password_hash, password)
        # A reset that was made meanwhile wins: whoever knows the former password must not undo it.
        or account_queries.lock_password(session, account_id) != user.password_hash
    ):
        raise ValidationError({"current_password": Message(N_("This is not your present password."))})
    return user


def _set_password(
    session: Session, hasher: PasswordHasher, account_id: int, password: str, field: str = "password"
) -> None:
    user = account_queries.get_user(session, account_id)
    if user is None:
        raise NotFound
    check_password(password, username=user.username, email=user.email, field=field)
    account_queries.update_user(session, account_id, password_hash=hasher.hash(password))
    # Also a change of address that somebody else may have begun: recovering the account must end it.
    queries.delete_tokens(session, account_id, RESET, CHANGE)
    enqueue(session, names.PASSWORD_CHANGED_MAIL, account_id=account_id)
