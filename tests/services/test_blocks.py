from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Mute, Notification
from microblog.domain.errors import NotFound, ValidationError
from microblog.domain.pages import PageRequest
from microblog.services import accounts, blocks, follow_requests, mutes, relationships
from microblog.services.counters import recount_accounts
from tests.factories import make_account, make_follow, make_status


@pytest.fixture
def ada(session: Session) -> int:
    return make_account(session, "ada")


@pytest.fixture
def bob(session: Session) -> int:
    return make_account(session, "bob")


def told(session: Session, account_id: int) -> list[str]:
    return list(session.scalars(select(Notification.kind).where(Notification.account_id == account_id)))


def feed_versions(session: Session) -> list[int]:
    return list(session.scalars(select(Account.feed_version).order_by(Account.id)))


def test_a_block_ends_what_was_between_the_two(session: Session, feeds: Feeds, ada: int, bob: int) -> None:
    make_follow(session, ada, "bob")
    make_follow(session, bob, "ada")
    make_status(session, feeds, bob, "Hello @ada")
    eve = make_account(session, "eve")
    make_follow(session, eve, "ada")
    before = feed_versions(session)

    for _ in range(2):
        blocks.block(session, account_id=ada, target_id=bob)

    found = relationships.get_relationship(session, account_id=ada, target_id=bob)
    assert (found.blocking, found.blocked_by, found.following, found.followed_by) == (True, *[False] * 3)
    assert relationships.get_relationship(session, account_id=bob, target_id=ada).blocked_by
    after = feed_versions(session)
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 1, 0]
    assert recount_accounts(session, after_id=0).mended == 0
    # What others did stays; what the blocked one was told is theirs.
    assert told(session, ada) == ["follow"]
    assert told(session, bob) == ["follow"]


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_block_ends_requests_either_way(session: Session, ada: int, bob: int, is_asked: bool) -> None:
    for account_id in (ada, bob):
        accounts.update_profile(session, account_id=account_id, locked=True)
    asking, asked = (bob, ada) if is_asked else (ada, bob)
    relationships.follow(session, account_id=asking, target_id=asked)
    blocks.block(session, account_id=ada, target_id=bob)
    assert not follow_requests.list_requests(session, account_id=asked, page=PageRequest()).items
    assert told(session, asked) == []
    with pytest.raises(NotFound):
        follow_requests.authorize(session, account_id=asked, requester_id=asking)


def test_unblocking_brings_nothing_back(session: Session, ada: int, bob: int) -> None:
    make_follow(session, bob, "ada")
    blocks.block(session, account_id=ada, target_id=bob)
    for _ in range(2):
        blocks.unblock(session, account_id=ada, target_id=bob)
    found = relationships.get_relationship(session, account_id=ada, target_id=bob)
    assert (found.blocking, found.followed_by) == (False, False)


@pytest.mark.parametrize("refuse", [blocks.block, mutes.mute])
def test_nobody_shuns_themselves_or_nobody(session: Session, ada: int, refuse: object) -> None:
    assert callable(refuse)
    with pytest.raises(ValidationError):
        refuse(session, account_id=ada, target_id=ada)
    for nobody in (1, make_account(session, is_confirmed=False)):
        with pytest.raises(NotFound):
            refuse(session, account_id=ada, target_id=nobody)


def test_blocked_and_muted_are_listed_by_the_row(session: Session, ada: int) -> None:
    people = [make_account(session) for _ in range(3)]
    for person in people[::-1]:
        blocks.block(session, account_id=ada, target_id=person)
        mutes.mute(session, account_id=ada, target_id=person)
    for read in (blocks.list_blocked, mutes.list_muted):
        first = read(session, account_id=ada, page=PageRequest(limit=2))
        assert [row.id for row in first.items] == people[:2]
        rest = read(session, account_id=ada, page=PageRequest(max_id=first.older))
        assert [row.id for row in rest.items] == people[2:]
        assert not read(session, account_id=people[0], page=PageRequest()).items
    name = accounts.get_account_by_id(session, account_id=people[0]).username
    accounts.suspend_account(session, username=name)
    for read in (blocks.list_blocked, mutes.list_muted):
        assert [row.id for row in read(session, account_id=ada, page=PageRequest()).items] == people[1:]


def test_a_mute_is_for_good_or_for_a_while(session: Session, ada: int, bob: int) -> None:
    mutes.mute(session, account_id=ada, target_id=bob)
    mute = mutes.list_muted(session, account_id=ada, page=PageRequest()).items[0]
    assert (mute.expires_at, mute.hides_notifications) == (None, True)
    mutes.mute(session, account_id=ada, target_id=bob, hides_notifications=False, duration=3_600)
    mute = mutes.list_muted(session, account_id=ada, page=PageRequest()).items[0]
    assert not mute.hides_notifications
    assert timedelta(minutes=59) < mute.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    for duration in (10**30, 0):
        mutes.mute(session, account_id=ada, target_id=bob, duration=duration)
        assert session.scalars(select(Mute.expires_at)).one() is None
    with pytest.raises(ValidationError):
        mutes.mute(session, account_id=ada, target_id=bob, duration=-1)
    mutes.unmute(session, account_id=ada, target_id=bob)
    assert not relationships.get_relationship(session, account_id=ada, target_id=bob).muting


def test_a_mute_whose_time_is_up_is_none(session: Session, ada: int, bob: int) -> None:
    mutes.mute(session, account_id=ada, target_id=bob, duration=60)
    assert relationships.get_relationship(session, account_id=ada, target_id=bob).muting
    session.execute(update(Mute).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    found = relationships.get_relationship(session, account_id=ada, target_id=bob)
    assert (found.muting, found.muting_notifications) == (False, False)
    assert not mutes.list_muted(session, account_id=ada, page=PageRequest()).items


def test_who_mutes_somebody_is_not_told_or_mailed_of_their_follow(
    session: Session, ada: int, bob: int
) -> None:
    mutes.mute(session, account_id=ada, target_id=bob)
    make_follow(session, bob, "ada")
    assert told(session, ada) == []
    assert relationships.get_relationship(session, account_id=ada, target_id=bob).followed_by
