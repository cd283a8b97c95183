import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Job, Notification
from microblog.domain.errors import NotFound, ValidationError
from microblog.domain.pages import PageRequest
from microblog.services import accounts, notifications, relationships, statuses
from tests.factories import make_account, make_follow, make_status


def counts(session: Session, account_id: int) -> tuple[int, int]:
    row = session.execute(
        select(Account.followers_count, Account.following_count).where(Account.id == account_id)
    ).one()
    return row.followers_count, row.following_count


def test_following_counts_tells_and_mails_once(session: Session) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    for _ in range(2):
        make_follow(session, ada, "BOB")
    assert (counts(session, ada), counts(session, bob)) == ((0, 1), (1, 0))
    relationship = relationships.get_relationship(session, account_id=ada, target_id=bob)
    assert (relationship.following, relationship.followed_by) == (True, False)
    relationships.unfollow(session, account_id=ada, target_username="bob")
    relationships.unfollow(session, account_id=ada, target_username="bob")
    assert (counts(session, ada), counts(session, bob)) == ((0, 0), (0, 0))
    make_follow(session, ada, "bob")
    told = session.scalars(select(Notification).where(Notification.account_id == bob)).all()
    assert [(one.kind, one.from_account_id) for one in told] == [("follow", ada)]
    jobs = session.scalars(select(Job).where(Job.name == "mail.follow")).all()
    assert jobs[0].arguments == {"account_id": bob, "from_account_id": ada}


def test_nobody_follows_themselves_or_nobody(session: Session) -> None:
    ada = make_account(session, "ada")
    with pytest.raises(ValidationError):
        make_follow(session, ada, "ada")
    with pytest.raises(NotFound):
        make_follow(session, ada, "nobody")


def test_lists_are_paged_by_the_follow(session: Session) -> None:
    make_account(session, "ada")
    ada = accounts.get_account(session, username="ada").id
    followers = [make_account(session) for _ in range(5)]
    for follower in reversed(followers):
        make_follow(session, follower, "ada")
    first = relationships.list_followers(session, account_id=ada, page=PageRequest(limit=3))
    assert [row.id for row in first.items] == followers[:3]
    rest = relationships.list_followers(
        session, account_id=ada, page=PageRequest(max_id=first.older, limit=3)
    )
    assert [row.id for row in rest.items] == followers[3:]
    back = relationships.list_followers(session, account_id=ada, page=PageRequest(min_id=rest.newer, limit=3))
    assert [row.id for row in back.items] == followers[:3]
    following = relationships.list_following(session, account_id=followers[0], page=PageRequest())
    assert [row.username for row in following.items] == ["ada"]


def test_suggestions_are_authors_one_does_not_follow(session: Session, feeds: Feeds) -> None:
    ada, bob, eve = (make_account(session, name) for name in ("ada", "bob", "eve"))
    for author in (ada, bob, eve):
        make_status(session, feeds, author)
    make_follow(session, ada, "bob")
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
