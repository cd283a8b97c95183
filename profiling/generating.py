"""A whole site's data for measuring: what `microblog seed` writes, and what people do with posts besides.

Everything is written by COPY, without indexes and checks of foreign keys, which follow at the end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from devstack import postgres
from devstack.layout import DATABASE
from microblog.data.models import Favourite, Follow, Notification, Status
from microblog.data.queries.seeding import copy_rows
from microblog.data.session import Database
from microblog.domain.ids import SEQUENCE_BITS, make_id, time_of_id
from microblog.services.notifications import FAVOURITE, REBLOG
from microblog.services.seeding import SPREAD, seed

#: Raise it with each change of what is generated: former databases are made anew.
VERSION = 2
LEAST_ACCOUNTS = 100
POSTS_PER_ACCOUNT = 100
#: From so many posts on there is somebody with so many followers, and accounts enough for that.
CELEBRITY_FROM = 100_000
CELEBRITY_FOLLOWERS = 10_000
CELEBRITY_ACCOUNTS = 12_000
FOLLOWS_PER_ACCOUNT = 50
BOOSTS = 0.1
FAVOURITES = 0.5
#: People like and boost what was posted a while ago.
REACTION_MINUTES = 12 * 60

#: What no constraint stands on.
INDEXES = """
    SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
    FROM pg_index AS index
    JOIN pg_class AS class ON class.oid = index.indexrelid
    WHERE class.relnamespace = 'public'::regnamespace AND NOT index.indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
    ORDER BY 1
"""
COUNT_REACTIONS = """
    UPDATE statuses SET favourites_count = new.favourites, reblogs_count = new.reblogs
    FROM (
        SELECT id, sum(favourites) AS favourites, sum(reblogs) AS reblogs
        FROM (
            SELECT status_id AS id, count(*) AS favourites, 0 AS reblogs FROM favourites GROUP BY 1
            UNION ALL
            SELECT reblog_of_id, 0, count(*) FROM statuses WHERE reblog_of_id IS NOT NULL GROUP BY 1
        ) AS parts GROUP BY 1
    ) AS new
    WHERE statuses.id = new.id
"""
COUNT_FOLLOWS = """
    UPDATE accounts SET followers_count = new.followers, following_count = new.following
    FROM (
        SELECT id,
            (SELECT count(*) FROM follows WHERE target_account_id = accounts.id) AS followers,
            (SELECT count(*) FROM follows WHERE account_id = accounts.id) AS following
        FROM accounts
    ) AS new
    WHERE accounts.id = new.id
"""
#: A counted post is a new version of its row: the table would stay twice as large, and out of order.
TIDY = ("CLUSTER statuses USING pk_statuses", "CLUSTER accounts USING pk_accounts")

Say = Callable[[str], None]


def count_accounts(posts: int) -> int:
    """How many accounts a database of so many posts has, the visitor's not counted."""
    return max(posts // POSTS_PER_ACCOUNT, LEAST_ACCOUNTS, CELEBRITY_ACCOUNTS * (posts >= CELEBRITY_FROM))


def fill(cluster: postgres.Cluster, posts: int, guest: str, say: Say) -> None:
    """Fill an empty database up to `posts` statuses, a tenth of them boosts; `guest` has an account in it."""
    password = cluster.password_file.read_text(encoding="utf-8")
    url = cluster.url(postgres.SUPERUSER, password, DATABASE)
    database = Database(url, application="profiling", statement_timeout_seconds=None)
    now = datetime.now(UTC)
    try:
        with postgres.autocommit_cursor(url) as cursor:
            with _no_indexes(cursor, say):
                with database.unit_of_work() as session:
                    session.execute(text("SET LOCAL session_replication_role = replica"))
                    write(session, posts, guest, now, say)
                say("  counting")
                cursor.execute(COUNT_REACTIONS)
                for statement in TIDY:
                    cursor.execute(statement)
            cursor.execute(COUNT_FOLLOWS)
            say("  vacuum")
            cursor.execute("VACUUM (FREEZE, ANALYZE)")
            cursor.execute("CHECKPOINT")
    finally:
        database.close()


@contextmanager
def _no_indexes(cursor: Any, say: Say) -> Iterator[None]:
    """Without the indexes that no constraint stands on: built at the end, they take less time by far."""
    cursor.execute(INDEXES)
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    say("  indexes")
    for _, definition in indexes:
        cursor.execute(definition)


def write(session: Session, posts: int, guest: str, now: datetime, say: Say) -> None:
    """Write all rows; the counters of reactions and follows are computed later."""
    _seed(session, posts, guest, now, say)
    _add_what_follows(session, posts, now, say)


def _seed(session: Session, posts: int, guest: str, now: datetime, say: Say) -> None:
    written = posts - int(posts * BOOSTS)
    done = told = 0

    def tell(count: int) -> None:
        nonlocal done, told
        done += count
        if done - told >= written / 5:
            told = done
            say(f"  {done} of {posts} posts")

    seed(
        session,
        accounts=count_accounts(posts),
        statuses=written,
        number=1,
        until=now,
        guests=[guest],
        on_progress=tell,
    )


def _add_what_follows(session: Session, posts: int, now: datetime, say: Say) -> None:
    random = Random(posts)  # noqa: S311 - repeatable on purpose
    accounts = list(session.scalars(text("SELECT id FROM accounts ORDER BY id")))
    statuses = [
        (row.id, row.account_id) for row in session.execute(text("SELECT id, account_id FROM statuses"))
    ]
    say("  follows, boosts, favourites and notifications")
    _add_follows(session, random, accounts, now, has_celebrity=posts >= CELEBRITY_FROM)
    reactions = _Reactions(random, accounts, statuses, now)
    reactions.write_boosts(session, int(posts * BOOSTS))
    reactions.write_favourites(session, int(posts * FAVOURITES))
    reactions.write_notifications(session)


def _add_follows(
    session: Session, random: Random, accounts: list[int], until: datetime, *, has_celebrity: bool
) -> None:
    """Up to the average that was meant; and everybody's favourite."""
    present = {
        (row.account_id, row.target_account_id)
        for row in session.execute(text("SELECT account_id, target_account_id FROM follows"))
    }
    wanted = min(FOLLOWS_PER_ACCOUNT, len(accounts) // 2) * len(accounts)
    new: set[tuple[int, int]] = set()
    if has_celebrity:
        most = session.scalars(
            text("SELECT target_account_id FROM follows GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
        ).one()
        fans = sum(followed == most for _, followed in present)
        strangers = [one for one in accounts if one != most and (one, most) not in present]
        new |= {(one, most) for one in strangers[: CELEBRITY_FOLLOWERS - fans]}
    while len(present) + len(new) < wanted:
        pair = random.choice(accounts), random.choice(accounts)
        if pair[0] != pair[1] and pair not in present:
            new.add(pair)
    # Spread over all days: none may be the one on which everybody follows everybody.
    taken = set(session.scalars(text("SELECT id FROM follows")))
    ids: list[int] = []
    while len(ids) < len(new):
        own_id = make_id(until - SPREAD * random.random(), random.getrandbits(SEQUENCE_BITS))
        if own_id not in taken:
            taken.add(own_id)
            ids.append(own_id)
    rows = ((own_id, *pair, time_of_id(own_id)) for own_id, pair in zip(ids, sorted(new), strict=True))
    copy_rows(session, Follow, ("id", "account_id", "target_account_id", "created_at"), rows)


class _Reactions:
    """What people do with posts."""

    def __init__(
        self, random: Random, accounts: list[int], statuses: list[tuple[int, int]], until: datetime
    ) -> None:
        self.random = random
        self.accounts = accounts
        self.statuses = statuses
        self.until = until
        # Of each: its id, kind, who, which post, whose.
        self.told: list[tuple[int, str, int, int, int]] = []

    def write_boosts(self, session: Session, count: int) -> None:
        """They are statuses, with ids among those of the posts."""
        drawn = self._draw(count, REBLOG, {one for one, _ in self.statuses})
        rows = ((own_id, who, what, time_of_id(own_id)) for own_id, who, what in drawn)
        copy_rows(session, Status, ("id", "account_id", "reblog_of_id", "created_at"), rows)

    def write_favourites(self, session: Session, count: int) -> None:
        """Of posts by everybody."""
        rows = ((*one, time_of_id(one[0])) for one in self._draw(count, FAVOURITE, set()))
        copy_rows(session, Favourite, ("id", "account_id", "status_id", "created_at"), rows)

    def write_notifications(self, session: Session) -> None:
        """Of all of these; the database makes their ids, above those of the seed."""
        rows = (
            (whose, who, kind, what, time_of_id(own_id))
            for own_id, kind, who, what, whose in sorted(self.told)
            if whose != who
        )
        columns = ("account_id", "from_account_id", "kind", "status_id", "created_at")
        copy_rows(session, Notification, columns, rows)

    def _draw(self, count: int, kind: str, taken: set[int]) -> Iterator[tuple[int, int, int]]:
        """Ids (not among those `taken`) with who and what: nobody the same twice."""
        random = self.random
        seen: set[tuple[int, int]] = set()
        while len(seen) < count:
            who, (what, whose) = random.choice(self.accounts), random.choice(self.statuses)
            if (who, what) in seen:
                continue
            seen.add((who, what))
            minutes = random.expovariate(1 / REACTION_MINUTES)
            moment = min(time_of_id(what) + timedelta(minutes=minutes), self.until)
            own_id = make_id(moment, random.getrandbits(SEQUENCE_BITS))
            while own_id in taken:
                own_id = make_id(moment, random.getrandbits(SEQUENCE_BITS))
            taken.add(own_id)
            self.told.append((own_id, kind, who, what, whose))
            yield own_id, who, what
