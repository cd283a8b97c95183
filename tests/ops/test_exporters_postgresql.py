"""PostgreSQL 15 answers what its exporter asks (files/queries.yml), as a role that reads no posts."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from devstack import postgres, servers
from devstack.processes import wait_for
from ops.inventory import REPOSITORY

BINARIES = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "monitor-password-of-the-tests"

QUERIES = yaml.safe_load(
    (REPOSITORY / "ops/roles/postgres_exporter/files/queries.yml").read_text(encoding="utf-8")
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("exporters"),
    pytest.mark.skipif(
        not BINARIES.is_dir(), reason="PostgreSQL 15 is missing: apt-get install postgresql-15"
    ),
]


def columns_of(query: dict[str, Any]) -> dict[str, str]:
    return {name: told["usage"] for metric in query["metrics"] for name, told in metric.items()}


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A database with the site's roles, on a server with statistics: URLs of the monitor and the program."""
    folder = servers.short_folder()
    cluster = postgres.open_cluster(folder, {**os.environ, "DEVSTACK_POSTGRES_BIN": str(BINARIES)})
    postgres.prepare(cluster)
    options = {**postgres.THROWAWAY, "shared_preload_libraries": "pg_stat_statements"}
    command = postgres.server_command(cluster, options)
    log = tmp_path_factory.mktemp("postgres") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd="/", start_new_session=True)
    with servers.Server(process, signal.SIGINT):
        url = cluster.superuser_url()
        postgres.wait_until_ready(url, log)
        postgres.provision(url, dict.fromkeys((postgres.OWNER_ROLE, postgres.APP_ROLE), PASSWORD), "site")
        with postgres.autocommit_cursor(url, "site") as cursor:
            # As the role postgresql does.
            cursor.execute("CREATE ROLE microblog_monitor LOGIN PASSWORD %s IN ROLE pg_monitor", (PASSWORD,))
            cursor.execute("GRANT CONNECT ON DATABASE site TO microblog_monitor")
            cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            cursor.execute("CREATE EXTENSION pg_stat_statements")
            # Stands for what the extension does itself, when it knows too many.
            cursor.execute("GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO PUBLIC")
        with postgres.autocommit_cursor(cluster.url(postgres.OWNER_ROLE, PASSWORD, "site")) as cursor:
            cursor.execute("CREATE TABLE posts (id int PRIMARY KEY, text text)")
        with postgres.autocommit_cursor(cluster.url(postgres.APP_ROLE, PASSWORD, "site")) as cursor:
            cursor.execute("INSERT INTO posts VALUES (1, 'what somebody wrote')")
        yield (
            cluster.url("microblog_monitor", PASSWORD, "site"),
            cluster.url(postgres.APP_ROLE, PASSWORD, "site"),
        )
    servers.remove_folder(folder)


def run_alone(url: str, statement: str) -> None:
    with postgres.autocommit_cursor(url) as cursor:
        cursor.execute(statement)


def ask(url: str, name: str) -> list[dict[str, Any]]:
    with postgres.autocommit_cursor(url) as cursor:
        cursor.execute(QUERIES[name]["query"].replace("%", "%%"), ())
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("name", QUERIES)
def test_postgresql_answers_the_monitor(monitored: tuple[str, str], name: str) -> None:
    rows = ask(monitored[0], name)

    columns = columns_of(QUERIES[name])
    assert rows
    assert {key for row in rows for key in row} == columns.keys()
    for row in rows:
        assert all(isinstance(row[key], str) for key, usage in columns.items() if usage == "LABEL")
        assert all(float(row[key]) >= 0 for key, usage in columns.items() if usage != "LABEL")
    # Two rows with the same labels would end the whole visit.
    labels = [tuple(row[key] for key, usage in columns.items() if usage == "LABEL") for row in rows]
    assert len(set(labels)) == len(labels)


def test_statements_are_told_without_what_people_wrote(monitored: tuple[str, str]) -> None:
    (insertion,) = [row for row in ask(monitored[0], "microblog_sql_top") if "INSERT" in row["query"]]

    assert insertion["query"] == "INSERT INTO posts VALUES (?, ?)"
    assert insertion["calls_total"] == insertion["rows_total"] == 1


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("'ada@example.org', 'it''s', id", "?, ?, id"),
        # A backslash is one, but after E.
        (r"E'it\'s ada', 'C:\', date'2026-11-29'", "?, ?, date?"),
        ("4711, -1.5e3, x1, a1.b2", "?, -?, x1, a1.b2"),
        ("$$secret$$, x1", "?, x1"),
        ("$a$it's$a$, '$1', 'two\nlines'", "?, ?, ?"),
        ("$1, $22::bigint", "?, ?::bigint"),
        ("1, 'without an end", "?, ?"),
    ],
)
def test_values_that_postgresql_left_in_a_text_are_masked(
    monitored: tuple[str, str], written: str, told: str
) -> None:
    (masking,) = re.findall(r"(left\(.*?, 80\)) AS query", QUERIES["microblog_sql_top"]["query"], re.DOTALL)
    with postgres.autocommit_cursor(monitored[0]) as cursor:
        cursor.execute(f"SELECT {masking} FROM (VALUES (%s)) AS known (query)", (f"SELECT {written}",))

        assert cursor.fetchall() == [(f"SELECT {told}",)]


def test_what_is_never_normalized_is_told_without_its_values(monitored: tuple[str, str]) -> None:
    run_alone(
        monitored[1], "DECLARE held CURSOR WITH HOLD FOR SELECT 'ada@example.org', id + 4711 FROM posts"
    )

    texts = [row["query"] for row in ask(monitored[0], "microblog_sql_top")]
    assert "DECLARE held CURSOR WITH HOLD FOR SELECT ?, id + ? FROM posts" in texts


def test_what_is_counted_does_not_fall_when_statements_are_forgotten(monitored: tuple[str, str]) -> None:
    monitor, app = monitored
    run_alone(app, "SELECT pg_sleep(0.2)")
    wait_for(
        lambda: ask(monitor, "microblog_sql")[0]["seconds_total"] > 0.2, 20, lambda: "nothing is counted"
    )
    (before,) = ask(monitor, "microblog_sql")

    run_alone(app, "SELECT pg_stat_statements_reset()")
    (after,) = ask(monitor, "microblog_sql")

    assert len(ask(monitor, "microblog_sql_top")) == 1
    assert {name: after[name] >= before[name] for name in before} == dict.fromkeys(before, True)


def test_what_waits_and_what_is_left_open_is_seen(monitored: tuple[str, str]) -> None:
    monitor, app = monitored
    change = "UPDATE posts SET text = 'a' WHERE id = 1"
    with ThreadPoolExecutor(1) as pool:
        holder = psycopg2.connect(postgres.driver_url(app))
        try:
            holder.cursor().execute(change)
            waits = pool.submit(run_alone, app, change)
            wait_for(lambda: ask(monitor, "pg_lock_waits")[0]["sessions"], 20, lambda: "nobody waits")
            oldest = {row["state"]: row["seconds"] for row in ask(monitor, "pg_oldest_transaction")}
            waiting = ask(monitor, "pg_lock_waits")[0]
        finally:
            holder.close()
        waits.result(20)

    assert oldest["idle in transaction"] > oldest["active"] > 0
    assert waiting["sessions"] == 1
    assert waiting["longest_seconds"] > 0


def test_the_monitor_reads_no_posts(monitored: tuple[str, str]) -> None:
    with (
        postgres.autocommit_cursor(monitored[0]) as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("SELECT * FROM posts")
