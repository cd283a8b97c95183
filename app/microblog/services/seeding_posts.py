"""The posts of a seeded site: first their shape (who writes when, what answers what), then their words."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, count
from random import Random

from sqlalchemy.orm import Session

from microblog.data.models import Mention, Notification, Status, StatusTag
from microblog.data.queries import seeding as queries
from microblog.domain.ids import EPOCH, make_id
from microblog.domain.text import find_mentions, find_tags, normalise_tag, render
from microblog.services.notifications import MENTION
from microblog.services.seeding_people import Crowd
from microblog.services.seeding_words import TOPICS, write_post, write_reply

HOUR = 3_600_000
# How much is written in each hour of a day: quiet nights, lunch, the evening.
RHYTHM = (2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 8, 10, 9, 8, 8, 8, 9, 11, 13, 14, 13, 9, 5)
REPLY_CHANCE = 0.35
# How many posts back the answered one lies on average, at most; and how old it may be.
REPLY_DISTANCE = 25
REPLY_AGE = 3 * 24 * HOUR
NOTHING = -1
MENTION_CHANCE = 0.08

STATUS_COLUMNS = (
    "id", "account_id", "text", "content", "language", "created_at",
    "in_reply_to_id", "in_reply_to_account_id", "conversation_id", "replies_count",
)  # fmt: skip
NOTIFICATION_COLUMNS = ("id", "account_id", "from_account_id", "kind", "status_id", "created_at")


def moment_of(milliseconds: int) -> datetime:
    """The UTC moment of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def id_at(milliseconds: int, sequence: int) -> int:
    """The id that is made then; `sequence` counts the rows of a table in the order of time."""
    return make_id(moment_of(milliseconds), sequence)


@dataclass(frozen=True)
class Shape:
    """All posts by time: moment (ms), author's index, answered post's index (or NOTHING), answers to it."""

    moments: "array[int]"
    authors: "array[int]"
    answered: "array[int]"
    replies: "array[int]"


def draw_shape(random: Random, crowd: Crowd, size: int, *, since_ms: int, until_ms: int) -> Shape:
    """Draw who writes when, and what it answers; counts the authors' posts."""
    moments = array("q", _draw_moments(random, size, since_ms, until_ms))
    authors = array("q", (crowd.draw_author(random, moment) for moment in moments))
    answered = array("q", [NOTHING]) * size
    replies = array("q", [0]) * size
    # Half a day back, where little is written.
    distance = max(1.0, min(REPLY_DISTANCE, size * 12 * HOUR / (until_ms - since_ms)))
    for index in range(size):
        if random.random() < REPLY_CHANCE:
            other = index - 1 - int(random.expovariate(1 / distance))
            if other >= 0 and moments[index] - moments[other] < REPLY_AGE:
                answered[index] = other
                replies[other] += 1
    for index in range(size):
        author = crowd.people[authors[index]]
        author.statuses += 1
        author.last_status_ms = moments[index]
    return Shape(moments, authors, answered, replies)


def _draw_moments(random: Random, size: int, since_ms: int, until_ms: int) -> list[int]:
    """Moments by time of day, day of week and a slow growth, all counted from `since_ms`."""
    hours = max(1, (until_ms - since_ms) // HOUR)
    weights = accumulate(
        RHYTHM[hour % 24] * (0.8 if hour // 24 % 7 >= 5 else 1.0) * (0.6 + 0.8 * hour / hours)
        for hour in range(hours)
    )
    chosen = random.choices(range(hours), cum_weights=list(weights), k=size)
    return sorted(since_ms + hour * HOUR + random.randrange(HOUR) for hour in chosen)


class PostWriter:
    """Writes posts with what hangs on them. Memory holds their shape, the words of one chunk at a time."""

    def __init__(self, session: Session, random: Random, crowd: Crowd, shape: Shape) -> None:
        self.session = session
        self.random = random
        self.people = crowd.people
        self.crowd = crowd
        self.shape = shape
        self.ids = array("q", (id_at(moment, index) for index, moment in enumerate(shape.moments)))
        self.account_ids = {one.username.lower(): one.id for one in crowd.people}
        self.tag_ids = self._write_tags()
        # A thread is named by its first post.
        self.threads = array("q")
        self._told = count()

    def _write_tags(self) -> dict[str, int]:
        if not self.shape.moments:
            return {}
        first = self.shape.moments[0]
        names = sorted({normalise_tag(tag) for topic in TOPICS for tag in topic.tags})
        rows = [(id_at(first, index), name, moment_of(first)) for index, name in enumerate(names)]
        return queries.ensure_tags(self.session, rows)

    def write(self, indexes: Iterable[int]) -> int:
        """Write the next posts, in the order of time from the first; how many."""
        statuses: list[tuple[object, ...]] = []
        tags: list[tuple[int, int]] = []
        mentions: list[tuple[int, int]] = []
        for index in indexes:
            text = self._write_text(index)
            statuses.append(self._status_row(index, text))
            tags += ((self.ids[index], self.tag_ids[name]) for name in find_tags(text))
            mentions += ((index, self.account_ids[name]) for name in find_mentions(text))
        copy = queries.copy_rows
        copy(self.session, Status, STATUS_COLUMNS, statuses)
        copy(self.session, StatusTag, ("status_id", "tag_id"), tags)
        copy(
            self.session,
            Mention,
            ("status_id", "account_id"),
            ((self.ids[one], who) for one, who in mentions),
        )
        copy(self.session, Notification, NOTIFICATION_COLUMNS, self._notification_rows(mentions))
        return len(statuses)

    def _write_text(self, index: int) -> str:
        author, parent = self.shape.authors[index], self.shape.answered[index]
        if parent != NOTHING:
            answered = self.shape.authors[parent]
            return write_reply(self.random, None if answered == author else self.people[answered].username)
        mentioned = None
        if self.random.random() < MENTION_CHANCE:
            other = self.crowd.draw_popular(self.random, self.shape.moments[index])
            mentioned = self.people[other].username if other != author else None
        return write_post(self.random, mentioned)

    def _status_row(self, index: int, text: str) -> tuple[object, ...]:
        shape, parent = self.shape, self.shape.answered[index]
        is_reply = parent != NOTHING
        self.threads.append(self.threads[parent] if is_reply else index)
        return (
            self.ids[index],
            self.people[shape.authors[index]].id,
            text,
            render(text, self.account_ids),
            "en",
            moment_of(shape.moments[index]),
            self.ids[parent] if is_reply else None,
            self.people[shape.authors[parent]].id if is_reply else None,
            self.ids[self.threads[index]] if is_reply else None,
            shape.replies[index],
        )

    def _notification_rows(self, mentions: Iterable[tuple[int, int]]) -> Iterable[tuple[object, ...]]:
        """Everybody named is told: nobody names themselves here."""
        for index, account_id in mentions:
            author_id, moment = self.people[self.shape.authors[index]].id, self.shape.moments[index]
            # Odd numbers; those of follows are even.
            own_id = id_at(moment, 2 * next(self._told) + 1)
            yield (own_id, account_id, author_id, MENTION, self.ids[index], moment_of(moment))
