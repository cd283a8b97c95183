"""Two people, or two requests of one, who change what is between them at the same moment."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from devstack.processes import wait_for
from microblog.data.base import AnyRow
from microblog.data.session import Database
from microblog.domain.errors import Forbidden, NotFound
from microblog.services import accounts, blocks, follow_requests, relationships
from microblog.services.counters import recount_accounts
from tests.factories import make_account, make_follow

Act = Callable[[Session], None]


@pytest.fixture
def pair(database: Database) -> tuple[int, int]:
    with database.unit_of_work() as session:
        return make_account(session, "ada"), make_account(session, "bob")


def at_once(database: Database, first: Act, second: Act) -> BaseException | None:
    """`second` begins when `first` has done its work but not committed; what `second` raised."""
    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            first(session)
            other: Future[None] = pool.submit(_run, database, second)
            wait_for(lambda: other.done() or is_waiting(database), 10, lambda: "nobody waits")
            assert not other.done(), "the second transaction waited for nothing"
        return other.exception(timeout=10)


def _run(database: Database, act: Act) -> None:
    with database.unit_of_work() as session:
        act(session)


def is_waiting(database: Database) -> bool:
    statement = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with database.unit_of_work() as session:
        return bool(session.scalars(statement).one())


def relationship(database: Database, account_id: int, target_id: int) -> AnyRow:
    with database.unit_of_work() as session:
        assert recount_accounts(session, after_id=0).mended == 0
        return relationships.get_relationship(session, account_id=account_id, target_id=target_id)


def follow(account_id: int, target_id: int) -> Act:
    return lambda session: relationships.follow(session, account_id=account_id, target_id=target_id)


def block(account_id: int, target_id: int) -> Act:
    return lambda session: blocks.block(session, account_id=account_id, target_id=target_id)


def authorize(account_id: int, requester_id: int) -> Act:
    return lambda session: follow_requests.authorize(
        session, account_id=account_id, requester_id=requester_id
    )


def unlock(account_id: int) -> Act:
    return lambda session: accounts.update_profile(session, account_id=account_id, locked=False)


def lock(database: Database, account_id: int, *, locked: bool = True) -> None:
    with database.unit_of_work() as session:
        accounts.update_profile(session, account_id=account_id, locked=locked)


def test_a_follow_that_comes_after_a_block_is_refused(database: Database, pair: tuple[int, int]) -> None:
    ada, bob = pair
    assert isinstance(at_once(database, block(ada, bob), follow(bob, ada)), Forbidden)
    found = relationship(database, bob, ada)
    assert (found.blocked_by, found.following) == (True, False)


def test_a_block_that_comes_after_a_follow_ends_it(database: Database, pair: tuple[int, int]) -> None:
    ada, bob = pair
    assert at_once(database, follow(bob, ada), block(ada, bob)) is None
    found = relationship(database, bob, ada)
    assert (found.blocked_by, found.following) == (True, False)


@pytest.mark.parametrize("is_turned", [True, False])
def test_two_who_follow_each_other(database: Database, pair: tuple[int, int], is_turned: bool) -> None:
    ada, bob = pair[::-1] if is_turned else pair
    assert at_once(database, follow(ada, bob), follow(bob, ada)) is None
    found = relationship(database, ada, bob)
    assert (found.following, found.followed_by) == (True, True)


def test_two_who_block_each_other(database: Database, pair: tuple[int, int]) -> None:
    ada, bob = pair
    with database.unit_of_work() as session:
        make_follow(session, ada, "bob")
        make_follow(session, bob, "ada")
    assert at_once(database, block(bob, ada), block(ada, bob)) is None
    found = relationship(database, ada, bob)
    assert (found.blocking, found.blocked_by, found.following, found.followed_by) == (
        True,
        True,
        False,
        False,
    )


def test_a_request_is_granted_once(database: Database, pair: tuple[int, int]) -> None:
    ada, bob = pair
    lock(database, bob)
    _run(database, follow(ada, bob))
    assert isinstance(at_once(database, authorize(bob, ada), authorize(bob, ada)), NotFound)
    assert relationship(database, ada, bob).following


def test_a_request_of_who_was_blocked_meanwhile_is_not_granted(
    database: Database, pair: tuple[int, int]
) -> None:
    ada, bob = pair
    lock(database, bob)
    _run(database, follow(ada, bob))
    assert isinstance(at_once(database, block(bob, ada), authorize(bob, ada)), NotFound)
    assert not relationship(database, ada, bob).following


@pytest.mark.parametrize("act", [follow, block, "unlock"], ids=["follow", "block", "unlock"])
@pytest.mark.parametrize("is_turned", [True, False])
def test_the_smaller_id_is_locked_first(
    database: Database, pair: tuple[int, int], act: Callable[[int, int], Act] | str, is_turned: bool
) -> None:
    ada, bob = pair[::-1] if is_turned else pair
    lock(database, bob)
    _run(database, follow(ada, bob))
    change = unlock(bob) if isinstance(act, str) else act(ada, bob)
    take = text("SELECT FROM accounts WHERE id = :id FOR NO KEY UPDATE NOWAIT")
    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            session.execute(take, {"id": min(pair)})
            other = pool.submit(_run, database, change)
            wait_for(lambda: other.done() or is_waiting(database), 10, lambda: "nobody waits")
            # Who waits for the smaller one holds nothing yet.
            session.execute(take, {"id": max(pair)})
        other.result(timeout=10)


def test_a_follow_while_the_lock_is_taken_off_waits_for_no_answer(
    database: Database, pair: tuple[int, int]
) -> None:
    ada, bob = pair
    lock(database, bob)
    assert at_once(database, unlock(bob), follow(ada, bob)) is None
    found = relationship(database, ada, bob)
    assert (found.following, found.requested) == (True, False)


@pytest.mark.parametrize("is_turned", [True, False])
def test_a_request_while_the_lock_is_taken_off_is_granted(
    database: Database, pair: tuple[int, int], is_turned: bool
) -> None:
    ada, bob = pair[::-1] if is_turned else pair
    lock(database, bob)
    assert at_once(database, follow(ada, bob), unlock(bob)) is None
    found = relationship(database, ada, bob)
    assert (found.following, found.requested) == (True, False)
