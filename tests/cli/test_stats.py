from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from microblog.data.models import DailyStatistic
from microblog.data.session import Database
from tests.cli.conftest import Run


def days(database: Database) -> list[date]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(DailyStatistic.day).order_by(DailyStatistic.day)))


def test_one_day_is_told_as_one(run: Run, database: Database) -> None:
    result = run("stats", "recompute", "--from", "2026-02-27", "--to", "2026-02-27")
    assert result.stdout.endswith("Computed 1 day, 2026-02-27 to 2026-02-27\n")


def test_a_range_is_computed_and_can_be_again(run: Run, database: Database) -> None:
    for _ in range(2):
        result = run("stats", "recompute", "--from", "2026-02-27", "--to", "2026-03-01")
        assert result.exit_code == 0
        assert result.stdout.endswith("Computed 3 days, 2026-02-27 to 2026-03-01\n")

    assert days(database) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]


def test_yesterday_by_default(run: Run, database: Database) -> None:
    earliest = datetime.now(UTC).date()

    assert run("stats", "recompute").exit_code == 0

    latest = datetime.now(UTC).date()
    assert days(database)[0] in {earliest - timedelta(days=1), latest - timedelta(days=1)}


def test_a_range_that_ends_before_it_begins(run: Run) -> None:
    result = run("stats", "recompute", "--from", "2026-02-02", "--to", "2026-02-01")

    assert result.exit_code == 2
    assert "--from 2026-02-02 is after --to 2026-02-01" in result.stderr


def test_a_day_that_is_not_over_has_no_figures_yet(run: Run) -> None:
    result = run("stats", "recompute", "--to", str(datetime.now(UTC).date()))
    assert result.exit_code == 2
    assert "is not over yet (UTC)" in result.stderr
