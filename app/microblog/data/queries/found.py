"""Searching public posts by words, newest first, at a cost that doesn't grow with how common the words are.

The index of words knows no order: what it finds is read and sorted, and of a common word that is a large part
of all posts. So a few of the newest posts are looked through at first, and some more where these hold so many
finds that more will fill the page. A single word is then looked for among the next ones with the help of the
index. Rare words are found by the index alone. Where it finds too much to sort, the newest posts are looked
through, and no others.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, TextualSelect, bindparam, column, text
from sqlalchemy.dialects.postgresql import TEXT

from microblog.data.queries.pages import ByDirection, PagedSelect, any_of
from microblog.data.queries.status_rows import ByViewer, select_statuses, statuses
from microblog.domain.limits import SEARCH_MATCHES, SEARCH_POSTS

_WANTED = "websearch_to_tsquery('simple', :words)"
# Where words stand is not in the index: each post with all words of a phrase would be read, so a phrase is
# looked for as its words. Not where something is left out: that may be a phrase.
_LOOSE = f"""
    CASE WHEN {_WANTED}::text LIKE '%!%' THEN {_WANTED}
    ELSE regexp_replace({_WANTED}::text, '<[-0-9]+>', '&', 'g')::tsquery END
"""
# As the index ix_statuses_public_words has them.
_IS_PUBLIC = "visibility = 'public' AND reblog_of_id IS NULL"
_WORDS = "to_tsvector('simple'::regconfig, (spoiler_text || ' '::text) || text)"
# `OFFSET 0` keeps these from becoming joins: they are looked up for what was found only.
_IS_SHOWN = """
    EXISTS (SELECT FROM accounts WHERE id = status.account_id AND suspended_at IS NULL OFFSET 0)
    AND NOT EXISTS (
        SELECT FROM blocks WHERE account_id = status.account_id AND target_account_id = :viewer_id OFFSET 0
    )
    AND NOT EXISTS (
        SELECT FROM blocks WHERE account_id = :viewer_id AND target_account_id = status.account_id OFFSET 0
    )
    AND NOT EXISTS (
        SELECT FROM mutes WHERE account_id = :viewer_id AND target_account_id = status.account_id
            AND (expires_at IS NULL OR expires_at > now()) OFFSET 0
    )
"""
_LOOK_THROUGH = """
    SELECT id
    FROM (
        SELECT id, account_id, spoiler_text, text
        FROM (
            SELECT id, account_id, visibility, reblog_of_id, spoiler_text, text FROM statuses
            WHERE id < :max_id AND id > :since_id AND (:by_account_id IS NULL OR account_id = :by_account_id)
            ORDER BY id {order} LIMIT {most}
        ) AS next
        WHERE {is_public} ORDER BY id {order} LIMIT {posts}
    ) AS status
    WHERE {words} @@ {wanted} AND {is_shown} AND {is_needed}
    ORDER BY id {order} LIMIT :limit
"""
_FIND = """
    WITH near AS MATERIALIZED ({near}),
    wide AS MATERIALIZED ({wide}),
    edge AS (
        SELECT coalesce((
            SELECT id FROM statuses WHERE id < :max_id AND id > :since_id
            ORDER BY id {order} OFFSET {recent} LIMIT 1
        ), {end}) AS id
    ),
    recent AS MATERIALIZED (
        SELECT id FROM statuses
        WHERE {is_public} AND {words} @@ {wanted} AND id < :max_id AND id > :since_id
            AND id {within} (SELECT id FROM edge)
            AND :by_account_id IS NULL AND numnode({wanted}) = 1 AND {is_short}
    ),
    matches AS MATERIALIZED (
        SELECT id FROM statuses
        WHERE {is_public} AND {words} @@ {loose}
            AND :by_account_id IS NULL AND querytree({wanted}) <> 'T'
            AND {is_short} AND (SELECT count(*) FROM recent) < 2 * :limit
        LIMIT {matches} + 1
    ),
    sorted AS (
        SELECT match.id
        FROM (
            SELECT id FROM recent
            UNION SELECT id FROM matches
            WHERE id < :max_id AND id > :since_id AND (SELECT count(*) FROM matches) <= {matches}
            ORDER BY id {order}
        ) AS match
        CROSS JOIN LATERAL (
            SELECT account_id, spoiler_text, text FROM statuses WHERE id = match.id OFFSET 0
        ) AS status
        WHERE {words} @@ {wanted} AND {is_shown}
        ORDER BY match.id {order} LIMIT :limit
    ),
    far AS ({far})
    SELECT DISTINCT id
    FROM (
        SELECT id FROM near UNION ALL SELECT id FROM wide
        UNION ALL SELECT id FROM sorted UNION ALL SELECT id FROM far
    ) AS found
    ORDER BY id {order} LIMIT :limit
"""
_IS_SHORT = "(SELECT count(*) FROM near) < :limit AND (SELECT count(*) FROM wide) < :limit"
# What is found near, as a share of it, fills a page with what lies in the wider bounds.
_IS_WIDE_NEEDED = """
    (SELECT count(*) FROM near) < :limit
    AND (SELECT count(*) FROM near) * {wide_posts} >= :limit * {near_posts}
"""
_IS_FAR_NEEDED = """
    {is_short} AND (
        :by_account_id IS NOT NULL OR querytree({wanted}) = 'T'
        OR (SELECT count(*) FROM sorted) < :limit AND (
            (SELECT count(*) FROM recent) >= 2 * :limit OR (SELECT count(*) FROM matches) > {matches}
        )
    )
"""


_DOWN = {"order": "DESC", "within": ">=", "end": ":since_id"}
_UP = {"order": "ASC", "within": "<=", "end": ":max_id"}


@dataclass(frozen=True)
class Bounds:
    """How many posts are looked through: `near` of the newest at first, `wide` where what these hold promises
    a page, then `recent` by the index where one word is looked for, then `matches` wherever they are, or
    `posts` of the newest where there are more.
    """

    near: int = 100
    wide: int = 500
    recent: int = 10_000
    matches: int = SEARCH_MATCHES
    posts: int = SEARCH_POSTS


def select_found(bounds: Bounds) -> ByDirection[TextualSelect]:
    """The ids of a page for `viewer_id` (None: signed out); of one account unless `by_account_id` is None."""
    return ByDirection(_find(bounds, _DOWN), _find(bounds, _UP))


def _find(bounds: Bounds, direction: dict[str, str]) -> TextualSelect:
    parts = {
        **direction,
        "is_public": _IS_PUBLIC,
        "words": _WORDS,
        "wanted": _WANTED,
        "loose": _LOOSE,
        "is_shown": _IS_SHOWN,
        "is_short": _IS_SHORT,
        "near_posts": bounds.near,
        "wide_posts": bounds.wide,
        "recent": bounds.recent,
        "matches": bounds.matches,
        "most": bounds.posts,
    }
    near = _LOOK_THROUGH.format(**parts, posts=bounds.near, is_needed="true")
    wide = _LOOK_THROUGH.format(**parts, posts=bounds.wide, is_needed=_IS_WIDE_NEEDED.format(**parts))
    far = _LOOK_THROUGH.format(**parts, posts=bounds.posts, is_needed=_IS_FAR_NEEDED.format(**parts))
    sql = _FIND.format(**parts, near=near, wide=wide, far=far)
    numbers = ("viewer_id", "by_account_id", "max_id", "since_id", "limit")
    return (
        text(sql)
        .bindparams(bindparam("words", type_=TEXT), *(bindparam(name, type_=BigInteger) for name in numbers))
        .columns(column("id", BigInteger))
    )


def select_posts_found(bounds: Bounds) -> ByViewer[PagedSelect]:
    """Public posts that hold `words`, of `by_account_id` unless that is None."""
    ids = select_found(bounds)
    newest, above = (statuses.c.id == any_of(statement) for statement in (ids.newest, ids.above))
    both = (select_statuses(boosts=False, person=person) for person in (False, True))
    return ByViewer(
        *(
            PagedSelect(
                rows.where(newest).order_by(statuses.c.id.desc()),
                rows.where(above).order_by(statuses.c.id.asc()),
                "id",
            )
            for rows in both
        )
    )


FOUND = select_posts_found(Bounds())
