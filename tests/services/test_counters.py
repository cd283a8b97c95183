from sqlalchemy import select, update
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Status
from microblog.services.counters import recount_accounts, recount_statuses
from tests.factories import make_account, make_follow, make_status


def counters(session: Session, account_id: int) -> tuple[int, int, int]:
    row = session.execute(
        select(Account.statuses_count, Account.followers_count, Account.following_count).where(
            Account.id == account_id
        )
    ).one()
    return (row.statuses_count, row.followers_count, row.following_count)


def test_right_counters_stay(session: Session, feeds: Feeds) -> None:
    anna, bob = make_account(session, "anna"), make_account(session, "bob")
    make_follow(session, anna, "bob")
    first = make_status(session, feeds, anna)
    make_status(session, feeds, bob, in_reply_to_id=first)

    accounts, statuses = recount_accounts(session, after_id=0), recount_statuses(session, after_id=0)

    assert (accounts.checked, accounts.mended) == (2, 0)
    assert (statuses.checked, statuses.mended) == (2, 0)


def test_wrong_counters_of_accounts_are_mended(session: Session, feeds: Feeds) -> None:
    anna, bob = make_account(session, "anna"), make_account(session, "bob")
    make_follow(session, anna, "bob")
    make_status(session, feeds, anna)
    session.execute(update(Account).values(statuses_count=7, followers_count=8, following_count=9))

    result = recount_accounts(session, after_id=0)

    assert (result.checked, result.mended, result.last_id) == (2, 2, max(anna, bob))
    assert counters(session, anna) == (1, 0, 1)
    assert counters(session, bob) == (0, 1, 0)


def test_wrong_counters_of_statuses_are_mended(session: Session, feeds: Feeds) -> None:
    anna = make_account(session)
    first = make_status(session, feeds, anna)
    make_status(session, feeds, anna, in_reply_to_id=first)
    session.execute(update(Status).where(Status.id == first).values(replies_count=5, reblogs_count=3))

    result = recount_statuses(session, after_id=0)

    assert (result.checked, result.mended) == (2, 1)
    row = session.execute(select(Status.replies_count, Status.reblogs_count).where(Status.id == first)).one()
    assert tuple(row) == (1, 0)


def test_batches_go_on_after_an_id_and_end(session: Session) -> None:
    ids = sorted(make_account(session) for _ in range(5))
    seen: list[int] = []
    last_id = 0

    while (batch := recount_accounts(session, after_id=last_id, limit=2)).checked:
        last_id = batch.last_id
        seen.append(batch.checked)

    assert seen == [2, 2, 1]
    assert last_id == ids[-1]
