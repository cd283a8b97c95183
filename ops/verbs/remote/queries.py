"""On a database host: what PostgreSQL spends its time on (`fab queries`), as JSON, without values.

The request, JSON in the last argument: action (top, reset, plan or explain), database, port, role (the
application's), and by action: by, limit; queryid; seconds, over (milliseconds), analyze. `explain` prints a
line for each plan as it comes, and ends with its seconds or with the end of standard input: whoever asked is
gone. A file that no boot survives switches it on; should this program die, a timer of systemd's removes it
and blanks the plans.
"""

import json
import os
import pwd
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras

from ops.verbs.remote.plans import BLANK, PlanReader, mask, mask_plan, present

USER = "postgres"
#: microblog.conf includes it where it is there; in a folder that is empty after a boot.
SWITCH = Path("/run/postgresql/microblog-explain.conf")
LOGS = Path("/var/log/postgresql")
#: What ships the log must leave plans out: they hold what people typed.
SHIPPING, LEFT_OUT = Path("/etc/rsyslog.conf"), "ms  plan:"
UNIT = "microblog-explain-off"
#: After its seconds, the time that the last statements may take, and some.
GRACE_SECONDS = 60
POLL_SECONDS = 0.3
MOST_PLANS = 30
ORDERS = {"total": "total_exec_time", "mean": "mean_exec_time", "calls": "calls", "rows": "rows"}
TOP = """
SELECT queryid::text, query, calls, total_exec_time AS total_ms, mean_exec_time AS mean_ms, rows,
  rolname AS role,  total_exec_time / greatest(sum(total_exec_time) OVER (), 1e-9) AS share
FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid IS NOT NULL
ORDER BY {order} DESC LIMIT %s"""
RUNNING = """
SELECT pid, application_name AS application, state, query, pg_blocking_pids(pid) AS blocked_by,
  CASE WHEN state = 'active' THEN concat_ws(': ', wait_event_type, wait_event) ELSE '' END AS waits,
  extract(epoch FROM clock_timestamp() - since)::float AS seconds
FROM pg_stat_activity,
  LATERAL (SELECT CASE state WHEN 'active' THEN query_start ELSE state_change END AS since) moment
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND state <> 'idle' AND since < clock_timestamp() - interval '1 second'
ORDER BY since"""
STATEMENT = """
SELECT query, rolname AS role FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid
WHERE queryid = %s AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1"""
STILL_OLD = """
SELECT count(*) AS count FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state = 'active' AND query_start < %s"""


class RefusedError(Exception):
    """What can't be done here; the message is why and the fix."""


@contextmanager
def as_postgres() -> Iterator[None]:
    """PostgreSQL knows its operator by the user that connects."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(pwd.getpwnam(USER).pw_uid)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def connect(database: str, port: int) -> Any:
    """A connection that commits each statement and gives rows as dictionaries."""
    with as_postgres():
        connection = psycopg2.connect(dbname=database, port=port, user=USER, application_name="fab queries")
    connection.autocommit = True
    return connection


def ask(connection: Any, statement: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """The rows of a statement."""
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(statement, values)
        return [dict(row) for row in cursor.fetchall()]


def top(connection: Any, by: str, limit: int) -> dict[str, Any]:
    """The statements that cost most, and what runs for longer than a second."""
    found = ask(connection, TOP.format(order=ORDERS[by]), (limit,))
    running = ask(connection, RUNNING)
    for row in [*found, *running]:
        row["query"] = mask(row["query"])
    since = ask(connection, "SELECT stats_reset::text AS since FROM pg_stat_statements_info")
    return {"top": found, "running": running, "since": since[0]["since"]}


def plan(connection: Any, queryid: str) -> dict[str, Any]:
    """How PostgreSQL would run a statement, whatever its values: it is planned without any and not run."""
    rows = ask(connection, STATEMENT, (queryid,))
    if not rows:
        raise RefusedError(f"no statement has the queryid {queryid}: fab queries lists those that were run")
    # Of what the application prepares, PostgreSQL keeps the PREPARE.
    text = re.sub(r"\APREPARE \w+ AS\s+", "", rows[0]["query"].rstrip("; \n"))
    role = rows[0]["role"].replace('"', '""')
    count = max([int(number) for number in re.findall(r"\$(\d+)", text)], default=0)
    values = f"({', '.join(['NULL'] * count)})" if count else ""
    with connection.cursor() as cursor:
        try:
            cursor.execute("BEGIN READ ONLY")
            cursor.execute(
                "SET LOCAL statement_timeout = '10s'; SET LOCAL plan_cache_mode = force_generic_plan"
            )
            cursor.execute(f'SET LOCAL ROLE "{role}"')
            cursor.execute(f"PREPARE microblog_plan AS {text}")
            cursor.execute(f"EXPLAIN EXECUTE microblog_plan{values}")
            lines = [row[0] for row in cursor.fetchall()]
        except psycopg2.Error as error:
            raise RefusedError(
                f"PostgreSQL can't plan it without values: {str(error).splitlines()[0]}"
            ) from None
        finally:
            cursor.execute("ROLLBACK")
            cursor.execute("DEALLOCATE ALL")
    return {"query": mask(text), "plan": mask_plan(lines)}


def blank_command() -> list[str]:
    """The words of what blanks all plans in PostgreSQL's logs."""
    return ["python3", "-c", BLANK, str(LOGS)]


@contextmanager
def switched_on(connection: Any, seconds: int, over: int, *, analyze: bool) -> Iterator[None]:
    """auto_explain, for all connections at once and for this block; off again however it ends."""
    loaded = ask(connection, "SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries'")
    if "auto_explain" not in loaded[0]["setting"]:
        raise RefusedError("PostgreSQL has not loaded auto_explain: fab provision --tags postgresql loads it")
    shipping = SHIPPING.read_text() if SHIPPING.exists() else ""
    if str(LOGS) in shipping and LEFT_OUT not in shipping:
        raise RefusedError(
            "rsyslog would ship what people typed: fab provision --tags log_shipping ends that"
        )
    settings = {"log_min_duration": over, "log_analyze": analyze, "log_buffers": analyze, "log_timing": False}
    try:
        with SWITCH.open("x", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o644)  # not by its name: the folder is postgres', who may swap it
            file.writelines(f"auto_explain.{name} = {value}\n" for name, value in settings.items())
    except FileExistsError:
        raise RefusedError("somebody else has plans logged there: wait until that ends") from None
    # A statement that is under way tells its plan at its end.
    reload = f"runuser -u {USER} -- psql -p {connection.info.port} -Xqc 'SELECT pg_reload_conf()'"
    off = f"rm -f {SWITCH}; {reload}; sleep {GRACE_SECONDS}; {shlex.join(blank_command())}"
    wait = f"--on-active={seconds + 2 * GRACE_SECONDS}"
    words = ["systemd-run", "--quiet", "--collect", f"--unit={UNIT}", wait, "sh", "-c", off]
    try:
        if subprocess.run(words, check=False).returncode:
            raise RefusedError("the timer that would switch it off can't be started: systemctl status")
        ask(connection, "SELECT pg_reload_conf()")
        yield
    finally:
        SWITCH.unlink(missing_ok=True)
        ask(connection, "SELECT pg_reload_conf()")
        subprocess.run(["systemctl", "--quiet", "stop", f"{UNIT}.timer"], check=False)


def explain(connection: Any, role: str, seconds: int, over: int, *, analyze: bool) -> None:
    """Print the plans of slow statements as they come, each kind once, and at last how many there were."""
    reader = PlanReader(max(LOGS.glob("*.log"), key=lambda path: path.stat().st_mtime))
    kinds: dict[str, dict[str, Any]] = {}
    asked = time.monotonic()

    def take() -> None:
        for found in map(present, (one for one in reader.read() if one["role"] == role)):
            key = found["query"] + re.sub(r"[\d.]+", "", "".join(found["plan"]))
            if key not in kinds and len(kinds) < MOST_PLANS:
                print(json.dumps(found), flush=True)
            kind = kinds.setdefault(key, {"query": found["query"], "count": 0, "slowest_ms": 0.0})
            kind |= {"count": kind["count"] + 1, "slowest_ms": max(kind["slowest_ms"], found["ms"])}

    try:
        with switched_on(connection, seconds, over, analyze=analyze):
            print(json.dumps({"began": True}), flush=True)
            while time.monotonic() - asked < seconds and not is_left_alone():
                take()
    finally:
        # A statement that began before it was switched off tells its plan at its own end.
        ended, (now,) = time.monotonic(), ask(connection, "SELECT clock_timestamp() AS now")
        while (
            ask(connection, STILL_OLD, (now["now"],))[0]["count"] and time.monotonic() - ended < GRACE_SECONDS
        ):
            time.sleep(POLL_SECONDS)
            take()
        for _ in range(3):
            time.sleep(POLL_SECONDS)
            take()
        # What logrotate copied between two looks.
        subprocess.run(blank_command(), check=False)
    print(json.dumps({"kinds": list(kinds.values())}), flush=True)


def is_left_alone() -> bool:
    """Wait for a moment; whether whoever asked is gone meanwhile."""
    return bool(select.select([sys.stdin], [], [], POLL_SECONDS)[0] and not sys.stdin.read(1))


def main(action: str, database: str, port: int, role: str, **options: Any) -> int:
    """Do what is asked; the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        connection = connect(database, port)
        if action == "explain":
            explain(connection, role, **options)
        elif action == "reset":
            ask(connection, "SELECT pg_stat_statements_reset()")
        else:
            print(json.dumps(top(connection, **options) if action == "top" else plan(connection, **options)))
    except (RefusedError, psycopg2.Error) as error:
        print(str(error).strip().splitlines()[0], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[-1])))
