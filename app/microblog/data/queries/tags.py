"""Hashtags: finding them, following them, and how much they are in use.

Only public posts count: a tag that nobody used in one is as good as none, since its name might be a secret.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, exists, literal_column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Tag, TagFollow
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.data.queries.visibility import NOBODY, VIEWER
from microblog.domain.ids import SEQUENCE_BITS, make_id
from microblog.domain.pages import Page, PageRequest

_NUMBERS: Any = ARRAY(BigInteger)
# How many tags with the beginning looked for are considered, in the order of the index: the very one is the
# first of them.
CANDIDATES = 200
# The newest uses of a tag that its history counts: bounds the work that a very busy one makes.
NEWEST_USES = 500
DAY_MILLISECONDS = 86_400_000

_is_followed = exists().where(TagFollow.tag_id == Tag.id, TagFollow.account_id == VIEWER)
_BY_NAME = select(Tag.id, Tag.name, _is_followed.label("following")).where(
    Tag.name == bindparam("name", type_=Text)
)
# Paged by the follow's id: what was followed last comes first.
FOLLOWED: PagedSelect = paged(
    select(Tag.id, Tag.name, literal_column("true").label("following"), TagFollow.id.label("follow_id"))
    .join(TagFollow, TagFollow.tag_id == Tag.id)
    .where(TagFollow.account_id == VIEWER),
    TagFollow.__table__.c.id,
    "follow_id",
)
_SEARCH = text("""
    WITH candidates AS (
        SELECT id, name FROM tags WHERE name LIKE :pattern ORDER BY name USING ~<~ LIMIT :candidates
    )
    SELECT id, name, is_own AS following
    FROM candidates
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM tag_follows WHERE tag_id = candidates.id AND account_id = :viewer_id
        ) AS is_own
    ) AS follow
    WHERE is_own OR EXISTS (
        SELECT FROM status_tags AS used
        JOIN statuses AS status ON status.id = used.status_id
        JOIN accounts AS author ON author.id = status.account_id
        WHERE used.tag_id = candidates.id AND status.visibility = 'public' AND author.suspended_at IS NULL
    )
    ORDER BY name <> :name, char_length(name), name LIMIT :limit OFFSET :offset
""").bindparams(bindparam("viewer_id", type_=BigInteger))
_HISTORY = text("""
    SELECT wanted.id AS tag_id, (used.status_id >> :bits) / :day_milliseconds AS day,
        count(*) AS uses, count(DISTINCT status.account_id) AS accounts
    FROM unnest(:tag_ids) AS wanted(id)
    CROSS JOIN LATERAL (
        SELECT status_id FROM status_tags WHERE tag_id = wanted.id AND status_id >= :since_id
        ORDER BY status_id DESC LIMIT :newest
    ) AS used
    JOIN statuses AS status ON status.id = used.status_id
    JOIN accounts AS author ON author.id = status.account_id
    WHERE status.visibility = 'public' AND author.suspended_at IS NULL
    GROUP BY 1, 2
""").bindparams(bindparam("tag_ids", type_=_NUMBERS), bindparam("since_id", type_=BigInteger))


def get_tag(session: Session, name: str, viewer_id: int | None) -> AnyRow | None:
    """The tag of that normalised name: id, name, following."""
    return session.execute(_BY_NAME, {"name": name, "viewer_id": viewer_id or NOBODY}).one_or_none()


def ensure_tag(session: Session, name: str) -> int:
    """The id of the tag of that normalised name, which is made where there is none."""
    session.execute(upsert(Tag).values(name=name).on_conflict_do_nothing(index_elements=["name"]))
    # A statement of its own: it sees also the tag that somebody else made meanwhile.
    return session.scalars(select(Tag.id).where(Tag.name == name)).one()


def insert_follow(session: Session, account_id: int, tag_id: int) -> bool:
    """Write that the account follows a tag; False where it did already."""
    statement = upsert(TagFollow).values(account_id=account_id, tag_id=tag_id)
    made = statement.on_conflict_do_nothing().returning(TagFollow.id)
    return session.scalars(made).one_or_none() is not None


def delete_follow(session: Session, account_id: int, tag_id: int) -> bool:
    """Delete that the account follows a tag; False where it didn't."""
    statement = delete(TagFollow).where(TagFollow.account_id == account_id, TagFollow.tag_id == tag_id)
    return session.scalars(statement.returning(TagFollow.id)).one_or_none() is not None


def read_followed(session: Session, page: PageRequest, account_id: int) -> Page[AnyRow]:
    """A page of the tags that an account follows: id, name, following, `follow_id`."""
    return read_page(session, FOLLOWED, page, {"viewer_id": account_id})


def search_tags(
    session: Session, prefix: str, viewer_id: int | None, *, limit: int, offset: int
) -> list[AnyRow]:
    """Tags in public use, or followed by the viewer, whose normalised names begin so, the very one first:
    id, name, following.
    """
    pattern = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    parameters = {
        "pattern": pattern,
        "name": prefix,
        "viewer_id": viewer_id or NOBODY,
        "limit": limit,
        "offset": offset,
        "candidates": CANDIDATES,
    }
    return list(session.execute(_SEARCH, parameters))


def count_uses(session: Session, tag_ids: Sequence[int], since: datetime) -> list[AnyRow]:
    """The public uses of each tag since a moment by UTC days: tag_id, `day` (days since 1970), uses,
    accounts.
    """
    parameters = {
        "tag_ids": list(tag_ids),
        "since_id": make_id(since),
        "newest": NEWEST_USES,
        "bits": SEQUENCE_BITS,
        "day_milliseconds": DAY_MILLISECONDS,
    }
    return list(session.execute(_HISTORY, parameters))
