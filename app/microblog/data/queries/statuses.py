"""Reading statuses: single ones, threads and timelines."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    and_,
    any_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow, AnySelect
from microblog.data.models import Account, Follow, Mention, Status, StatusTag, Tag
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.data.queries.visibility import NOBODY, VIEWER, may_see
from microblog.domain.ids import MAX_ID
from microblog.domain.limits import THREAD_ANCESTORS, THREAD_DESCENDANTS
from microblog.domain.pages import Page, PageRequest
from microblog.domain.visibility import Visibility

StatusRow = AnyRow

statuses = Status.__table__.alias("status")
authors = Account.__table__.alias("author")
answered = Account.__table__.alias("answered")

_status = statuses.c
_NUMBERS: Any = ARRAY(BigInteger)


def _select_visible() -> AnySelect:
    """All that a post shows, in one statement: the row, its author, and the name of whom it answers."""
    return (
        select(
            _status.id,
            _status.account_id,
            _status.content,
            _status.created_at,
            _status.edited_at,
            _status.visibility,
            _status.in_reply_to_id,
            _status.in_reply_to_account_id,
            _status.conversation_id,
            _status.replies_count,
            _status.reblogs_count,
            _status.favourites_count,
            _status.sensitive,
            _status.spoiler_text,
            _status.language,
            authors.c.username,
            authors.c.display_name,
            authors.c.avatar_key,
            answered.c.username.label("in_reply_to_username"),
        )
        .join_from(statuses, authors, authors.c.id == _status.account_id)
        .outerjoin(
            answered,
            and_(answered.c.id == _status.in_reply_to_account_id, answered.c.suspended_at.is_(None)),
        )
        .where(may_see(statuses, authors))
    )


_VISIBLE = _select_visible()
_BY_ID = _VISIBLE.where(_status.id == bindparam("status_id", type_=BigInteger))
_BY_IDS = _VISIBLE.where(_status.id == any_(bindparam("ids", type_=_NUMBERS))).order_by(_status.id.desc())

# Literal SQL, not parameters: only so can the planner see that the partial index ix_statuses_public fits.
_PUBLIC = _VISIBLE.where(
    _status.visibility == literal_column(f"'{Visibility.PUBLIC}'"),
    _status.reblog_of_id.is_(None),
    _status.in_reply_to_account_id.is_(None),
)
PUBLIC: PagedSelect = paged(_PUBLIC, _status.id)
OF_ACCOUNT: PagedSelect = paged(
    _VISIBLE.where(_status.account_id == bindparam("account_id", type_=BigInteger)), _status.id
)


def _of_tag() -> PagedSelect:
    # The cursor is the link table's own column, so that its index delivers the rows already in order.
    used = StatusTag.__table__
    statement = _VISIBLE.join(used, used.c.status_id == _status.id).where(
        used.c.tag_id == select(Tag.id).where(Tag.name == bindparam("name")).scalar_subquery(),
        _status.visibility == Visibility.PUBLIC,
    )
    return paged(statement, used.c.status_id)


OF_TAG: PagedSelect = _of_tag()


def _home_ids(*, upwards: bool) -> AnySelect:
    """Ids of everybody whom the viewer follows, and their own: a few index rows for each, then merged."""
    followed = (
        select(Follow.target_account_id.label("id"))
        .join(authors, authors.c.id == Follow.target_account_id)
        .where(Follow.account_id == VIEWER, authors.c.suspended_at.is_(None))
    )
    sources = union_all(followed, select(VIEWER.label("id"))).subquery("sources")
    limit: BindParameter[int] = bindparam("limit")
    each = (
        select(_status.id)
        .where(
            _status.account_id == sources.c.id,
            _status.id < bindparam("max_id", type_=BigInteger),
            _status.id > bindparam("since_id", type_=BigInteger),
            # Followers see all but the direct posts that do not name them.
            or_(
                _status.visibility != Visibility.DIRECT,
                _status.account_id == VIEWER,
                exists().where(Mention.status_id == _status.id, Mention.account_id == VIEWER),
            ),
        )
        .order_by(_status.id.asc() if upwards else _status.id.desc())
        .limit(limit)
        .lateral("each")
    )
    order = each.c.id.asc() if upwards else each.c.id.desc()
    return (
        select(each.c.id).select_from(sources.join(each, literal_column("true"))).order_by(order).limit(limit)
    )


_HOME_NEWEST = _home_ids(upwards=False)
_HOME_ABOVE = _home_ids(upwards=True)

_AUTHOR_FEED = (
    select(authors.c.id, authors.c.feed_version)
    .join(statuses, _status.account_id == authors.c.id)
    .where(_status.id == bindparam("status_id", type_=BigInteger), authors.c.suspended_at.is_(None))
)

# Ids only, bounded on both sides; the rows pass the visibility predicate in the statement that follows.
_THREAD_IDS = text(
    """
    WITH RECURSIVE ancestors(id, parent, depth) AS (
        SELECT id, in_reply_to_id, 0 FROM statuses WHERE id = :status_id
        UNION ALL
        SELECT s.id, s.in_reply_to_id, depth + 1 FROM ancestors JOIN statuses s ON s.id = ancestors.parent
        WHERE depth < :max_ancestors
    ), descendants(id) AS (
        SELECT id FROM statuses WHERE in_reply_to_id = :status_id
        UNION ALL
        SELECT s.id FROM descendants JOIN statuses s ON s.in_reply_to_id = descendants.id
    )
    SELECT id FROM ancestors
    UNION ALL
    (SELECT id FROM descendants LIMIT :max_descendants)
    """
)


def get_status(session: Session, status_id: int, viewer_id: int | None) -> StatusRow | None:
    """One status, or None where the viewer may not see it or there is none."""
    return session.execute(_BY_ID, {"status_id": status_id, "viewer_id": viewer_id or NOBODY}).one_or_none()


def get_statuses(session: Session, ids: Sequence[int], viewer_id: int | None) -> list[StatusRow]:
    """Those of the statuses that the viewer may see, newest first."""
    return list(session.execute(_BY_IDS, {"ids": list(ids), "viewer_id": viewer_id or NOBODY}))


def get_thread_rows(session: Session, status_id: int, viewer_id: int | None) -> list[StatusRow]:
    """The status, its ancestors and its descendants as far as the viewer may see them, oldest first."""
    ids = session.scalars(
        _THREAD_IDS,
        {"status_id": status_id, "max_ancestors": THREAD_ANCESTORS, "max_descendants": THREAD_DESCENDANTS},
    )
    return get_statuses(session, list(ids), viewer_id)[::-1]


def read_statuses(
    session: Session, select: PagedSelect, page: PageRequest, viewer_id: int | None, **parameters: object
) -> Page[StatusRow]:
    """A page of one of this module's lists."""
    return read_page(session, select, page, {"viewer_id": viewer_id or NOBODY, **parameters})


def get_author_feed(session: Session, status_id: int) -> AnyRow | None:
    """The `id` and `feed_version` of a status's author; None where the status is gone or its
    author suspended.
    """
    return session.execute(_AUTHOR_FEED, {"status_id": status_id}).one_or_none()


def get_home_ids(session: Session, account_id: int, page: PageRequest) -> list[int]:
    """Ids for the account's home timeline from PostgreSQL, in the page's direction of reading."""
    upwards = page.min_id is not None
    parameters = {
        "viewer_id": account_id,
        "max_id": MAX_ID if page.max_id is None else page.max_id,
        "since_id": page.min_id or page.since_id or 0,
        "limit": page.limit,
    }
    return list(session.scalars(_HOME_ABOVE if upwards else _HOME_NEWEST, parameters))
