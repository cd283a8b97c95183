"""Reading statuses: single ones, and lists of an account, a tag, everybody, or found by words."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    TextualSelect,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, array
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow, AnySelect
from microblog.data.models import Account, Follow, Mention, Pin, Status, StatusEdit, StatusTag, Tag
from microblog.data.queries.home import BY_PERSON, BY_WALKING
from microblog.data.queries.pages import ByDirection, PagedSelect, any_of, make_bounds, paged, read_page
from microblog.data.queries.status_rows import (
    ByViewer,
    StatusRow,
    authors,
    select_statuses,
    statuses,
    wanted_in_timelines,
)
from microblog.data.queries.visibility import VIEWER, exists_for_each_row, is_wanted
from microblog.domain.limits import VERSIONS
from microblog.domain.pages import Page, PageRequest
from microblog.domain.visibility import Visibility

_status = statuses.c
_NUMBERS: Any = ARRAY(BigInteger)
_NAMES: Any = ARRAY(TEXT)
_IDS = any_(bindparam("ids", type_=_NUMBERS))
# Literal SQL, not a parameter: only so can the planner see that a partial index fits.
_IS_PUBLIC = _status.visibility == literal_column(f"'{Visibility.PUBLIC}'")


def _for_both(
    *conditions: ColumnElement[bool],
    boosts: bool = False,
    wanted: ColumnElement[bool] | None = None,
    prepared: str | None = None,
) -> ByViewer[AnySelect]:
    """Statements for both kinds of viewer; `wanted` narrows what a signed-in one gets.

    `prepared`: the name under which PostgreSQL keeps their plans.
    """
    visitor, person = (
        select_statuses(boosts=boosts, person=each).where(*conditions).execution_options(prepared=prepared)
        for each in (False, True)
    )
    return ByViewer(visitor, person if wanted is None else person.where(wanted))


def _paged(both: ByViewer[AnySelect], column: ColumnElement[int] = _status.id) -> ByViewer[PagedSelect]:
    return ByViewer(paged(both.visitor, column), paged(both.person, column))


_BY_ID = _for_both(_status.id == bindparam("status_id", type_=BigInteger), boosts=True, prepared="status")
_BY_IDS = _for_both(_status.id == _IDS, boosts=True, prepared="statuses")
# What a boost shows is in the home timeline only for those who want to see boosts of who made it.
_IS_WELCOME_BOOST = or_(
    _status.reblog_of_id.is_(None),
    _status.account_id == VIEWER,
    exists_for_each_row(
        Follow.__table__,
        Follow.account_id == VIEWER,
        Follow.target_account_id == _status.account_id,
        Follow.shows_reblogs,
    ),
)
_HOME = (
    select_statuses(boosts=True, person=True)
    .where(wanted_in_timelines(boosts=True), _IS_WELCOME_BOOST)
    .order_by(_status.id.desc())
    .execution_options(prepared="home_statuses")
)


def _home_of(ids: TextualSelect) -> AnySelect:
    return _HOME.where(_status.id == any_of(ids))


_HOME_BY_IDS = _HOME.where(_status.id == _IDS)
#: A page of the home timeline with its ids found in either of the ways that data/queries/home.py describes.
HOME_BY_WALKING = ByDirection(_home_of(BY_WALKING.newest), _home_of(BY_WALKING.above))
HOME_BY_PERSON = ByDirection(_home_of(BY_PERSON.newest), _home_of(BY_PERSON.above))
PUBLIC = _paged(
    _for_both(
        _IS_PUBLIC,
        _status.reblog_of_id.is_(None),
        _status.in_reply_to_account_id.is_(None),
        wanted=wanted_in_timelines(boosts=False),
        prepared="public_statuses",
    )
)


def _uses_tag(names: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(
        StatusTag.status_id == _status.id, StatusTag.tag_id == Tag.id, Tag.name == any_(names)
    )


def _names(parameter: str) -> ColumnElement[Any]:
    return cast(bindparam(parameter, type_=_NAMES), _NAMES)


_ACCOUNT = bindparam("account_id", type_=BigInteger)


@cache
def of_account(
    *,
    exclude_reblogs: bool = False,
    exclude_replies: bool = False,
    pinned: bool = False,
    tagged: bool = False,
) -> ByViewer[PagedSelect]:
    """An account's own list (`account_id`), or a part of it; `tagged` with the tag `tagged`.

    Each choice is a statement of its own: a prepared plan could leave out none of the conditions.
    """
    conditions = [_status.account_id == _ACCOUNT]
    if exclude_reblogs:
        conditions.append(_status.reblog_of_id.is_(None))
    if exclude_replies:
        to_self = _status.in_reply_to_account_id == _status.account_id
        conditions.append(or_(_status.in_reply_to_account_id.is_(None), to_self))
    if pinned:
        conditions.append(exists().where(Pin.status_id == _status.id, Pin.account_id == _ACCOUNT))
    if tagged:
        conditions.append(_uses_tag(array([bindparam("tagged", type_=TEXT)])))
    return _paged(
        _for_both(
            *conditions,
            boosts=True,
            # Who looks at a profile wants to read it, but not what it repeats of somebody blocked or muted.
            wanted=or_(_status.reblog_of_id.is_(None), is_wanted(authors.c.id)),
            prepared="account_statuses",
        )
    )


_used = StatusTag.__table__.alias("used")
_TAG_POSTS = _for_both(_IS_PUBLIC, wanted=wanted_in_timelines(boosts=False))


def _of_tag(statement: AnySelect) -> PagedSelect:
    # The cursor is the link table's own column, so that its index delivers the rows already in order.
    narrowed = statement.join(_used, _used.c.status_id == _status.id).where(
        _used.c.tag_id == select(Tag.id).where(Tag.name == bindparam("name")).scalar_subquery()
    )
    return paged(narrowed, _used.c.status_id)


OF_TAG = ByViewer(_of_tag(_TAG_POSTS.visitor), _of_tag(_TAG_POSTS.person))

# Of the tags in `all` a post has to use each one, of those in `none` not any.
_left_out = func.unnest(_names("all")).table_valued("name").render_derived("left_out")
_HAS_ALL = ~exists(literal_column("1")).select_from(_left_out).where(
    ~exists()
    .where(StatusTag.status_id == _status.id, StatusTag.tag_id == Tag.id, Tag.name == _left_out.c.name)
    .correlate(statuses, _left_out)
)


def _last_uses(*, upwards: bool) -> ColumnElement[bool]:
    """Whether a post is among the next `tag_uses` uses of one of the tags in `names`.

    Rare combinations of common tags would else be looked for in all posts that there are.
    """
    tags = select(Tag.id).where(Tag.name == any_(_names("names"))).subquery("tags_in_question")
    uses = (
        select(_used.c.status_id)
        .where(
            _used.c.tag_id == tags.c.id,
            _used.c.status_id < bindparam("max_id", type_=BigInteger),
            _used.c.status_id > bindparam("since_id", type_=BigInteger),
        )
        .order_by(_used.c.status_id.asc() if upwards else _used.c.status_id.desc())
        .limit(bindparam("tag_uses"))
        .lateral("uses")
    )
    found = select(uses.c.status_id).select_from(tags.join(uses, literal_column("true"))).scalar_subquery()
    # An array is read first; of a join PostgreSQL may think that reading all posts is as well.
    return _status.id == any_(func.array(found, type_=_NUMBERS))


def _of_tags(statement: AnySelect) -> PagedSelect:
    narrowed = paged(statement.where(_HAS_ALL, ~_uses_tag(_names("none"))), _status.id)
    return PagedSelect(
        narrowed.newest.where(_last_uses(upwards=False)),
        narrowed.above.where(_last_uses(upwards=True)),
        narrowed.id_name,
    )


#: Posts with any of several tags, all of others and none of still others.
OF_TAGS = ByViewer(_of_tags(_TAG_POSTS.visitor), _of_tags(_TAG_POSTS.person))

_SOURCE = select(Status.id, Status.text, Status.spoiler_text).where(
    Status.id == bindparam("status_id", type_=BigInteger),
    Status.account_id == bindparam("account_id", type_=BigInteger),
    Status.reblog_of_id.is_(None),
)
_VERSIONS = (
    select(StatusEdit.content, StatusEdit.spoiler_text, StatusEdit.sensitive, StatusEdit.created_at)
    .where(StatusEdit.status_id == bindparam("status_id", type_=BigInteger))
    .order_by(StatusEdit.id.desc())
    .limit(VERSIONS)
)
_mentions, _mentioned, _tags = Mention.__table__, Account.__table__, Tag.__table__
# Whom posts mention and which tags they use, for a whole list at once.
_PARTS: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(
        _mentions.c.status_id,
        _mentions.c.account_id.label("account_id"),
        _mentioned.c.username.label("name"),
    )
    .join(_mentioned, _mentioned.c.id == _mentions.c.account_id)
    .where(_mentions.c.status_id == _IDS, _mentioned.c.suspended_at.is_(None)),
    select(_used.c.status_id, literal_column("NULL::bigint"), _tags.c.name)
    .join(_tags, _tags.c.id == _used.c.tag_id)
    .where(_used.c.status_id == _IDS),
).execution_options(prepared="parts")


def get_status(session: Session, status_id: int, viewer_id: int | None) -> StatusRow | None:
    """One status or boost, or None where the viewer may not see it or there is none."""
    parameters = {"status_id": status_id, "viewer_id": viewer_id}
    return session.execute(_BY_ID.of(viewer_id), parameters).one_or_none()


def get_statuses(session: Session, ids: Sequence[int], viewer_id: int | None) -> list[StatusRow]:
    """Those of the statuses that the viewer may see, newest first."""
    return list(session.execute(_BY_IDS.of(viewer_id), {"ids": list(ids), "viewer_id": viewer_id}))


def get_home_statuses(session: Session, ids: Sequence[int], viewer_id: int) -> list[StatusRow]:
    """Those of the statuses that the viewer may see and wants in the home timeline, newest first."""
    return list(session.execute(_HOME_BY_IDS, {"ids": list(ids), "viewer_id": viewer_id}))


def list_home_statuses(
    session: Session, select: ByDirection[AnySelect], page: PageRequest, viewer_id: int
) -> list[StatusRow]:
    """Those of a page's posts in the home timeline that the viewer may see and wants in it, newest first; by
    HOME_BY_WALKING or HOME_BY_PERSON.
    """
    return list(session.execute(select.of(page), {"viewer_id": viewer_id, **make_bounds(page)}))


def read_statuses(
    session: Session,
    select: ByViewer[PagedSelect],
    page: PageRequest,
    viewer_id: int | None,
    **parameters: object,
) -> Page[StatusRow]:
    """A page of one of this module's lists."""
    return read_page(session, select.of(viewer_id), page, {"viewer_id": viewer_id, **parameters})


def get_source(session: Session, status_id: int, account_id: int) -> AnyRow | None:
    """What the author of a post typed: `id`, `text`, `spoiler_text`; None for others' posts and boosts."""
    return session.execute(_SOURCE, {"status_id": status_id, "account_id": account_id}).one_or_none()


def list_versions(session: Session, status_id: int) -> list[AnyRow]:
    """The last former versions of a post, the oldest first."""
    return list(session.execute(_VERSIONS, {"status_id": status_id}))[::-1]


def list_parts(session: Session, ids: Sequence[int]) -> list[AnyRow]:
    """What posts hold besides their text: `status_id`, and `account_id` with `name` of who is mentioned, or
    the `name` of a tag.
    """
    return list(session.execute(_PARTS, {"ids": list(ids)})) if ids else []
