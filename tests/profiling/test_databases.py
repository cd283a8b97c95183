"""Generated data: what it holds, that its counters are right, and that only whole databases are kept."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from devstack import postgres
from microblog.data.queries import counters
from profiling import databases, generating
from profiling.databases import LEAST_POSTS, PARTIAL, database, make_key
from profiling.measuring import MeasuringError
from profiling.servers import USERNAME
from tests.factories import make_account

POSTS = 400


def ignore(_line: str) -> None:
    """Say nothing."""


# --- What is generated ---------------------------------------------------------------------------


def test_all_that_a_site_holds_is_there_in_proportion_and_counted(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks of foreign keys are on here: what is generated without them must pass them."""
    monkeypatch.setattr(generating, "CELEBRITY_FROM", POSTS)
    monkeypatch.setattr(generating, "CELEBRITY_ACCOUNTS", 120)
    monkeypatch.setattr(generating, "CELEBRITY_FOLLOWERS", 110)
    monkeypatch.setattr(generating, "FOLLOWS_PER_ACCOUNT", 20)
    make_account(session, USERNAME)
    generating.write(session, POSTS, USERNAME, datetime.now(UTC), ignore)
    session.execute(text(generating.COUNT_REACTIONS))
    session.execute(text(generating.COUNT_FOLLOWS))

    def count(statement: str) -> Any:
        return session.scalar(text(f"SELECT count(*) FROM {statement}"))

    assert count("statuses") == POSTS
    assert count("statuses WHERE reblog_of_id IS NOT NULL") == POSTS * generating.BOOSTS
    assert count("favourites") == POSTS * generating.FAVOURITES
    assert count("accounts") == 121
    assert count("follows") == 20 * 121
    assert count("notifications WHERE kind = 'favourite'") > 0.9 * POSTS * generating.FAVOURITES
    assert count("statuses b JOIN statuses s ON s.id = b.reblog_of_id WHERE b.id < s.id") == 0
    visitor = f"(SELECT id FROM accounts WHERE username = '{USERNAME}')"
    assert count(f"notifications WHERE account_id = {visitor}") > 0
    assert count("(SELECT count(*) AS n FROM follows GROUP BY target_account_id) AS c WHERE n >= 110") == 1
    # None of the counters has to be mended.
    accounts = counters.lock_accounts(session, after_id=0, limit=1_000)
    statuses = counters.lock_statuses(session, after_id=0, limit=1_000)
    assert counters.recount_statuses(session, statuses) == 0
    assert counters.recount_accounts(session, accounts) == 0


# --- What is kept --------------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes that were made; making is quick."""
    sizes: list[int] = []

    def make(target: Path, posts: int, _say: Any) -> None:
        sizes.append(posts)
        (target / "data").mkdir()
        (target / "data" / "PG_VERSION").write_text("18")
        (target / "superuser-password").write_text("secret")

    monkeypatch.setattr(databases, "_make", make)
    monkeypatch.setattr(postgres, "open_cluster", lambda home: postgres.Cluster(Path(), home, None))
    monkeypatch.setattr(postgres, "major_version", lambda _cluster: 18)
    return sizes


def test_data_is_made_once_and_what_is_out_of_date_is_deleted(tmp_path: Path, made: list[int]) -> None:
    old = [tmp_path / "500-schema0001-generator1-postgresql18", tmp_path / (make_key(700, 18) + PARTIAL)]
    for path in old:
        path.mkdir()

    kept = [databases._keep(tmp_path, 500, tmp_path / "home", ignore) for _ in range(2)]

    assert made == [500]
    assert kept[0] == kept[1] == tmp_path / make_key(500, 18)
    assert not any(path.exists() for path in old)


def test_what_has_grown_old_is_made_anew(tmp_path: Path, made: list[int]) -> None:
    said: list[str] = []
    kept = databases._keep(tmp_path, 500, tmp_path / "home", said.append)
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(kept, (eight_days_ago, eight_days_ago))

    assert databases._keep(tmp_path, 500, tmp_path / "home", said.append) == kept
    assert made == [500, 500]
    assert said == ["The kept database of 500 posts is more than 7 days old"]


def test_what_was_cut_off_is_made_anew(
    tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(target: Path, _posts: int, _say: Any) -> None:
        (target / "data").mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(databases, "_make", cut_off)
        with pytest.raises(KeyboardInterrupt):
            databases._keep(tmp_path, 500, tmp_path / "home", ignore)

    kept = databases._keep(tmp_path, 500, tmp_path / "home", ignore)
    assert made == [500]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [kept.name]


def test_a_run_gets_a_copy(tmp_path: Path, made: list[int]) -> None:
    kept = databases._keep(tmp_path, 500, tmp_path / "home", ignore)

    databases._copy(kept, tmp_path / "home")
    (tmp_path / "home" / "data" / "PG_VERSION").write_text("changed")

    assert (kept / "data" / "PG_VERSION").read_text() == "18"
    assert (tmp_path / "home" / "superuser-password").read_text() == "secret"


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="make room, or name another folder by TMPDIR"):
        databases._refuse_full_disk(tmp_path, 10**18)


@pytest.mark.parametrize(
    ("posts", "follows", "message"),
    [(LEAST_POSTS - 1, 5, "give at least"), (1_000, 101, "1000 posts come with 100 accounts only")],
)
def test_a_size_that_makes_no_sense_is_refused(posts: int, follows: int, message: str) -> None:
    with pytest.raises(MeasuringError, match=message), database(posts, follows=follows, say=ignore):
        pass


@pytest.mark.full
def test_a_real_one_is_made_kept_and_started(tmp_path: Path) -> None:
    said: list[str] = []
    for follows in (20, 30):
        with database(500, follows=follows, say=said.append, folder=tmp_path) as servers:
            cluster = postgres.Cluster(Path(), servers.folder / "postgres", None)
            with postgres.autocommit_cursor(cluster.superuser_url(), "microblog") as cursor:
                cursor.execute("SELECT following_count FROM accounts WHERE username = %s", (USERNAME,))
                assert cursor.fetchone() == (follows,)
                cursor.execute("DELETE FROM favourites RETURNING 1")
                assert len(cursor.fetchall()) == 250
    assert sum(line.startswith("Making a database") for line in said) == 1
