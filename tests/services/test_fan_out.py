"""Who gets a post or a boost into the home timeline, and who is told of it, when its job runs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Notification
from microblog.domain.visibility import Visibility
from microblog.services import reactions, relationships, tags
from microblog.services.feeds import fan_out, read_feed
from tests.factories import make_account, make_follow, make_status


def feed_of(session: Session, feeds: Feeds, account_id: int) -> list[int]:
    version = session.scalars(select(Account.feed_version).where(Account.id == account_id)).one()
    return read_feed(session, feeds, account_id=account_id, version=version, following_count=0).ids


def told(session: Session, kind: str) -> list[tuple[int, int | None]]:
    rows = session.execute(
        select(Notification.account_id, Notification.status_id).where(Notification.kind == kind)
    )
    return [(row.account_id, row.status_id) for row in rows]


def test_followers_of_a_tag_get_public_posts(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    tags.follow_tag(session, account_id=ada, name="Gardens")
    assert feed_of(session, feeds, ada) == []
    public = make_status(session, feeds, bob, "About #gardens")
    quiet = make_status(session, feeds, bob, "Also #gardens", visibility=Visibility.UNLISTED)
    for status_id in (public, quiet):
        fan_out(session, feeds, status_id=status_id)
    assert feed_of(session, feeds, ada) == [public]


def test_a_boost_goes_to_the_booster_s_followers(session: Session, feeds: Feeds) -> None:
    ada, bob, eve = (make_account(session, name) for name in ("ada", "bob", "eve"))
    make_follow(session, eve, "bob")
    feed_of(session, feeds, eve)
    post = make_status(session, feeds, ada)
    boost = reactions.boost(session, feeds, account_id=bob, feed_version=0, status_id=post)
    fan_out(session, feeds, status_id=post)
    fan_out(session, feeds, status_id=boost)
    assert feed_of(session, feeds, eve) == [boost]


def test_a_direct_post_goes_to_followers_whom_it_names(session: Session, feeds: Feeds) -> None:
    ada, bob, eve, dan = (make_account(session, name) for name in ("ada", "bob", "eve", "dan"))
    for follower in (bob, eve):
        make_follow(session, follower, "ada")
    readers = (bob, eve, dan)
    for reader in readers:
        feed_of(session, feeds, reader)
    direct = make_status(session, feeds, ada, "For @bob and @dan", visibility=Visibility.DIRECT)
    fan_out(session, feeds, status_id=direct)
    assert [feed_of(session, feeds, reader) for reader in readers] == [[direct], [], []]


def test_who_asked_for_it_is_told_of_each_post_once(session: Session, feeds: Feeds) -> None:
    ada, bob, eve = (make_account(session, name) for name in ("ada", "bob", "eve"))
    relationships.follow(session, account_id=bob, target_id=ada, notifies=True)
    make_follow(session, eve, "ada")
    root = make_status(session, feeds, ada)
    reply = make_status(session, feeds, ada, "more", in_reply_to_id=root)
    direct = make_status(session, feeds, ada, "secret", visibility=Visibility.DIRECT)
    for status_id in (root, reply, direct, root):
        fan_out(session, feeds, status_id=status_id)
    assert told(session, "status") == [(bob, root)]
