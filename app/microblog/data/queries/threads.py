"""Reading a conversation: a status with what stands above and below it."""

from sqlalchemy import BigInteger, bindparam, or_, text
from sqlalchemy.orm import Session

from microblog.data.queries.status_rows import ByViewer, StatusRow, authors, select_statuses, statuses
from microblog.data.queries.visibility import NOBODY, is_wanted
from microblog.domain.limits import THREAD_ANCESTORS, THREAD_DESCENDANTS

# Bounded on both sides. What the viewer may not see doesn't count below: a few hundred hidden answers would
# push out all others. The ids pass the visibility predicate of the statement that they stand in.
_SEE = """(
    s.visibility IN ('public', 'unlisted') OR s.account_id = :viewer_id
    OR EXISTS (SELECT FROM mentions m WHERE m.status_id = s.id AND m.account_id = :viewer_id)
    OR s.visibility = 'private' AND EXISTS (
        SELECT FROM follows f WHERE f.account_id = :viewer_id AND f.target_account_id = s.account_id
    )
)"""
_IS_OF_THREAD = text(
    """status.id = ANY (ARRAY(
    WITH RECURSIVE ancestors(id, parent, depth) AS (
        SELECT id, in_reply_to_id, 0 FROM statuses WHERE id = :status_id
        UNION ALL
        SELECT s.id, s.in_reply_to_id, depth + 1 FROM ancestors JOIN statuses s ON s.id = ancestors.parent
        WHERE depth < :max_ancestors
    ), descendants(id) AS (
        SELECT s.id FROM statuses s WHERE in_reply_to_id = :status_id AND {see}
        UNION ALL
        SELECT s.id FROM descendants JOIN statuses s ON s.in_reply_to_id = descendants.id WHERE {see}
    )
    SELECT id FROM ancestors
    UNION ALL
    (SELECT id FROM descendants LIMIT :max_descendants)
    ))""".replace("{see}", _SEE)
).bindparams(
    bindparam("viewer_id", type_=BigInteger),
    bindparam("status_id", type_=BigInteger),
    # Literal, for a plan that counts with few rows.
    bindparam("max_ancestors", type_=BigInteger, literal_execute=True),
    bindparam("max_descendants", type_=BigInteger, literal_execute=True),
)
# The post that was asked for is shown whoever wrote it; the others where the viewer wants to read them.
_IS_WANTED = or_(is_wanted(authors.c.id), statuses.c.id == bindparam("status_id", type_=BigInteger))
_THREAD = ByViewer(
    *(
        select_statuses(boosts=False, person=person)
        .where(*conditions)
        .order_by(statuses.c.id)
        .execution_options(prepared="thread")
        for person, conditions in ((False, [_IS_OF_THREAD]), (True, [_IS_OF_THREAD, _IS_WANTED]))
    )
)


def get_thread_rows(session: Session, status_id: int, viewer_id: int | None) -> list[StatusRow]:
    """The status, its ancestors and its descendants as far as the viewer may see them and wants to,
    oldest first.
    """
    parameters = {
        "status_id": status_id,
        "viewer_id": viewer_id or NOBODY,
        "max_ancestors": THREAD_ANCESTORS,
        "max_descendants": THREAD_DESCENDANTS,
    }
    return list(session.execute(_THREAD.of(viewer_id), parameters))
