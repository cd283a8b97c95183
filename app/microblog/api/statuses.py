"""Posts: writing, reading, changing, deleting (docs.joinmastodon.org/methods/statuses)."""

from typing import Annotated, Any, Literal

import structlog
from flask import request
from msgspec import Meta, Struct

from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, USER, Endpoints
from microblog.api.entities.statuses import Context, Status, StatusEdit, StatusSource
from microblog.api.presenters.statuses import (
    present_own_source,
    present_source,
    present_status,
    present_statuses,
    present_versions,
)
from microblog.api.types import Id
from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.limits import IDEMPOTENCY_KEY_CHARACTERS
from microblog.domain.visibility import Visibility
from microblog.http.context import get_limiter
from microblog.services import posting, statuses
from microblog.services.posting import Draft

endpoints = Endpoints("statuses")
log = structlog.get_logger(__name__)

Text = Annotated[str, Meta(description="Plain text; links, mentions and hashtags are found in it.")]
Warned = Annotated[str, Meta(description="What stands before the text, which is shown on demand.")]
Language = Annotated[str | None, Meta(description="Such as `en` or `pt-BR`.")]
Wanted = Literal["public", "unlisted", "private", "direct"]


class NewStatus(Struct, frozen=True, kw_only=True):
    """A post to be. `media_ids`, `poll` and `scheduled_at` are refused: this site has none of them yet."""

    status: Text | None = None
    in_reply_to_id: Id | None = None
    visibility: Wanted | None = None
    sensitive: bool | None = None
    spoiler_text: Warned | None = None
    language: Language = None
    media_ids: list[Id] | None = None
    poll: dict[str, Any] | None = None
    scheduled_at: str | None = None


class ChangedStatus(Struct, frozen=True, kw_only=True):
    """What a post becomes; what is left out stays."""

    status: Text | None = None
    sensitive: bool | None = None
    spoiler_text: Warned | None = None
    language: Language = None
    media_ids: list[Id] | None = None
    poll: dict[str, Any] | None = None


@endpoints.post("/api/v1/statuses", access=USER, scope="write:statuses")
def create(context: ApiContext, params: NewStatus) -> Status:
    """Write a post or a reply.

    The header `Idempotency-Key` makes sending it again safe: within the hour the same key answers with the
    same post.
    """
    person = context.person
    _refuse_parts(media_ids=params.media_ids, poll=params.poll, scheduled_at=params.scheduled_at)
    get_limiter().use("post", account=str(context.account_id))
    status_id = posting.post_status(
        context.session,
        context.resources.feeds,
        author_id=context.account_id,
        feed_version=person.feed_version,
        draft=Draft(
            text=params.status or "",
            spoiler_text=params.spoiler_text or "",
            sensitive=person.default_sensitive if params.sensitive is None else params.sensitive,
            language=params.language or person.default_language,
        ),
        visibility=Visibility(params.visibility or person.default_visibility),
        is_chosen=params.visibility is not None,
        in_reply_to_id=params.in_reply_to_id,
        application_id=person.application_id,
        idempotency_key=request.headers.get("Idempotency-Key", "")[:IDEMPOTENCY_KEY_CHARACTERS],
    )
    log.info("status.posted", status_id=status_id)
    return answer_status(context, status_id)


@endpoints.get("/api/v1/statuses/<id:status_id>", access=PUBLIC, scope="read:statuses")
def show(context: ApiContext, status_id: int) -> Status:
    """A post."""
    return answer_status(context, status_id)


@endpoints.put("/api/v1/statuses/<id:status_id>", access=USER, scope="write:statuses")
def edit(context: ApiContext, status_id: int, params: ChangedStatus) -> Status:
    """Change a post of one's own. Its former version is kept, and who sees it stays as it is."""
    _refuse_parts(media_ids=params.media_ids, poll=params.poll)
    get_limiter().use("post", account=str(context.account_id))
    account_id = context.account_id
    source = statuses.get_source(context.session, account_id=account_id, status_id=status_id)
    present = statuses.get_status(context.session, status_id=status_id, viewer_id=account_id)
    posting.edit_status(
        context.session,
        author_id=account_id,
        status_id=status_id,
        draft=Draft(
            text=source.text if params.status is None else params.status,
            spoiler_text=source.spoiler_text if params.spoiler_text is None else params.spoiler_text,
            sensitive=present.sensitive if params.sensitive is None else params.sensitive,
            language=params.language or present.language,
        ),
    )
    log.info("status.edited", status_id=status_id)
    return answer_status(context, status_id)


@endpoints.delete("/api/v1/statuses/<id:status_id>", access=USER, scope="write:statuses")
def delete(context: ApiContext, status_id: int) -> Status:
    """Delete a post of one's own; the answer holds its text, for writing it anew."""
    account_id = context.account_id
    source = statuses.get_source(context.session, account_id=account_id, status_id=status_id)
    gone = present_own_source(answer_status(context, status_id), source)
    statuses.delete_status(context.session, account_id=account_id, status_id=status_id)
    log.info("status.deleted", status_id=status_id)
    return gone


@endpoints.get("/api/v1/statuses/<id:status_id>/context", access=PUBLIC, scope="read:statuses")
def show_context(context: ApiContext, status_id: int) -> Context:
    """What a post answers, and what answers it."""
    row = statuses.get_status(context.session, status_id=status_id, viewer_id=context.viewer_id)
    thread = statuses.get_thread(context.session, status_id=row.shown_id, viewer_id=context.viewer_id)
    shown = present_statuses(context, [*thread.ancestors, *thread.descendants])
    above = len(thread.ancestors)
    return Context(ancestors=shown[:above], descendants=shown[above:])


@endpoints.get("/api/v1/statuses/<id:status_id>/source", access=USER, scope="read:statuses")
def show_source(context: ApiContext, status_id: int) -> StatusSource:
    """A post of one's own as it was typed."""
    return present_source(
        statuses.get_source(context.session, account_id=context.account_id, status_id=status_id)
    )


@endpoints.get("/api/v1/statuses/<id:status_id>/history", access=PUBLIC, scope="read:statuses")
def show_history(context: ApiContext, status_id: int) -> list[StatusEdit]:
    """All versions of a post, the first one first."""
    row, former = statuses.list_versions(context.session, status_id=status_id, viewer_id=context.viewer_id)
    return present_versions(row, former, context.urls)


def answer_status(context: ApiContext, status_id: int) -> Status:
    """A post as the viewer sees it now. Raises NotFound."""
    row = statuses.get_status(context.session, status_id=status_id, viewer_id=context.viewer_id)
    return present_status(context, row)


def _refuse_parts(**parts: object) -> None:
    """A post that would lack what its author gave it isn't written at all."""
    for name, value in parts.items():
        if value:
            raise ValidationError({name: Message(N_("is not offered by this site"))})
