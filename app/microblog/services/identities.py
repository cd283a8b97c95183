"""Accounts by their id, in every state but suspended: for their owner's own pages and for drawn pictures."""

from sqlalchemy.orm import Session

from microblog.data.queries import identities as queries
from microblog.data.queries.accounts import AccountRow
from microblog.domain.errors import NotFound


def get_identity(session: Session, *, account_id: int) -> AccountRow:
    """The account, also before its address is confirmed. Raises NotFound, also for suspended ones."""
    account = queries.get_identity(session, account_id)
    if account is None:
        raise NotFound
    return account
