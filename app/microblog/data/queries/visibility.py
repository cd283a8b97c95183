"""The one visibility predicate: every read of statuses passes it (the rules' words are in
domain/visibility.py).
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, and_, bindparam, exists, or_

from microblog.data.models import Follow, Mention
from microblog.domain.visibility import Visibility

# The parameter that every statement with the predicate takes; NOBODY stands for a signed-out visitor.
VIEWER: ColumnElement[Any] = bindparam("viewer_id", type_=BigInteger)
NOBODY = 0


def may_see(statuses: FromClause, authors: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may see the row of `statuses` written by the row of `authors`.

    Public and unlisted: everybody. Private: the author, their followers and those mentioned. Direct: the
    author and those mentioned. Of a suspended author: nobody.
    """
    status, author = statuses.c, authors.c
    follows = exists().where(Follow.account_id == VIEWER, Follow.target_account_id == status.account_id)
    is_mentioned = exists().where(Mention.status_id == status.id, Mention.account_id == VIEWER)
    return and_(
        author.suspended_at.is_(None),
        or_(
            status.visibility.in_([Visibility.PUBLIC, Visibility.UNLISTED]),
            status.account_id == VIEWER,
            and_(status.visibility == Visibility.PRIVATE, follows),
            is_mentioned,
        ),
    )
