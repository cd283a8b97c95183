"""Plans of what a scenario asks: read right, and a table read from end to end is called out."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from devstack import postgres
from microblog.data.session import Database
from profiling import plans
from profiling.explaining import explained, read_sizes
from profiling.measuring import MeasuringError
from profiling.plan_trees import Plan, Scan, describe_tree
from profiling.scenarios import Scenario
from tests.addresses import DatabaseUrls

ROWS = 5_000
READ_ALL = "SELECT count(*) FROM tags WHERE created_at > now() - interval '1 hour'"
BY_NAME = "SELECT id FROM tags WHERE name = 'tag7'"
Work = Callable[[Session], object]


@pytest.fixture(scope="module")
def tags(worker_database: Database, database_urls: DatabaseUrls) -> Iterator[Database]:
    """A table of some size."""
    with postgres.autocommit_cursor(database_urls.owner) as cursor:
        cursor.execute(f"INSERT INTO tags (name) SELECT 'tag' || n FROM generate_series(1, {ROWS}) n")
        cursor.execute("ANALYZE tags")
        yield worker_database
        cursor.execute("TRUNCATE tags CASCADE")
        cursor.execute("ANALYZE tags")


def explain(database: Database, work: Work, **options: Any) -> plans.Report:
    with explained(database.engine, **options) as found, database.unit_of_work() as session:
        work(session)
    return plans.Report("made up", list(found.values()), read_sizes(database.engine), plans.BIG_ROWS)


def ask(*statements: str) -> Work:
    return lambda session: [session.execute(text(one)) for one in statements]


def test_a_sequential_scan_of_a_big_table_is_called_out(tags: Database) -> None:
    report = explain(tags, ask(BY_NAME, READ_ALL))
    by_name, read_all = report.statements
    assert not report.holds
    assert report.whole_reads(by_name) == []
    assert report.whole_reads(read_all) == [Scan("tags", ROWS, ROWS)]
    lines = plans.describe(report)
    assert any(f"SEQUENTIAL SCAN of tags ({ROWS} rows): {ROWS} read, {ROWS} wanted" in one for one in lines)
    assert plans.verdict([report]).endswith("in made up")


def test_a_small_table_may_be_read_whole(tags: Database) -> None:
    report = explain(tags, ask(READ_ALL))
    assert plans.Report("made up", report.statements, report.sizes, big=ROWS + 1).holds


def test_a_plan_tells_rows_blocks_and_what_costs_most(tags: Database) -> None:
    (statement,) = explain(tags, ask(READ_ALL)).statements
    plan = statement.slowest
    assert plan is not None
    assert (plan.rows, plan.rows_read) == (1, ROWS)
    assert plan.blocks("Hit") + plan.blocks("Read") >= 20
    assert plan.milliseconds > 0
    assert plan.costliest.name == "Seq Scan on tags"
    assert 0 < plan.costliest.milliseconds <= plan.milliseconds
    assert describe_tree(plan)[1].startswith("  Seq Scan on tags: ")


def test_what_is_explained_happens_once(tags: Database) -> None:
    insert = text("INSERT INTO tags (name) VALUES ('made once') RETURNING name")
    count = text("SELECT count(*) FROM tags WHERE name = 'made once'")

    def work(session: Session) -> None:
        assert session.execute(insert).scalar_one() == "made once"
        assert session.execute(count).scalar_one() == 1
        session.rollback()

    report = explain(tags, work)
    assert [one.runs for one in report.statements] == [1, 1]
    assert report.statements[0].plans[0].root["Node Type"] == "ModifyTable"
    with tags.unit_of_work() as session:
        assert session.execute(count).scalar_one() == 0


def test_a_statement_for_each_row_is_counted(tags: Database) -> None:
    def work(session: Session) -> None:
        for number in range(30):
            session.execute(text("SELECT name FROM tags WHERE id = :id"), {"id": number})

    (statement,) = explain(tags, work).statements
    assert statement.runs == 30
    assert len(statement.plans) == 5


def test_what_has_no_plan_is_told(tags: Database) -> None:
    report = explain(tags, ask("SET LOCAL work_mem = '5MB'", BY_NAME))
    assert report.holds
    assert "has no plan" in "\n".join(plans.describe(report))


def test_a_statement_that_fails_fails_as_without_us(tags: Database) -> None:
    with explained(tags.engine) as found:
        with pytest.raises(Exception, match="division by zero"), tags.unit_of_work() as session:
            session.execute(text("SELECT 1 / (random() * 0)::integer"))
        with tags.unit_of_work() as session:
            assert session.execute(text("SELECT 2")).scalar_one() == 2
    report = plans.Report("made up", list(found.values()), {}, plans.BIG_ROWS)
    assert not report.holds
    assert "division by zero" in report.statements[0].problem


def test_branches_that_were_never_run_are_not_read() -> None:
    scan = {"Node Type": "Seq Scan", "Relation Name": "tags", "Actual Loops": 0, "Actual Rows": 0}
    plan = Plan({"Plan": {"Node Type": "Append", "Actual Loops": 1, "Plans": [scan]}})
    assert plan.sequential_scans == []
    assert describe_tree(plan)[1] == "  Seq Scan on tags: never run"


# --- The command -------------------------------------------------------------------------------------


@pytest.fixture
def run(
    tags: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[int, list[str], Path]]:
    """Runs `plans` on the tests' database and made-up scenarios."""
    world = SimpleNamespace(resources=SimpleNamespace(database=tags))

    def make(*statements: str) -> Callable[[Any], Callable[[], None]]:
        def once() -> None:
            with tags.unit_of_work() as session:
                ask(*statements)(session)

        return lambda _world: once

    @contextmanager
    def database(posts: int, *, say: Callable[[str], None]) -> Iterator[None]:
        say(f"{posts} posts")
        yield None

    made = {name: Scenario(name, "", make(one), ()) for name, one in (("good", BY_NAME), ("bad", READ_ALL))}
    monkeypatch.setattr(plans, "SCENARIOS", made)
    monkeypatch.setattr("profiling.options.SCENARIOS", made)
    monkeypatch.setattr(plans, "database", database)
    monkeypatch.setattr(plans, "open_world", lambda _servers: nullcontext(world))

    def run(*words: str) -> tuple[int, list[str], Path]:
        parser = argparse.ArgumentParser()
        plans.add_arguments(parser)
        said: list[str] = []
        code = plans.run(parser.parse_args([*words, "--output", str(tmp_path)]), said.append)
        return code, said, tmp_path

    return run


def test_the_command_tells_and_keeps_all(run: Callable[..., tuple[int, list[str], Path]]) -> None:
    code, said, folder = run("--posts", "20000")
    assert code == 1
    assert said[0] == "20000 posts"
    assert said[-2].endswith("in bad")
    (path,) = folder.glob("plans-*.json")
    result = json.loads(path.read_text())
    assert (result["posts"], result["holds"]) == (20_000, False)
    (bad,) = result["scenarios"]["bad"]
    assert bad["sequential_scans"] == [{"table": "tags", "rows": ROWS, "kept": ROWS}]
    assert bad["plans"][0]["plan"]["Plan"]["Node Type"] == "Aggregate"
    (good,) = result["scenarios"]["good"]
    assert (good["sql"], good["runs"], good["sequential_scans"]) == (BY_NAME, 1, [])
    written = path.with_suffix(".txt").read_text()
    assert READ_ALL in written
    assert "Seq Scan on tags" in written
    picture = path.with_suffix(".svg").read_text()
    assert said[-1].endswith(f"Picture: {path.with_suffix('.svg')}")
    assert picture.count("SEQUENTIAL SCAN") == 1
    assert BY_NAME[:20] in picture


def test_the_command_takes_one_scenario(run: Callable[..., tuple[int, list[str], Path]]) -> None:
    code, said, _ = run("--scenario", "good")
    assert code == 0
    assert said[-2] == "Plans: no big table is read from end to end"
    with pytest.raises(SystemExit):
        run("--scenario", "other")


def test_what_was_explained_before_a_failure_is_kept(
    run: Callable[..., tuple[int, list[str], Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_world: Any) -> Callable[[], None]:
        raise MeasuringError("it can't be prepared")

    broken = Scenario("broken", "", fail, ())
    monkeypatch.setitem(vars(plans)["SCENARIOS"], "broken", broken)
    with pytest.raises(MeasuringError, match="can't be prepared"):
        run("--scenario", "bad", "--scenario", "broken", "--scenario", "good")
    (path,) = tmp_path.glob("plans-*.json")
    assert list(json.loads(path.read_text())["scenarios"]) == ["bad"]
