"""Statuses: writing, deleting and reading them."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds, feed_key
from microblog.data.queries import posting
from microblog.data.queries import statuses as queries
from microblog.data.queries.statuses import StatusRow
from microblog.domain.errors import N_, Message, NotFound, ValidationError
from microblog.domain.limits import STATUS_CHARACTERS, STATUS_STORED_CHARACTERS
from microblog.domain.text import clean_text, count_characters, find_mentions, find_tags, render
from microblog.domain.visibility import Visibility
from microblog.jobs import names
from microblog.jobs.outbox import enqueue_many
from microblog.observability import metrics
from microblog.services.notifications import notify_mentioned


@dataclass(frozen=True, slots=True)
class Thread:
    """A status with what stands above it (oldest first) and below it (answers following what they answer)."""

    ancestors: list[StatusRow]
    status: StatusRow
    descendants: list[StatusRow]


def post_status(
    session: Session,
    feeds: Feeds,
    *,
    author_id: int,
    feed_version: int,
    text: str,
    in_reply_to_id: int | None = None,
    visibility: Visibility = Visibility.PUBLIC,
) -> int:
    """Write a post or a reply with its mentions, tags, notifications and jobs; its id.

    A reply is addressed to the author whom it answers, named in its text or not.
    Raises ValidationError for `text` or `in_reply_to_id`. `feed_version` is the author's
    (services/sessions.py).
    """
    text = check_text(text)
    answered = _get_answered(session, in_reply_to_id, author_id)
    mentioned = posting.find_accounts_by_name(session, mentions) if (mentions := find_mentions(text)) else {}
    status_id = posting.insert_status(
        session,
        account_id=author_id,
        text=text,
        content=render(text, mentioned),
        visibility=visibility,
        in_reply_to_id=answered.id if answered else None,
        in_reply_to_account_id=answered.account_id if answered else None,
        conversation_id=(answered.conversation_id or answered.id) if answered else None,
    )
    if tags := find_tags(text):
        posting.insert_tags(session, status_id, tags)
    addressed = {*mentioned.values(), *([answered.account_id] if answered else [])}
    told = _record_mentions(session, status_id, author_id, addressed)
    jobs = [(names.MENTION_MAIL, {"status_id": status_id, "account_id": account_id}) for account_id in told]
    enqueue_many(session, [(names.FAN_OUT, {"status_id": status_id}), *jobs])
    # At once for the author; the fan-out job repeats it after the commit. An id without a row is not shown.
    feeds.push([feed_key(author_id, feed_version)], status_id)
    metrics.STATUSES_POSTED.inc()
    return status_id


def _record_mentions(session: Session, status_id: int, author_id: int, addressed: set[int]) -> list[int]:
    """Write the mentions and tell those addressed; the ids of those told (the author is not)."""
    told = sorted(addressed - {author_id})
    if addressed:
        posting.insert_mentions(session, status_id, sorted(addressed))
    if told:
        notify_mentioned(session, told, author_id=author_id, status_id=status_id)
    return told


def check_text(raw: str) -> str:
    """A post's text as it is stored. Raises ValidationError for `text`."""
    text = clean_text(raw)
    count = count_characters(text)
    if count == 0:
        raise ValidationError({"text": Message(N_("Write something first."))})
    if count > STATUS_CHARACTERS or len(text) > STATUS_STORED_CHARACTERS:
        raise ValidationError(
            {
                "text": Message(
                    N_("This is %(count)s characters long; the limit is %(limit)s."),
                    {"count": count, "limit": STATUS_CHARACTERS},
                )
            }
        )
    return text


def _get_answered(session: Session, status_id: int | None, viewer_id: int) -> StatusRow | None:
    if status_id is None:
        return None
    answered = queries.get_status(session, status_id, viewer_id)
    # Counted before the reply is written: the locked row can't be deleted in between.
    if answered is None or not posting.count_reply(session, status_id, 1):
        raise ValidationError({"in_reply_to_id": Message(N_("The post that you answer was deleted."))})
    return answered


def delete_status(session: Session, *, account_id: int, status_id: int) -> None:
    """Delete one's own post. Raises NotFound, also for other people's."""
    if not posting.delete_status(session, status_id, account_id):
        raise NotFound


def get_status(session: Session, *, status_id: int, viewer_id: int | None) -> StatusRow:
    """One status. Raises NotFound, also where the viewer may not see it."""
    status = queries.get_status(session, status_id, viewer_id)
    if status is None:
        raise NotFound
    return status


def get_thread(session: Session, *, status_id: int, viewer_id: int | None) -> Thread:
    """A status with its conversation, bounded by domain/limits.py. Two statements. Raises NotFound."""
    rows = {row.id: row for row in queries.get_thread_rows(session, status_id, viewer_id)}
    status = rows.pop(status_id, None)
    if status is None:
        raise NotFound
    ancestors = [row for row in rows.values() if row.id < status_id]
    answers: dict[int | None, list[StatusRow]] = defaultdict(list)
    for row in rows.values():
        answers[row.in_reply_to_id].append(row)
    return Thread(ancestors, status, _in_reading_order(status_id, answers))


def _in_reading_order(status_id: int, answers: dict[int | None, list[StatusRow]]) -> list[StatusRow]:
    """Depth first without recursion: a conversation may be deeper than Python's stack."""
    ordered: list[StatusRow] = []
    waiting = answers.pop(status_id, [])[::-1]
    while waiting:
        row = waiting.pop()
        ordered.append(row)
        waiting.extend(answers.pop(row.id, [])[::-1])
    return ordered
