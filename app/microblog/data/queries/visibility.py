"""The one visibility predicate: every read of statuses passes it (the rules' words are in
domain/visibility.py).
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ColumnExpressionArgument,
    FromClause,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from microblog.data.base import AnySelect
from microblog.data.models import Block, Follow, Mention, Mute
from microblog.domain.visibility import OPEN, Visibility

# The parameter of every statement that a signed-in viewer asks; NOBODY stands for a signed-out visitor.
VIEWER: ColumnElement[Any] = bindparam("viewer_id", type_=BigInteger)
NOBODY: Final = 0
# Literal SQL: a list of parameters would be written out anew for each execution.
_OPEN: Final[list[ColumnElement[str]]] = [literal_column(f"'{visibility}'") for visibility in OPEN]


def everybody_may_see(statuses: FromClause, authors: FromClause) -> ColumnElement[bool]:
    """Whether a signed-out visitor may see the row of `statuses` written by the row of `authors`."""
    return and_(authors.c.suspended_at.is_(None), statuses.c.visibility.in_(_OPEN))


def may_see(statuses: FromClause, authors: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may see the row of `statuses` written by the row of `authors`.

    Public and unlisted: everybody. Private: the author, their followers and those mentioned. Direct: the
    author and those mentioned. Of a suspended author, or one who blocks the viewer: nothing.
    """
    status, author = statuses.c, authors.c
    follows = exists_for_each_row(
        Follow.__table__, Follow.account_id == VIEWER, Follow.target_account_id == status.account_id
    )
    is_mentioned = exists_for_each_row(
        Mention.__table__, Mention.status_id == status.id, Mention.account_id == VIEWER
    )
    return and_(
        author.suspended_at.is_(None),
        ~blocks(author.id, VIEWER),
        or_(
            status.visibility.in_(_OPEN),
            status.account_id == VIEWER,
            and_(status.visibility == literal_column(f"'{Visibility.PRIVATE}'"), follows),
            is_mentioned,
        ),
    )


def is_wanted(account_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the viewer wants to read this account in timelines: neither blocked nor muted."""
    return and_(~blocks(VIEWER, account_id), ~mutes(VIEWER, account_id))


def is_apart(account_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a block stands between the viewer and this account, whoever made it."""
    return or_(blocks(VIEWER, account_id), blocks(account_id, VIEWER))


def blocks(blocking_id: ColumnElement[int], blocked_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether one account blocks another."""
    return exists_for_each_row(
        Block.__table__, Block.account_id == blocking_id, Block.target_account_id == blocked_id
    )


def mutes(muting_id: ColumnElement[int], muted_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether one account mutes another now."""
    return exists_for_each_row(Mute.__table__, _mutes_now(muting_id, muted_id))


def is_silenced(account_id: ColumnElement[int], other_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an account is told nothing of what another does: a block stands between them, or it said so."""
    hides = exists_for_each_row(Mute.__table__, _mutes_now(account_id, other_id), Mute.hides_notifications)
    return or_(blocks(account_id, other_id), blocks(other_id, account_id), hides)


def exists_for_each_row(
    table: FromClause, *conditions: ColumnExpressionArgument[bool]
) -> ColumnElement[bool]:
    """Whether there is such a row, looked up for each row of the statement.

    With an offset, even of 0, PostgreSQL makes no join of it. Of a join it might read all that the viewer
    ever favourited for a list that it takes for a long one, and with each join planning takes longer, for a
    page of statuses longer than reading it.
    """
    found: AnySelect = select(literal_column("1")).select_from(table).where(*conditions)
    return exists(found.offset(literal_column("0")))


def _mutes_now(muting_id: ColumnElement[int], muted_id: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(
        Mute.account_id == muting_id,
        Mute.target_account_id == muted_id,
        or_(Mute.expires_at.is_(None), Mute.expires_at > func.now()),
    )
