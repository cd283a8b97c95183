"""Finding accounts by the beginnings of the words in their names."""

from sqlalchemy import Text, bindparam, exists, func, select, text, union
from sqlalchemy.orm import Session

from microblog.data.base import AnySelect
from microblog.data.models import Follow, User
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, IS_PUBLIC, AccountRow, accounts
from microblog.data.queries.visibility import NOBODY, VIEWER, is_apart

# How many matches are ranked: a single letter fits half of a large site.
CANDIDATES = 2_000
_users = User.__table__
_NAME = bindparam("name", type_=Text)
_is_exact = func.lower(accounts.c.username) == func.lower(_NAME)
# As the index ix_accounts_words has it, letter by letter.
_has_words = text(
    "to_tsvector('simple'::regconfig, (account.username || ' '::text) || account.display_name)"
    " @@ to_tsquery('simple'::regconfig, :words)"
).bindparams(bindparam("words", type_=Text))


def _search(*, following: bool) -> AnySelect:
    conditions = [~is_apart(accounts.c.id)]
    if following:
        follows = exists().where(Follow.account_id == VIEWER, Follow.target_account_id == accounts.c.id)
        conditions.append(follows)
    matching = select(accounts.c.id).where(_has_words, *conditions).limit(CANDIDATES)
    found = union(select(accounts.c.id).where(_is_exact, *conditions), matching).subquery("found")
    return (
        select(*ACCOUNT_COLUMNS)
        .join(found, found.c.id == accounts.c.id)
        .join(_users, _users.c.account_id == accounts.c.id)
        .where(*IS_PUBLIC)
        .order_by(_is_exact.desc(), accounts.c.followers_count.desc(), accounts.c.id)
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


_AMONG_ALL = _search(following=False)
_AMONG_FOLLOWED = _search(following=True)


def search_accounts(
    session: Session,
    *,
    name: str,
    words: str,
    viewer_id: int | None,
    following: bool,
    limit: int,
    offset: int,
) -> list[AccountRow]:
    """Accounts of that name (any case) first, then those whose names have words that begin so.

    `words`: a query of domain/search.py. `following`: only whom the viewer follows.
    """
    statement = _AMONG_FOLLOWED if following else _AMONG_ALL
    parameters = {
        "name": name,
        "words": words,
        "viewer_id": viewer_id or NOBODY,
        "limit": limit,
        "offset": offset,
    }
    return list(session.execute(statement, parameters))
