"""The releases made for the lab's tests: their edits find their place, and do what their names say."""

import json
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator

import pytest

from devstack.postgres import autocommit_cursor
from ops import migrations
from ops.sources import git
from tests.addresses import DatabaseUrls, unmeasured_environment
from tests.lab import made_edits
from tests.lab.made_releases import KINDS, MadeReleases

PROGRAM = "from microblog.cli import main; main()"
#: The page takes 0.1 s, and nobody really sleeps but for that.
ASK = """
import json, os, sys, time
from microblog.factory import create_app
from microblog.settings import load_settings

sleep, slept = time.sleep, []
time.sleep = slept.append
app = create_app(load_settings(os.environ))
app.view_functions["public.about"] = lambda: sleep(0.1) or "about"
client = app.test_client()
begun = time.monotonic()
statuses = [client.get(path).status_code for path in sys.argv[1:]]
print(json.dumps([statuses, slept, time.monotonic() - begun]))
"""
#: In one process, as each start takes a second: expand step, a post and its job twice, contract step.
MOVE_ON = """
import json, os
from sqlalchemy import text
from microblog.bootstrap import bootstrap
from microblog.cli import main
from microblog.jobs.names import STATUS_ECHO
from microblog.services import accounts, posting
from microblog.settings import load_settings
from microblog.worker.base import run_job
from microblog.worker.bindings import BINDINGS

def manage(*arguments):
    main(["db", *arguments], standalone_mode=False)

manage("upgrade")
manage("check")
resources = bootstrap(load_settings(os.environ), application="tests")
with resources.database.unit_of_work() as session:
    accounts.create_account(
        session, resources.hasher, username="ada", email="ada@example.org", password="correct horse battery"
    )
    ada = session.scalar(text("SELECT id FROM accounts"))
    draft = posting.Draft(text="An echo")
    posting.post_status(session, resources.feeds, author_id=ada, feed_version=0, draft=draft)
    job = session.scalar(text("SELECT id FROM jobs WHERE name = 'statuses.echo' AND queue = 'feeds'"))
outcomes = [run_job(resources, BINDINGS[STATUS_ECHO], job_id=job) for _ in range(2)]
with resources.database.unit_of_work() as session:
    echoes = "SELECT count(*) FROM status_echoes JOIN statuses ON status_id = statuses.id"
    print(json.dumps([outcomes, session.scalar(text(echoes))]))
resources.close()
manage("plan")
manage("upgrade", "--contract")
manage("check")
"""


@pytest.fixture(scope="module")
def made() -> Iterator[MadeReleases]:
    """Of what lies here, committed or not."""
    with MadeReleases() as made:
        yield made


def run(made: MadeReleases, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the package as it lies in the clone."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=unmeasured_environment() | environment | {"PYTHONPATH": str(made.source / "app")},
        cwd=made.source,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def ask(made: MadeReleases, environment: dict[str, str], *paths: str) -> tuple[list[int], list[float], float]:
    """What a process of it answers, for how long it slept, and how long it all took."""
    done = run(made, "-c", ASK, *paths, **environment)
    assert done.returncode == 0, done.stderr
    statuses, slept, seconds = json.loads(done.stdout.splitlines()[-1])
    return statuses, slept, seconds


@pytest.mark.parametrize("kind", KINDS)
def test_each_edit_finds_its_place(made: MadeReleases, kind: str) -> None:
    commit = made.commit(kind)

    changed = git(made.source, "diff", "--name-only", made.base, commit).splitlines()
    assert "app/microblog/web/static/css/site.css" in changed
    for name in changed:
        if name.endswith(".py"):
            compile((made.source / name).read_text(), name, "exec")


def test_each_commit_has_a_second_of_its_own_after_what_it_changes(made: MadeReleases) -> None:
    made_of = [(kind, edition) for kind in KINDS for edition in (1, 8)]
    seconds = [
        int(git(made.source, "log", "-1", "--format=%ct", made.commit(kind, edition)))
        for kind, edition in made_of
    ]

    assert len(set(seconds)) == len(made_of)
    assert min(seconds) > int(git(made.source, "log", "-1", "--format=%ct", made.base))


def test_an_edit_without_a_place_is_no_release(made: MadeReleases) -> None:
    made.commit("plain")

    with pytest.raises(AssertionError, match=r"site\.css has .* 0 times"):
        made_edits.restyle(made.source, 1)


def test_a_slow_release_takes_2_seconds_now_and_then(made: MadeReleases, environment: dict[str, str]) -> None:
    made.commit("slow")

    statuses, slept, _ = ask(made, environment, "/healthz", *["/terms"] * 100)

    assert set(statuses) == {200}
    assert slept == [2, 2]


def test_an_unready_release_serves_all_but_its_readiness(
    made: MadeReleases, environment: dict[str, str]
) -> None:
    made.commit("unready")

    assert ask(made, environment, "/readyz", "/healthz", "/terms")[0] == [503, 200, 200]


def test_a_failing_release_fails_under_load_only(made: MadeReleases, environment: dict[str, str]) -> None:
    made.commit("failing")

    statuses, _, _ = ask(made, environment, *["/terms", "/readyz"] * 50)

    assert statuses[:40] == [200] * 40
    assert statuses[40:].count(500) == 10
    assert statuses[1::2] == [200] * 50


def test_a_sluggish_release_takes_twice_as_long(made: MadeReleases, environment: dict[str, str]) -> None:
    made.commit("sluggish")

    statuses, _, seconds = ask(made, environment, "/about", "/about")

    assert statuses == [200, 200]
    assert seconds >= 0.4


@pytest.mark.slow
def test_workers_of_a_crashing_release_end(made: MadeReleases, environment: dict[str, str]) -> None:
    made.commit("crashing_workers")

    done = run(made, "-c", PROGRAM, "worker", "--queues", "feeds", "--concurrency", "1", **environment)

    assert done.returncode == 1
    assert "worker.starting" in done.stdout + done.stderr


@pytest.fixture
def former(
    make_database: Callable[..., DatabaseUrls], worker_name: str, request: pytest.FixtureRequest
) -> dict[str, str]:
    """Settings on a database of its own, with the schema that lies here."""
    urls = make_database(f"made_{worker_name}_{zlib.crc32(request.node.name.encode())}")
    return {"MICROBLOG_DATABASE_URL": urls.app, "MICROBLOG_OWNER_DATABASE_URL": urls.owner}


def test_a_bad_migration_leaves_nothing(
    made: MadeReleases, environment: dict[str, str], former: dict[str, str]
) -> None:
    made.commit("bad_migration")
    settings = environment | former

    assert "division by zero" in run(made, "-c", PROGRAM, "db", "upgrade", **settings).stderr

    with autocommit_cursor(former["MICROBLOG_OWNER_DATABASE_URL"]) as cursor:
        cursor.execute("SELECT count(*) FROM pg_attribute WHERE attname = 'half'")
        assert cursor.fetchall() == [(0,)]


@pytest.mark.slow
def test_the_next_schema_comes_before_its_job_and_the_contract_after(
    made: MadeReleases, environment: dict[str, str], former: dict[str, str]
) -> None:
    made.commit("next_contract")

    done = run(made, "-c", MOVE_ON, **environment | former)

    assert done.returncode == 0, done.stderr
    said = [r"Running upgrade .*: status echoes", r"\[\[\"done\", \"forgotten\"\], 1\]"]
    said += [r"no_tag_times contract", r"Running upgrade .*: no tag times"]
    assert re.search(".*".join(said), done.stdout, re.DOTALL), done.stdout


@pytest.mark.parametrize("kind", ["bad_migration", "next_contract"])
def test_the_lint_lets_pass_what_fails_on_a_server_or_not_at_all(made: MadeReleases, kind: str) -> None:
    made.commit(kind)

    assert find_findings(made) == []


def test_the_lint_finds_the_unsafe_migration(made: MadeReleases) -> None:
    made.commit("unsafe_migration")

    assert {finding.rule for finding in find_findings(made)} == {"changing-column-type"}


def find_findings(made: MadeReleases) -> list[migrations.Finding]:
    found = migrations.read_migrations(made.source / "app")
    return [finding for migration in found for finding in migrations.lint(migration)]
