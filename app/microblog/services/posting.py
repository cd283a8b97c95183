"""Writing posts: new ones, replies, and changes."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.feeds import Feeds, feed_key
from microblog.data.queries import addressing
from microblog.data.queries import posting as queries
from microblog.data.queries import statuses as status_queries
from microblog.data.queries.addressing import Addressed
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.errors import N_, Message, NotFound, ValidationError
from microblog.domain.languages import is_language
from microblog.domain.limits import STATUS_CHARACTERS, STATUS_STORED_CHARACTERS
from microblog.domain.text import clean_line, clean_text, count_characters, find_mentions, find_tags, render
from microblog.domain.visibility import OPEN, Visibility, narrower
from microblog.jobs import names
from microblog.jobs.names import JobType
from microblog.jobs.outbox import enqueue_many
from microblog.observability import metrics
from microblog.services import notifications

DELETED = Message(N_("The post that you answer was deleted."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person may say of a post. `spoiler_text`: shown first, the text on demand."""

    text: str
    spoiler_text: str = ""
    sensitive: bool = False
    language: str | None = None


def post_status(
    session: Session,
    feeds: Feeds,
    *,
    author_id: int,
    feed_version: int,
    draft: Draft,
    visibility: Visibility = Visibility.PUBLIC,
    is_chosen: bool = True,
    in_reply_to_id: int | None = None,
    application_id: int | None = None,
    idempotency_key: str = "",
) -> int:
    """Write a post or a reply with its mentions, tags, notifications and jobs; its id.

    A reply is addressed to the author whom it answers, named in its text or not. A `visibility` that nobody
    chose for this post (`is_chosen`) is narrowed to that of what it answers. `feed_version` is the author's.
    A key that was used within the hour answers with that post's id, and nothing is written.
    Raises ValidationError for a field of `draft` or `in_reply_to_id`.
    """
    draft = check_draft(draft)
    key_hash = hashlib.sha256(idempotency_key.encode()).digest() if idempotency_key else None
    if key_hash and (written := queries.take_idempotency_key(session, author_id, key_hash)):
        return written
    answered = _get_answered(session, in_reply_to_id, author_id)
    if answered and not is_chosen:
        visibility = narrower(visibility, Visibility(answered.visibility))
    conversation_id = (answered.conversation_id or answered.shown_id) if answered else None
    addressed = _find_addressed(
        session, draft, author_id, answered.account_id if answered else None, conversation_id
    )
    status_id = queries.insert_status(
        session,
        counts_reply=answered is not None and visibility in OPEN,
        account_id=author_id,
        visibility=visibility,
        in_reply_to_id=answered.shown_id if answered else None,
        in_reply_to_account_id=answered.account_id if answered else None,
        conversation_id=conversation_id,
        application_id=application_id,
        **_make_columns(draft, addressed),
    )
    if status_id is None:
        raise ValidationError({"in_reply_to_id": DELETED})
    if key_hash:
        queries.bind_idempotency_key(session, author_id, key_hash, status_id)
    told = _insert_parts(session, draft, addressed, author_id=author_id, status_id=status_id)
    enqueue_many(session, [(names.FAN_OUT, {"status_id": status_id}), *_mail(told, status_id)])
    # At once for the author; the fan-out job repeats it after the commit. An id without a row is not shown.
    feeds.push([feed_key(author_id, feed_version)], status_id)
    metrics.STATUSES_POSTED.inc()
    return status_id


def edit_status(session: Session, *, author_id: int, status_id: int, draft: Draft) -> None:
    """Change a post of one's own; what it was is kept, whom it names anew is told.

    Who sees it stays as it is, but for those whom it names. Raises NotFound, ValidationError.
    """
    draft = check_draft(draft)
    former = queries.lock_own_status(session, status_id, author_id)
    if former is None:
        raise NotFound
    if _is_same(former, draft):
        return
    answered_id, conversation_id = former.in_reply_to_account_id, former.conversation_id or former.id
    addressed = _find_addressed(session, draft, author_id, answered_id, conversation_id)
    queries.keep_version(session, former)
    queries.update_status(session, status_id, **_make_columns(draft, addressed))
    queries.delete_tags(session, status_id)
    present = queries.keep_mentions(session, status_id, [one.id for one in addressed])
    new = [one for one in addressed if one.id not in present]
    told = _insert_parts(session, draft, new, author_id=author_id, status_id=status_id)
    enqueue_many(session, _mail(told, status_id))
    notifications.notify_edited(session, author_id=author_id, status_id=status_id)


def _make_columns(draft: Draft, addressed: Sequence[Addressed]) -> dict[str, object]:
    return {**asdict(draft), "content": render(draft.text, {one.name for one in addressed})}


def _is_same(former: AnyRow, draft: Draft) -> bool:
    before = (former.text, former.spoiler_text, former.sensitive, former.language)
    return before == (draft.text, draft.spoiler_text, draft.sensitive, draft.language)


def _find_addressed(
    session: Session, draft: Draft, author_id: int, answered_id: int | None, conversation_id: int | None
) -> list[Addressed]:
    mentioned = find_mentions(draft.text)
    if answered_id == author_id:
        # Whoever goes on with a thread of their own addresses nobody.
        answered_id = None
    if not mentioned and answered_id is None:
        return []
    return addressing.find_addressed(
        session,
        sender_id=author_id,
        names=mentioned,
        answered_id=answered_id,
        conversation_id=conversation_id,
    )


def _insert_parts(
    session: Session, draft: Draft, addressed: Sequence[Addressed], *, author_id: int, status_id: int
) -> list[int]:
    """Write tags and mentions, and tell those who want to hear of it; who they are."""
    tags = find_tags(draft.text)
    told = sorted(one.id for one in addressed if one.hears and one.id != author_id)
    if tags or addressed:
        queries.insert_parts(
            session,
            status_id,
            author_id=author_id,
            tags=tags,
            mentioned=sorted(one.id for one in addressed),
            told=told,
            kind=notifications.MENTION,
        )
    return told


def _mail(told: Sequence[int], status_id: int) -> list[tuple[JobType, dict[str, int]]]:
    """The jobs that mail those who were told."""
    return [(names.MENTION_MAIL, {"status_id": status_id, "account_id": one}) for one in told]


def check_draft(draft: Draft) -> Draft:
    """A post as it is stored. Raises ValidationError by field."""
    text, spoiler_text = clean_text(draft.text), clean_line(draft.spoiler_text)
    if not text:
        # A warning with nothing behind it is all that there is to say.
        text, spoiler_text = spoiler_text, ""
    counted = count_characters(text) + count_characters(spoiler_text)
    if not text:
        raise ValidationError({"text": Message(N_("Write something first."))})
    if counted > STATUS_CHARACTERS or len(text) > STATUS_STORED_CHARACTERS:
        raise ValidationError(
            {
                "text": Message(
                    N_("This is %(count)s characters long; the limit is %(limit)s."),
                    {"count": counted, "limit": STATUS_CHARACTERS},
                )
            }
        )
    return Draft(
        text=text,
        spoiler_text=spoiler_text,
        sensitive=draft.sensitive or bool(spoiler_text),
        language=_check_language(draft.language),
    )


def _check_language(language: str | None) -> str | None:
    if language and not is_language(language):
        raise ValidationError({"language": Message(N_("Give a language such as en or pt-BR."))})
    return language or None


def _get_answered(session: Session, status_id: int | None, viewer_id: int) -> StatusRow | None:
    if status_id is None:
        return None
    answered = status_queries.get_status(session, status_id, viewer_id)
    if answered is None:
        raise ValidationError({"in_reply_to_id": DELETED})
    return answered
