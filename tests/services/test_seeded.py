"""What seeding leaves, looked at from many sides: one seeding for all tests, since it takes a second."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select
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
from microblog.data.session import Database
from microblog.domain.ids import time_of_id
from microblog.domain.text import clean_text, count_characters, find_mentions, find_tags
from microblog.services.seeding import Seeded, seed

UNTIL = datetime(2026, 3, 14, 15, 9, 26, 535000, tzinfo=UTC)
BEGIN = UNTIL - timedelta(days=90)


@pytest.fixture(scope="module")
def seeding(worker_database: Database) -> Iterator[tuple[Connection, Seeded]]:
    """A connection that alone sees the data, and what was told of them."""
    with worker_database.engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            done = seed(session, accounts=40, statuses=400, number=7, until=UNTIL)
            session.commit()
        yield connection, done
        transaction.rollback()


@pytest.fixture
def session(seeding: tuple[Connection, Seeded]) -> Iterator[Session]:
    """In place of the other tests': on the seeded data, for reading."""
    with Session(seeding[0], join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def done(seeding: tuple[Connection, Seeded]) -> Seeded:
    return seeding[1]


def test_the_asked_for_numbers_are_there(session: Session, done: Seeded) -> None:
    assert (done.accounts, done.statuses, done.days) == (40, 400, 90)
    assert session.scalar(select(func.count()).select_from(Account)) == 40
    assert session.scalar(select(func.count()).select_from(User).where(User.confirmed_at.is_not(None))) == 40
    assert session.scalar(select(func.count()).select_from(Status)) == 400
    assert session.scalar(select(func.count()).select_from(Follow)) == done.follows > 80
    assert session.scalar(select(func.count()).select_from(DailyStatistic)) == 90


def test_ids_are_in_the_order_of_time_and_tell_it(session: Session) -> None:
    for model in (Account, Status, Follow, Notification):
        rows = session.execute(select(model.id, model.created_at).order_by(model.id)).all()
        assert all(time_of_id(row.id) == row.created_at for row in rows)
        assert all(row.created_at < UNTIL for row in rows)
    first, last = session.execute(select(func.min(Status.created_at), func.max(Status.created_at))).one()
    assert BEGIN <= first < BEGIN + timedelta(days=10)
    assert UNTIL - timedelta(days=10) < last


def test_texts_are_what_people_could_have_written(session: Session) -> None:
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
    rows = {row.id: row for row in session.scalars(select(Status))}
    replies = [(row, rows[row.in_reply_to_id]) for row in rows.values() if row.in_reply_to_id is not None]

    assert 60 < len(replies) < 200
    for reply, answered in replies:
        assert answered.id < reply.id
        assert reply.in_reply_to_account_id == answered.account_id
        assert reply.conversation_id == (answered.conversation_id or answered.id)
    assert any(answered.in_reply_to_id for _, answered in replies)


def test_statistics_are_those_of_the_posts(session: Session) -> None:
    day = (UNTIL - timedelta(days=1)).date()
    expected = session.scalar(
        select(func.count()).select_from(Status).where(func.date(Status.created_at) == day)
    )
    found = session.scalar(select(DailyStatistic.statuses).where(DailyStatistic.day == day))
    assert found == expected
    assert found
