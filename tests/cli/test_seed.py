from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from microblog.cli import seed as seed_command
from microblog.data.models import Status
from microblog.data.session import Database
from tests.cli.conftest import Run
from tests.factories import make_account


def test_seed_and_again(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        make_account(session, "demo")
    arguments = ("seed", "--accounts", "10", "--posts", "50", "--seed", "3", "--until", "2026-01-01")

    first, second = run(*arguments, "--with", "demo"), run(*arguments)
    third = run(*arguments, "--add")

    assert first.exit_code == 0
    assert "Wrote 10 accounts, 50 posts and " in first.stdout
    assert first.stdout.endswith("with the statistics of 90 days (seed 3)\n")
    assert second.exit_code == 1
    assert "seeded already" in second.stderr
    assert third.exit_code == 0
    with database.unit_of_work() as session:
        newest = session.scalars(select(func.max(Status.created_at))).one()
        assert newest is not None
        assert newest < datetime(2026, 1, 1, tzinfo=UTC)


def test_progress_is_shown_to_who_watches_and_only_once_there_is_some(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("seed", "--accounts", "5", "--posts", "5", "--until", "2026-01-01")
    unseen = run(*arguments)
    monkeypatch.setattr(seed_command, "is_watched", lambda: True)
    refused, seen = run(*arguments), run(*arguments, "--add")

    assert unseen.stdout.startswith("Wrote 5 accounts")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert seen.stdout.startswith("Posts")


def test_an_unknown_guest(run: Run, database: Database) -> None:
    result = run("seed", "--accounts", "1", "--posts", "0", "--with", "nobody")

    assert result.exit_code == 1
    assert "microblog: There is no confirmed account of the name nobody." in result.stderr


def test_a_clash_with_somebody_else_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def clash(*_: object, **__: object) -> None:
        raise IntegrityError("COPY", None, Exception("duplicate key"))

    monkeypatch.setattr(seed_command, "seed", clash)

    result = run("seed")

    assert result.exit_code == 1
    assert "nothing was seeded" in result.stderr


@pytest.mark.parametrize("arguments", [("--accounts", "0"), ("--posts", "-1"), ("--until", "yesterday")])
def test_wrong_usage(arguments: tuple[str, str], run: Run) -> None:
    assert run("seed", *arguments).exit_code == 2
