"""Reading an account by its id."""

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from microblog.data.queries.accounts import ACCOUNT_COLUMNS, AccountRow, accounts

_BY_ID = select(*ACCOUNT_COLUMNS).where(
    accounts.c.id == bindparam("account_id", type_=BigInteger), accounts.c.suspended_at.is_(None)
)


def get_identity(session: Session, account_id: int) -> AccountRow | None:
    """An account that is not suspended."""
    return session.execute(_BY_ID, {"account_id": account_id}).one_or_none()
