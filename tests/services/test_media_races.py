"""Somebody changes their picture while a worker still makes the one before."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from devstack.processes import wait_for
from microblog.data.models import MediaFile
from microblog.data.queries import media as queries
from microblog.data.session import Database
from microblog.data.storage import DirectoryStorage
from microblog.services import media
from tests.factories import make_account
from tests.services.test_media import avatar_key, jobs, upload
from tests.services.test_relationship_races import is_waiting


@pytest.mark.parametrize("is_removed", [True, False])
def test_what_a_worker_still_makes_is_discarded_without_a_deadlock(
    database: Database, tmp_path: Path, is_removed: bool
) -> None:
    storage = DirectoryStorage(tmp_path / "media")
    with database.unit_of_work() as session:
        ann = make_account(session, "ann")
        older, newer = (upload(session, storage, ann) for _ in range(2))

    def work() -> None:
        with database.unit_of_work() as session:
            media.process_avatar(session, storage, media_id=older.id)

    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            queries.lock_account(session, account_id=ann)
            other = pool.submit(work)
            wait_for(lambda: other.done() or is_waiting(database), 10, lambda: "nobody waits")
            if is_removed:
                media.remove_avatar(session, account_id=ann)
            else:
                media.process_avatar(session, storage, media_id=newer.id)
        other.result(timeout=10)

    with database.unit_of_work() as session:
        shown = None if is_removed else newer.key
        assert avatar_key(session, ann) == shown
        ready = session.scalars(select(MediaFile.key).where(MediaFile.state != "discarded")).all()
        assert ready == ([shown] if shown else [])
        deleted = [older.key, newer.key] if is_removed else [older.key]
        assert sorted(one["key"] for one in jobs(session, "media.delete_files")) == sorted(deleted)
