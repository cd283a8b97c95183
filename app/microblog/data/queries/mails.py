"""What mails tell, to whom they go, and which ones were sent."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, Follow, Mail, Mention, OneTimeToken, Status, User
from microblog.data.queries.visibility import may_see

_statuses = Status.__table__.alias("status")
_authors = Account.__table__.alias("author")
_recipients = Account.__table__.alias("recipient")
# Another name than the visibility predicate's own look at the table.
_named = Mention.__table__.alias("named")
_users = User.__table__.alias("user")
_RECIPIENT = (_recipients.c.id.label("account_id"), _users.c.email, _users.c.locale, _users.c.time_zone)
# Mails about others' doings go to proven addresses of accounts in good standing only.
_MAY_BE_TOLD: ColumnElement[bool] = and_(
    _recipients.c.suspended_at.is_(None), _users.c.confirmed_at.is_not(None)
)
_FROM = (_authors.c.username.label("from_username"), _authors.c.display_name.label("from_display_name"))

_MENTION = (
    select(
        *_RECIPIENT,
        *_FROM,
        _statuses.c.id.label("status_id"),
        _statuses.c.text,
        _statuses.c.spoiler_text,
        _statuses.c.in_reply_to_account_id,
    )
    .join_from(_statuses, _authors, _authors.c.id == _statuses.c.account_id)
    .join(_named, _named.c.status_id == _statuses.c.id)
    .join(_recipients, _recipients.c.id == _named.c.account_id)
    .join(_users, _users.c.account_id == _recipients.c.id)
    .where(
        _statuses.c.id == bindparam("status_id", type_=BigInteger),
        _recipients.c.id == bindparam("viewer_id", type_=BigInteger),
        _users.c.mail_mentions,
        _MAY_BE_TOLD,
        may_see(_statuses, _authors),
    )
)
_FOLLOW = (
    select(*_RECIPIENT, *_FROM, _authors.c.note)
    .join_from(Follow, _authors, _authors.c.id == Follow.account_id)
    .join(_recipients, _recipients.c.id == Follow.target_account_id)
    .join(_users, _users.c.account_id == _recipients.c.id)
    .where(
        _authors.c.id == bindparam("from_account_id", type_=BigInteger),
        _authors.c.suspended_at.is_(None),
        _recipients.c.id == bindparam("account_id", type_=BigInteger),
        _users.c.mail_follows,
        _MAY_BE_TOLD,
    )
)


def get_mention(session: Session, *, status_id: int, account_id: int) -> AnyRow | None:
    """The mail about a post that names an account; None where it isn't wanted, or they may not see the post.

    Columns: account_id, email, locale, time_zone, from_username, from_display_name, status_id, text,
    spoiler_text, in_reply_to_account_id.
    """
    return session.execute(_MENTION, {"status_id": status_id, "viewer_id": account_id}).first()


def get_follow(session: Session, *, account_id: int, from_account_id: int) -> AnyRow | None:
    """The mail about a follower; None where it isn't wanted, or they follow no more.

    Columns: account_id, email, locale, time_zone, from_username, from_display_name, note.
    """
    parameters = {"account_id": account_id, "from_account_id": from_account_id}
    return session.execute(_FOLLOW, parameters).first()


def get_token(session: Session, *, token_id: int) -> AnyRow | None:
    """A one-time token that hasn't expired, of an account that isn't suspended.

    Columns: account_id, purpose, email (which the token is about), other_email, expires_at, username, locale,
    time_zone.
    """
    statement = (
        select(
            OneTimeToken.account_id,
            OneTimeToken.purpose,
            OneTimeToken.email,
            OneTimeToken.other_email,
            OneTimeToken.expires_at,
            Account.username,
            User.locale,
            User.time_zone,
        )
        .join(Account, Account.id == OneTimeToken.account_id)
        .join(User, User.account_id == Account.id)
        .where(
            OneTimeToken.id == token_id,
            OneTimeToken.expires_at > func.now(),
            Account.suspended_at.is_(None),
        )
    )
    return session.execute(statement).first()


def get_recipient(session: Session, *, account_id: int) -> AnyRow | None:
    """An account in good standing with a proven address: account_id, email, locale, time_zone, username."""
    statement = (
        select(*_RECIPIENT, _recipients.c.username)
        .join_from(_recipients, _users, _users.c.account_id == _recipients.c.id)
        .where(_recipients.c.id == account_id, _MAY_BE_TOLD)
    )
    return session.execute(statement).first()


def find_owner(session: Session, *, email: str, but_account_id: int) -> AnyRow | None:
    """The other account that has confirmed an address: account_id, username, locale, time_zone."""
    statement = (
        select(User.account_id, Account.username, User.locale, User.time_zone)
        .join(Account, Account.id == User.account_id)
        .where(
            func.lower(User.email) == func.lower(email),
            User.confirmed_at.is_not(None),
            User.account_id != but_account_id,
        )
    )
    return session.execute(statement).first()


def insert_mail(
    session: Session, *, account_id: int, kind: str, subject_id: int | None, message_id: str
) -> bool:
    """Note a mail; whether it is the first one to this account about this subject."""
    values: dict[str, Any] = {"account_id": account_id, "kind": kind, "message_id": message_id}
    statement = insert(Mail).values(**values, subject_id=subject_id).on_conflict_do_nothing()
    return session.execute(statement.returning(Mail.id)).first() is not None
