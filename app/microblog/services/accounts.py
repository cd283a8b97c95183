"""Accounts: signing up, the public profile, preferences, and what moderators and operators do to them."""

from zoneinfo import available_timezones

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import accounts as queries
from microblog.data.queries import posting
from microblog.data.queries import sessions as session_queries
from microblog.data.queries.accounts import AccountRow
from microblog.domain.errors import N_, Message, NotFound, ValidationError
from microblog.domain.limits import DISPLAY_NAME_CHARACTERS, NOTE_CHARACTERS, USERNAME_CHARACTERS
from microblog.domain.text import clean_line, clean_text, count_characters, find_mentions, is_username, render
from microblog.domain.usernames import RESERVED, is_seen
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services.credentials import find_email_problem, send_confirmation
from microblog.services.passwords import PasswordHasher, find_password_problem

ROLES = ("user", "moderator", "admin")
TAKEN = N_("This name is taken.")


def sign_up(session: Session, hasher: PasswordHasher, *, username: str, email: str, password: str) -> int:
    """Make an unconfirmed account and have the confirmation link mailed; its id.

    Whether the address has an account already changes nothing that the caller can see: the mail
    tells its owner.
    Raises ValidationError by field.
    """
    account_id = create_account(
        session, hasher, username=username, email=email, password=password, is_confirmed=False
    )
    send_confirmation(session, account_id=account_id, email=clean_line(email))
    return account_id


def create_account(
    session: Session,
    hasher: PasswordHasher,
    *,
    username: str,
    email: str,
    password: str,
    is_confirmed: bool = True,
) -> int:
    """Make an account without mail; its id. Raises ValidationError by field."""
    username, email = clean_line(username), clean_line(email)
    _check_sign_up(session, username, email, password, allow_reserved=is_confirmed)
    password_hash = hasher.hash(password)
    try:
        # A savepoint, so that a name taken in this very moment becomes a message instead of a
        # failed transaction.
        with session.begin_nested():
            return queries.insert_account(
                session,
                username=username,
                email=email,
                password_hash=password_hash,
                is_confirmed=is_confirmed,
            )
    except IntegrityError as error:
        field = "email" if "email" in str(error.orig) else "username"
        raise ValidationError({field: Message(TAKEN)}) from None


def _check_sign_up(
    session: Session, username: str, email: str, password: str, *, allow_reserved: bool
) -> None:
    errors: dict[str, Message | None] = {
        "username": _find_username_problem(session, username, allow_reserved=allow_reserved),
        "email": find_email_problem(email),
        "password": find_password_problem(password, username=username, email=email),
    }
    found = {field: message for field, message in errors.items() if message}
    if found:
        raise ValidationError(found)


def _find_username_problem(session: Session, username: str, *, allow_reserved: bool) -> Message | None:
    if not is_username(username):
        return Message(
            N_("Use 1 to %(count)s letters (a to z), digits and underscores."), {"count": USERNAME_CHARACTERS}
        )
    if username.lower() in RESERVED and not allow_reserved:
        return Message(N_("This name is reserved. Please choose another."))
    if queries.get_account(session, username):
        return Message(TAKEN)
    return None


def get_account(session: Session, *, username: str) -> AccountRow:
    """The public profile of a name in any case. Raises NotFound, also where unconfirmed or suspended."""
    account = queries.get_public_account(session, username)
    if account is None:
        raise NotFound(N_("There is no account named %(name)s."), name=username)
    return account


def get_account_by_id(session: Session, *, account_id: int) -> AccountRow:
    """The account, also before its address is confirmed. Raises NotFound, also for suspended ones."""
    account = queries.get_account_by_id(session, account_id)
    if account is None:
        raise NotFound
    return account


def suggest_accounts(session: Session, *, viewer_id: int | None, limit: int) -> list[AccountRow]:
    """Accounts that post and that the viewer may like to follow."""
    return queries.suggest_accounts(session, viewer_id, limit)


def update_profile(session: Session, *, account_id: int, display_name: str, note: str) -> None:
    """Set the display name and the bio (links, mentions and tags become links). Raises
    ValidationError by field.
    """
    display_name, note = clean_line(display_name), clean_text(note)
    errors: dict[str, Message] = {}
    if problem := _find_display_name_problem(display_name):
        errors["display_name"] = problem
    if count_characters(note) > NOTE_CHARACTERS:
        errors["note"] = Message(N_("Use at most %(count)s characters."), {"count": NOTE_CHARACTERS})
    if errors:
        raise ValidationError(errors)
    known = posting.find_accounts_by_name(session, find_mentions(note))
    queries.update_account(
        session, account_id, display_name=display_name, note=note, note_html=render(note, known)
    )


def _find_display_name_problem(display_name: str) -> Message | None:
    if len(display_name) > DISPLAY_NAME_CHARACTERS:
        return Message(N_("Use at most %(count)s characters."), {"count": DISPLAY_NAME_CHARACTERS})
    if display_name and not is_seen(display_name):
        return Message(N_("Nobody would see this name. Use letters that show, or leave it empty."))
    return None


def get_preferences(session: Session, *, account_id: int) -> AnyRow:
    """`email`, `time_zone`, `locale`, `mail_mentions`, `mail_follows` of a person."""
    user = queries.get_user(session, account_id)
    if user is None:
        raise NotFound
    return user


def update_preferences(
    session: Session, *, account_id: int, time_zone: str, mail_mentions: bool, mail_follows: bool
) -> None:
    """Set the time zone (IANA name) and the mails wanted. Raises ValidationError for an unknown zone."""
    if time_zone not in available_timezones():
        raise ValidationError({"time_zone": Message(N_("Choose a time zone of the list."))})
    queries.update_user(
        session, account_id, time_zone=time_zone, mail_mentions=mail_mentions, mail_follows=mail_follows
    )


def suspend_account(session: Session, *, username: str) -> None:
    """Hide an account, its posts and its picture everywhere, and end its sessions."""
    account = _get_any(session, username)
    queries.update_account(session, account.id, suspended_at=func.now())
    session_queries.delete_sessions(session, account.id)
    enqueue(session, names.CONCEAL_AVATAR, account_id=account.id)


def unsuspend_account(session: Session, *, username: str) -> None:
    """Take a suspension back."""
    queries.update_account(session, _get_any(session, username).id, suspended_at=None)


def set_role(session: Session, *, username: str, role: str) -> None:
    """Make somebody a user, moderator or admin."""
    if role not in ROLES:
        raise ValidationError({"role": Message(N_("Use one of %(roles)s."), {"roles": ", ".join(ROLES)})})
    queries.update_account(session, _get_any(session, username).id, role=role)


def _get_any(session: Session, username: str) -> AccountRow:
    account = queries.get_account(session, username)
    if account is None:
        raise NotFound(N_("There is no account named %(name)s."), name=username)
    return account
