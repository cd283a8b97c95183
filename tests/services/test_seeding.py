import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from microblog.data.models import (
    Account,
    DailyStatistic,
    Follow,
    Mention,
    Notification,
    Status,
    StatusTag,
    Tag,
    User,
)
from microblog.domain.errors import Conflict, InvalidCredentials, NotFound
from microblog.domain.ids import time_of_id
from microblog.domain.text import clean_text, count_characters, find_mentions, find_tags
from microblog.services import seeding
from microblog.services.counters import recount_accounts, recount_statuses
from microblog.services.seeding import Seeded, seed
from microblog.services.sessions import log_in
from tests.factories import HASHER, make_account

UNTIL = datetime(2026, 3, 14, 15, 9, 26, 535000, tzinfo=UTC)
BEGIN = UNTIL - timedelta(days=90)


def sow(session: Session, **changes: Any) -> Seeded:
    asked: dict[str, Any] = {"accounts": 40, "statuses": 400, "number": 7, "until": UNTIL}
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


def test_the_asked_for_numbers_are_there(session: Session) -> None:
    done = sow(session)

    assert (done.accounts, done.statuses, done.days) == (40, 400, 90)
    assert session.scalar(select(func.count()).select_from(Account)) == 40
    assert session.scalar(select(func.count()).select_from(User).where(User.confirmed_at.is_not(None))) == 40
    assert session.scalar(select(func.count()).select_from(Status)) == 400
    assert session.scalar(select(func.count()).select_from(Follow)) == done.follows > 80
    assert session.scalar(select(func.count()).select_from(DailyStatistic)) == 90


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


def test_ids_are_in_the_order_of_time_and_tell_it(session: Session) -> None:
    sow(session)

    for model in (Account, Status, Follow, Notification):
        rows = session.execute(select(model.id, model.created_at).order_by(model.id)).all()
        assert all(time_of_id(row.id) == row.created_at for row in rows)
        assert all(row.created_at < UNTIL for row in rows)
    first, last = session.execute(select(func.min(Status.created_at), func.max(Status.created_at))).one()
    assert BEGIN <= first < BEGIN + timedelta(days=10)
    assert UNTIL - timedelta(days=10) < last


def test_texts_are_what_people_could_have_written(session: Session) -> None:
    sow(session)

    for row in session.execute(select(Status.text, Status.content)):
        assert row.text == clean_text(row.text)
        assert 0 < count_characters(row.text) <= 500
        assert row.content.startswith("<p>")
        assert "{" not in row.text
    contents = " ".join(session.scalars(select(Status.content)))
    assert 'class="mention"' in contents
    assert 'class="hashtag"' in contents
    assert 'rel="nofollow noopener noreferrer"' in contents


def test_mentions_tags_and_notifications_are_those_of_the_texts(session: Session) -> None:
    sow(session)
    names = {row.id: row.username.lower() for row in session.execute(select(Account.id, Account.username))}
    mentioned = {(row.status_id, names[row.account_id]) for row in session.execute(select(Mention.__table__))}
    tagged = {
        (row.status_id, row.name)
        for row in session.execute(
            select(StatusTag.status_id, Tag.name).join(Tag, Tag.id == StatusTag.tag_id)
        )
    }
    told = {
        (row.status_id, names[row.account_id])
        for row in session.execute(select(Notification).where(Notification.kind == "mention")).scalars()
    }
    rows = session.execute(select(Status.id, Status.text, Status.account_id)).all()

    assert mentioned == {(row.id, name) for row in rows for name in find_mentions(row.text)}
    assert tagged == {(row.id, name) for row in rows for name in find_tags(row.text)}
    assert told == mentioned
    assert mentioned
    assert tagged


def test_replies_form_threads(session: Session) -> None:
    sow(session)
    rows = {row.id: row for row in session.scalars(select(Status))}
    replies = [(row, rows[row.in_reply_to_id]) for row in rows.values() if row.in_reply_to_id is not None]

    assert 60 < len(replies) < 200
    for reply, answered in replies:
        assert answered.id < reply.id
        assert reply.in_reply_to_account_id == answered.account_id
        assert reply.conversation_id == (answered.conversation_id or answered.id)
    assert any(answered.in_reply_to_id for _, answered in replies)


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


def test_statistics_are_those_of_the_posts(session: Session) -> None:
    sow(session)

    day = (UNTIL - timedelta(days=1)).date()
    expected = session.scalar(
        select(func.count()).select_from(Status).where(func.date(Status.created_at) == day)
    )
    found = session.scalar(select(DailyStatistic.statuses).where(DailyStatistic.day == day))
    assert found == expected
    assert found
