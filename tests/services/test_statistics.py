from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, DailyStatistic, Follow, Mail, Status, StatusTag, Tag, User
from microblog.domain.ids import make_id
from microblog.domain.visibility import Visibility
from microblog.services import accounts, statistics
from tests.factories import make_account, make_follow, make_status

DAY = date(2026, 3, 29)
MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
LAST_MOMENT = MIDNIGHT + timedelta(days=1, milliseconds=-1)


class Past:
    """Makes rows as if at an earlier moment: ids are times."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.count = 0

    def next_id(self, moment: datetime) -> int:
        self.count += 1
        return make_id(moment, self.count)

    def account(self, moment: datetime, *, is_confirmed: bool = True) -> int:
        account_id = self.next_id(moment)
        name = f"past{self.count}"
        self.session.add(Account(id=account_id, username=name))
        self.session.flush()
        confirmed_at = moment if is_confirmed else None
        self.session.add(
            User(
                account_id=account_id,
                email=f"{name}@example.org",
                password_hash="x",
                confirmed_at=confirmed_at,
            )
        )
        self.session.flush()
        return account_id

    def status(self, moment: datetime, account_id: int, *tags: str, **values: Any) -> int:
        status_id = self.next_id(moment)
        self.session.add(Status(id=status_id, account_id=account_id, **values))
        self.session.flush()
        for name in tags:
            tag_id = self.session.scalar(select(Tag.id).where(Tag.name == name))
            if tag_id is None:
                tag = Tag(name=name)
                self.session.add(tag)
                self.session.flush()
                tag_id = tag.id
            self.session.add(StatusTag(status_id=status_id, tag_id=tag_id))
        self.session.flush()
        return status_id

    def follow(self, moment: datetime, account_id: int, target_id: int) -> None:
        self.session.add(Follow(id=self.next_id(moment), account_id=account_id, target_account_id=target_id))
        self.session.flush()

    def mail(self, moment: datetime, account_id: int) -> None:
        self.session.add(Mail(account_id=account_id, kind="follow", message_id="<1@x>", sent_at=moment))
        self.session.flush()


@pytest.fixture
def past(session: Session) -> Past:
    return Past(session)


def figures(session: Session, day: date = DAY) -> tuple[int, int, int, int]:
    statistics.compute_day(session, day=day)
    row = session.execute(select(DailyStatistic.__table__).where(DailyStatistic.day == day)).one()
    return row.statuses, row.active_accounts, row.sign_ups, row.mails


def test_a_day_without_anything(session: Session) -> None:
    assert figures(session) == (0, 0, 0, 0)
    assert statistics.list_days(session)[0].top_tags == []


def test_a_day_begins_and_ends_at_midnight_utc(session: Session, past: Past) -> None:
    ann = past.account(MIDNIGHT - timedelta(days=3))
    for moment in (MIDNIGHT - timedelta(milliseconds=1), LAST_MOMENT + timedelta(milliseconds=1)):
        past.status(moment, ann)
        past.mail(moment, ann)
        past.account(moment)
    assert figures(session) == (0, 0, 0, 0)
    for moment in (MIDNIGHT, LAST_MOMENT):
        past.status(moment, ann)
        past.mail(moment, ann)
        past.account(moment)
    assert figures(session) == (2, 1, 2, 2)


def test_who_posts_boosts_or_follows_is_active_once(session: Session, past: Past) -> None:
    ann, bob, cy, dan = (past.account(MIDNIGHT - timedelta(days=3)) for _ in range(4))
    noon = MIDNIGHT + timedelta(hours=12)
    posted = past.status(noon, ann)
    past.status(noon, ann)
    past.follow(noon, ann, bob)
    past.follow(noon, bob, cy)
    past.status(noon, cy, reblog_of_id=posted)
    assert figures(session) == (2, 3, 0, 0)
    assert dan


def test_only_confirmed_sign_ups_count(session: Session, past: Past) -> None:
    past.account(MIDNIGHT)
    late = past.account(MIDNIGHT, is_confirmed=False)
    assert figures(session)[2] == 1
    session.execute(update(User).where(User.account_id == late).values(confirmed_at=datetime.now(UTC)))
    assert figures(session)[2] == 2


def test_computing_again_puts_the_new_figures_in_place(session: Session, past: Past) -> None:
    ann = past.account(MIDNIGHT)
    kept, gone = past.status(MIDNIGHT, ann, "birds"), past.status(MIDNIGHT, ann, "birds")
    assert figures(session)[0] == 2
    session.execute(delete(Status).where(Status.id == gone))
    assert figures(session)[0] == 1
    (row,) = statistics.list_days(session)
    assert row.top_tags == [{"name": "birds", "uses": 1}]
    assert kept


def test_the_top_tags_are_ten_of_public_posts(session: Session, past: Past) -> None:
    ann, eve = past.account(MIDNIGHT), past.account(MIDNIGHT)
    for number in range(12):
        for _ in range(number // 2 + 1):
            past.status(MIDNIGHT, ann, f"tag{number:02}")
    past.status(MIDNIGHT, ann, "whisper", visibility=Visibility.PRIVATE)
    for _ in range(20):
        past.status(MIDNIGHT, eve, "spam")
    session.execute(update(Account).where(Account.id == eve).values(suspended_at=datetime.now(UTC)))
    statistics.compute_day(session, day=DAY)
    tags = statistics.list_days(session)[0].top_tags
    assert len(tags) == 10
    # Equal ones by name, so that computing again gives the same.
    assert [(tag["name"], tag["uses"]) for tag in tags[:3]] == [("tag10", 6), ("tag11", 6), ("tag08", 5)]


def test_days_are_listed_newest_first(session: Session) -> None:
    for day in range(1, 6):
        statistics.compute_day(session, day=date(2026, 3, day))
    assert [row.day.day for row in statistics.list_days(session, limit=3)] == [5, 4, 3]


def test_tags_in_use_lately(session: Session, past: Past, feeds: Feeds) -> None:
    ann = make_account(session)
    for text in ("#birds #trees", "#birds", "#stones"):
        make_status(session, feeds, ann, text)
    make_status(session, feeds, ann, "#hidden", visibility=Visibility.UNLISTED)
    past.status(datetime.now(UTC) - timedelta(days=8), ann, "trees")
    assert statistics.top_tags(session, limit=2) == [("birds", 2), ("stones", 1)]
    assert statistics.top_tags(session, days=9)[1] == ("trees", 2)


def test_following_today_counts_today(session: Session) -> None:
    ann = make_account(session)
    make_account(session, "bob")
    make_follow(session, ann, "bob")
    assert figures(session, datetime.now(UTC).date())[1:3] == (1, 2)


def test_a_small_site_s_size_is_exact(session: Session, feeds: Feeds) -> None:
    assert statistics.read_size(session) == statistics.Size(0, 0, 0, 0)
    ann, bob, _cy = make_account(session), make_account(session), make_account(session)
    make_account(session, is_confirmed=False)
    make_account(session, "gone")
    accounts.suspend_account(session, username="gone")
    post = make_status(session, feeds, ann)
    make_status(session, feeds, bob)
    session.add(Status(account_id=bob, reblog_of_id=post))
    session.flush()
    month, half_year = (datetime.now(UTC) - timedelta(days=days) for days in (31, 181))
    session.execute(update(Account).where(Account.id == ann).values(last_status_at=month))
    assert statistics.read_size(session) == statistics.Size(3, 2, 1, 2)
    session.execute(update(Account).where(Account.id == ann).values(last_status_at=half_year))
    assert statistics.read_size(session) == statistics.Size(3, 2, 1, 1)


def test_a_large_site_s_size_is_estimated(
    session: Session, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "COUNTED_EXACTLY", 2)
    ann, _bob, _cy = (make_account(session) for _ in range(3))
    for _ in range(3):
        make_status(session, feeds, ann)
    today = datetime.now(UTC).date()
    for age, active in ((1, 5), (20, 7), (100, 9), (200, 11)):
        figures = {"statuses": 0, "sign_ups": 0, "mails": 0, "active_accounts": active}
        session.add(DailyStatistic(day=today - timedelta(days=age), **figures))
    session.flush()
    size = statistics.read_size(session)
    # Nobody has analysed these tables, perhaps: then it is what was counted so far.
    assert size.users >= 2
    assert size.statuses >= 2
    assert (size.active_month, size.active_half_year) == (7, 9)
