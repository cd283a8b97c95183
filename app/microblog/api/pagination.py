"""Keyset paging as Mastodon does it: parameters in, a `Link` header out
(docs.joinmastodon.org/api/guidelines).
"""

from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlencode

import msgspec
from flask import request

from microblog.domain.ids import MAX_ID, parse_id
from microblog.domain.pages import Page, PageRequest

CURSORS = ("max_id", "since_id", "min_id")
# Never repeated in an address.
SECRETS = ("access_token",)

Cursor = Annotated[
    str | int | None, msgspec.Meta(extra_json_schema={"type": "string", "examples": ["103254962155278888"]})
]


class Paging(msgspec.Struct, kw_only=True):
    """Which page of a list is wanted.

    What is no id is passed over, and a limit out of bounds is brought back.
    """

    DEFAULT: ClassVar[int] = 20
    MOST: ClassVar[int] = 40

    max_id: Annotated[Cursor, msgspec.Meta(description="Only older items than this one.")] = None
    since_id: Annotated[
        Cursor, msgspec.Meta(description="Only newer items than this one, the newest first.")
    ] = None
    min_id: Annotated[Cursor, msgspec.Meta(description="The items just above this one.")] = None
    limit: Annotated[
        int | None, msgspec.Meta(description="How many items at most; 20 unless told, never more than 40.")
    ] = None

    def page_request(self) -> PageRequest:
        """What services take."""
        return PageRequest(
            max_id=read_cursor(self.max_id),
            min_id=read_cursor(self.min_id),
            since_id=read_cursor(self.since_id),
            limit=clamp(self.limit, self.DEFAULT, self.MOST),
        )


class LongPaging(Paging, kw_only=True):
    """Paging of lists of accounts and notifications."""

    DEFAULT: ClassVar[int] = 40
    MOST: ClassVar[int] = 80

    limit: Annotated[
        int | None, msgspec.Meta(description="How many items at most; 40 unless told, never more than 80.")
    ] = None


def clamp(limit: int | None, default: int, most: int) -> int:
    """A limit that can be worked with."""
    return default if limit is None else max(1, min(limit, most))


def read_cursor(value: str | int | None) -> int | None:
    """The id of a cursor. Below all ids where it is negative; None where it is no number."""
    text = str(value).strip() if value is not None else ""
    if text.startswith("-") and text[1:].isdecimal():
        return 0
    return parse_id(text)


def make_link(page: Page[Any], base_url: str) -> str | None:
    """The header: the next (older) page first, then the previous (newer) one; None where there is neither.

    There is always a newer page above items: what will be posted.
    """
    links = []
    if page.older is not None:
        links.append(f'<{_address(base_url, "max_id", page.older)}>; rel="next"')
    if page.newest is not None:
        links.append(f'<{_address(base_url, "min_id", page.newest)}>; rel="prev"')
    return ", ".join(links) or None


def _address(base_url: str, cursor: str, value: int) -> str:
    kept = [
        (name, text)
        for name, text in request.args.items(multi=True)
        if name not in CURSORS and name not in SECRETS
    ]
    return f"{base_url}{quote(request.path)}?{urlencode([*kept, (cursor, min(value, MAX_ID))])}"
