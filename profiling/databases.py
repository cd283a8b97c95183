"""Servers on generated data of a size, made once and kept: `var/profiling/databases/KEY` holds PostgreSQL's
data of one size, which each run copies, so that no run changes it.

The key is made of the size, the schema's revision, the generator's version and PostgreSQL's. Data with
another schema or generator is deleted, and so is what lies too far in the past.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from devstack import postgres
from devstack.layout import DATABASE
from devstack.processes import make_folder, server_account
from devstack.servers import remove_folder, short_folder, start_postgres, start_redis
from microblog.data import migrations
from profiling import generating
from profiling.measuring import MeasuringError, UsageError
from profiling.results import RESULTS
from profiling.servers import USERNAME, Servers, make_environment

FOLDER = RESULTS / "databases"
LEAST_POSTS = 100
PARTIAL = ".partial"
MANIFEST = "made.json"
#: As a database host of 2 GB is set up (ops/roles/postgresql). A vacuum in a run would be measured with it.
RUNNING = {
    "shared_buffers": "512MB",
    "effective_cache_size": "1536MB",
    "work_mem": "5MB",
    "random_page_cost": "1.1",
    "autovacuum": "off",
}
#: Nothing needs to survive while data is made; little log is kept with it.
MAKING = {
    **RUNNING,
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "maintenance_work_mem": "256MB",
}
BYTES_PER_POST = 5_000
#: Some pages look at the past week: data that grows older makes them cheaper.
KEEP_DAYS = 7
#: Whom the visitor follows: the same accounts in each run, as if drawn by lot.
FOLLOW = """
    INSERT INTO follows (account_id, target_account_id)
    SELECT %(visitor)s, id FROM accounts WHERE id <> %(visitor)s ORDER BY hashint8(id), id LIMIT %(count)s
"""
COUNT_FOLLOWS = """
    UPDATE accounts SET feed_version = feed_version + 1, following_count = (
        SELECT count(*) FROM follows WHERE account_id = accounts.id
    ) WHERE id = %(visitor)s
"""

Say = Callable[[str], None]


@contextmanager
def database(posts: int, *, follows: int = 50, say: Say, folder: Path = FOLDER) -> Iterator[Servers]:
    """PostgreSQL on a copy of the data of `posts` posts, and an empty Redis; made first where it isn't kept.

    The account USERNAME can log in and follows `follows` others. Raises `MeasuringError` for a size that is
    too small, or where the disk is full; `StackError` where a server doesn't start.
    """
    check_size(posts, follows)
    with ExitStack() as stack:
        home = short_folder("mb-bench-")
        stack.callback(remove_folder, home)
        with _locked(folder, say):
            kept = _keep(folder, posts, home / "postgres", say)
            _copy(kept, home / "postgres")
        server, cluster = start_postgres(home / "postgres", RUNNING)
        stack.enter_context(server)
        redis, socket = start_redis(home / "redis")
        stack.enter_context(redis)
        environment = make_environment(cluster, socket, home)
        servers = Servers(home, server, redis, environment, secrets.token_hex(16))
        servers.run_microblog(
            *("account", "reset-password", USERNAME, "--password-stdin"), stdin=servers.password + "\n"
        )
        set_follows(servers, follows)
        yield servers


def check_size(posts: int, follows: int) -> None:
    """Raise `UsageError` for too few posts, and where so many posts don't come with so many accounts."""
    if posts < LEAST_POSTS:
        raise UsageError(f"{posts} posts: give at least {LEAST_POSTS}")
    accounts = generating.count_accounts(posts)
    if follows > accounts:
        raise UsageError(f"{follows} follows: {posts} posts come with {accounts} accounts only")


def set_follows(servers: Servers, count: int) -> None:
    """Let the visitor follow so many accounts, and nobody else; their feed is built anew when next read."""
    cluster = postgres.Cluster(Path(), servers.folder / "postgres", None)
    with postgres.autocommit_cursor(cluster.superuser_url(), DATABASE) as cursor:
        cursor.execute("SELECT id FROM accounts WHERE username = %s", (USERNAME,))
        found = cursor.fetchone()
        values = {"visitor": found and found[0], "count": count}
        cursor.execute("DELETE FROM follows WHERE account_id = %(visitor)s", values)
        cursor.execute(FOLLOW, values)
        cursor.execute(COUNT_FOLLOWS, values)
        cursor.execute("VACUUM ANALYZE follows")


def make_key(posts: int, postgresql: int) -> str:
    """The name of the kept data of this size."""
    return f"{posts}{_suffix(postgresql)}"


def _suffix(postgresql: int) -> str:
    return f"-schema{migrations.head()}-generator{generating.VERSION}-postgresql{postgresql}"


@contextmanager
def _locked(folder: Path, say: Say) -> Iterator[None]:
    """One process at a time makes, copies or deletes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for somebody else who makes a database")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(folder: Path, posts: int, home: Path, say: Say) -> Path:
    """The folder of kept data of this size; what no present key names is deleted."""
    version = postgres.major_version(postgres.open_cluster(home))
    for path in folder.iterdir():
        if path.is_dir() and not path.name.endswith(_suffix(version)):
            shutil.rmtree(path)
    kept = folder / make_key(posts, version)
    if kept.exists() and time.time() - kept.stat().st_mtime > KEEP_DAYS * 24 * 3600:
        say(f"The kept database of {posts} posts is more than {KEEP_DAYS} days old")
        shutil.rmtree(kept)
    if not kept.exists():
        partial = kept.with_name(kept.name + PARTIAL)
        partial.mkdir()
        _make(partial, posts, say)
        partial.rename(kept)
    return kept


def _make(target: Path, posts: int, say: Say) -> None:
    """Make the data in a folder of its own, and move it to `target` when its server has stopped."""
    say(f"Making a database of {posts} posts, to be kept for the next time")
    begun = time.monotonic()
    home = short_folder("mb-make-")
    try:
        _refuse_full_disk(home, posts * BYTES_PER_POST)
        server, cluster = start_postgres(home / "postgres", MAKING)
        with server:
            # Its Redis is never asked.
            environment = make_environment(cluster, home / "redis.sock", home)
            servers = Servers(home, server, server, environment, secrets.token_hex(16))
            servers.run_microblog("db", "upgrade", "--contract")
            servers.run_microblog(
                *("account", "create", USERNAME, "--email", f"{USERNAME}@example.org", "--password-stdin"),
                stdin=servers.password + "\n",
            )
            generating.fill(cluster, posts, USERNAME, say)
        if server.process.returncode != 0:
            raise MeasuringError("PostgreSQL didn't stop in an orderly way: nothing was kept")
        shutil.move(cluster.data, target / "data")
        shutil.move(cluster.password_file, target / cluster.password_file.name)
    finally:
        remove_folder(home)
    size, seconds = _size(target), time.monotonic() - begun
    say(f"  {size / 1e6:.0f} MB made in {seconds:.0f} s")
    about = {"posts": posts, "bytes": size, "seconds": round(seconds), "made": datetime.now(UTC).isoformat()}
    (target / MANIFEST).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _copy(kept: Path, home: Path) -> None:
    """Copy kept data to where a cluster has it, for the server's user."""
    make_folder(home)
    _refuse_full_disk(home, _size(kept))
    shutil.copytree(kept / "data", home / "data")
    shutil.copy(kept / "superuser-password", home)
    account = server_account()
    if account is not None:
        for path in (home / "data", *(home / "data").rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)


def _refuse_full_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise MeasuringError(
            f"{folder} has {free / 1e9:.1f} GB left, {needed / 1e9:.1f} GB are needed:"
            " make room, or name another folder by TMPDIR"
        )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
