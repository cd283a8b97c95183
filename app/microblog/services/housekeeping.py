"""Tidying up: what has expired is deleted, a bounded number of rows a run."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session

from microblog.data.queries import housekeeping as queries
from microblog.data.storage import Storage
from microblog.observability import metrics
from microblog.services.removal import remove_accounts

log = structlog.get_logger(__name__)

UNCONFIRMED_AGE = timedelta(days=7)
UNFINISHED_MEDIA_AGE = timedelta(days=1)
ABANDONED_APPLICATIONS_AGE = timedelta(days=1)
IDEMPOTENCY_KEYS_AGE = timedelta(hours=1)
DONE_JOBS_AGE = timedelta(days=7)
# A run may do this many batches of each kind; what is left waits for the next hour.
BATCH = 1_000
BATCHES = 20
ACCOUNTS = 200
MEDIA = 500


def purge_expired(session: Session, storage: Storage) -> dict[str, int]:
    """Delete expired sessions, links, codes, keys, rate-limit windows and mutes, abandoned applications,
    unconfirmed accounts, unused uploads and done jobs.

    Answers how many rows of each table went. What is in use at this moment is left for the next run.
    """
    counts = {
        "sessions": _repeat(partial(queries.delete_sessions, session)),
        "one_time_tokens": _repeat(partial(queries.delete_tokens, session)),
        "rate_limits": _repeat(partial(queries.delete_rate_limits, session)),
        "oauth_codes": _repeat(partial(queries.delete_codes, session)),
        "oauth_applications": _repeat(
            partial(queries.delete_abandoned_applications, session, age=ABANDONED_APPLICATIONS_AGE)
        ),
        "idempotency_keys": _repeat(
            partial(queries.delete_idempotency_keys, session, age=IDEMPOTENCY_KEYS_AGE)
        ),
        "mutes": _repeat(partial(queries.delete_mutes, session)),
        "jobs": _repeat(partial(queries.delete_done_jobs, session, age=DONE_JOBS_AGE)),
        "media": _purge_media(session, storage),
        "accounts": _purge_accounts(session),
    }
    for table, count in counts.items():
        metrics.PURGED_ROWS.labels(table).inc(count)
    log.info("housekeeping.purged", **{f"{table}_count": count for table, count in counts.items()})
    return counts


def _repeat(delete: Callable[..., int]) -> int:
    total = 0
    for _ in range(BATCHES):
        count = delete(limit=BATCH)
        total += count
        if count < BATCH:
            break
    return total


def _purge_media(session: Session, storage: Storage) -> int:
    rows = queries.find_unfinished_media(session, age=UNFINISHED_MEDIA_AGE, limit=MEDIA)
    # What never was processed is discarded now: a host that is away must not give its copy back later.
    queries.discard_media(session, media_ids=[row.id for row in rows])
    # The files first: should the commit fail, the rows are found again.
    gone = [row.id for row in rows if _is_gone(storage, row.key)]
    queries.delete_media(session, media_ids=gone)
    return len(gone)


def _is_gone(storage: Storage, key: str) -> bool:
    try:
        return storage.delete(key)
    except OSError as error:
        log.warning("housekeeping.store_away", error=type(error).__name__)
        return False


def _purge_accounts(session: Session) -> int:
    account_ids = queries.find_unconfirmed(session, age=UNCONFIRMED_AGE, limit=ACCOUNTS)
    remove_accounts(session, account_ids=account_ids)
    return len(account_ids)
