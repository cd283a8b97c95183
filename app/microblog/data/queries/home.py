"""The home timeline out of PostgreSQL: whom somebody follows, themselves, and the tags that they follow."""

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy import union as distinct_union
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow, AnySelect
from microblog.data.models import Account, Follow, Mention, Status, StatusTag, TagFollow
from microblog.data.queries.visibility import VIEWER, is_wanted, may_see
from microblog.domain.ids import MAX_ID
from microblog.domain.pages import PageRequest
from microblog.domain.visibility import Visibility

_statuses = Status.__table__.alias("status")
_authors = Account.__table__.alias("author")
_boosted = Status.__table__.alias("boosted")
_boosted_authors = Account.__table__.alias("boosted_author")
_status = _statuses.c
_LIMIT: BindParameter[int] = bindparam("limit")


def _between(column: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(
        column < bindparam("max_id", type_=BigInteger), column > bindparam("since_id", type_=BigInteger)
    )


def _of_people(*, upwards: bool) -> AnySelect:
    """A few index rows of everybody whom the viewer follows and wants to read, and of the viewer."""
    followed = (
        select(Follow.target_account_id.label("id"), Follow.shows_reblogs)
        .join(_authors, _authors.c.id == Follow.target_account_id)
        .where(Follow.account_id == VIEWER, _authors.c.suspended_at.is_(None), is_wanted(_authors.c.id))
    )
    people = union_all(followed, select(VIEWER.label("id"), literal_column("true"))).subquery("people")
    # Followers see all but the direct posts that do not name them.
    is_addressed = or_(
        _status.visibility != Visibility.DIRECT,
        _status.account_id == VIEWER,
        exists().where(Mention.status_id == _status.id, Mention.account_id == VIEWER),
    )
    boosted = exists(literal_column("1")).select_from(
        _boosted.join(_boosted_authors, _boosted_authors.c.id == _boosted.c.account_id)
    )
    is_welcome = or_(
        _status.reblog_of_id.is_(None),
        and_(
            people.c.shows_reblogs,
            boosted.where(
                _boosted.c.id == _status.reblog_of_id,
                may_see(_boosted, _boosted_authors),
                is_wanted(_boosted_authors.c.id),
            ),
        ),
    )
    each = (
        select(_status.id)
        .where(_status.account_id == people.c.id, _between(_status.id), is_addressed, is_welcome)
        .order_by(_status.id.asc() if upwards else _status.id.desc())
        .limit(_LIMIT)
        .lateral("of_person")
    )
    return select(each.c.id).select_from(people.join(each, literal_column("true")))


def _of_tags(*, upwards: bool) -> AnySelect:
    """The same of each tag that the viewer follows: public posts."""
    followed = select(TagFollow.tag_id).where(TagFollow.account_id == VIEWER).subquery("followed_tags")
    used = StatusTag.__table__.alias("used")
    each = (
        select(used.c.status_id.label("id"))
        .join(_statuses, _status.id == used.c.status_id)
        .join(_authors, _authors.c.id == _status.account_id)
        .where(
            used.c.tag_id == followed.c.tag_id,
            _between(used.c.status_id),
            _status.visibility == Visibility.PUBLIC,
            may_see(_statuses, _authors),
            is_wanted(_authors.c.id),
        )
        .order_by(used.c.status_id.asc() if upwards else used.c.status_id.desc())
        .limit(_LIMIT)
        .lateral("of_tag")
    )
    return select(each.c.id).select_from(followed.join(each, literal_column("true")))


def _ids(*, upwards: bool) -> AnySelect:
    found = distinct_union(_of_people(upwards=upwards), _of_tags(upwards=upwards)).subquery("found")
    return select(found.c.id).order_by(found.c.id.asc() if upwards else found.c.id.desc()).limit(_LIMIT)


_NEWEST = _ids(upwards=False)
_ABOVE = _ids(upwards=True)

_AUTHOR_FEED = (
    select(
        _authors.c.id,
        _authors.c.feed_version,
        _status.visibility,
        _status.reblog_of_id,
        _status.in_reply_to_account_id,
    )
    .join(_statuses, _status.account_id == _authors.c.id)
    .where(_status.id == bindparam("status_id", type_=BigInteger), _authors.c.suspended_at.is_(None))
)
_FEEDS_OF_MENTIONED = (
    select(Account.id, Account.feed_version)
    .join(Mention, Mention.account_id == Account.id)
    .join(Status, Status.id == Mention.status_id)
    .join(Follow, and_(Follow.account_id == Account.id, Follow.target_account_id == Status.account_id))
    .where(Status.id == bindparam("status_id", type_=BigInteger), Account.suspended_at.is_(None))
)
_AFTER = bindparam("after_id", type_=BigInteger)
_FEEDS_OF_TAGS = (
    select(Account.id, Account.feed_version, TagFollow.id.label("follow_id"))
    .join(TagFollow, TagFollow.account_id == Account.id)
    .join(StatusTag, StatusTag.tag_id == TagFollow.tag_id)
    .where(
        StatusTag.status_id == bindparam("status_id", type_=BigInteger),
        TagFollow.id > _AFTER,
        Account.suspended_at.is_(None),
    )
    .order_by(TagFollow.id)
    .limit(_LIMIT)
)


def get_home_ids(session: Session, account_id: int, page: PageRequest) -> list[int]:
    """Ids for the account's home timeline, in the page's direction of reading."""
    upwards = page.min_id is not None
    parameters = {
        "viewer_id": account_id,
        "max_id": MAX_ID if page.max_id is None else page.max_id,
        "since_id": page.min_id or page.since_id or 0,
        "limit": page.limit,
    }
    return list(session.scalars(_ABOVE if upwards else _NEWEST, parameters))


def get_author_feed(session: Session, status_id: int) -> AnyRow | None:
    """The `id` and `feed_version` of who posted or boosted, and what decides who gets it: `visibility`,
    `reblog_of_id`, `in_reply_to_account_id`. None where it is gone or its author suspended.
    """
    return session.execute(_AUTHOR_FEED, {"status_id": status_id}).one_or_none()


def get_feeds_of_mentioned(session: Session, status_id: int) -> list[AnyRow]:
    """Those followers of a post's author whom it names: `id`, `feed_version`."""
    return list(session.execute(_FEEDS_OF_MENTIONED, {"status_id": status_id}))


def get_feeds_of_tags(session: Session, status_id: int, after_id: int, limit: int) -> list[AnyRow]:
    """Those who follow a tag of the post, in batches: `id`, `feed_version`, and `follow_id` to go on from."""
    parameters = {"status_id": status_id, "after_id": after_id, "limit": limit}
    return list(session.execute(_FEEDS_OF_TAGS, parameters))
