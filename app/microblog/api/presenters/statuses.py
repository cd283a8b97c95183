"""Statuses as entities, from rows of data/queries/status_rows.py."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, structs

from microblog.api.context import ApiContext
from microblog.api.entities.moments import format_moment
from microblog.api.entities.statuses import (
    Mention,
    Status,
    StatusApplication,
    StatusEdit,
    StatusSource,
    StatusTag,
)
from microblog.api.presenters.accounts import present_account
from microblog.api.urls import Urls
from microblog.data.queries.status_rows import author_of, booster_of
from microblog.services import statuses
from microblog.services.statuses import Parts

# Core rows carry no static type per column.
Row = Any


def present_status(context: ApiContext, row: Row) -> Status:
    """A post, or a boost with what it repeats. One statement: whom it mentions and which tags it uses."""
    return present_statuses(context, [row])[0]


def present_statuses(context: ApiContext, rows: Sequence[Row]) -> list[Status]:
    """The same for a list, by one statement, however long it is."""
    parts = statuses.get_parts(context.session, rows)
    urls, viewer_id = context.urls, context.viewer_id
    return [_present_row(row, parts[row.shown_id], urls, viewer_id) for row in rows]


def present_own_source(status: Status, source: Row) -> Status:
    """A deleted post with what its author typed, for writing it anew."""
    return structs.replace(status, text=source.text)


def present_source(source: Row) -> StatusSource:
    """A post as it was typed."""
    return StatusSource(id=str(source.id), text=source.text, spoiler_text=source.spoiler_text)


def present_versions(row: Row, former: Sequence[Row], urls: Urls) -> list[StatusEdit]:
    """All versions of a post, the first one first."""
    account = present_account(author_of(row), urls)
    present = (row.content, row.spoiler_text, row.sensitive, row.edited_at or row.created_at)
    versions = [(one.content, one.spoiler_text, one.sensitive, one.created_at) for one in former]
    return [
        StatusEdit(
            content=urls.html(content),
            spoiler_text=spoiler_text,
            sensitive=sensitive,
            created_at=format_moment(moment),
            account=account,
        )
        for content, spoiler_text, sensitive, moment in (*versions, present)
    ]


def _present_row(row: Row, parts: Parts, urls: Urls, viewer_id: int | None) -> Status:
    shown = _present_shown(row, parts, urls, viewer_id)
    booster = booster_of(row)
    if booster is None:
        return shown
    return structs.replace(
        shown,
        id=str(row.id),
        uri=urls.status(booster.username, row.id),
        created_at=format_moment(row.row_created_at),
        edited_at=None,
        visibility=row.row_visibility,
        account=present_account(booster, urls),
        pinned=UNSET,
        reblog=shown,
    )


def _present_shown(row: Row, parts: Parts, urls: Urls, viewer_id: int | None) -> Status:
    author = present_account(author_of(row), urls)
    url = urls.status(author.username, row.shown_id)
    return Status(
        id=str(row.shown_id),
        uri=url,
        url=url,
        created_at=format_moment(row.created_at),
        edited_at=format_moment(row.edited_at) if row.edited_at else None,
        account=author,
        content=urls.html(row.content),
        visibility=row.visibility,
        sensitive=row.sensitive,
        spoiler_text=row.spoiler_text,
        language=row.language,
        in_reply_to_id=_text(row.in_reply_to_id),
        in_reply_to_account_id=_text(row.in_reply_to_account_id),
        reblog=None,
        application=_present_application(row),
        mentions=[
            Mention(id=str(account_id), username=name, acct=name, url=urls.account(name))
            for account_id, name in parts.mentions
        ],
        tags=[StatusTag(name=name, url=urls.tag(name)) for name in parts.tags],
        reblogs_count=row.reblogs_count,
        favourites_count=row.favourites_count,
        replies_count=row.replies_count,
        **_present_viewer(row, viewer_id),
    )


def _present_viewer(row: Row, viewer_id: int | None) -> dict[str, Any]:
    if viewer_id is None:
        return {}
    state: dict[str, Any] = {
        "favourited": row.favourited,
        "reblogged": row.reblogged,
        "bookmarked": row.bookmarked,
        "muted": row.muted,
        "filtered": [],
    }
    # Whether a post can be pinned is its author's question.
    return state | {"pinned": row.pinned} if row.account_id == viewer_id else state


def _present_application(row: Row) -> StatusApplication | None:
    if row.application_name is None:
        return None
    return StatusApplication(name=row.application_name, website=row.application_website)


def _text(identifier: int | None) -> str | None:
    return None if identifier is None else str(identifier)
