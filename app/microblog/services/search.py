"""Searching everything: people, hashtags and posts, or the one that an address names."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from microblog.data.queries import statuses as queries
from microblog.data.queries.accounts import AccountRow
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.errors import NotFound
from microblog.domain.ids import parse_id
from microblog.domain.limits import SEARCH_CHARACTERS, SEARCH_OFFSET
from microblog.domain.pages import PageRequest
from microblog.services import account_search, accounts, tags, timelines
from microblog.services.tags import TagView

ACCOUNTS = "accounts"
HASHTAGS = "hashtags"
STATUSES = "statuses"
KINDS = (ACCOUNTS, HASHTAGS, STATUSES)
# The site's pages of people and posts.
PAGE = re.compile(r"/@(?P<name>[A-Za-z0-9_]+)(?:/(?P<status_id>[0-9]+))?/?")


@dataclass(slots=True)
class Found:
    """What was found of each kind."""

    accounts: list[AccountRow] = field(default_factory=list)
    hashtags: list[TagView] = field(default_factory=list)
    statuses: list[StatusRow] = field(default_factory=list)


def search(
    session: Session,
    *,
    text: str,
    base_url: str,
    viewer_id: int | None,
    limit: int,
    offset: int = 0,
    kind: str | None = None,
    following: bool = False,
    by_account_id: int | None = None,
    page: PageRequest | None = None,
) -> Found:
    """What fits a text: of one `kind`, or `limit` of each. An address of this site finds exactly one.

    `following`: only people whom the viewer follows; `by_account_id`: only posts of this account; `page`
    bounds the ids of posts.
    """
    text = text.strip()[:SEARCH_CHARACTERS]
    if text.startswith(f"{base_url}/"):
        return _resolve(session, urlsplit(text).path, viewer_id, kind)
    found = Found()
    kinds = (kind,) if kind else KINDS
    if ACCOUNTS in kinds:
        found.accounts = account_search.search_accounts(
            session,
            text=text,
            host=urlsplit(base_url).netloc,
            viewer_id=viewer_id,
            limit=limit,
            offset=offset,
            following=following,
        )
    if HASHTAGS in kinds:
        found.hashtags = tags.search_tags(session, text=text, viewer_id=viewer_id, limit=limit, offset=offset)
    if STATUSES in kinds and text and 0 <= offset <= SEARCH_OFFSET:
        bounds = page or PageRequest()
        wanted = PageRequest(bounds.max_id, bounds.min_id, bounds.since_id, limit + offset)
        posts = timelines.search(
            session, words=text, viewer_id=viewer_id, page=wanted, by_account_id=by_account_id
        )
        found.statuses = posts.items[offset:]
    return found


def _resolve(session: Session, path: str, viewer_id: int | None, kind: str | None) -> Found:
    match = PAGE.fullmatch(path)
    if match is None:
        return Found()
    status_id = parse_id(match["status_id"])
    if status_id is not None:
        row = queries.get_status(session, status_id, viewer_id) if kind in (None, STATUSES) else None
        return Found(statuses=[row] if row is not None else [])
    try:
        account = accounts.get_account(session, username=match["name"])
    except NotFound:
        return Found()
    return Found(accounts=[account] if kind in (None, ACCOUNTS) else [])
