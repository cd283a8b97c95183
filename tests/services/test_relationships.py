from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.feeds import Feeds
from microblog.data.models import Account, Job, Notification
from microblog.domain.errors import Forbidden, NotFound, ValidationError
from microblog.domain.pages import Page, PageRequest
from microblog.services import (
    accounts,
    blocks,
    follow_requests,
    mutes,
    notifications,
    relationships,
    statuses,
)
from microblog.services.counters import recount_accounts
from tests.factories import make_account, make_follow, make_status

NOTHING = {
    "following": False,
    "showing_reblogs": False,
    "notifying": False,
    "followed_by": False,
    "blocking": False,
    "blocked_by": False,
    "muting": False,
    "muting_notifications": False,
    "requested": False,
    "requested_by": False,
    "note": "",
}


@pytest.fixture
def ada(session: Session) -> int:
    return make_account(session, "ada")


@pytest.fixture
def bob(session: Session) -> int:
    return make_account(session, "bob")


def counts(session: Session, account_id: int) -> tuple[int, int]:
    row = session.execute(
        select(Account.followers_count, Account.following_count).where(Account.id == account_id)
    ).one()
    return row.followers_count, row.following_count


def between(session: Session, account_id: int, target_id: int) -> dict[str, object]:
    """What of the relationship differs from nothing at all."""
    row = relationships.get_relationship(session, account_id=account_id, target_id=target_id)
    found = row._asdict()
    assert found.pop("id") == target_id
    assert found.keys() == NOTHING.keys()
    return {name: value for name, value in found.items() if value != NOTHING[name]}


def told(session: Session, account_id: int) -> list[str]:
    statement = select(Notification.kind).where(Notification.account_id == account_id)
    return list(session.scalars(statement.order_by(Notification.id)))


def feed_version(session: Session, account_id: int) -> int:
    return session.scalars(select(Account.feed_version).where(Account.id == account_id)).one()


def test_following_counts_tells_and_mails_once(session: Session, ada: int, bob: int) -> None:
    for _ in range(2):
        make_follow(session, ada, "BOB")
    assert (counts(session, ada), counts(session, bob)) == ((0, 1), (1, 0))
    assert between(session, ada, bob) == {"following": True, "showing_reblogs": True}
    assert between(session, bob, ada) == {"followed_by": True}
    relationships.unfollow(session, account_id=ada, target_id=bob)
    relationships.unfollow(session, account_id=ada, target_id=bob)
    assert (counts(session, ada), counts(session, bob)) == ((0, 0), (0, 0))
    jobs = session.scalars(select(Job).where(Job.name == "mail.follow")).all()
    assert [job.arguments for job in jobs] == [{"account_id": bob, "from_account_id": ada}]
    make_follow(session, ada, "bob")
    assert told(session, bob) == ["follow"]


def test_nobody_follows_themselves_or_nobody(session: Session, ada: int, bob: int) -> None:
    with pytest.raises(ValidationError):
        relationships.follow(session, account_id=ada, target_id=ada)
    accounts.suspend_account(session, username="bob")
    for nobody in (1, bob, make_account(session, is_confirmed=False)):
        with pytest.raises(NotFound):
            relationships.follow(session, account_id=ada, target_id=nobody)


def test_following_again_changes_the_options_that_are_given(session: Session, ada: int, bob: int) -> None:
    relationships.follow(session, account_id=ada, target_id=bob, shows_reblogs=False)
    assert between(session, ada, bob) == {"following": True}
    version = feed_version(session, ada)
    relationships.follow(session, account_id=ada, target_id=bob, notifies=True)
    assert between(session, ada, bob) == {"following": True, "notifying": True}
    assert feed_version(session, ada) == version
    relationships.follow(session, account_id=ada, target_id=bob, shows_reblogs=True)
    assert between(session, ada, bob) == {"following": True, "notifying": True, "showing_reblogs": True}
    # Boosts belong into the feed now.
    assert feed_version(session, ada) > version
    relationships.follow(session, account_id=ada, target_id=bob)
    assert between(session, ada, bob) == {"following": True, "notifying": True, "showing_reblogs": True}
    assert counts(session, bob) == (1, 0)


def test_a_locked_account_is_asked(session: Session, ada: int, bob: int) -> None:
    accounts.update_profile(session, account_id=bob, locked=True)
    for notifies in (True, None):
        relationships.follow(session, account_id=ada, target_id=bob, notifies=notifies)
    assert between(session, ada, bob) == {"requested": True, "showing_reblogs": True, "notifying": True}
    assert between(session, bob, ada) == {"requested_by": True}
    assert counts(session, bob) == (0, 0)
    assert told(session, bob) == ["follow_request"]
    assert session.scalars(select(Job.name)).all() == []
    relationships.unfollow(session, account_id=ada, target_id=bob)
    assert between(session, ada, bob) == {}
    assert told(session, bob) == []


def test_a_request_that_nobody_need_answer_any_more_is_a_follow(session: Session, ada: int, bob: int) -> None:
    accounts.update_profile(session, account_id=bob, locked=True)
    relationships.follow(session, account_id=ada, target_id=bob, notifies=True)
    session.execute(update(Account).where(Account.id == bob).values(locked=False))
    relationships.follow(session, account_id=ada, target_id=bob)
    assert between(session, ada, bob) == {"following": True, "showing_reblogs": True, "notifying": True}
    assert told(session, bob) == ["follow"]


def test_who_follows_already_is_not_asked_again(session: Session, ada: int, bob: int) -> None:
    make_follow(session, ada, "bob")
    accounts.update_profile(session, account_id=bob, locked=True)
    relationships.follow(session, account_id=ada, target_id=bob, notifies=True)
    assert between(session, ada, bob) == {"following": True, "showing_reblogs": True, "notifying": True}


@pytest.mark.parametrize("is_blocked", [True, False])
def test_a_block_either_way_refuses(session: Session, ada: int, bob: int, is_blocked: bool) -> None:
    who, whom = (bob, ada) if is_blocked else (ada, bob)
    blocks.block(session, account_id=who, target_id=whom)
    with pytest.raises(Forbidden):
        relationships.follow(session, account_id=ada, target_id=bob)
    blocks.unblock(session, account_id=who, target_id=whom)
    relationships.follow(session, account_id=ada, target_id=bob)


def test_a_follower_is_sent_away(session: Session, ada: int, bob: int) -> None:
    make_follow(session, ada, "bob")
    make_follow(session, bob, "ada")
    for _ in range(2):
        relationships.remove_follower(session, account_id=bob, follower_id=ada)
    assert between(session, bob, ada) == {"following": True, "showing_reblogs": True}
    assert (counts(session, ada), counts(session, bob)) == ((1, 0), (0, 1))


def test_notes_are_one_s_own(session: Session, ada: int, bob: int) -> None:
    relationships.set_note(session, account_id=ada, target_id=bob, comment="met at the zoo")
    relationships.set_note(session, account_id=ada, target_id=bob, comment=" a friend\u202e ")
    assert between(session, ada, bob) == {"note": "a friend"}
    assert between(session, bob, ada) == {}
    relationships.set_note(session, account_id=ada, target_id=bob, comment=" ")
    assert between(session, ada, bob) == {}
    with pytest.raises(ValidationError):
        relationships.set_note(session, account_id=ada, target_id=bob, comment="x" * 2001)
    with pytest.raises(ValidationError):
        relationships.set_note(session, account_id=ada, target_id=ada, comment="me")


def test_relationships_come_in_the_order_asked_for(session: Session, ada: int, bob: int) -> None:
    eve, joe = make_account(session, "eve"), make_account(session, "joe")
    make_follow(session, ada, "eve")
    mutes.mute(session, account_id=ada, target_id=bob, hides_notifications=False)
    blocks.block(session, account_id=joe, target_id=ada)
    rows = relationships.read_relationships(session, account_id=ada, target_ids=[joe, 1, eve, bob, joe, ada])
    assert [row.id for row in rows] == [joe, eve, bob, ada]
    assert [row.following for row in rows] == [False, True, False, False]
    assert [row.blocked_by for row in rows] == [True, False, False, False]
    assert [(row.muting, row.muting_notifications) for row in rows][2] == (True, False)
    assert relationships.read_relationships(session, account_id=ada, target_ids=[]) == []


ALWAYS: dict[str, Callable[..., None]] = {
    "unfollow": relationships.unfollow,
    "unblock": blocks.unblock,
    "unmute": mutes.unmute,
}


@pytest.mark.parametrize("undo", ALWAYS.values(), ids=ALWAYS.keys())
def test_undoing_asks_only_that_there_is_somebody(
    session: Session, ada: int, bob: int, undo: Callable[..., None]
) -> None:
    accounts.suspend_account(session, username="bob")
    undo(session, account_id=ada, target_id=bob)
    with pytest.raises(NotFound):
        undo(session, account_id=ada, target_id=1)


def test_lists_are_paged_by_the_follow(session: Session, ada: int) -> None:
    followers = [make_account(session) for _ in range(5)]
    for follower in reversed(followers):
        make_follow(session, follower, "ada")

    def read(**page: int | None) -> Page[AnyRow]:
        return relationships.list_followers(
            session, account_id=ada, viewer_id=None, page=PageRequest(**page, limit=3)
        )

    first = read()
    assert [row.id for row in first.items] == followers[:3]
    rest = read(max_id=first.older)
    assert [row.id for row in rest.items] == followers[3:]
    back = read(min_id=rest.newer)
    assert [row.id for row in back.items] == followers[:3]
    following = relationships.list_following(
        session, account_id=followers[0], viewer_id=None, page=PageRequest()
    )
    assert [row.username for row in following.items] == ["ada"]


def test_lists_leave_out_whom_a_block_keeps_from_the_viewer(session: Session, ada: int, bob: int) -> None:
    eve, joe, ivy = (make_account(session, name) for name in ("eve", "joe", "ivy"))
    for person in (bob, eve, joe, ivy):
        make_follow(session, person, "ada")
        relationships.follow(session, account_id=ada, target_id=person)
    viewer = make_account(session, "viewer")
    blocks.block(session, account_id=viewer, target_id=eve)
    blocks.block(session, account_id=joe, target_id=viewer)
    accounts.suspend_account(session, username="ivy")
    for read in (relationships.list_followers, relationships.list_following):
        for viewer_id, expected in ((viewer, {bob}), (None, {bob, eve, joe}), (ada, {bob, eve, joe})):
            page = read(session, account_id=ada, viewer_id=viewer_id, page=PageRequest())
            assert {row.id for row in page.items} == expected


def test_suggestions_are_authors_one_does_not_follow(session: Session, feeds: Feeds, ada: int) -> None:
    bob, eve, joe, ivy, kim = (make_account(session, name) for name in ("bob", "eve", "joe", "ivy", "kim"))
    for author in (ada, bob, eve, joe, ivy, kim):
        make_status(session, feeds, author)
    make_follow(session, ada, "bob")
    blocks.block(session, account_id=ada, target_id=joe)
    blocks.block(session, account_id=ivy, target_id=ada)
    mutes.mute(session, account_id=ada, target_id=kim)
    names = [row.username for row in accounts.suggest_accounts(session, viewer_id=ada, limit=5)]
    assert names == ["eve"]
    assert len(accounts.suggest_accounts(session, viewer_id=None, limit=2)) == 2


def test_notifications_are_listed_and_read(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    make_follow(session, bob, "ada")
    mention = make_status(session, feeds, bob, "Hi @ada")
    page = notifications.list_notifications(session, account_id=ada, page=PageRequest())
    assert [(row.kind, row.account.username) for row in page.items] == [("mention", "bob"), ("follow", "bob")]
    assert page.items[0].status is not None
    assert page.items[0].status.id == mention
    assert notifications.last_read_id(session, account_id=ada) == 0
    newest = page.items[0].id
    notifications.mark_read(session, account_id=ada, up_to_id=newest)
    notifications.mark_read(session, account_id=ada, up_to_id=newest - 1)
    assert notifications.last_read_id(session, account_id=ada) == newest
    statuses.delete_status(session, account_id=bob, status_id=mention)
    left = notifications.list_notifications(session, account_id=ada, page=PageRequest())
    assert [row.kind for row in left.items] == ["follow"]
    accounts.suspend_account(session, username="bob")
    assert not notifications.list_notifications(session, account_id=ada, page=PageRequest()).items


def test_counters_are_right_after_all_that(session: Session, ada: int, bob: int) -> None:
    make_follow(session, ada, "bob")
    make_follow(session, bob, "ada")
    blocks.block(session, account_id=ada, target_id=bob)
    blocks.unblock(session, account_id=ada, target_id=bob)
    accounts.update_profile(session, account_id=bob, locked=True)
    relationships.follow(session, account_id=ada, target_id=bob)
    follow_requests.authorize(session, account_id=bob, requester_id=ada)
    assert (counts(session, ada), counts(session, bob)) == ((0, 1), (1, 0))
    assert recount_accounts(session, after_id=0).mended == 0
