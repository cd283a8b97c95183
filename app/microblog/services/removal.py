"""Deleting accounts with all that they made."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from microblog.data.queries import posting
from microblog.data.queries import removal as queries
from microblog.jobs import names
from microblog.jobs.outbox import enqueue_many


def remove_accounts(session: Session, *, account_ids: Sequence[int]) -> None:
    """Delete accounts with their posts, follows, log-ins and pictures; the files go by jobs.

    Counters of others are set right. One transaction, and some statements for each post.
    """
    queries.lock(session, account_ids=account_ids)
    for status_id, account_id in queries.find_statuses_of(session, account_ids=account_ids):
        posting.delete_status(session, status_id, account_id)
    keys = queries.find_keys_of(session, account_ids=account_ids)
    enqueue_many(session, [(names.DELETE_FILES, {"key": key}) for key in keys])
    queries.uncount_favourites(session, account_ids=account_ids)
    queries.uncount_follows(session, account_ids=account_ids)
    queries.delete_accounts(session, account_ids=account_ids)
