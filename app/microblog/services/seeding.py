"""Filling a site with believable data: the same seed number gives the same, hung on the moment `until`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from microblog.data.models import Account, Follow, Notification, User
from microblog.data.queries import seeding as queries
from microblog.domain.errors import N_, Conflict, NotFound
from microblog.domain.ids import EPOCH, MILLISECOND
from microblog.domain.text import render
from microblog.services.notifications import FOLLOW
from microblog.services.seeding_people import Crowd, Person, draw_follows, make_people
from microblog.services.seeding_posts import PostWriter, draw_shape, id_at, moment_of
from microblog.services.statistics import compute_day

# Posts spread over these days; reserved by RFC 2606, so that no mail can ever leave for a seeded address.
SPREAD = timedelta(days=90)
DOMAIN = "seed.example"
FOLLOWS_TOLD = timedelta(days=30)
CHUNK_POSTS = 5_000
Progress = Callable[[int], None]

ACCOUNT_COLUMNS = (
    "id", "username", "display_name", "note", "note_html", "created_at",
    "statuses_count", "followers_count", "following_count", "last_status_at",
)  # fmt: skip
USER_COLUMNS = (
    "account_id", "email", "password_hash", "confirmed_at", "mail_mentions", "mail_follows", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many rows were written."""

    accounts: int
    statuses: int
    follows: int
    days: int


def seed(
    session: Session,
    *,
    accounts: int,
    statuses: int,
    number: int,
    until: datetime,
    spread: timedelta = SPREAD,
    is_addition: bool = False,
    guests: Sequence[str] = (),
    on_progress: Progress = lambda _count: None,
) -> Seeded:
    """Write accounts (nobody can log in to them), posts with threads, tags, mentions, follows, notifications.

    `until`: the moment that all lies before, timezone-aware; `spread`: how long before it begins. `guests`:
    accounts that are there and join in. `on_progress` gets the number of posts written since its last call.

    Raises Conflict where the site was seeded before, unless `is_addition`; NotFound for an unknown guest.
    """
    before = queries.count_seeded(session)
    if before and not is_addition:
        raise Conflict(
            N_("This site is seeded already (%(count)s accounts): add more with --add."), count=before
        )
    until_ms = (until - EPOCH) // MILLISECOND
    since_ms = (until - spread - EPOCH) // MILLISECOND
    random = Random(f"{number} {before}")  # noqa: S311 - repeatable on purpose
    people = make_people(
        random, accounts, queries.list_usernames(session), since_ms=since_ms, until_ms=until_ms
    )
    crowd = Crowd([*people, *_find_guests(session, guests, since_ms)])
    _number_people(crowd)
    follows = draw_follows(random, crowd, until_ms)
    for _, follower, followed in follows:
        crowd.people[follower].following += 1
        crowd.people[followed].followers += 1
    shape = draw_shape(random, crowd, statuses, since_ms=since_ms, until_ms=until_ms)
    _write_people(session, crowd)
    _write_follows(session, crowd, follows, told_since_ms=until_ms - FOLLOWS_TOLD // MILLISECOND)
    writer = PostWriter(session, random, crowd, shape)
    for first in range(0, statuses, CHUNK_POSTS):
        on_progress(writer.write(range(first, min(first + CHUNK_POSTS, statuses))))
    # Today's figures are computed when it is over.
    days = [(until.astimezone(UTC) - timedelta(days=index)).date() for index in range(1, spread.days + 1)]
    for day in days:
        compute_day(session, day=day)
    return Seeded(accounts, statuses, len(follows), len(days))


def _find_guests(session: Session, names: Sequence[str], since_ms: int) -> list[Person]:
    found = queries.find_accounts(session, names)
    unknown = {name.lower() for name in names} - {row.username.lower() for row in found}
    if unknown:
        raise NotFound(
            N_("There is no confirmed account of the name %(name)s."), name=", ".join(sorted(unknown))
        )
    # Followed and named as if always there; what they write is theirs.
    return [
        Person(row.id, row.username, "", "", since_ms, activity=0.0, popularity=30.0, is_guest=True)
        for row in found
    ]


def _number_people(crowd: Crowd) -> None:
    """Ids in the order of sign-up, as the database would have made them."""
    for sequence, person in enumerate(crowd.people):
        if not person.is_guest:
            person.id = id_at(person.created_ms, sequence)


def _write_people(session: Session, crowd: Crowd) -> None:
    people = [one for one in crowd.people if not one.is_guest]
    known = {one.username.lower() for one in crowd.people}
    queries.copy_rows(session, Account, ACCOUNT_COLUMNS, (_account_row(one, known) for one in people))
    queries.copy_rows(session, User, USER_COLUMNS, map(_user_row, people))
    for guest in crowd.people:
        if guest.is_guest:
            queries.add_to_counters(session, guest.id, followers=guest.followers, following=guest.following)


def _account_row(person: Person, known: set[str]) -> tuple[object, ...]:
    last = moment_of(person.last_status_ms) if person.last_status_ms is not None else None
    return (
        person.id, person.username, person.display_name, person.note, render(person.note, known),
        moment_of(person.created_ms), person.statuses, person.followers, person.following, last,
    )  # fmt: skip


def _user_row(person: Person) -> tuple[object, ...]:
    created = moment_of(person.created_ms)
    email = f"{person.username}@{DOMAIN}"
    return (person.id, email, queries.NO_PASSWORD, created, False, False, created)


def _write_follows(
    session: Session, crowd: Crowd, follows: Sequence[tuple[int, int, int]], *, told_since_ms: int
) -> None:
    people = crowd.people
    queries.copy_rows(
        session,
        Follow,
        ("id", "account_id", "target_account_id", "created_at"),
        (
            (id_at(ms, sequence), people[follower].id, people[followed].id, moment_of(ms))
            for sequence, (ms, follower, followed) in enumerate(follows)
        ),
    )
    queries.copy_rows(
        session,
        Notification,
        ("id", "account_id", "from_account_id", "kind", "created_at"),
        (
            (id_at(ms, 2 * sequence), people[followed].id, people[follower].id, FOLLOW, moment_of(ms))
            for sequence, (ms, follower, followed) in enumerate(follows)
            if ms >= told_since_ms
        ),
    )
