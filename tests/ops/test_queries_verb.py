"""`fab queries` on a real PostgreSQL: what costs, what runs, plans without values; what is shown."""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from devstack import postgres
from devstack.processes import wait_for
from ops.inventory import Host
from ops.verbs import queries as verb
from ops.verbs.remote import queries
from ops.verbs.remote.plans import mask, mask_plan
from ops.verbs.terminal import VerbError
from tests.ops.queries_world import SECRET, connect

# --- Masking ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("SELECT 'it''s me', 12, 1.5e3, $1", "SELECT '?', ?, ?, $1"),
        (r"SELECT E'a\'b\\', 'c'", "SELECT '?', '?'"),
        ("SELECT 'cut off here and the rest of i", "SELECT '?'"),
        (r"SELECT E'cut off \', the rest", "SELECT '?'"),
        ("SELECT E'cut off \\", "SELECT E'?'"),
        ("SELECT $$body$$, $tag$ 'x' $$ $tag$ -- note\n, t1.c2", "SELECT '?', '?'  \n, t1.c2"),
        (
            "SELECT /* why */ \"a'b\" FROM x2 WHERE y = X'ff' AND z = U&'\\0441'",
            "SELECT   \"a'b\" FROM x2 WHERE y = '?' AND z = '?'",
        ),
        ("SELECT 'a\nb' IN ('c', '')", "SELECT '?' IN ('?', '?')"),
    ],
)
def test_what_people_typed_is_masked(typed: str, shown: str) -> None:
    assert mask(typed) == shown


def test_a_plan_keeps_its_figures_and_loses_its_values() -> None:
    lines = [
        "Seq Scan on posts  (cost=0.00..20.50 rows=1 width=16)",
        "  Filter: ((text = 'sword",
        "fish'::text) AND (id > 5))",
        "  Rows Removed by Filter: 12",
    ]

    assert mask_plan(lines) == [
        lines[0],
        "  Filter: ((text = '?'::text) AND (id > ?))",
        "  Rows Removed by Filter: 12",
    ]


# --- What costs and what runs ----------------------------------------------------------------------------


def test_statements_are_told_without_values(connection: Any, visitor: Callable[[str], None]) -> None:
    for number in range(3):
        visitor(f"SELECT text FROM posts WHERE id = {number + 1} AND text <> '{SECRET}'")
    visitor("SELECT count(*), pg_sleep(0.1) FROM posts")

    calls = queries.top(connection, "calls", 1)["top"]
    total = queries.top(connection, "total", 5)

    assert (calls[0]["calls"], calls[0]["rows"]) == (3, 3)
    assert "id = $1 AND text <> $2" in calls[0]["query"]
    assert total["top"][0]["query"].startswith("SELECT count(*), pg_sleep($1)")
    assert 0.5 < total["top"][0]["share"] <= 1
    assert SECRET not in json.dumps(total)
    assert total["since"]


def test_what_runs_long_is_told_with_whom_it_waits_for(
    cluster: postgres.Cluster, connection: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    holder, waiter = connect(cluster), connect(cluster)
    holder.cursor().execute("BEGIN; LOCK TABLE posts")
    thread = threading.Thread(
        target=lambda: waiter.cursor().execute(f"SELECT id FROM posts WHERE text = '{SECRET}'")
    )
    thread.start()
    wait_for(lambda: len(queries.top(connection, "total", 1)["running"]) == 2, 20, lambda: "nobody waits")
    found = queries.top(connection, "total", 1)["running"]
    holder.close()
    thread.join()
    waiter.close()

    waiting = next(row for row in found if row["blocked_by"])
    other = next(row for row in found if not row["blocked_by"])
    assert waiting["blocked_by"] == [other["pid"]]
    assert (waiting["state"], waiting["waits"]) == ("active", "Lock: relation")
    assert (other["state"], other["waits"]) == ("idle in transaction", "")
    verb.print_running(found)
    shown = capsys.readouterr().out
    assert "SELECT … FROM posts WHERE text = '?'" in shown
    assert SECRET not in json.dumps(found) + shown


def test_columns_are_left_out_so_that_tables_are_seen() -> None:
    text = "SELECT a,\n  (SELECT max(x) FROM inner_table) FROM posts p WHERE a = $1"

    assert verb.shorten(text, 80) == "SELECT … FROM posts p WHERE a = $1"
    assert verb.shorten(text, 12) == "SELECT … FR…"
    assert verb.shorten("UPDATE posts SET text = $1", 80) == "UPDATE posts SET text = $1"
    assert verb.shorten("SELECT set_id($1)", 80) == "SELECT set_id($1)"


# --- Plans without values --------------------------------------------------------------------------------


def queryid_of(connection: Any, begin: str) -> str:
    rows = queries.top(connection, "calls", 100)["top"]
    return next(str(row["queryid"]) for row in rows if row["query"].startswith(begin))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT text FROM posts WHERE id = 7", "Index Scan using posts_pkey on posts"),
        (f"SELECT id FROM posts WHERE text LIKE '{SECRET}%' LIMIT 3", "Seq Scan on posts"),
        (f"INSERT INTO posts VALUES (5000, '{SECRET}') ON CONFLICT DO NOTHING", "Insert on posts"),
        ("SELECT count(*) FROM posts", "Aggregate"),
    ],
)
def test_a_plan_needs_no_values(
    connection: Any, visitor: Callable[[str], None], statement: str, expected: str
) -> None:
    visitor(statement)

    found = queries.plan(connection, queryid_of(connection, statement[:12]))

    assert expected in "\n".join(found["plan"])
    assert SECRET not in json.dumps(found)
    # Nothing was run, and the connection is as it was.
    assert queries.ask(
        connection, "SELECT count(*) AS count, current_user AS role FROM posts WHERE id > 5000"
    ) == [{"count": 0, "role": "postgres"}]


def test_a_statement_that_can_not_be_planned_says_why(
    connection: Any, visitor: Callable[[str], None]
) -> None:
    visitor("SELECT now() - interval '3 days'")

    with pytest.raises(queries.RefusedError, match="can't plan it without values: syntax error"):
        queries.plan(connection, queryid_of(connection, "SELECT now()"))
    with pytest.raises(queries.RefusedError, match="no statement has the queryid 1: fab queries lists"):
        queries.plan(connection, "1")


# --- The verb --------------------------------------------------------------------------------------------


def test_plans_are_shown_with_how_often_each_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    plan = {
        "at": "2026-11-29 20:00:00.123",
        "pid": "77",
        "application": "microblog web\x1b[2J",
        "ms": 12.34,
        "query": "SELECT a FROM posts",
        "plan": ["Seq Scan on posts  (cost=0.00..1.00 rows=1 width=4)"],
    }
    kinds = {"kinds": [{"query": "SELECT a FROM posts", "count": 3, "slowest_ms": 20.0}]}

    verb.print_plans(json.dumps(line) for line in ({"began": True}, plan, kinds))

    assert capsys.readouterr().out == (
        "\n2026-11-29 20:00:00.123  microblog web\\x1b[2J, backend 77: 12.3 ms\n"
        "  SELECT … FROM posts\n"
        "    Seq Scan on posts  (cost=0.00..1.00 rows=1 width=4)\n"
        "\nseen  slowest  statement\n3     20.0 ms  SELECT … FROM posts\n"
    )


def test_ctrl_c_lets_the_host_switch_it_off_and_say_its_last_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = "import sys; sys.stdin.read(); print('{\"kinds\": []}')"
    monkeypatch.setattr(Host, "ssh_command", lambda *_: [sys.executable, "-c"])
    shown = verb.print_plans
    asked: list[Any] = []

    def interrupted(lines: Any) -> None:
        asked.append(lines)
        if len(asked) == 1:
            raise KeyboardInterrupt
        shown(lines)

    monkeypatch.setattr(verb, "print_plans", interrupted)

    verb.follow_plans(Host("db1", ("database",), {}), program, "text", 60, 200)

    assert capsys.readouterr().out.endswith("Switching it off …\n\nNo statement took that long\n")


def test_an_external_database_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    external = Host("db1", ("database",), {"microblog_database_url": "x"})
    monkeypatch.setattr(verb, "read_hosts", lambda *_, **__: [external])
    with pytest.raises(VerbError, match="somebody else's"):
        verb.choose_host("lab", "")

    monkeypatch.setattr(verb, "read_hosts", lambda *_, **__: [])
    with pytest.raises(VerbError, match="web1 is no host of the group"):
        verb.choose_host("lab", "web1")


@pytest.mark.parametrize("given", ["0", "-1", "ten", "1001", ""])
def test_a_bad_number_names_its_option(given: str) -> None:
    with pytest.raises(VerbError, match="--limit takes a number from 1 to 1000"):
        verb.read_number("limit", given, 1000)
