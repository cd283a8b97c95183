"""Statuses: writing, editing, deleting and reading them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import posting, threads
from microblog.data.queries import statuses as queries
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.errors import NotFound
from microblog.domain.visibility import OPEN


@dataclass(frozen=True, slots=True)
class Thread:
    """A status with what stands above it (oldest first) and below it (answers following what they answer)."""

    ancestors: list[StatusRow]
    status: StatusRow
    descendants: list[StatusRow]


@dataclass(slots=True)
class Parts:
    """What a post holds besides its text: `mentions` as (account's id, username), and its tags' names."""

    mentions: list[tuple[int, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def get_status(session: Session, *, status_id: int, viewer_id: int | None) -> StatusRow:
    """One status or boost. Raises NotFound, also where the viewer may not see it."""
    status = queries.get_status(session, status_id, viewer_id)
    if status is None:
        raise NotFound
    return status


def get_parts(session: Session, rows: Sequence[StatusRow]) -> dict[int, Parts]:
    """What the shown posts of a list hold, by `shown_id`. One statement, none for an empty list."""
    parts = {row.shown_id: Parts() for row in rows}
    for found in queries.list_parts(session, list(parts)):
        part = parts[found.status_id]
        if found.account_id is None:
            part.tags.append(found.name)
        else:
            part.mentions.append((found.account_id, found.name))
    return parts


def get_source(session: Session, *, account_id: int, status_id: int) -> AnyRow:
    """What one typed for a post of one's own: `id`, `text`, `spoiler_text`. Raises NotFound."""
    source = queries.get_source(session, status_id, account_id)
    if source is None:
        raise NotFound
    return source


def list_versions(
    session: Session, *, status_id: int, viewer_id: int | None
) -> tuple[StatusRow, list[AnyRow]]:
    """A post as it is, and its former versions, the first one first. Raises NotFound.

    Of a post that isn't for everybody only its author reads those: an edit may have named somebody else.
    """
    status = get_status(session, status_id=status_id, viewer_id=viewer_id)
    if status.visibility not in OPEN and status.account_id != viewer_id:
        return status, []
    return status, queries.list_versions(session, status.shown_id)


def delete_status(session: Session, *, account_id: int, status_id: int) -> None:
    """Delete one's own post or boost. Raises NotFound, also for other people's."""
    if not posting.delete_status(session, status_id, account_id):
        raise NotFound


def get_thread(session: Session, *, status_id: int, viewer_id: int | None) -> Thread:
    """A status with its conversation, bounded by domain/limits.py. One statement. Raises NotFound."""
    rows = {row.id: row for row in threads.get_thread_rows(session, status_id, viewer_id)}
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
