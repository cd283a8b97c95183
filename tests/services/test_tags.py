from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Status, StatusTag, Tag
from microblog.data.queries import tags as queries
from microblog.domain.errors import NotFound
from microblog.domain.ids import make_id
from microblog.domain.pages import PageRequest
from microblog.domain.visibility import Visibility
from microblog.services import accounts, tags
from tests.factories import make_account, make_status


@pytest.fixture
def ada(session: Session) -> int:
    return make_account(session, "ada")


def use(session: Session, author_id: int, name: str, *, days_ago: float, sequence: int = 0) -> None:
    """A public post with a tag, so long ago."""
    status_id = make_id(datetime.now(UTC) - timedelta(days=days_ago), sequence)
    session.execute(insert(Status).values(id=status_id, account_id=author_id, text=f"#{name}"))
    tag_id = queries.ensure_tag(session, name)
    session.execute(insert(StatusTag).values(status_id=status_id, tag_id=tag_id))


def find(session: Session, text: str, **options: int) -> list[str]:
    found = tags.search_tags(session, text=text, viewer_id=None, **{"limit": 20, **options})
    return [tag.name for tag in found]


def feed_version(session: Session, account_id: int) -> int:
    return session.scalars(select(Account.feed_version).where(Account.id == account_id)).one()


@pytest.mark.parametrize("name", ["Cats", "#cats", " ＣＡＴＳ "])
def test_a_tag_that_nobody_used_is_there_and_not_stored(session: Session, ada: int, name: str) -> None:
    tag = tags.get_tag(session, name=name, viewer_id=ada)
    assert (tag.id, tag.name, tag.following) == (None, "cats", False)
    today = datetime.now(UTC).date()
    assert [day.day for day in tag.history] == [today - timedelta(days=age) for age in range(7)]
    assert {(day.uses, day.accounts) for day in tag.history} == {(0, 0)}
    assert session.scalars(select(Tag.id)).all() == []


@pytest.mark.parametrize("name", ["", "#", "123", "two words", "x" * 101, "a/b", "c++", "\x00"])
def test_what_is_no_tag_is_not_found(session: Session, ada: int, name: str) -> None:
    with pytest.raises(NotFound):
        tags.get_tag(session, name=name, viewer_id=None)
    for change in (tags.follow_tag, tags.unfollow_tag):
        with pytest.raises(NotFound):
            change(session, account_id=ada, name=name)
    assert session.scalars(select(Tag.id)).all() == []


def test_following_and_unfollowing(session: Session, ada: int) -> None:
    tag = tags.follow_tag(session, account_id=ada, name="#Cats")
    assert (tag.name, tag.following) == ("cats", True)
    assert tags.follow_tag(session, account_id=ada, name="cats") == tag
    # The feed is another one now, but not once more.
    assert feed_version(session, ada) == 1
    assert tags.get_tag(session, name="CATS", viewer_id=ada) == tag
    assert not tags.get_tag(session, name="cats", viewer_id=None).following
    for _ in range(2):
        assert not tags.unfollow_tag(session, account_id=ada, name="cats").following
    assert feed_version(session, ada) == 2
    assert not tags.get_tag(session, name="cats", viewer_id=ada).following
    assert not tags.unfollow_tag(session, account_id=ada, name="nobodysone").following


def test_followed_tags_are_paged_by_the_follow(session: Session, ada: int) -> None:
    names = ["one", "two", "three", "four"]
    for name in names[::-1]:
        tags.follow_tag(session, account_id=ada, name=name)
    tags.follow_tag(session, account_id=make_account(session), name="five")
    first = tags.list_followed(session, account_id=ada, page=PageRequest(limit=3))
    assert [tag.name for tag in first.items] == names[:3]
    assert all(tag.following and len(tag.history) == 7 for tag in first.items)
    rest = tags.list_followed(session, account_id=ada, page=PageRequest(max_id=first.older))
    assert [tag.name for tag in rest.items] == names[3:]
    assert rest.older is None


def test_history_counts_public_uses_by_days(session: Session, feeds: Feeds, ada: int) -> None:
    bob = make_account(session, "bob")
    for sequence, (author, days_ago) in enumerate([(ada, 1), (ada, 1), (bob, 1), (ada, 6), (ada, 8)]):
        use(session, author, "cats", days_ago=days_ago, sequence=sequence)
    for visibility in (Visibility.UNLISTED, Visibility.PRIVATE, Visibility.DIRECT):
        make_status(session, feeds, ada, "#cats", visibility=visibility)
    days = tags.get_tag(session, name="cats", viewer_id=None).history
    assert [(day.uses, day.accounts) for day in days] == [(0, 0), (3, 2), *[(0, 0)] * 4, (1, 1)]
    accounts.suspend_account(session, username="bob")
    days = tags.get_tag(session, name="cats", viewer_id=None).history
    assert (days[1].uses, days[1].accounts) == (2, 1)


def test_tags_are_found_by_their_beginning(session: Session, ada: int) -> None:
    for sequence, name in enumerate(["catalogue", "cats", "cat", "dog", "cat_food", "catxfood", "c"]):
        use(session, ada, name, days_ago=1, sequence=sequence)
    assert find(session, "#CAT") == ["cat", "cats", "cat_food", "catxfood", "catalogue"]
    assert find(session, "cat", limit=2, offset=1) == ["cats", "cat_food"]
    assert find(session, "cat_") == ["cat_food"]
    for nothing in ("", "#", "%", "c%", "\\", "atalogue", "two words"):
        assert find(session, nothing) == [], nothing
    assert find(session, "cat", offset=10**9) == []
    tags.follow_tag(session, account_id=ada, name="cat")
    found = tags.search_tags(session, text="cat", viewer_id=ada, limit=2)
    assert [(tag.name, tag.following, tag.history[1].uses) for tag in found] == [
        ("cat", True, 1),
        ("cats", False, 1),
    ]


def test_what_only_some_may_read_is_not_found(session: Session, feeds: Feeds, ada: int) -> None:
    for visibility in (Visibility.UNLISTED, Visibility.PRIVATE, Visibility.DIRECT):
        make_status(session, feeds, ada, "#secretplan", visibility=visibility)
    tags.follow_tag(session, account_id=ada, name="secretwish")
    eve = make_account(session, "eve")
    make_status(session, feeds, eve, "#secretlife")
    assert find(session, "secret") == ["secretlife"]
    accounts.suspend_account(session, username="eve")
    assert find(session, "secret") == []
