"""`fab queries --explain` on a real PostgreSQL: plans come, and nothing typed is shown or stays."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devstack import postgres
from devstack.processes import wait_for
from ops.verbs.remote import queries
from tests.ops.queries_world import SECRET, connect


@pytest.fixture
def host(cluster: postgres.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cluster's folder as a database host's; systemd's timers are noted down."""
    monkeypatch.setattr(queries, "SWITCH", cluster.sockets / "explain.conf")
    monkeypatch.setattr(queries, "LOGS", cluster.home)
    monkeypatch.setattr(queries, "SHIPPING", tmp_path / "rsyslog.conf")
    monkeypatch.setattr(queries, "POLL_SECONDS", 0.05)
    for name in ("systemd-run", "systemctl"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/systemd\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


class Asking(threading.Thread):
    """`explain` on the host, and the pipe whose end tells it that nobody listens any more."""

    def __init__(self, cluster: postgres.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        reading, self.writing = os.pipe()
        self.stdin = os.fdopen(reading)
        monkeypatch.setattr(sys, "stdin", self.stdin)
        self.said = io.StringIO()
        monkeypatch.setattr(sys, "stdout", self.said)
        self.cluster = cluster
        self.start()
        wait_for(lambda: "began" in self.said.getvalue(), 20, lambda: "it doesn't begin")

    def run(self) -> None:
        connection = connect(self.cluster)
        queries.explain(connection, "postgres", 20, 1, analyze=False)
        connection.close()

    def end(self) -> list[dict[str, Any]]:
        os.close(self.writing)
        self.join(20)
        self.stdin.close()
        return [json.loads(line) for line in self.said.getvalue().splitlines()]


def is_on(cluster: postgres.Cluster) -> str:
    connection = connect(cluster)
    (row,) = queries.ask(connection, "SHOW auto_explain.log_min_duration")
    connection.close()
    return str(row["auto_explain.log_min_duration"])


def test_plans_of_slow_statements_come_without_values_and_leave_none_behind(
    cluster: postgres.Cluster, host: Path, visitor: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Connected before: a pool's connections are old.
    visitor("SELECT 1")
    asking = Asking(cluster, monkeypatch)
    wait_for(lambda: is_on(cluster) == "1ms", 20, lambda: "it is not switched on")
    for text in (SECRET, f"{SECRET}\n\nit''s\r{SECRET} (cost=1)"):
        visitor(f"SELECT id, pg_sleep(0.01) FROM posts WHERE text = '{text}' OR id = 77")
    wait_for(lambda: '"plan"' in asking.said.getvalue(), 20, lambda: "no plan comes")
    said = asking.end()

    log = (cluster.home / "server.log").read_text()
    (plan,) = [line for line in said if "plan" in line]
    assert plan["query"] == "SELECT id, pg_sleep(?) FROM posts WHERE text = '?' OR id = ?"
    assert plan["plan"][0].startswith("Seq Scan on posts  (cost=")
    assert plan["plan"][1] == "  Filter: ((text = '?'::text) OR (id = ?))"
    assert (plan["application"], plan["ms"] > 10) == ("microblog web", True)
    assert next(kind["count"] for kind in said[-1]["kinds"] if "'?'" in kind["query"]) == 2
    assert log.count("ms  plan:\n") >= 2
    assert SECRET not in log + asking.said.getvalue()
    assert is_on(cluster) == "-1"
    assert not queries.SWITCH.exists()
    assert (host / "systemd").read_text().startswith("systemd-run --quiet --collect ")
    assert (host / "systemd").read_text().endswith("stop microblog-explain-off.timer\n")


def test_a_statement_that_outlives_the_switch_leaves_nothing_either(
    cluster: postgres.Cluster,
    host: Path,
    connection: Any,
    visitor: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor("SELECT 1")
    asking = Asking(cluster, monkeypatch)
    wait_for(lambda: is_on(cluster) == "1ms", 20, lambda: "it is not switched on")
    slow = threading.Thread(target=visitor, args=(f"SELECT pg_sleep(1.5), '{SECRET}' FROM posts LIMIT 1",))
    slow.start()
    sleeps = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    wait_for(lambda: queries.ask(connection, sleeps), 20, lambda: "the statement doesn't begin")
    said = asking.end()
    slow.join()

    assert any("pg_sleep" in kind["query"] for kind in said[-1]["kinds"])
    assert SECRET not in (cluster.home / "server.log").read_text()


PLAN = "2026-11-01 10:00:00.1 UTC [7] microblog@microblog web LOG:  duration: 9.1 ms  plan:\n"


def test_should_it_be_killed_the_timer_switches_it_off_and_blanks_what_stands_there(
    cluster: postgres.Cluster, host: Path, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LOGS", host)
    for name in ("systemd-run", "runuser", "sleep"):
        last = f'for last; do :; done; printf %s "$last" > {host}/off' if name == "systemd-run" else ""
        (host / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {host}/called\n{last}\n')
        (host / name).chmod(0o755)
    with queries.switched_on(connection, 1, 1, analyze=False):
        for name in ("server.log", "server.log.1"):
            (host / name).write_text(
                f"{PLAN}\tQuery Text: {SECRET}\n\t{SECRET}\r{SECRET}\n\nthen\n\tkept\n{PLAN}\t{SECRET}"
            )
        (host / "private").write_text(f"{PLAN}\t{SECRET}\n")
        (host / "link.log").symlink_to(host / "private")
        os.mkfifo(host / "pipe.log")
        size = (host / "server.log").stat().st_size
        # As the timer does it, that process being gone.
        subprocess.run(["sh", "-c", (host / "off").read_text()], check=True, timeout=60)
        assert not queries.SWITCH.exists()

    for name in ("server.log", "server.log.1"):
        text = (host / name).read_text()
        assert SECRET not in text
        assert text.count(PLAN) == 2
        assert "\nthen\n\tkept\n" in text
        assert len(text) == size
    assert SECRET in (host / "private").read_text()
    called = (host / "called").read_text()
    assert f"runuser -u postgres -- psql -p {connection.info.port} -Xqc SELECT pg_reload_conf()" in called
    assert f"sleep {queries.GRACE_SECONDS}\n" in called


def test_only_one_may_switch_it_on_and_only_where_it_is_loaded(
    cluster: postgres.Cluster, host: Path, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries.SWITCH.write_text("")
    with (
        pytest.raises(queries.RefusedError, match="somebody else has plans logged"),
        queries.switched_on(connection, 1, 1, analyze=False),
    ):
        pass
    # It is the other one's.
    assert queries.SWITCH.exists()
    queries.SWITCH.unlink()

    monkeypatch.setattr(queries, "ask", lambda *_: [{"setting": "pg_stat_statements"}])
    with (
        pytest.raises(queries.RefusedError, match="fab provision --tags postgresql"),
        queries.switched_on(connection, 1, 1, analyze=False),
    ):
        pass


def test_what_is_put_in_the_switch_s_place_is_left_as_it_was(
    cluster: postgres.Cluster, host: Path, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, first_open = host / "private", Path.open
    private.touch(0o600)

    def open_and_swap(path: Path, *options: Any, **more: Any) -> Any:
        made = first_open(path, *options, **more)
        path.unlink()
        path.symlink_to(private)
        return made

    monkeypatch.setattr(Path, "open", open_and_swap)
    with queries.switched_on(connection, 1, 1, analyze=False):
        assert private.stat().st_mode & 0o777 == 0o600


def test_where_the_log_is_shipped_plans_must_be_left_out(
    cluster: postgres.Cluster, host: Path, connection: Any
) -> None:
    queries.SHIPPING.write_text(f'input(type="imfile" file="{queries.LOGS}/*.log")')
    with (
        pytest.raises(queries.RefusedError, match="rsyslog would ship what people typed"),
        queries.switched_on(connection, 1, 1, analyze=False),
    ):
        pass
    assert not queries.SWITCH.exists()

    with queries.SHIPPING.open("a") as file:
        file.write(f'if $msg contains "{queries.LEFT_OUT}" then stop')
    with queries.switched_on(connection, 1, 1, analyze=False):
        assert queries.SWITCH.exists()


def test_without_a_timer_it_is_not_switched_on(
    cluster: postgres.Cluster, host: Path, connection: Any
) -> None:
    (host / "systemd-run").write_text("#!/bin/sh\nexit 1\n")

    with (
        pytest.raises(queries.RefusedError, match="the timer"),
        queries.switched_on(connection, 1, 1, analyze=False),
    ):
        pass

    assert not queries.SWITCH.exists()
    assert is_on(cluster) == "-1"
