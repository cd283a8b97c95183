"""Reading and writing accounts and users."""

from sqlalchemy import BigInteger, Text, bindparam, exists, func, insert, literal_column, select, update
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, Follow, FollowRequest, Status, User
from microblog.data.queries.visibility import NOBODY, VIEWER, is_apart, is_wanted
from microblog.domain.limits import FOLLOW_REQUESTS_COUNTED
from microblog.domain.visibility import Visibility

AccountRow = AnyRow

accounts = Account.__table__.alias("account")
ACCOUNT_COLUMNS = (
    accounts.c.id,
    accounts.c.username,
    accounts.c.display_name,
    accounts.c.note,
    accounts.c.note_html,
    accounts.c.avatar_key,
    accounts.c.header_key,
    accounts.c.fields,
    accounts.c.locked,
    accounts.c.bot,
    accounts.c.role,
    accounts.c.created_at,
    accounts.c.suspended_at,
    accounts.c.statuses_count,
    accounts.c.followers_count,
    accounts.c.following_count,
    accounts.c.last_status_at,
)
_users = User.__table__

# Whom everybody may see: confirmed and not suspended.
IS_PUBLIC = (accounts.c.suspended_at.is_(None), _users.c.confirmed_at.is_not(None))
_BY_NAME = (
    select(*ACCOUNT_COLUMNS)
    .join(_users, _users.c.account_id == accounts.c.id)
    .where(func.lower(accounts.c.username) == func.lower(bindparam("username", type_=Text)))
)
_PUBLIC_BY_NAME = _BY_NAME.where(*IS_PUBLIC).execution_options(prepared="account")
_PUBLIC_BY_ID = (
    select(*ACCOUNT_COLUMNS)
    .join(_users, _users.c.account_id == accounts.c.id)
    .where(accounts.c.id == bindparam("account_id", type_=BigInteger), *IS_PUBLIC)
)
_BY_ID = select(*ACCOUNT_COLUMNS).where(
    accounts.c.id == bindparam("account_id", type_=BigInteger), accounts.c.suspended_at.is_(None)
)

_asking = Account.__table__.alias("asking")
_waiting = (
    select(FollowRequest.id)
    .join(_asking, _asking.c.id == FollowRequest.account_id)
    .where(FollowRequest.target_account_id == accounts.c.id, _asking.c.suspended_at.is_(None))
    .correlate(accounts)
    .limit(FOLLOW_REQUESTS_COUNTED)
    .subquery("waiting")
)
# What people may know of themselves besides, in the same statement.
_OWN = (
    select(
        *ACCOUNT_COLUMNS,
        _users.c.default_visibility,
        _users.c.default_sensitive,
        _users.c.default_language,
        select(func.count()).select_from(_waiting).scalar_subquery().label("follow_requests_count"),
    )
    .join(_users, _users.c.account_id == accounts.c.id)
    .where(accounts.c.id == bindparam("account_id", type_=BigInteger), accounts.c.suspended_at.is_(None))
)

_recent = (
    select(Status.account_id)
    .where(
        Status.visibility == literal_column(f"'{Visibility.PUBLIC}'"),
        Status.reblog_of_id.is_(None),
        Status.in_reply_to_account_id.is_(None),
    )
    .order_by(Status.id.desc())
    .limit(200)
    .subquery("recent")
)
# Authors of the newest public posts: bounded work, however many accounts there are.
_SUGGESTIONS = (
    select(*ACCOUNT_COLUMNS)
    .where(
        accounts.c.id.in_(select(_recent.c.account_id)),
        accounts.c.suspended_at.is_(None),
        accounts.c.id != VIEWER,
        ~is_apart(accounts.c.id),
        is_wanted(accounts.c.id),
        ~exists().where(Follow.account_id == VIEWER, Follow.target_account_id == accounts.c.id),
    )
    .order_by(accounts.c.followers_count.desc(), accounts.c.id)
    .limit(bindparam("limit"))
)


def get_public_account(session: Session, username: str) -> AccountRow | None:
    """The account of that name (any case) as everybody may see it; unconfirmed and suspended ones
    are not there.
    """
    return session.execute(_PUBLIC_BY_NAME, {"username": username}).one_or_none()


def get_account(session: Session, username: str) -> AccountRow | None:
    """The account of that name (any case), in whatever state."""
    return session.execute(_BY_NAME, {"username": username}).one_or_none()


def get_public_account_by_id(session: Session, account_id: int) -> AccountRow | None:
    """An account as everybody may see it."""
    return session.execute(_PUBLIC_BY_ID, {"account_id": account_id}).one_or_none()


def get_own_account(session: Session, account_id: int) -> AccountRow | None:
    """An account as its owner sees it: also `default_visibility`, `default_sensitive`, `default_language`
    and `follow_requests_count` (counted up to FOLLOW_REQUESTS_COUNTED).
    """
    return session.execute(_OWN, {"account_id": account_id}).one_or_none()


def get_account_by_id(session: Session, account_id: int) -> AccountRow | None:
    """An account that is not suspended, also before its address is confirmed."""
    return session.execute(_BY_ID, {"account_id": account_id}).one_or_none()


def suggest_accounts(session: Session, viewer_id: int | None, limit: int) -> list[AccountRow]:
    """Accounts that post and that the viewer neither follows nor shuns, the most followed first."""
    return list(session.execute(_SUGGESTIONS, {"viewer_id": viewer_id or NOBODY, "limit": limit}))


def insert_account(
    session: Session, *, username: str, email: str, password_hash: str, is_confirmed: bool
) -> int:
    """Write an account and its user. Raises IntegrityError where the name or a confirmed address is taken."""
    account_id = session.scalars(insert(Account).values(username=username).returning(Account.id)).one()
    session.execute(
        insert(User).values(
            account_id=account_id,
            email=email,
            password_hash=password_hash,
            confirmed_at=func.now() if is_confirmed else None,
        )
    )
    return account_id


def update_account(session: Session, account_id: int, **values: object) -> None:
    """Set columns of an account."""
    session.execute(update(Account).where(Account.id == account_id).values(**values))


def update_user(session: Session, account_id: int, **values: object) -> None:
    """Set columns of a user."""
    session.execute(update(User).where(User.account_id == account_id).values(**values))


def confirm_user(session: Session, account_id: int, email: str) -> None:
    """Make the address the account's confirmed one; raises IntegrityError where it is another's already."""
    update_user(session, account_id, email=email, confirmed_at=func.coalesce(User.confirmed_at, func.now()))


def get_user(session: Session, account_id: int) -> AnyRow | None:
    """What only the person and the machine may know: address, password hash, preferences."""
    statement = select(*_users.c, Account.username).join(Account, Account.id == _users.c.account_id)
    return session.execute(statement.where(_users.c.account_id == account_id)).one_or_none()


def lock_password(session: Session, account_id: int) -> str | None:
    """The password's hash, which nobody else changes until the commit; None where suspended or gone."""
    # In the order in which accounts are deleted. Posts and follows wait for the account's row too: briefly.
    statement = (
        select(_users.c.password_hash)
        .select_from(Account)
        .join(_users, _users.c.account_id == Account.id)
        .where(Account.id == account_id, Account.suspended_at.is_(None))
    )
    return session.scalars(statement.with_for_update(key_share=True)).one_or_none()


def is_email_taken(session: Session, email: str, *, but_account_id: int) -> bool:
    """Whether the address is the confirmed one of another account."""
    statement = exists().where(
        func.lower(User.email) == email.lower(),
        User.confirmed_at.is_not(None),
        User.account_id != but_account_id,
    )
    return bool(session.scalar(select(statement)))


def get_confirmed_user_by_email(session: Session, email: str) -> AnyRow | None:
    """The user with this confirmed address, unless suspended."""
    statement = (
        select(*_users.c, Account.username)
        .join(Account, Account.id == _users.c.account_id)
        .where(
            func.lower(_users.c.email) == email.lower(),
            _users.c.confirmed_at.is_not(None),
            Account.suspended_at.is_(None),
        )
    )
    return session.execute(statement).one_or_none()


def get_user_by_name(session: Session, username: str) -> AnyRow | None:
    """The user of that name (any case), unless suspended."""
    statement = (
        select(*_users.c, Account.username)
        .join(Account, Account.id == _users.c.account_id)
        .where(func.lower(Account.username) == username.lower(), Account.suspended_at.is_(None))
    )
    return session.execute(statement).one_or_none()
