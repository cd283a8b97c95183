"""Applications as the templates show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from microblog.data.base import AnyRow
from microblog.domain.scopes import WORDS, simplify
from microblog.services.sessions import Viewer
from microblog.web.filters import exact_time


@dataclass(frozen=True, slots=True)
class AuthorizedView:
    """An application that may use the viewer's account. `words`: message ids of what it may do."""

    id: int
    name: str
    website: str | None
    words: list[str]
    created_exact: str
    last_used_exact: str


@dataclass(frozen=True, slots=True)
class OwnedView:
    """An application that the viewer made. `scopes`: between spaces. `has_token`: a personal one."""

    id: int
    name: str
    client_id: str
    redirect_uris: list[str]
    scopes: str
    created_exact: str
    has_token: bool


def present_authorized(rows: Iterable[AnyRow], viewer: Viewer) -> list[AuthorizedView]:
    """From rows with `id name website scopes created_at last_used_at`."""
    return [
        AuthorizedView(
            id=row.id,
            name=row.name,
            website=row.website,
            words=[WORDS[scope] for scope in simplify(row.scopes)],
            created_exact=exact_time(row.created_at, viewer.time_zone),
            last_used_exact=exact_time(row.last_used_at, viewer.time_zone),
        )
        for row in rows
    ]


def present_owned(rows: Iterable[AnyRow], viewer: Viewer) -> list[OwnedView]:
    """From rows with `id name client_id redirect_uris scopes created_at has_token`."""
    return [
        OwnedView(
            id=row.id,
            name=row.name,
            client_id=row.client_id,
            redirect_uris=row.redirect_uris,
            scopes=" ".join(row.scopes),
            created_exact=exact_time(row.created_at, viewer.time_zone),
            has_token=row.has_token,
        )
        for row in rows
    ]
