import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.models import Account, Job, Notification
from microblog.domain.errors import NotFound
from microblog.domain.pages import PageRequest
from microblog.services import accounts, follow_requests, relationships
from microblog.services.counters import recount_accounts
from tests.factories import make_account, make_follow


@pytest.fixture
def lena(session: Session) -> int:
    """Somebody locked."""
    account_id = make_account(session, "lena")
    accounts.update_profile(session, account_id=account_id, locked=True)
    return account_id


def ask(session: Session, target_id: int, **options: bool) -> int:
    """Somebody new asks; their id."""
    account_id = make_account(session)
    relationships.follow(session, account_id=account_id, target_id=target_id, **options)
    return account_id


def told(session: Session, account_id: int) -> list[tuple[str, int]]:
    statement = select(Notification).where(Notification.account_id == account_id).order_by(Notification.id)
    return [(one.kind, one.from_account_id) for one in session.scalars(statement)]


def waiting(session: Session, account_id: int, *, max_id: int | None = None) -> list[int]:
    found = follow_requests.list_requests(session, account_id=account_id, page=PageRequest(max_id=max_id))
    return [row.id for row in found.items]


def mails(session: Session) -> list[dict[str, int]]:
    return list(session.scalars(select(Job.arguments).where(Job.name == "mail.follow")))


def test_requests_are_listed_by_their_id(session: Session, lena: int) -> None:
    asking = [ask(session, lena) for _ in range(4)][::-1]
    assert waiting(session, lena) == asking
    first = follow_requests.list_requests(session, account_id=lena, page=PageRequest(limit=3))
    assert [row.id for row in first.items] == asking[:3]
    assert first.older == first.items[-1].request_id
    assert waiting(session, lena, max_id=first.older) == asking[3:]
    assert accounts.get_own_account(session, account_id=lena).follow_requests_count == 4
    suspended = accounts.get_account_by_id(session, account_id=asking[0])
    accounts.suspend_account(session, username=suspended.username)
    assert waiting(session, lena) == asking[1:]
    assert accounts.get_own_account(session, account_id=lena).follow_requests_count == 3


def test_a_request_that_is_granted_becomes_a_follow(session: Session, lena: int) -> None:
    ada = ask(session, lena, shows_reblogs=False, notifies=True)
    follow_requests.authorize(session, account_id=lena, requester_id=ada)
    found = relationships.get_relationship(session, account_id=ada, target_id=lena)
    assert (found.following, found.requested) == (True, False)
    assert (found.showing_reblogs, found.notifying) == (False, True)
    assert told(session, lena) == [("follow", ada)]
    assert mails(session) == [{"account_id": lena, "from_account_id": ada}]
    assert waiting(session, lena) == []
    assert recount_accounts(session, after_id=0).mended == 0
    with pytest.raises(NotFound):
        follow_requests.authorize(session, account_id=lena, requester_id=ada)


def test_a_request_that_is_refused_is_gone(session: Session, lena: int) -> None:
    ada = ask(session, lena)
    follow_requests.reject(session, account_id=lena, requester_id=ada)
    found = relationships.get_relationship(session, account_id=ada, target_id=lena)
    assert not found.following
    assert not found.requested
    assert told(session, lena) == []
    assert mails(session) == []
    for requester_id in (ada, 1):
        with pytest.raises(NotFound):
            follow_requests.reject(session, account_id=lena, requester_id=requester_id)
    relationships.follow(session, account_id=ada, target_id=lena)
    assert waiting(session, lena) == [ada]


def test_requests_of_others_are_not_answered(session: Session, lena: int) -> None:
    ada, eve = ask(session, lena), make_account(session)
    for answer in (follow_requests.authorize, follow_requests.reject):
        with pytest.raises(NotFound):
            answer(session, account_id=eve, requester_id=ada)
    assert waiting(session, lena) == [ada]


def test_who_unlocks_lets_in_all_who_wait(session: Session, lena: int) -> None:
    earlier = make_account(session)
    accounts.update_profile(session, account_id=lena, locked=False)
    make_follow(session, earlier, "lena")
    accounts.update_profile(session, account_id=lena, locked=True)
    relationships.unfollow(session, account_id=earlier, target_id=lena)
    relationships.follow(session, account_id=earlier, target_id=lena)
    ada, bob = ask(session, lena, notifies=True), ask(session, lena)
    mailed = mails(session)
    version = session.scalars(select(Account.feed_version).where(Account.id == ada)).one()

    accounts.update_profile(session, account_id=lena, locked=False)

    assert waiting(session, lena) == []
    rows = relationships.read_relationships(session, account_id=lena, target_ids=[earlier, ada, bob])
    assert [(row.followed_by, row.requested_by) for row in rows] == [(True, False)] * 3
    assert relationships.get_relationship(session, account_id=ada, target_id=lena).notifying
    # Each is told of once, and of nothing twice.
    assert told(session, lena) == [("follow", earlier), ("follow", ada), ("follow", bob)]
    assert mails(session) == mailed
    assert session.scalars(select(Account.feed_version).where(Account.id == ada)).one() == version + 1
    assert accounts.get_account(session, username="lena").followers_count == 3
    assert recount_accounts(session, after_id=0).mended == 0


def test_locking_keeps_the_followers(session: Session, lena: int) -> None:
    ada = ask(session, lena)
    follow_requests.authorize(session, account_id=lena, requester_id=ada)
    bob = ask(session, lena)
    accounts.update_profile(session, account_id=lena, locked=True, note="still locked")
    assert waiting(session, lena) == [bob]
    assert relationships.get_relationship(session, account_id=ada, target_id=lena).following
