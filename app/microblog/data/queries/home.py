"""The home timeline out of PostgreSQL: whom somebody follows, themselves, and the tags that they follow."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, BindParameter, TextualSelect, and_, any_, bindparam, column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, Follow, Mention, Status, StatusTag, TagFollow
from microblog.data.queries.pages import ByDirection, make_bounds
from microblog.domain.pages import PageRequest

_authors = Account.__table__.alias("author")
_status = (_statuses := Status.__table__.alias("status")).c
_LIMIT: BindParameter[int] = bindparam("limit")

# There are two ways to a page, either of which may be by far the longer one.
#: Who follows so many for each post that is wanted may find them among everybody's: that is tried first.
FOLLOWS_PER_POST = 3
# `OFFSET 0` keeps subqueries from becoming joins, which take longer to plan than to read.
_IS_WANTED = """
    EXISTS (
        SELECT FROM accounts WHERE id = follows.target_account_id AND suspended_at IS NULL OFFSET 0
    )
    AND NOT EXISTS (
        SELECT FROM mutes WHERE account_id = :viewer_id AND target_account_id = follows.target_account_id
            AND (expires_at IS NULL OR expires_at > now()) OFFSET 0
    )
"""
_TAGGED = """
    SELECT read.id
    FROM tag_follows
    CROSS JOIN LATERAL (
        SELECT used.status_id AS id FROM status_tags AS used
        WHERE used.tag_id = tag_follows.tag_id AND used.status_id {within} (SELECT id FROM bound)
            AND used.status_id < :max_id AND used.status_id > :since_id
            AND EXISTS (SELECT FROM statuses WHERE id = used.status_id AND visibility = 'public' OFFSET 0)
        ORDER BY used.status_id {order} LIMIT :limit
    ) AS read
    WHERE tag_follows.account_id = :viewer_id
"""
# Through everybody's posts, for about as long as the other way takes; no row where too few are by people whom
# the viewer follows. Planned as if a tenth of _WALKED were read.
_WALKED = 10_000
_BY_WALKING = """
    WITH near AS MATERIALIZED (
        SELECT id
        FROM (
            SELECT id, account_id, reblog_of_id
            FROM (
                SELECT id, account_id, reblog_of_id FROM statuses
                WHERE id < :max_id AND id > :since_id ORDER BY id {order} LIMIT {walked}
            ) AS next
            ORDER BY id {order}
            LIMIT (SELECT 2 * following_count + 4 * :limit FROM accounts WHERE id = :viewer_id)
        ) AS status
        WHERE account_id = :viewer_id OR EXISTS (
            SELECT FROM follows
            WHERE account_id = :viewer_id AND target_account_id = status.account_id
                AND (shows_reblogs OR status.reblog_of_id IS NULL) AND {is_wanted}
            OFFSET 0
        )
        ORDER BY id {order} LIMIT :limit
    ), bound AS MATERIALIZED (
        SELECT {last}(id) AS id FROM near HAVING count(*) = :limit
    )
    SELECT DISTINCT id
    FROM (SELECT id FROM near WHERE EXISTS (SELECT FROM bound) UNION ALL {tagged}) AS found
    ORDER BY id {order} LIMIT :limit
"""
# Through the posts of each person: a few are read of everybody, then more of those who wrote within `bound`,
# where the page ends at the latest. The cost is bounded by follows plus limit, not by their product.
_BY_PERSON = """
    WITH people AS MATERIALIZED (
        SELECT target_account_id AS id, shows_reblogs FROM follows
        WHERE account_id = :viewer_id AND {is_wanted}
        UNION ALL SELECT :viewer_id, true
    ), share AS (
        SELECT 1 + 2 * :limit / count(*) AS size FROM people
    ), first AS MATERIALIZED (
        SELECT person.id AS account_id, person.shows_reblogs, read.id
        FROM people AS person
        CROSS JOIN LATERAL (
            SELECT id FROM statuses
            WHERE account_id = person.id AND id < :max_id AND id > :since_id
                AND (reblog_of_id IS NULL OR person.shows_reblogs)
            ORDER BY id {order} LIMIT (SELECT size FROM share)
        ) AS read
    ), bound AS MATERIALIZED (
        SELECT coalesce((SELECT id FROM first ORDER BY id {order} OFFSET :limit - 1 LIMIT 1), {end}) AS id
    ), rest AS (
        SELECT read.id
        FROM (
            SELECT DISTINCT account_id, shows_reblogs FROM first WHERE id {within} (SELECT id FROM bound)
        ) AS person
        CROSS JOIN LATERAL (
            SELECT id FROM statuses
            WHERE account_id = person.account_id AND id {within} (SELECT id FROM bound)
                AND id < :max_id AND id > :since_id AND (reblog_of_id IS NULL OR person.shows_reblogs)
            ORDER BY id {order} LIMIT :limit
        ) AS read
    )
    SELECT DISTINCT id FROM (SELECT id FROM rest UNION ALL {tagged}) AS found
    ORDER BY id {order} LIMIT :limit
"""
_DOWN = {"order": "DESC", "last": "min", "within": ">=", "end": ":since_id"}
_UP = {"order": "ASC", "last": "max", "within": "<=", "end": ":max_id"}


def _make_ids(sql: str, is_wanted: str = _IS_WANTED) -> ByDirection[TextualSelect]:
    return ByDirection(_direct(sql, is_wanted, _DOWN), _direct(sql, is_wanted, _UP))


def _direct(sql: str, is_wanted: str, words: dict[str, str]) -> TextualSelect:
    sql = sql.format(**words, walked=_WALKED, is_wanted=is_wanted, tagged=_TAGGED.format(**words))
    numbers = [bindparam(name, type_=BigInteger) for name in ("viewer_id", "max_id", "since_id")]
    limit = bindparam("limit", type_=BigInteger, literal_execute=True)
    return text(sql).bindparams(*numbers, limit).columns(column("id", BigInteger))


#: Statements for the `id`s of a page of the home timeline of `viewer_id`.
BY_WALKING = _make_ids(_BY_WALKING)
BY_PERSON = _make_ids(_BY_PERSON)
# For a feed, which outlives mutes and suspensions.
_BY_WALKING_ALL = _make_ids(_BY_WALKING, "true").newest
_BY_PERSON_ALL = _make_ids(_BY_PERSON, "true").newest

_AUTHORS = bindparam("authors", type_=ARRAY(BigInteger))
_FOLLOWED = select(Follow.target_account_id).where(
    Follow.account_id == bindparam("viewer_id", type_=BigInteger), Follow.target_account_id == any_(_AUTHORS)
)
_IDS_BY = text("""
    SELECT read.id
    FROM unnest(:authors) AS author(id)
    CROSS JOIN LATERAL (
        SELECT id FROM statuses WHERE account_id = author.id AND id > :floor ORDER BY id DESC LIMIT :limit
    ) AS read
    ORDER BY read.id DESC LIMIT :limit
""").bindparams(_AUTHORS, bindparam("floor", type_=BigInteger))
_AUTHOR_FEED = (
    select(
        _authors.c.id,
        _authors.c.feed_version,
        _authors.c.followers_count,
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
    """Ids for the account's home timeline, in the page's direction of reading: of what those wrote or boosted
    whom it follows, and of public posts with tags that it follows. A few of them it may not see, or won't.

    One statement, two where few posts are by people whom it follows.
    """
    parameters = {"viewer_id": account_id, **make_bounds(page)}
    found = session.scalars(BY_WALKING.of(page), parameters).all()
    return list(found or session.scalars(BY_PERSON.of(page), parameters))


def is_walked(following_count: int, limit: int) -> bool:
    """Whether a page of `limit` posts is looked for among everybody's, before each person's are read."""
    return following_count >= FOLLOWS_PER_POST * limit


def list_feed_ids(session: Session, account_id: int, limit: int, following_count: int) -> list[int]:
    """The newest of those ids, newest first, with what the account doesn't see for now: posts of those whom
    it mutes and of the suspended.

    One statement, two for many follows of whom few post.
    """
    parameters = {"viewer_id": account_id, **make_bounds(PageRequest(limit=limit))}
    if is_walked(following_count, limit) and (found := session.scalars(_BY_WALKING_ALL, parameters).all()):
        return list(found)
    return list(session.scalars(_BY_PERSON_ALL, parameters))


def list_followed(session: Session, account_id: int, authors: Sequence[int]) -> list[int]:
    """Whom of these an account follows."""
    if not authors:
        return []
    return list(session.scalars(_FOLLOWED, {"viewer_id": account_id, "authors": list(authors)}))


def list_ids_by(session: Session, authors: Sequence[int], floor: int, limit: int) -> list[int]:
    """The ids of the newest posts and boosts of all of these together, above `floor`, newest first."""
    return list(session.scalars(_IDS_BY, {"authors": list(authors), "floor": floor, "limit": limit}))


def get_author_feed(session: Session, status_id: int) -> AnyRow | None:
    """The `id` and `feed_version` of who posted or boosted, and what decides who gets it: `followers_count`,
    `visibility`, `reblog_of_id`, `in_reply_to_account_id`. None where it is gone or its author suspended.
    """
    return session.execute(_AUTHOR_FEED, {"status_id": status_id}).one_or_none()


def get_feeds_of_mentioned(session: Session, status_id: int) -> list[AnyRow]:
    """Those followers of a post's author whom it names: `id`, `feed_version`."""
    return list(session.execute(_FEEDS_OF_MENTIONED, {"status_id": status_id}))


def get_feeds_of_tags(session: Session, status_id: int, after_id: int, limit: int) -> list[AnyRow]:
    """Those who follow a tag of the post, in batches: `id`, `feed_version`, and `follow_id` to go on from."""
    parameters = {"status_id": status_id, "after_id": after_id, "limit": limit}
    return list(session.execute(_FEEDS_OF_TAGS, parameters))
