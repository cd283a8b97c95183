"""Finding accounts: by their address, or by the beginnings of their names."""

from sqlalchemy.orm import Session

from microblog.data.queries import account_search as queries
from microblog.data.queries.accounts import AccountRow
from microblog.domain.errors import NotFound
from microblog.domain.limits import SEARCH_OFFSET
from microblog.domain.search import make_prefix_query
from microblog.domain.text import clean_line, is_username
from microblog.domain.usernames import find_local_name
from microblog.services.accounts import get_account


def look_up_account(session: Session, *, acct: str, host: str) -> AccountRow:
    """The public account of `alice`, `@alice`, or `alice@` and our own `host` (any case). Raises NotFound."""
    username = find_local_name(acct, host)
    if username is None or not is_username(username):
        raise NotFound
    return get_account(session, username=username)


def search_accounts(
    session: Session,
    *,
    text: str,
    host: str,
    viewer_id: int | None,
    limit: int,
    offset: int = 0,
    following: bool = False,
) -> list[AccountRow]:
    """Accounts whose names have words that begin as those of `text` do: the very name first, then those with
    the most followers. An address (`@alice@host`) finds the one that has it, if the host is ours.

    Those whom a block keeps from the viewer are left out; `following`: only whom the viewer follows.
    """
    text = clean_line(text)
    address = text.removeprefix("@")
    if "@" in address:
        username = find_local_name(address, host)
        words = ""
    else:
        username = address
        words = make_prefix_query(address)
    if not username or offset > SEARCH_OFFSET:
        return []
    return queries.search_accounts(
        session,
        name=username,
        words=words,
        viewer_id=viewer_id,
        following=following,
        limit=limit,
        offset=max(offset, 0),
    )
