"""How seeding goes: what it is asked for, and asked for again. What it leaves stands in test_seeded.py."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from microblog.data.models import Account, Mention, Status, User
from microblog.domain.errors import Conflict, InvalidCredentials, NotFound
from microblog.services import seeding
from microblog.services.counters import recount_accounts, recount_statuses
from microblog.services.seeding import Seeded, seed
from microblog.services.sessions import log_in
from tests.factories import HASHER, make_account

UNTIL = datetime(2026, 3, 14, 15, 9, 26, 535000, tzinfo=UTC)


def sow(session: Session, **changes: Any) -> Seeded:
    # Ten days: the figures of ninety take most of a seeding's time.
    asked: dict[str, Any] = {
        "accounts": 40,
        "statuses": 400,
        "number": 7,
        "until": UNTIL,
        "spread": timedelta(days=10),
    }
    return seed(session, **(asked | changes))


def dump(session: Session) -> list[Sequence[Row[Any]]]:
    """All that was written, without what the database adds."""
    tables = (
        "SELECT * FROM accounts ORDER BY id",
        "SELECT * FROM users ORDER BY account_id",
        "SELECT * FROM statuses ORDER BY id",
        "SELECT * FROM follows ORDER BY id",
        "SELECT * FROM notifications ORDER BY id",
        "SELECT * FROM mentions ORDER BY 1, 2",
        "SELECT status_id, name FROM status_tags JOIN tags ON tags.id = tag_id ORDER BY 1, 2",
        "SELECT day, statuses, active_accounts, sign_ups, top_tags FROM daily_statistics ORDER BY 1",
    )
    return [session.execute(text(statement)).all() for statement in tables]


def test_the_same_number_gives_the_same_data(session: Session) -> None:
    with session.begin_nested() as attempt:
        sow(session)
        first = dump(session)
        attempt.rollback()
    with session.begin_nested() as attempt:
        sow(session, number=8)
        other = dump(session)
        attempt.rollback()
    sow(session)

    assert dump(session) == first
    assert other[2] != first[2]


def test_at_another_moment_only_the_times_differ(session: Session) -> None:
    columns = select(Account.username, Status.text, Status.created_at).join(
        Account, Account.id == Status.account_id
    )
    with session.begin_nested() as attempt:
        sow(session)
        first = session.execute(columns.order_by(Status.id)).all()
        attempt.rollback()
    later = timedelta(days=3, hours=5, seconds=1)
    sow(session, until=UNTIL + later)

    second = session.execute(columns.order_by(Status.id)).all()

    assert [(row.username, row.text, row.created_at - later) for row in second] == [
        tuple(row) for row in first
    ]


def test_all_counters_are_right(session: Session) -> None:
    make_account(session, "demo")
    sow(session, guests=["demo"])

    assert recount_accounts(session, after_id=0).mended == 0
    assert recount_statuses(session, after_id=0).mended == 0


def test_a_few_have_many_followers(session: Session) -> None:
    sow(session, accounts=200, statuses=0)

    counts = sorted(session.scalars(select(Account.followers_count)))

    assert counts[-1] > 5 * (counts[len(counts) // 2] + 1)


def test_nobody_can_log_in_and_nobody_gets_mail(session: Session) -> None:
    sow(session, accounts=3, statuses=0)
    name = session.scalars(select(Account.username).limit(1)).one()

    for password in ("!seeded", "", "password"):
        with pytest.raises(InvalidCredentials):
            log_in(session, HASHER, identifier=name, password=password, user_agent="", lifetime_days=1)
    users = session.scalars(select(User)).all()
    assert not any(user.mail_mentions or user.mail_follows for user in users)
    assert all(re.fullmatch(r"[a-z0-9_]{1,30}@seed\.example", user.email) for user in users)


def test_a_second_time_is_refused_unless_added(session: Session) -> None:
    sow(session)

    with pytest.raises(Conflict, match=r"seeded already \(40 accounts\): add more with --add"):
        sow(session)
    sow(session, is_addition=True)

    assert session.scalar(select(func.count()).select_from(Account)) == 80
    assert session.scalar(select(func.count()).select_from(Status)) == 800
    assert recount_accounts(session, after_id=0).mended == 0


def test_guests_join_in(session: Session) -> None:
    demo = make_account(session, "Demo")
    before = session.scalars(select(Account.feed_version).where(Account.id == demo)).one()

    sow(session, statuses=2000, guests=["demo"])

    row = session.execute(select(Account.__table__).where(Account.id == demo)).one()
    assert row.following_count > 5
    assert row.followers_count > 0
    assert row.statuses_count == 0
    assert row.feed_version > before
    mentions = session.scalar(select(func.count()).select_from(Mention).where(Mention.account_id == demo))
    assert mentions
    assert '<a href="/@Demo"' in " ".join(session.scalars(select(Status.content)))


def test_an_unknown_or_unconfirmed_guest_is_named(session: Session) -> None:
    make_account(session, "waiting", is_confirmed=False)

    with pytest.raises(NotFound, match="nobody, waiting"):
        sow(session, guests=["Nobody", "waiting"])


def test_one_account_and_no_posts(session: Session) -> None:
    done = sow(session, accounts=1, statuses=0)

    assert (done.accounts, done.follows) == (1, 0)


def test_progress_adds_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "CHUNK_POSTS", 150)
    steps: list[int] = []

    sow(session, on_progress=steps.append)

    assert steps == [150, 150, 100]
