"""Each scenario does its work on a small site, and notices a wrong answer."""

import argparse
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from microblog.data.feeds import MERGED
from microblog.data.models import Account, Follow, Status
from microblog.data.session import Database
from microblog.jobs import names
from profiling import scenarios
from profiling.__main__ import COMMANDS
from profiling.costs import count_statements
from profiling.growth_axes import merging
from profiling.measuring import MeasuringError
from profiling.scenarios import (
    SCENARIOS,
    World,
    fan_out_to,
    list_of_posts,
    run_task,
)
from profiling.servers import USERNAME
from profiling.worlds import Visit, walk_pages

POSTS = 45


def test_every_scenario_does_its_work(world: World) -> None:
    check_member(world)
    check_pages(world)
    check_merging(world)
    statements = {}
    for name, scenario in SCENARIOS.items():
        run = scenario.prepare(world)
        with count_statements(world.resources.database.engine) as counted:
            run()
        statements[name] = counted.statements

    assert min(statements.values()) >= 1
    assert statements["feed-rebuild"] > statements["home"]
    lines = (world.servers.folder / "world.log").read_text().splitlines()
    assert sum('"http.request"' in line for line in lines) > 10
    assert sum('"job.ended"' in line for line in lines) == 3


def check_member(world: World) -> None:
    with world.resources.database.unit_of_work() as session:
        username = session.scalar(select(Account.username).where(Account.id == world.account_id))
        newest = session.scalar(select(func.max(Status.id)))
    assert username == USERNAME
    assert world.member.get("/home").status_code == 200
    assert world.client.get("/home").status_code == 303
    assert str(newest).encode() in world.client.get("/api/v1/timelines/home", headers=world.bearer).data


def check_merging(world: World) -> None:
    """Who follows somebody that is in no feed reads them by one statement more; others by none."""
    work = SCENARIOS["home"].prepare(world)
    with world.resources.database.unit_of_work() as session:
        author = session.scalars(select(Follow.target_account_id).limit(1)).one()
    statements = {}
    for authors in ((), (author,), (world.account_id,)):
        run = merging(world, authors, work)()
        run()
        with count_statements(world.resources.database.engine) as counted:
            run()
        statements[authors] = counted.statements
    world.resources.cache.delete(MERGED)
    assert statements == {(): 3, (author,): 4, (world.account_id,): 3}


def check_pages(world: World) -> None:
    paths = list(walk_pages(world, "/api/v1/timelines/public"))
    assert [Visit(world, path)().body.count(scenarios.JSON_POST) for path in paths] == [20, 20, 5]


def test_what_goes_wrong_is_noticed(world: World, database: Database) -> None:
    runs = [SCENARIOS[name].prepare(world) for name in ("public-timeline", "home-html", "profile-html")]
    followers, fan_out = fan_out_to(world, 3)
    with database.unit_of_work() as session:
        session.execute(delete(Status))

    for run in runs:
        with pytest.raises(MeasuringError, match="was answered with 0 posts, before with 20"):
            run()
    with pytest.raises(MeasuringError, match="without a post"):
        SCENARIOS["public-timeline"].prepare(world)
    with pytest.raises(MeasuringError, match="/api/v1/timelines/home was answered by 401"):
        list_of_posts(world, "/api/v1/timelines/home", scenarios.JSON_POST)
    # A fan-out of a post that is gone has nothing to do, which is no failure.
    fan_out()
    assert followers == 3
    with pytest.raises(MeasuringError, match=r"statistics.daily ended with retried: .*Error"):
        run_task(world, names.DAILY_STATISTICS, day="nonsense")


def read_options(command: ModuleType) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser


@pytest.mark.parametrize(
    "command",
    [command for command in COMMANDS if "--scenario" in read_options(command).format_help()],
    ids=lambda command: command.NAME,
)
def test_an_unknown_scenario_is_wrong_usage_answered_by_the_known_ones(
    command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        read_options(command).parse_args(["--scenario", "nonsense"])

    assert stopped.value.code == 2
    assert "'nonsense': use one of public-timeline, " in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted({one for scenario in SCENARIOS.values() for one in scenario.hot}))
def test_hot_functions_are_there(name: str) -> None:
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        assert callable(found)
        return
    raise AssertionError(name)
