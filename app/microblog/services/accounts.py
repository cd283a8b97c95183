"""Accounts: signing up, the public profile, preferences, and what moderators and operators do to them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import accounts as queries
from microblog.data.queries import addressing
from microblog.data.queries import sessions as session_queries
from microblog.data.queries.accounts import AccountRow
from microblog.data.queries.relationships import raise_feed_version
from microblog.domain.errors import N_, Message, NotFound, ValidationError
from microblog.domain.languages import is_language
from microblog.domain.limits import USERNAME_CHARACTERS
from microblog.domain.profiles import (
    Field,
    clean_fields,
    find_display_name_problem,
    find_fields_problem,
    find_note_problem,
)
from microblog.domain.text import clean_line, clean_text, find_mentions, is_username, render, render_line
from microblog.domain.usernames import RESERVED
from microblog.domain.visibility import Visibility
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services import follow_requests
from microblog.services.credentials import find_email_problem, send_confirmation
from microblog.services.hashers import PasswordHasher
from microblog.services.passwords import find_password_problem

ROLES = ("user", "moderator", "admin")
TAKEN = N_("This name is taken.")
# A post that is for those named only has no sense as what every post has.
DEFAULT_VISIBILITIES = (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.PRIVATE)


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


def get_public_account(session: Session, *, account_id: int) -> AccountRow:
    """The public profile by its id. Raises NotFound, also where unconfirmed or suspended."""
    account = queries.get_public_account_by_id(session, account_id)
    if account is None:
        raise NotFound
    return account


def get_own_account(session: Session, *, account_id: int) -> AccountRow:
    """The account as its owner sees it, in one statement. Raises NotFound.

    Beside what everybody sees: `default_visibility`, `default_sensitive`, `default_language`,
    `follow_requests_count`.
    """
    account = queries.get_own_account(session, account_id)
    if account is None:
        raise NotFound
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


def update_profile(
    session: Session,
    *,
    account_id: int,
    display_name: str | None = None,
    note: str | None = None,
    fields: Sequence[Field] | None = None,
    locked: bool | None = None,
    bot: bool | None = None,
    default_visibility: str | None = None,
    default_sensitive: bool | None = None,
    default_language: str | None = None,
) -> None:
    """Change what is given of a profile and of what new posts have; None leaves a thing as it is.

    In `note` and the values of `fields` (name and value, at most four) links, mentions and tags become links.
    `locked=False` lets all follow who wait for it. `default_language=""`: none.
    Raises ValidationError by field.
    """
    given = {
        "display_name": None if display_name is None else clean_line(display_name),
        "note": None if note is None else clean_text(note),
        "fields": None if fields is None else clean_fields(fields),
        "locked": locked,
        "bot": bot,
        "default_visibility": default_visibility,
        "default_sensitive": default_sensitive,
        "default_language": default_language,
    }
    given = {name: value for name, value in given.items() if value is not None}
    _check_profile(given)
    if locked is False:
        follow_requests.accept_all(session, account_id=account_id)
    if of_account := _make_profile(session, given):
        queries.update_account(session, account_id, **of_account)
    if of_user := _make_preferences(given):
        queries.update_user(session, account_id, **of_user)


def _find_visibility_problem(visibility: str) -> Message | None:
    if visibility in DEFAULT_VISIBILITIES:
        return None
    return Message(N_("Use one of %(values)s."), {"values": ", ".join(DEFAULT_VISIBILITIES)})


def _find_language_problem(language: str) -> Message | None:
    if not language or is_language(language):
        return None
    return Message(N_("Give a language such as en or pt-BR."))


PROFILE_CHECKS: Mapping[str, Callable[[Any], Message | None]] = {
    "display_name": find_display_name_problem,
    "note": find_note_problem,
    "fields": find_fields_problem,
    "default_visibility": _find_visibility_problem,
    "default_language": _find_language_problem,
}


def _check_profile(given: Mapping[str, Any]) -> None:
    problems = {name: find(given[name]) for name, find in PROFILE_CHECKS.items() if name in given}
    errors = {name: problem for name, problem in problems.items() if problem}
    if errors:
        raise ValidationError(errors)


def _make_profile(session: Session, given: Mapping[str, Any]) -> dict[str, object]:
    """The columns of the account, with its texts as HTML."""
    columns = {name: given[name] for name in ("display_name", "locked", "bot") if name in given}
    fields: list[Field] = given.get("fields", [])
    texts = [given.get("note", ""), *(value for _name, value in fields)]
    mentions = [name for text in texts for name in find_mentions(text)]
    known = addressing.find_accounts_by_name(session, mentions) if mentions else {}
    if "note" in given:
        columns |= {"note": given["note"], "note_html": render(given["note"], known)}
    if "fields" in given:
        columns["fields"] = [
            {"name": name, "value": value, "value_html": render_line(value, known)} for name, value in fields
        ]
    return columns


def _make_preferences(given: Mapping[str, Any]) -> dict[str, object]:
    """The columns of the user."""
    columns = {name: given[name] for name in ("default_visibility", "default_sensitive") if name in given}
    if "default_language" in given:
        columns["default_language"] = given["default_language"] or None
    return columns


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


def find_account(session: Session, *, username: str) -> AccountRow:
    """The account of a name in any case, also before its address is confirmed and while it is suspended.

    Raises NotFound.
    """
    return _get_any(session, username)


def suspend_account(session: Session, *, username: str) -> None:
    """Hide an account, its posts and its pictures everywhere, and end its sessions."""
    account = _get_any(session, username)
    queries.update_account(session, account.id, suspended_at=func.now())
    session_queries.delete_sessions(session, account.id)
    for job in (names.CONCEAL_AVATAR, names.CONCEAL_HEADER):
        enqueue(session, job, account_id=account.id)


def unsuspend_account(session: Session, *, username: str) -> None:
    """Take a suspension back. Meanwhile nothing was put into the account's feed: it is built anew."""
    account = _get_any(session, username)
    queries.update_account(session, account.id, suspended_at=None)
    raise_feed_version(session, account.id)


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
